#include "sulcusDataset.h"

#include "sulcusDatasetListing.h"
#include <sulcusError.h>
#include <sulcusImageName.h>
#include <sulcusJson.h>
#include <sulcusLog.h>
#include <sulcusSpacing.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <regex>
#include <set>

namespace sulcus
{

namespace
{

namespace fs = std::filesystem;

/** "name=value" texts; the background is added where it is left out. */
std::vector<LabelDefinition>
LabelsFromOptions(const std::vector<std::string> & texts)
{
  std::vector<LabelDefinition> labels;
  for (const auto & text : texts)
  {
    const auto at = text.rfind('=');
    const std::string value = at == std::string::npos ? "" : text.substr(at + 1);
    if (at == 0 || value.empty() || value.size() > 9 ||
        value.find_first_not_of("0123456789") != std::string::npos)
    {
      throw UsageError(Message("label '", text, "', need name=value such as liver=1"));
    }
    labels.push_back({std::stoll(value), text.substr(0, at)});
  }
  std::sort(labels.begin(),
            labels.end(),
            [](const auto & a, const auto & b) { return a.value < b.value; });
  if (!labels.empty() && labels.front().value != 0)
  {
    labels.insert(labels.begin(), {0, "background"});
  }
  return labels;
}

/** With `images` and `labels` folders: the ending that the first image has. */
std::string
EndingIn(const fs::path & folder)
{
  const auto names = FilesIn(folder);
  const std::string ending(names.empty() ? "" : ImageEnding(names.front()));
  if (ending.empty())
  {
    throw InputError(Message(folder.string(), ": holds no volume file"));
  }
  return ending;
}

void
ListDescribedFolder(const fs::path & file, Dataset & dataset)
{
  const auto json = ReadJsonFile(file);
  const auto description = DescriptionFromJson(json, dataset.origin);
  if (description.channels.empty() || description.labels.empty())
  {
    throw UsageError(
        Message(dataset.origin, ": needs 'labels' and 'channel_names' (or 'modality')"));
  }
  ApplyDescription(description, dataset);
  const fs::path folder = file.parent_path();
  bool listed = json.contains("training");
  if (listed && json.at("training").is_array() && !json.at("training").empty() &&
      json.at("training")[0].is_object())
  {
    // nnU-Net's first version kept the list but numbered the channels in the file names.
    const auto image = json.at("training")[0].value("image", std::string());
    listed = fs::exists(folder / image) || !fs::is_directory(folder / "imagesTr");
    if (!listed)
    {
      const auto names = FilesIn(folder / "imagesTr");
      listed = names.empty() || names.front().find("_0000.") == std::string::npos;
    }
  }
  if (listed)
  {
    ListDecathlon(json, folder, dataset);
  }
  else
  {
    ListNnunetRaw(description.fileEnding, folder, dataset);
  }
}

void
ListFiles(const DatasetOptions & options, Dataset & dataset)
{
  const fs::path path = options.path;
  if (!fs::exists(path))
  {
    throw InputError(Message(options.path, ": there is no such file or folder"));
  }
  const bool isFolder = fs::is_directory(path);
  const fs::path folder = isFolder ? path : path.parent_path();
  const fs::path description = folder / "dataset.json";
  const fs::path manifest = isFolder ? folder / "manifest.tsv" : path;
  if (!options.imagePatterns.empty())
  {
    if (!isFolder)
    {
      throw UsageError(Message(options.path, ": image patterns need a folder"));
    }
    ListByPatterns(options.imagePatterns, options.labelPattern, folder, dataset);
  }
  else if (isFolder ? fs::exists(manifest) : path.extension() == ".tsv")
  {
    if (fs::exists(description))
    {
      ApplyDescription(DescriptionFromJson(ReadJsonFile(description), description.string()),
                       dataset);
    }
    ListManifest(manifest, dataset);
  }
  else if (!isFolder && path.extension() != ".json")
  {
    throw UsageError(Message(options.path, ": need a folder, a dataset.json or a manifest .tsv"));
  }
  else if (!isFolder || fs::exists(description))
  {
    ListDescribedFolder(isFolder ? description : path, dataset);
  }
  else if (fs::is_directory(folder / "images"))
  {
    const std::string ending = EndingIn(folder / "images");
    const bool hasLabels = fs::is_directory(folder / "labels");
    ListByPatterns(
        {"images/{case}" + ending}, hasLabels ? "labels/{case}" + ending : "", folder, dataset);
  }
  else
  {
    throw InputError(Message(options.path,
                             ": no dataset.json and no 'images' folder; give a manifest or "
                             "--image_pattern"));
  }
}

void
ApplyOptions(const DatasetOptions & options, Dataset & dataset)
{
  if (!options.labels.empty())
  {
    dataset.labels = LabelsFromOptions(options.labels);
  }
  if (!options.channels.empty())
  {
    dataset.channels = options.channels;
  }
  if (options.unknownLabel >= 0)
  {
    dataset.unknownLabel = options.unknownLabel;
  }
  for (auto & source : dataset.cases)
  {
    if (!options.spacingInMm.empty())
    {
      source.spacingInMm = SpacingFromNumbers(options.spacingInMm, "--spacing");
    }
  }
  if (dataset.channels.empty())
  {
    const std::size_t count = dataset.cases.empty() ? 1 : dataset.cases.front().images.size();
    for (std::size_t channel = 0; channel < count; ++channel)
    {
      dataset.channels.push_back(count == 1 ? "MRI" : Message("channel", channel + 1));
    }
  }
}

void
FillSubjects(const std::string & pattern, Dataset & dataset)
{
  std::regex expression;
  try
  {
    expression = std::regex(pattern);
  }
  catch (const std::regex_error &)
  {
    throw UsageError(Message("subject pattern '", pattern, "' is not a regular expression"));
  }
  for (auto & source : dataset.cases)
  {
    std::smatch match;
    if (!pattern.empty() && source.subject.empty())
    {
      if (!std::regex_search(source.id, match, expression))
      {
        throw UsageError(
            Message("case '", source.id, "' does not fit the subject pattern '", pattern, "'"));
      }
      source.subject = match.str(match.size() > 1 ? 1 : 0);
    }
    if (source.subject.empty())
    {
      source.subject = source.id;
    }
  }
}

void
CheckIds(Dataset & dataset)
{
  std::stable_sort(dataset.cases.begin(),
                   dataset.cases.end(),
                   [](const auto & a, const auto & b) { return a.id < b.id; });
  for (std::size_t i = 0; i < dataset.cases.size(); ++i)
  {
    const auto & id = dataset.cases[i].id;
    const bool plain =
        id.size() <= 128 && !id.starts_with('.') &&
        id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
            std::string::npos;
    if (!plain)
    {
      throw UsageError(Message(dataset.origin,
                               ": case id '",
                               id,
                               "'; an id is at most 128 letters, digits, '.', '_' or '-' and does "
                               "not start with '.'"));
    }
    if (i > 0 && id == dataset.cases[i - 1].id)
    {
      throw UsageError(Message(dataset.origin, ": case id '", id, "' appears twice"));
    }
  }
}

} // namespace

Dataset
ReadDataset(const DatasetOptions & options)
{
  Dataset dataset;
  dataset.origin = options.path;
  const fs::path absolute = fs::absolute(options.path).lexically_normal();
  const fs::path folder = fs::is_directory(absolute) ? absolute : absolute.parent_path();
  dataset.name = (folder.has_filename() ? folder : folder.parent_path()).filename().string();
  ListFiles(options, dataset);
  if (dataset.cases.empty())
  {
    throw InputError(Message(options.path, ": lists no case"));
  }
  ApplyOptions(options, dataset);
  CheckIds(dataset);
  FillSubjects(options.subjectPattern, dataset);
  return dataset;
}

} // namespace sulcus
