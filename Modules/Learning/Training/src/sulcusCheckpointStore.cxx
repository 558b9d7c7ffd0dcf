#include <nlohmann/json.hpp>
#include "sulcusCheckpointStore.h"

#include <sulcusError.h>
#include <sulcusJson.h>
#include <sulcusLog.h>
#include <sulcusSha256.h>

#include <set>

namespace sulcus
{
namespace
{

constexpr int formatVersion = 1;
constexpr auto indexName = "checkpoints.json";
constexpr auto stateKey = "checkpoint";

std::string
FileName(std::int64_t step)
{
  const std::string digits = std::to_string(step);
  return "step-" + std::string(digits.size() < 8 ? 8 - digits.size() : 0, '0') + digits +
         ".safetensors";
}

bool
IsEntry(const nlohmann::json & index, const char * role)
{
  return index.contains(role) && index[role].is_object();
}

} // namespace

CheckpointStore::CheckpointStore(std::filesystem::path folder) : m_Folder(std::move(folder))
{
}

bool
CheckpointStore::HasAny() const
{
  return std::filesystem::exists(m_Folder / indexName);
}

void
CheckpointStore::Save(const Checkpoint & checkpoint, bool best)
{
  std::filesystem::create_directories(m_Folder);
  auto index = HasAny() ? ReadIndex() : nlohmann::json{{"format", formatVersion}};
  if (!IsEntry(index, "current") || index["current"]["step"] != checkpoint.step)
  {
    TensorFile file{checkpoint.tensors, {}};
    file.metadata[stateKey] =
        nlohmann::json{{"step", checkpoint.step}, {"state", checkpoint.state}}.dump();
    const auto name = FileName(checkpoint.step);
    const auto sha256 = SaveTensorFile(m_Folder / name, file, Overwrite::Allow);
    if (IsEntry(index, "current"))
    {
      index["previous"] = index["current"];
    }
    index["current"] = {{"step", checkpoint.step}, {"file", name}, {"sha256", sha256}};
  }
  if (best)
  {
    index["best"] = index["current"];
  }
  AtomicWriteText(m_Folder / indexName, index.dump(2) + "\n", Overwrite::Allow);
  RemoveUnnamed(index);
}

nlohmann::json
CheckpointStore::ReadIndex() const
{
  const auto path = m_Folder / indexName;
  try
  {
    auto index = ReadJsonFile(path);
    if (index.is_object() && index.value("format", 0) == formatVersion && IsEntry(index, "current"))
    {
      return index;
    }
  }
  catch (const UsageError & error)
  {
    throw ModelError(Message(path.string(), ": damaged: ", error.what()));
  }
  throw ModelError(
      Message(path.string(), ": not an index of checkpoints in format ", formatVersion));
}

Checkpoint
CheckpointStore::LoadEntry(const nlohmann::json & entry) const
{
  std::filesystem::path path = m_Folder;
  try
  {
    const auto step = entry.at("step").get<std::int64_t>();
    path /= FileName(step);
    if (entry.at("file") != FileName(step))
    {
      throw ModelError(Message(path.string(), ": the index names another file"));
    }
    if (Sha256OfFile(path) != entry.at("sha256").get<std::string>())
    {
      throw ModelError(Message(path.string(), ": its SHA-256 is not the one in ", indexName));
    }
    auto file = LoadTensorFile(path);
    const auto state = nlohmann::json::parse(file.metadata.at(stateKey));
    if (state.at("step") != step)
    {
      throw ModelError(Message(path.string(), ": holds the state of another step"));
    }
    return {step, std::move(file.tensors), state.at("state")};
  }
  catch (const InputError & error)
  {
    throw ModelError(error.what());
  }
  catch (const nlohmann::json::exception &)
  {
    throw ModelError(
        Message(path.string(), ": its entry in ", indexName, " or its metadata is damaged"));
  }
  catch (const std::out_of_range &)
  {
    throw ModelError(Message(path.string(), ": is not a checkpoint"));
  }
}

std::optional<Checkpoint>
CheckpointStore::LoadLast() const
{
  if (!HasAny())
  {
    return std::nullopt;
  }
  const auto index = ReadIndex();
  try
  {
    return LoadEntry(index["current"]);
  }
  catch (const ModelError & error)
  {
    if (!IsEntry(index, "previous"))
    {
      throw;
    }
    LogWarning(
        Message("the current checkpoint is damaged, the previous one is used: ", error.what()));
  }
  return LoadEntry(index["previous"]);
}

Checkpoint
CheckpointStore::LoadBest() const
{
  const auto index = ReadIndex();
  if (!IsEntry(index, "best"))
  {
    throw ModelError(Message(m_Folder.string(), ": holds no best checkpoint"));
  }
  return LoadEntry(index["best"]);
}

void
CheckpointStore::RemoveUnnamed(const nlohmann::json & index) const
{
  std::set<std::string> named;
  for (const char * role : {"current", "previous", "best"})
  {
    if (IsEntry(index, role))
    {
      named.insert(index[role]["file"].get<std::string>());
    }
  }
  for (const auto & item : std::filesystem::directory_iterator(m_Folder))
  {
    const auto name = item.path().filename().string();
    if (name.rfind("step-", 0) == 0 && !named.contains(name))
    {
      std::filesystem::remove(item.path());
    }
  }
}

} // namespace sulcus
