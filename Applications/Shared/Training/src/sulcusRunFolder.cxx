#include "sulcusRunFolder.h"

#include <sulcusError.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sulcus
{
namespace
{

/** Names that a run and sulcus-probe make; temporaries of AtomicFile begin with a dot. */
bool
IsOfARun(const std::string & name)
{
  static const std::vector<std::string> known{"checkpoints",
                                              "log.jsonl",
                                              "events.out.tfevents.0.sulcus",
                                              "model.safetensors",
                                              "run.json",
                                              "probe.json",
                                              "probe.html"};
  return name.front() == '.' || std::find(known.begin(), known.end(), name) != known.end();
}

void
RequireNothingElse(const std::filesystem::path & folder)
{
  for (const auto & entry : std::filesystem::directory_iterator(folder))
  {
    const auto name = entry.path().filename().string();
    if (!IsOfARun(name))
    {
      throw OutputError(Message(folder.string(),
                                ": holds '",
                                name,
                                "', which is not of a training run; choose another folder"));
    }
  }
}

/** A model without checkpoints was copied here, or its checkpoints were removed to save space. */
void
RequireCheckpointsBesideAModel(const std::filesystem::path & folder)
{
  if (std::filesystem::exists(folder / "model.safetensors") &&
      !std::filesystem::exists(folder / "checkpoints" / "checkpoints.json"))
  {
    throw OutputError(Message(folder.string(),
                              ": holds a model but no checkpoint to go on from; --overwrite "
                              "replaces it"));
  }
}

void
RemoveRun(const std::filesystem::path & folder)
{
  for (const char * name : {"model.safetensors",
                            "run.json",
                            "checkpoints",
                            "log.jsonl",
                            "events.out.tfevents.0.sulcus",
                            "probe.json",
                            "probe.html"})
  {
    std::filesystem::remove_all(folder / name);
  }
}

} // namespace

RunFolder::RunFolder(std::filesystem::path path, Overwrite overwrite) : m_Path(std::move(path))
{
  std::error_code error;
  std::filesystem::create_directories(m_Path, error);
  if (error || !std::filesystem::is_directory(m_Path))
  {
    throw OutputError(Message(m_Path.string(), ": is not a folder that can be written to"));
  }
  m_Lock = std::make_unique<FolderLock>(m_Path);
  RequireNothingElse(m_Path);
  if (overwrite == Overwrite::Allow)
  {
    RemoveRun(m_Path);
  }
  RequireCheckpointsBesideAModel(m_Path);
}

} // namespace sulcus
