#include "sulcusDatasetListing.h"
#include <sulcusError.h>
#include <sulcusImageName.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace sulcus
{

namespace
{

namespace fs = std::filesystem;

/** The part of a name between a prefix and a suffix, or nothing. */
std::optional<std::string>
Between(const std::string & name, const std::string & prefix, const std::string & suffix)
{
  if (name.size() > prefix.size() + suffix.size() && name.starts_with(prefix) &&
      name.ends_with(suffix))
  {
    return name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  }
  return std::nullopt;
}

std::string
Existing(const fs::path & path)
{
  return fs::is_regular_file(path) ? path.string() : std::string();
}

/** A path from a data set's own list; it may not leave the data set. */
fs::path
ListedPath(const nlohmann::json & value, const fs::path & folder, const std::string & origin)
{
  if (!value.is_string())
  {
    throw UsageError(Message(origin, ": an image or label of a list is not a text"));
  }
  const fs::path path = fs::path(value.get<std::string>()).lexically_normal();
  if (path.is_absolute() || path.string().starts_with(".."))
  {
    throw UsageError(Message(origin, ": '", value.get<std::string>(), "' leaves the data set"));
  }
  return folder / path;
}

void
AddRawImages(const std::string & part,
             const std::string & split,
             const std::string & fileEnding,
             const fs::path & folder,
             Dataset & dataset)
{
  std::map<std::string, std::vector<std::string>> files;
  const fs::path images = folder / ("images" + part);
  for (const auto & name : FilesIn(images))
  {
    const auto stem = Between(name, "", fileEnding);
    const bool numbered =
        stem && stem->size() > 5 && (*stem)[stem->size() - 5] == '_' &&
        stem->find_first_not_of("0123456789", stem->size() - 4) == std::string::npos;
    if (!numbered)
    {
      throw InputError(Message((images / name).string(),
                               ": not named <case>_0000",
                               fileEnding,
                               " as nnU-Net's raw folders have it"));
    }
    files[stem->substr(0, stem->size() - 5)].push_back(name);
  }
  const fs::path labels = folder / ("labels" + part);
  for (const auto & [id, names] : files)
  {
    CaseSource source;
    source.id = id;
    source.split = split;
    for (std::size_t channel = 0; channel < names.size(); ++channel)
    {
      const std::string expected = fmt::format("{}_{:04}{}", id, channel, fileEnding);
      if (names[channel] != expected)
      {
        throw InputError(Message(
            (images / expected).string(), ": missing; case '", id, "' has ", names[channel]));
      }
      source.images.push_back((images / names[channel]).string());
    }
    source.label = Existing(labels / (id + fileEnding));
    dataset.cases.push_back(std::move(source));
  }
  if (!fs::is_directory(labels))
  {
    return;
  }
  for (const auto & name : FilesIn(labels))
  {
    const auto id = Between(name, "", fileEnding);
    if (id && !files.contains(*id))
    {
      throw InputError(
          Message((labels / name).string(), ": a label without an image in images", part));
    }
  }
}

} // namespace

std::vector<std::string>
FilesIn(const fs::path & folder)
{
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
  {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with('.') && entry->is_regular_file())
    {
      names.push_back(name);
    }
  }
  if (error)
  {
    throw InputError(Message(folder.string(), ": cannot be listed (", error.message(), ")"));
  }
  std::sort(names.begin(), names.end());
  return names;
}

void
ListNnunetRaw(const std::string & fileEnding, const fs::path & folder, Dataset & dataset)
{
  dataset.expectsLabels = true;
  AddRawImages("Tr", "train", fileEnding, folder, dataset);
  if (fs::is_directory(folder / "imagesTs"))
  {
    AddRawImages("Ts", "test", fileEnding, folder, dataset);
  }
}

void
ListDecathlon(const nlohmann::json & json, const fs::path & folder, Dataset & dataset)
{
  dataset.expectsLabels = true;
  const auto & training = json.at("training");
  if (!training.is_array())
  {
    throw UsageError(Message(dataset.origin, ": 'training' must be a list"));
  }
  for (const auto & entry : training)
  {
    if (!entry.is_object() || !entry.contains("image"))
    {
      throw UsageError(Message(dataset.origin, ": an entry of 'training' has no image"));
    }
    CaseSource source;
    const auto image = ListedPath(entry.at("image"), folder, dataset.origin);
    source.id = StemOf(image);
    source.split = "train";
    source.images = {image.string()};
    if (entry.contains("label"))
    {
      source.label = ListedPath(entry.at("label"), folder, dataset.origin).string();
    }
    dataset.cases.push_back(std::move(source));
  }
  const auto test = json.find("test");
  for (std::size_t i = 0; test != json.end() && test->is_array() && i < test->size(); ++i)
  {
    CaseSource source;
    const auto & entry = (*test)[i];
    const auto image =
        ListedPath(entry.is_object() && entry.contains("image") ? entry.at("image") : entry,
                   folder,
                   dataset.origin);
    source.id = StemOf(image);
    source.split = "test";
    source.images = {image.string()};
    source.label = Existing(folder / "labelsTs" / image.filename());
    dataset.cases.push_back(std::move(source));
  }
}

void
ListByPatterns(const std::vector<std::string> & imagePatterns,
               const std::string & labelPattern,
               const fs::path & folder,
               Dataset & dataset)
{
  dataset.expectsLabels = !labelPattern.empty();
  const std::string mark = "{case}";
  const auto fileOf = [&](const std::string & pattern, const std::string & id)
  {
    std::string path = pattern;
    for (std::size_t at = path.find(mark); at != std::string::npos;
         at = path.find(mark, at + id.size()))
    {
      path.replace(at, mark.size(), id);
    }
    return folder / path;
  };
  const auto idsOf = [&](const std::string & pattern)
  {
    const std::string name = fs::path(pattern).filename().string();
    const auto at = name.find(mark);
    if (at == std::string::npos ||
        fs::path(pattern).parent_path().string().find(mark) != std::string::npos)
    {
      throw UsageError(
          Message("pattern '", pattern, "': the file name, and only it, needs ", mark));
    }
    std::set<std::string> ids;
    for (const auto & file : FilesIn((folder / pattern).parent_path()))
    {
      if (const auto id = Between(file, name.substr(0, at), name.substr(at + mark.size())))
      {
        ids.insert(*id);
      }
    }
    return ids;
  };
  const auto ids = idsOf(imagePatterns.front());
  if (ids.empty())
  {
    throw InputError(
        Message(folder.string(), ": no file fits the pattern '", imagePatterns.front(), "'"));
  }
  for (const auto & id : ids)
  {
    CaseSource source;
    source.id = id;
    source.split = "train";
    for (const auto & pattern : imagePatterns)
    {
      source.images.push_back(fileOf(pattern, id).string());
    }
    source.label = labelPattern.empty() ? std::string() : Existing(fileOf(labelPattern, id));
    dataset.cases.push_back(std::move(source));
  }
  for (const auto & id : labelPattern.empty() ? std::set<std::string>() : idsOf(labelPattern))
  {
    if (!ids.contains(id))
    {
      throw InputError(Message(fileOf(labelPattern, id).string(), ": a label without an image"));
    }
  }
}

} // namespace sulcus
