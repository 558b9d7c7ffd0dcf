#include "sulcusPreparedCache.h"

#include "sulcusPreparedCaseJson.h"
#include <sulcusError.h>
#include <sulcusJson.h>
#include <sulcusSha256.h>
#include <sulcusThreads.h>

#include <mutex>
#include <optional>
#include <set>

namespace sulcus
{

/** Files mapped so far, one slot a case. */
struct PreparedCache::Files
{
  std::mutex guard;
  std::vector<std::optional<SafeTensorsReader>> readers;
};

namespace
{

nlohmann::json
ReadIndex(const std::filesystem::path & folder)
{
  const auto path = folder / "cache.json";
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
  {
    if (std::filesystem::is_directory(folder / "cases", error))
    {
      throw ModelError(
          Message(folder.string(), ": half-written cache (no cache.json); prepare it again"));
    }
    throw InputError(Message(folder.string(), ": is not a prepared cache (no cache.json)"));
  }
  nlohmann::json index;
  try
  {
    index = ReadJsonFile(path);
  }
  catch (const UsageError & error)
  {
    throw ModelError(error.what());
  }
  const std::string origin = path.string();
  const std::set<std::string> expected{"schema", "schema_version", "identity", "plan", "cases"};
  std::set<std::string> found;
  if (index.is_object())
  {
    for (const auto & [key, value] : index.items())
    {
      found.insert(key);
    }
  }
  if (found != expected || index["schema"] != "sulcus-cache" || !index["cases"].is_array())
  {
    throw ModelError(Message(origin, ": is not the index of a prepared cache"));
  }
  if (index["schema_version"] != cacheSchemaVersion)
  {
    throw ModelError(Message(origin,
                             ": schema version ",
                             index["schema_version"].dump(),
                             ", this program reads ",
                             cacheSchemaVersion,
                             "; prepare the data again"));
  }
  if (index["identity"] != CacheIdentity(index["plan"], index["cases"]))
  {
    throw ModelError(Message(origin, ": was edited after it was written; prepare the data again"));
  }
  return index;
}

void
CheckFile(const std::filesystem::path & folder, const PreparedCase & entry)
{
  const auto path = folder / entry.file;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
  {
    throw ModelError(Message(path.string(), ": is missing from the cache"));
  }
  const auto size = std::filesystem::file_size(path, error);
  if (error || size != entry.fileSize)
  {
    throw ModelError(Message(path.string(),
                             ": ",
                             size,
                             " bytes, expected ",
                             entry.fileSize,
                             "; the file was cut or changed"));
  }
}

/** The tensor's elements after a check of type and shape; empty where it is not expected. */
template <typename T>
std::span<const T>
Take(const SafeTensorsReader & file,
     const std::string & origin,
     const std::string & name,
     bool expected,
     int leading,
     const std::array<std::int64_t, 3> & size)
{
  const auto * tensor = file.Find(name);
  if ((tensor != nullptr) != expected)
  {
    throw ModelError(
        Message(origin, ": ", expected ? "misses" : "unexpectedly holds", " '", name, "'"));
  }
  if (!expected)
  {
    return {};
  }
  std::vector<std::int64_t> shape(size.begin(), size.end());
  if (leading > 0)
  {
    shape.insert(shape.begin(), leading);
  }
  if (tensor->shape != shape)
  {
    throw ModelError(Message(origin, ": '", name, "' has another size than the case list says"));
  }
  return Elements<T>(*tensor);
}

int
LeadingExtent(const SafeTensorsReader & file, const std::string & name)
{
  const auto * tensor = file.Find(name);
  const bool fits = tensor != nullptr && tensor->shape.size() == 4 && tensor->shape[0] > 0 &&
                    tensor->shape[0] <= 4096;
  return fits ? static_cast<int>(tensor->shape[0]) : 1;
}

} // namespace

PreparedCache::PreparedCache(const std::filesystem::path & folder)
    : m_Folder(folder), m_Files(std::make_shared<Files>())
{
  auto index = ReadIndex(folder);
  m_Plan = std::move(index["plan"]);
  m_Identity = index["identity"].get<std::string>();
  std::string previous;
  for (const auto & json : index["cases"])
  {
    m_Cases.push_back(CaseFromJson(json, (folder / "cache.json").string()));
    const auto & entry = m_Cases.back();
    if (!previous.empty() && entry.id <= previous)
    {
      throw ModelError(
          Message(folder.string(), ": cases are not in order or appear twice at '", entry.id, "'"));
    }
    previous = entry.id;
    CheckFile(folder, entry);
  }
  m_Files->readers.resize(m_Cases.size());
}

PreparedVolume
PreparedCache::Volume(std::size_t index) const
{
  if (index >= m_Cases.size())
  {
    throw UsageError(Message("case ", index, " of a cache of ", m_Cases.size(), " cases"));
  }
  const auto & entry = m_Cases[index];
  const std::scoped_lock lock(m_Files->guard);
  auto & slot = m_Files->readers[index];
  if (!slot)
  {
    slot.emplace(m_Folder / entry.file);
  }
  const std::string origin = (m_Folder / entry.file).string();
  PreparedVolume volume;
  volume.size = entry.size;
  volume.channels = LeadingExtent(*slot, "image");
  volume.classes = entry.hasSoftLabel ? LeadingExtent(*slot, "soft_label")
                                      : static_cast<int>(entry.labelVoxels.size());
  volume.image = Take<float>(*slot, origin, "image", true, volume.channels, entry.size);
  volume.label = Take<std::uint8_t>(*slot, origin, "label", entry.hasLabel, 0, entry.size);
  volume.softLabel =
      Take<float>(*slot, origin, "soft_label", entry.hasSoftLabel, volume.classes, entry.size);
  volume.weight = Take<float>(*slot, origin, "weight", entry.hasWeight, 0, entry.size);
  volume.observed = Take<std::uint8_t>(*slot, origin, "observed", entry.hasObserved, 0, entry.size);
  return volume;
}

void
PreparedCache::Verify() const
{
  ParallelForEach(m_Cases.size(),
                  [&](std::size_t index)
                  {
                    const auto path = m_Folder / m_Cases[index].file;
                    if (Sha256OfFile(path) != m_Cases[index].sha256)
                    {
                      throw ModelError(Message(
                          path.string(), ": was changed after it was written (SHA-256 differs)"));
                    }
                  });
}

} // namespace sulcus
