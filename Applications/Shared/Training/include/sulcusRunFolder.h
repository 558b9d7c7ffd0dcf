#pragma once

#include <sulcusAtomicFile.h>

#include <filesystem>
#include <memory>

namespace sulcus
{

/** The folder of one training run, held by this process alone as long as the object lives:
 * `checkpoints/`, `log.jsonl`, TensorBoard events, `model.safetensors` and `run.json`. */
class RunFolder
{
public:
  /** Makes the folder, or takes an existing one that holds the files of a run and nothing else.
   * With Allow the files of an earlier run are removed first.
   * \throws OutputError if it holds anything else, or another process trains in it. */
  RunFolder(std::filesystem::path path, Overwrite overwrite);

  const std::filesystem::path &
  Path() const
  {
    return m_Path;
  }
  std::filesystem::path
  Model() const
  {
    return m_Path / "model.safetensors";
  }
  std::filesystem::path
  Record() const
  {
    return m_Path / "run.json";
  }

private:
  std::filesystem::path m_Path;
  std::unique_ptr<FolderLock> m_Lock;
};

} // namespace sulcus
