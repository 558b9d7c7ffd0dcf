#pragma once

#include "sulcusTensorFile.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace sulcus
{

/** The state of a run at one step. */
struct Checkpoint
{
  std::int64_t step = 0;
  NamedTensors tensors;
  nlohmann::json state; ///< everything that is not a tensor
};

/** A folder of checkpoints: `step-<n>.safetensors` (tensors and, in its metadata, the JSON state)
 * and `checkpoints.json`, which names the current, the previous and the best one with their
 * SHA-256. The index is written last, so whatever moment a process is killed at, the index names
 * complete files; files it does not name are removed at the next save. */
class CheckpointStore
{
public:
  explicit CheckpointStore(std::filesystem::path folder);

  bool
  HasAny() const;

  /** \param best whether this becomes the best one, with its score. A step that is current already
   * is not rewritten. \throws OutputError; ModelError if a tensor is not finite. */
  void
  Save(const Checkpoint & checkpoint, bool best = false);

  /** The current one; if it is damaged, the previous one with a warning; nothing if the folder
   * holds no index. \throws ModelError if the index or both are damaged. */
  std::optional<Checkpoint>
  LoadLast() const;

  /** \throws ModelError if there is none or it is damaged. */
  Checkpoint
  LoadBest() const;

private:
  nlohmann::json
  ReadIndex() const;
  Checkpoint
  LoadEntry(const nlohmann::json & entry) const;
  void
  RemoveUnnamed(const nlohmann::json & index) const;

  std::filesystem::path m_Folder;
};

} // namespace sulcus
