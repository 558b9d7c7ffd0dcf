#include "sulcusDataSet.h"

#include <sulcusError.h>
#include <sulcusImageName.h>
#include <sulcusJson.h>
#include <sulcusTable.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <set>

namespace sulcus
{

namespace
{

namespace fs = std::filesystem;
const std::string annotatorPrefix = "annotator_";

/** Image files of a folder by stem; whatever else lies there, hidden files aside, is odd. */
std::map<std::string, std::string>
ImagesIn(const fs::path & folder, DataSet & set)
{
  std::map<std::string, std::string> files;
  if (!fs::is_directory(folder))
  {
    return files;
  }
  for (const auto & entry : fs::directory_iterator(folder))
  {
    const auto name = entry.path().filename().string();
    if (name.starts_with('.'))
    {
      continue;
    }
    const bool isFirst = entry.is_regular_file() && HasImageName(name) &&
                         files.emplace(StemOf(entry.path()), entry.path().string()).second;
    if (!isFirst)
    {
      set.oddFiles.push_back(entry.path().string());
    }
  }
  return files;
}

/** "case_0001" is a channel of "case" when there is a "case_0000" too. */
std::string
CaseOfChannel(const std::string & stem, const std::map<std::string, std::string> & files)
{
  const auto cut = stem.size() > 5 ? stem.size() - 5 : 0;
  const bool suffix = cut > 0 && stem[cut] == '_' &&
                      std::all_of(stem.begin() + static_cast<std::ptrdiff_t>(cut) + 1,
                                  stem.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  return suffix && files.contains(stem.substr(0, cut) + "_0000") ? stem.substr(0, cut) : stem;
}

void
AddFolders(DataSet & set,
           const fs::path & images,
           const fs::path & labels,
           const std::string & split = {})
{
  const auto imageFiles = ImagesIn(images, set);
  auto labelFiles = ImagesIn(labels, set);
  std::map<std::string, DataSetCase> cases;
  for (const auto & [stem, path] : imageFiles)
  {
    const auto name = CaseOfChannel(stem, imageFiles);
    cases[name].name = name;
    cases[name].subject = name;
    cases[name].images.push_back(path);
  }
  const auto splits = split.empty() ? std::vector<std::string>() : std::vector{split};
  for (auto & [name, one] : cases)
  {
    if (const auto label = labelFiles.find(name); label != labelFiles.end())
    {
      one.label = label->second;
      labelFiles.erase(label);
    }
    one.splits = splits;
    set.cases.push_back(one);
  }
  for (const auto & [stem, path] : labelFiles)
  {
    set.strayLabels.push_back(path);
  }
}

std::string
TextAt(const Table & table, std::size_t row, const std::string & column)
{
  return table.HasColumn(column) && !IsMissing(table.At(row, column))
             ? ToText(table.At(row, column))
             : "";
}

/** Split files call one thing by several names. */
std::string
OneSplitName(const std::string & name)
{
  return name == "pool" || name == "training" ? "train" : name == "val" ? "validation" : name;
}

void
AddManifest(DataSet & set, const fs::path & path)
{
  const auto table = ReadTsv(path, CellTyping::Texts);
  set.isListed = true;
  const auto beside = [&](const std::string & file)
  {
    return file.empty() || fs::path(file).is_absolute() ? file
                                                        : (path.parent_path() / file).string();
  };
  for (std::size_t row = 0; row < table.RowCount(); ++row)
  {
    DataSetCase one;
    one.name = TextAt(table, row, "case");
    one.subject = TextAt(table, row, "subject");
    one.subject = one.subject.empty() ? one.name : one.subject;
    one.label = beside(TextAt(table, row, "label"));
    if (const auto split = TextAt(table, row, "split"); !split.empty())
    {
      one.splits.push_back(OneSplitName(split));
    }
    for (const auto & column : table.Columns())
    {
      const auto file = TextAt(table, row, column);
      if (file.empty())
      {
        continue;
      }
      if (column == "image" || column.starts_with("image_"))
      {
        one.images.push_back(beside(file));
      }
      else if (column.starts_with(annotatorPrefix))
      {
        one.annotations[column.substr(annotatorPrefix.size())] = beside(file);
      }
    }
    set.cases.push_back(std::move(one));
  }
}

void
AddSplits(DataSet & set, const fs::path & path)
{
  if (!fs::exists(path))
  {
    return;
  }
  const auto json = ReadJsonFile(path);
  for (const std::string split : {"train", "pool", "training", "validation", "val", "test"})
  {
    if (!json.is_object() || !json.contains(split) || !json.at(split).is_array())
    {
      continue;
    }
    for (const auto & name : json.at(split))
    {
      for (auto & one : set.cases)
      {
        if (name.is_string() && one.name == name.get<std::string>())
        {
          one.splits.push_back(OneSplitName(split));
        }
      }
    }
  }
}

void
AddDeclaredLabels(DataSet & set, const fs::path & path)
{
  if (!fs::exists(path))
  {
    return;
  }
  try
  {
    set.declaredLabels = ReadDeclaredLabels(path);
  }
  catch (const Error & error)
  {
    set.descriptionProblem = error.what();
  }
}

} // namespace

DataSet
ReadDataSet(const std::string & path)
{
  DataSet set;
  const fs::path root(path);
  const auto folder = fs::is_directory(root) ? root : root.parent_path();
  if (root.extension() == ".tsv")
  {
    AddManifest(set, root);
  }
  else if (fs::is_directory(root / "imagesTr"))
  {
    AddFolders(set, root / "imagesTr", root / "labelsTr");
    AddFolders(set, root / "imagesTs", root / "labelsTs", "test");
  }
  else if (fs::is_directory(root / "images"))
  {
    AddFolders(set, root / "images", root / "labels");
  }
  else
  {
    throw UsageError(path +
                     ": no data set (need a manifest .tsv, or a folder with imagesTr or images)");
  }
  if (set.cases.empty())
  {
    throw UsageError(path + ": holds no case");
  }
  std::sort(set.oddFiles.begin(), set.oddFiles.end());
  AddSplits(set, folder / "splits.json");
  AddDeclaredLabels(set, folder / "dataset.json");
  std::sort(set.cases.begin(),
            set.cases.end(),
            [](const auto & a, const auto & b) { return a.name < b.name; });
  return set;
}

} // namespace sulcus
