#include "sulcusStudyData.h"

#include <sulcusAtomicFile.h>
#include <sulcusDicomRead.h>
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusLog.h>
#include <sulcusPreparation.h>
#include <sulcusSafeRead.h>
#include <sulcusTable.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

std::string
Relative(const std::string & path, const fs::path & folder)
{
  return path.empty() ? path
                      : fs::absolute(path).lexically_normal().lexically_relative(folder).string();
}

/** Whether annotators make the label of this case. */
bool
IsFused(const CaseSource & source, const std::string & fuse)
{
  return source.split == "train" && !source.annotators.empty() &&
         (fuse == "all" || (fuse == "auto" && !source.IsLabelled()));
}

PreparationOptions
DataOptions(const StudySettings & settings)
{
  PreparationOptions options;
  Parameters visit;
  Describe(visit, options);
  for (const auto & [name, value] : settings.sections.at("prepare").items())
  {
    if (DataParameters().contains(name))
    {
      visit.Require(name, "prepare").SetJson(value);
    }
  }
  options.dataset.path = settings.data;
  options.seed = settings.seed;
  options.split.splits = settings.splits.empty() ? options.split.splits : settings.splits;
  options.split.labelled = settings.labelled > 0 ? settings.labelled : options.split.labelled;
  options.split.splitSeed = settings.splitSeed > 0 ? settings.splitSeed : options.split.splitSeed;
  options.split.includeTest = true;
  return options;
}

/** Names the data set as a whole in what goes wrong, since a study may name it in a file. */
Dataset
ListDataset(const PreparationOptions & options)
{
  Dataset dataset = ReadDataset(options.dataset);
  for (const auto & warning :
       ApplySplit(options.split, RandomEngine(options.seed).Fork("split"), dataset))
  {
    LogWarning(warning);
  }
  return dataset;
}

/** Builds tables whose paths count from a folder. */
class TableWriter
{
public:
  TableWriter(std::vector<std::string> columns, fs::path folder)
      : m_Table(std::move(columns)), m_Folder(std::move(folder))
  {
  }

  void
  NewRow()
  {
    m_Table.AddRow(Table::Row(m_Table.Columns().size()));
  }
  void
  Text(const std::string & column, const std::string & text)
  {
    if (!text.empty())
    {
      m_Table.Set(m_Table.RowCount() - 1, column, text);
    }
  }
  void
  Path(const std::string & column, const std::string & path)
  {
    Text(column, Relative(path, m_Folder));
  }
  std::string
  Tsv() const
  {
    return ToTsv(m_Table);
  }

private:
  Table m_Table;
  fs::path m_Folder;
};

std::vector<std::string>
ImageColumns(const Dataset & dataset)
{
  std::vector<std::string> columns;
  for (const auto & channel : dataset.channels)
  {
    columns.push_back("image_" + channel);
  }
  const bool oneFile = dataset.cases.front().images.size() == 1;
  return oneFile ? std::vector<std::string>{"image"} : columns;
}

/** As a manifest has it; empty: as in the files. */
std::string
SpacingText(const CaseSource & source)
{
  return source.spacingInMm ? fmt::format("{}", fmt::join(*source.spacingInMm, ","))
                            : std::string();
}

std::string
ManifestOf(const Dataset & dataset, const std::string & fuse, const fs::path & folder)
{
  std::set<std::string> annotators;
  for (const auto & source : dataset.cases)
  {
    for (const auto & [name, path] : source.annotators)
    {
      annotators.insert(name);
    }
  }
  const auto images = ImageColumns(dataset);
  std::vector<std::string> columns{"case", "subject", "site", "split", "fold", "spacing"};
  columns.insert(columns.end(), images.begin(), images.end());
  for (const auto * column : {"label", "soft_label", "confidence", "observed"})
  {
    columns.emplace_back(column);
  }
  for (const auto & name : annotators)
  {
    columns.push_back("annotator_" + name);
  }
  TableWriter table(columns, folder);
  for (const auto & source : dataset.cases)
  {
    const bool fused = IsFused(source, fuse);
    table.NewRow();
    table.Text("case", source.id);
    table.Text("subject", source.subject);
    table.Text("site", source.site);
    table.Text("split", source.split);
    table.Text("fold", source.fold < 0 ? "" : std::to_string(source.fold));
    table.Text("spacing", SpacingText(source));
    for (std::size_t i = 0; i < images.size(); ++i)
    {
      table.Path(images[i], source.images.at(i));
    }
    table.Path("label", fused ? "" : source.label);
    table.Path("soft_label", fused ? "" : source.softLabel);
    table.Path("confidence", fused ? "" : source.weight);
    table.Path("observed", source.observed);
    for (const auto & [name, path] : source.annotators)
    {
      table.Path("annotator_" + name, fused || fuse == "none" ? path : "");
    }
  }
  return table.Tsv();
}

std::string
DescriptionOf(const Dataset & dataset)
{
  nlohmann::ordered_json json{{"name", dataset.name}};
  for (std::size_t i = 0; i < dataset.channels.size(); ++i)
  {
    json["channel_names"][std::to_string(i)] = dataset.channels[i];
  }
  for (const auto & label : dataset.labels)
  {
    json["labels"][label.name] = label.value;
  }
  if (!dataset.labels.empty() && dataset.unknownLabel)
  {
    json["labels"]["ignore"] = *dataset.unknownLabel;
  }
  json["annotator_unknown_label"] = dataset.annotatorUnknownLabel;
  return json.dump(1) + "\n";
}

bool
IsSegmented(const CaseSource & source, const StudySettings & settings, const StudyData & data)
{
  const bool unlabelled =
      source.split == "train" && !source.IsLabelled() && !IsFused(source, settings.fuse);
  return source.split == "test" || source.split == data.evaluateOn ||
         (unlabelled && settings.segmentUnlabelled);
}

/** Sorts the cases' files by who reads them, and counts. */
void
SortFiles(const StudySettings & settings, const fs::path & folder, StudyData & data)
{
  const auto add = [&](std::vector<std::string> & list, const std::string & path)
  {
    if (!path.empty())
    {
      list.push_back(Relative(SplitSeriesPath(path).path, folder)); // a folder is hashed as a whole
    }
  };
  for (const auto & source : data.dataset.cases)
  {
    ThrowIfInterrupted();
    const bool fused = IsFused(source, settings.fuse);
    const bool trains = source.split != "test";
    const auto voxels = ReadHeader(source.images.front()).grid.VoxelCount();
    data.largestVoxels = std::max<std::uint64_t>(data.largestVoxels, voxels);
    data.trainingVoxels += trains ? voxels * source.images.size() : 0;
    if (source.split == "train")
    {
      data.fused += fused ? 1 : 0;
      data.labelled += !fused && source.IsLabelled() ? 1 : 0;
      data.unlabelled += !fused && !source.IsLabelled() ? 1 : 0;
    }
    const bool segmented = IsSegmented(source, settings, data);
    data.segmentCases += segmented ? 1 : 0;
    data.segmentVoxels += segmented ? voxels : 0;
    for (const auto & image : source.images)
    {
      add(data.allFiles, image);
      add(trains ? data.trainingFiles : data.allFiles, image);
      add(fused ? data.fusionFiles : data.allFiles, image);
      add(segmented ? data.segmentFiles : data.allFiles, image);
    }
    for (const auto & [name, path] : source.annotators)
    {
      add(fused ? data.fusionFiles : data.allFiles, fused || settings.fuse == "none" ? path : "");
    }
    for (const auto & path : {source.label, source.softLabel, source.weight, source.observed})
    {
      add(data.allFiles, fused && path != source.observed ? "" : path);
      add(trains && !fused ? data.trainingFiles : data.allFiles, fused ? "" : path);
    }
    if (source.split == data.evaluateOn && !source.label.empty())
    {
      add(data.referenceFiles, source.label);
      ++data.evaluateCases;
      data.evaluatedIds.push_back(source.id);
    }
  }
  for (auto * list : {&data.allFiles,
                      &data.fusionFiles,
                      &data.trainingFiles,
                      &data.segmentFiles,
                      &data.referenceFiles})
  {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
}

/** The split whose labels score the methods. */
std::string
EvaluatedSplit(const Dataset & dataset, const std::string & wish)
{
  const auto has = [&](const std::string & split)
  {
    return std::any_of(dataset.cases.begin(),
                       dataset.cases.end(),
                       [&](const auto & source)
                       { return source.split == split && !source.label.empty(); });
  };
  for (const std::string split : {"test", "validation"})
  {
    if ((wish == "auto" || wish == split) && has(split))
    {
      return split;
    }
  }
  return {};
}

} // namespace

const std::set<std::string> &
DataParameters()
{
  static const std::set<std::string> names{"image_pattern",
                                           "label_pattern",
                                           "subject_pattern",
                                           "labels",
                                           "channels",
                                           "spacing",
                                           "unknown_label",
                                           "splits",
                                           "labelled",
                                           "split_seed",
                                           "folds",
                                           "include_test",
                                           "allow_unlabelled"};
  return names;
}

StudyData
ReadStudyData(const StudySettings & settings, const fs::path & folder)
{
  StudyData data;
  data.dataset = ListDataset(DataOptions(settings));
  const auto & cases = data.dataset.cases;
  const bool sameChannels = std::all_of(
      cases.begin(),
      cases.end(),
      [&](const auto & source) { return source.images.size() == cases.front().images.size(); });
  if (!sameChannels)
  {
    throw InputError(Message(settings.data, ": cases have different numbers of image files"));
  }
  data.evaluateOn = EvaluatedSplit(data.dataset, settings.evaluateOn);
  SortFiles(settings, folder, data);
  const auto dataFolder = folder / "data";
  data.manifest = ManifestOf(data.dataset, settings.fuse, dataFolder);
  data.description = DescriptionOf(data.dataset);
  const auto images = ImageColumns(data.dataset);
  const bool hasSpacing =
      std::any_of(cases.begin(),
                  cases.end(),
                  [](const auto & source) { return source.spacingInMm.has_value(); });
  std::vector<std::string> columns{"case", "split"};
  columns.insert(columns.end(), images.begin(), images.end());
  if (hasSpacing)
  {
    columns.emplace_back("spacing");
  }
  TableWriter segment(columns, dataFolder);
  TableWriter references({"case", "subject", "split", "image", "label"}, dataFolder);
  for (const auto & source : cases)
  {
    if (IsSegmented(source, settings, data))
    {
      segment.NewRow();
      segment.Text("case", source.id);
      segment.Text("split", source.split);
      if (hasSpacing)
      {
        segment.Text("spacing", SpacingText(source));
      }
      for (std::size_t i = 0; i < source.images.size(); ++i)
      {
        segment.Path(images[i], source.images[i]);
      }
    }
    if (source.split == data.evaluateOn && !source.label.empty())
    {
      references.NewRow();
      references.Text("case", source.id);
      references.Text("subject", source.subject);
      references.Text("split", source.split);
      references.Path("image", source.images.front());
      references.Path("label", source.label);
    }
  }
  data.segment = segment.Tsv();
  data.references = references.Tsv();
  return data;
}

void
WriteStudyData(const StudyData & data, const fs::path & folder)
{
  fs::create_directories(folder / "data");
  AtomicWriteText(folder / "data/dataset.json", data.description, Overwrite::Allow);
  AtomicWriteText(folder / "data/segment.tsv", data.segment, Overwrite::Allow);
  AtomicWriteText(folder / "data/references.tsv", data.references, Overwrite::Allow);
  AtomicWriteText(folder / "data/manifest.tsv", data.manifest, Overwrite::Allow);
}

} // namespace sulcus
