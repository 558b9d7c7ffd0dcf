#include "sulcusDataSet.h"

#include <sulcusError.h>
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

const std::vector<std::string> &
Endings()
{
  static const std::vector<std::string> endings = {
      ".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".mha", ".mgz"};
  return endings;
}

/** The name without the ending of an image file; empty if it has none of them. */
std::string
StemOf(const fs::path & path)
{
  const auto name = path.filename().string();
  for (const auto & ending : Endings())
  {
    if (name.size() > ending.size() && name.ends_with(ending) && !name.starts_with('.'))
    {
      return name.substr(0, name.size() - ending.size());
    }
  }
  return {};
}

std::map<std::string, std::string>
ImagesIn(const fs::path & folder)
{
  std::map<std::string, std::string> files;
  if (fs::is_directory(folder))
  {
    for (const auto & entry : fs::directory_iterator(folder))
    {
      if (const auto stem = StemOf(entry.path()); !stem.empty())
      {
        files[stem] = entry.path().string();
      }
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
AddFolders(DataSet & set, const fs::path & images, const fs::path & labels)
{
  const auto imageFiles = ImagesIn(images);
  auto labelFiles = ImagesIn(labels);
  std::map<std::string, DataSetCase> cases;
  for (const auto & [stem, path] : imageFiles)
  {
    const auto name = CaseOfChannel(stem, imageFiles);
    cases[name].name = name;
    cases[name].subject = name;
    cases[name].images.push_back(path);
  }
  for (auto & [name, one] : cases)
  {
    if (const auto label = labelFiles.find(name); label != labelFiles.end())
    {
      one.label = label->second;
      labelFiles.erase(label);
    }
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

void
AddManifest(DataSet & set, const fs::path & path)
{
  const auto table = ReadTsv(path, CellTyping::Texts);
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
      one.splits.push_back(split);
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
      else if (column.starts_with("label_"))
      {
        one.annotations[column.substr(6)] = beside(file);
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
          one.splits.push_back(split);
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
  const auto json = ReadJsonFile(path);
  if (!json.is_object() || !json.contains("labels") || !json.at("labels").is_object())
  {
    return;
  }
  for (const auto & [key, value] : json.at("labels").items())
  {
    // The Decathlon writes {"1": "name"}, nnU-Net {"name": 1}.
    if (value.is_string())
    {
      set.declaredLabels[std::stoi(key)] = value.get<std::string>();
    }
    else if (value.is_number_integer())
    {
      set.declaredLabels[value.get<int>()] = key;
    }
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
  AddSplits(set, folder / "splits.json");
  AddDeclaredLabels(set, folder / "dataset.json");
  std::sort(set.cases.begin(),
            set.cases.end(),
            [](const auto & a, const auto & b) { return a.name < b.name; });
  return set;
}

} // namespace sulcus
