#include "sulcusPreparedCache.h"
#include "sulcusPreparedCaseJson.h"
#include <sulcusError.h>
#include <sulcusMemory.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <set>

namespace sulcus
{

struct PreparedCacheWriter::State
{
  explicit State(const std::filesystem::path & folder) : lock(folder)
  {
  }

  FolderLock lock;
  std::mutex guard;
  std::set<std::string> ids;
  std::vector<PreparedCase> cases;
  int channels = 0;
  bool finished = false;
};

namespace
{

[[noreturn]] void
Refuse(const PreparedCase & entry, const std::string & why)
{
  throw UsageError(Message("case '", entry.id, "': ", why));
}

void
CheckLength(const PreparedCase & entry,
            const char * name,
            std::size_t found,
            std::uint64_t expected,
            bool required)
{
  if ((required || found != 0) && found != expected)
  {
    Refuse(entry, Message(name, " has ", found, " values, expected ", expected));
  }
}

void
CheckSoftLabel(const PreparedCase & entry, const PreparedVolume & volume, std::uint64_t voxels)
{
  for (std::uint64_t voxel = 0; voxel < voxels && !volume.softLabel.empty(); ++voxel)
  {
    if (!volume.observed.empty() && volume.observed[voxel] == 0)
    {
      continue;
    }
    double sum = 0.0;
    for (int k = 0; k < volume.classes; ++k)
    {
      const float value = volume.softLabel[static_cast<std::uint64_t>(k) * voxels + voxel];
      if (!(value >= 0.0f && value <= 1.0f))
      {
        Refuse(entry, Message("soft label value ", value, " at voxel ", voxel, ", need 0 to 1"));
      }
      sum += value;
    }
    if (std::abs(sum - 1.0) > 1e-3)
    {
      Refuse(entry, Message("soft labels of voxel ", voxel, " sum to ", sum, ", expected 1"));
    }
  }
}

void
CheckVolume(const PreparedCase & entry, const PreparedVolume & volume)
{
  const auto & size = volume.size;
  if (volume.channels < 1 ||
      std::any_of(size.begin(), size.end(), [](auto extent) { return extent < 1; }))
  {
    Refuse(entry, "no channel or no voxel");
  }
  const auto voxels = CheckedProduct(static_cast<std::uint64_t>(size[0]),
                                     static_cast<std::uint64_t>(size[1]),
                                     static_cast<std::uint64_t>(size[2]));
  const auto channels = static_cast<std::uint64_t>(volume.channels);
  CheckLength(entry, "the image", volume.image.size(), CheckedProduct(voxels, channels), true);
  CheckLength(entry, "the label", volume.label.size(), voxels, false);
  CheckLength(entry, "the weight", volume.weight.size(), voxels, false);
  CheckLength(entry, "the observed mask", volume.observed.size(), voxels, false);
  const auto classes = static_cast<std::uint64_t>(std::max(volume.classes, 0));
  CheckLength(
      entry, "the soft label", volume.softLabel.size(), CheckedProduct(voxels, classes), false);
  if ((!volume.label.empty() || !volume.softLabel.empty()) &&
      (volume.classes < 2 || volume.classes > 256))
  {
    Refuse(entry, Message(volume.classes, " classes, need 2 to 256"));
  }
  for (const auto label : volume.label)
  {
    if (label >= volume.classes)
    {
      Refuse(entry, Message("class index ", int{label}, ", need 0 to ", volume.classes - 1));
    }
  }
  for (const auto weight : volume.weight)
  {
    if (!(weight >= 0.0f))
    {
      Refuse(entry, Message("weight ", weight, ", need 0 or more"));
    }
  }
  CheckSoftLabel(entry, volume, voxels);
}

std::vector<std::int64_t>
CountVoxels(const PreparedVolume & volume)
{
  std::vector<std::int64_t> counts(static_cast<std::size_t>(volume.classes), 0);
  for (std::size_t voxel = 0; voxel < volume.label.size(); ++voxel)
  {
    if (volume.observed.empty() || volume.observed[voxel] != 0)
    {
      ++counts[volume.label[voxel]];
    }
  }
  return counts;
}

std::vector<TensorView>
TensorsOf(const PreparedVolume & volume)
{
  std::vector<TensorView> tensors;
  const auto add =
      [&](const char * name, ElementType type, int leading, std::span<const std::byte> bytes)
  {
    std::vector<std::int64_t> shape(volume.size.begin(), volume.size.end());
    if (leading > 0)
    {
      shape.insert(shape.begin(), leading);
    }
    if (!bytes.empty())
    {
      tensors.push_back({name, type, std::move(shape), bytes});
    }
  };
  add("image", ElementType::F32, volume.channels, std::as_bytes(volume.image));
  add("soft_label", ElementType::F32, volume.classes, std::as_bytes(volume.softLabel));
  add("weight", ElementType::F32, 0, std::as_bytes(volume.weight));
  add("label", ElementType::U8, 0, std::as_bytes(volume.label));
  add("observed", ElementType::U8, 0, std::as_bytes(volume.observed));
  return tensors;
}

void
CheckSplit(const std::vector<PreparedCase> & cases)
{
  std::map<std::string, const PreparedCase *> seen;
  for (const auto & entry : cases)
  {
    const auto [found, isNew] =
        seen.emplace(entry.subject.empty() ? entry.id : entry.subject, &entry);
    if (!isNew && (found->second->split != entry.split || found->second->fold != entry.fold))
    {
      throw UsageError(Message("subject '",
                               entry.subject,
                               "' is on both sides of a split (cases '",
                               found->second->id,
                               "' and '",
                               entry.id,
                               "')"));
    }
  }
}

/** Case files that an overwritten cache left and the new one does not list. */
void
RemoveUnlisted(const std::filesystem::path & folder, const std::vector<PreparedCase> & cases)
{
  std::set<std::string> listed;
  for (const auto & entry : cases)
  {
    listed.insert(entry.id + ".safetensors");
  }
  std::vector<std::filesystem::path> unlisted;
  for (const auto & item : std::filesystem::directory_iterator(folder / "cases"))
  {
    if (item.path().extension() == ".safetensors" &&
        !listed.contains(item.path().filename().string()))
    {
      unlisted.push_back(item.path());
    }
  }
  for (const auto & path : unlisted)
  {
    std::filesystem::remove(path);
  }
}

} // namespace

PreparedCacheWriter::PreparedCacheWriter(std::filesystem::path folder,
                                         nlohmann::json plan,
                                         Overwrite overwrite)
    : m_Folder(std::move(folder)), m_Plan(std::move(plan))
{
  PrepareOutputFolder(m_Folder, overwrite);
  m_State = std::make_shared<State>(m_Folder);
  std::error_code error;
  std::filesystem::remove(m_Folder / "cache.json", error);
  if (!error)
  {
    std::filesystem::create_directory(m_Folder / "cases", error);
  }
  if (error)
  {
    throw OutputError(
        Message(m_Folder.string(), ": cannot be made a cache (", error.message(), ")"));
  }
}

void
PreparedCacheWriter::Add(PreparedCase entry, const PreparedVolume & volume)
{
  if (!IsPlainName(entry.id))
  {
    Refuse(entry,
           "an id is at most 128 letters, digits, '.', '_' or '-' and does not start with '.'");
  }
  CheckVolume(entry, volume);
  {
    const std::scoped_lock lock(m_State->guard);
    if (!m_State->ids.insert(entry.id).second)
    {
      Refuse(entry, "appears twice");
    }
    if (m_State->channels != 0 && m_State->channels != volume.channels)
    {
      Refuse(entry, Message(volume.channels, " channels, the cases before it ", m_State->channels));
    }
    m_State->channels = volume.channels;
  }
  entry.size = volume.size;
  entry.hasLabel = !volume.label.empty();
  entry.hasSoftLabel = !volume.softLabel.empty();
  entry.hasWeight = !volume.weight.empty();
  entry.hasObserved = !volume.observed.empty();
  if (entry.hasLabel && entry.labelVoxels.empty())
  {
    entry.labelVoxels = CountVoxels(volume);
  }
  entry.file = "cases/" + entry.id + ".safetensors";
  const auto path = m_Folder / entry.file;
  entry.sha256 = WriteSafeTensors(path, TensorsOf(volume), {}, Overwrite::Allow);
  entry.fileSize = std::filesystem::file_size(path);
  const std::scoped_lock lock(m_State->guard);
  m_State->cases.push_back(std::move(entry));
}

void
PreparedCacheWriter::Finish()
{
  const std::scoped_lock lock(m_State->guard);
  auto & cases = m_State->cases;
  if (cases.empty() || cases.size() != m_State->ids.size() || m_State->finished)
  {
    throw UsageError(Message(m_Folder.string(),
                             ": a cache is finished once, after all its cases; it has ",
                             cases.size()));
  }
  std::sort(cases.begin(), cases.end(), [](const auto & a, const auto & b) { return a.id < b.id; });
  CheckSplit(cases);
  RemoveUnlisted(m_Folder, cases);
  auto list = nlohmann::json::array();
  for (const auto & entry : cases)
  {
    list.push_back(CaseToJson(entry));
  }
  const nlohmann::ordered_json index{{"schema", "sulcus-cache"},
                                     {"schema_version", cacheSchemaVersion},
                                     {"identity", CacheIdentity(m_Plan, list)},
                                     {"plan", m_Plan},
                                     {"cases", list}};
  AtomicWriteText(m_Folder / "cache.json", index.dump(1) + "\n", Overwrite::Allow);
  m_State->finished = true;
}

} // namespace sulcus
