#include "sulcusRunRecord.h"

#include "sulcusError.h"
#include "sulcusLog.h"
#include "sulcusMemory.h"
#include "sulcusSha256.h"
#include "sulcusThreads.h"

#include <algorithm>

namespace sulcus
{
namespace
{

/** Of a folder: its regular files, and the hash over their sorted names and hashes. */
nlohmann::ordered_json
FolderEntry(const std::filesystem::path & folder)
{
  std::vector<std::filesystem::path> files;
  std::uintmax_t bytes = 0;
  for (const auto & entry : std::filesystem::recursive_directory_iterator(folder))
  {
    if (entry.is_regular_file())
    {
      files.push_back(entry.path());
      bytes += entry.file_size();
    }
  }
  std::sort(files.begin(), files.end());
  Sha256 hash;
  for (const auto & file : files)
  {
    hash.Update(file.lexically_relative(folder).string() + '\n' + Sha256OfFile(file) + '\n');
  }
  return {{"path", folder.string()},
          {"files", files.size()},
          {"bytes", bytes},
          {"sha256", hash.HexDigest()}};
}

nlohmann::ordered_json
FileEntry(const std::filesystem::path & path)
{
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
  {
    return FolderEntry(path);
  }
  const auto bytes = std::filesystem::file_size(path, error);
  if (error)
  {
    throw InputError(Message(path.string(), ": ", error.message()));
  }
  return {{"path", path.string()}, {"bytes", bytes}, {"sha256", Sha256OfFile(path)}};
}

} // namespace

std::string
Version()
{
  return SULCUS_VERSION;
}

RunRecord::RunRecord(std::string program)
    : m_Program(std::move(program)), m_Start(std::chrono::steady_clock::now())
{
}

void
RunRecord::SetSettings(nlohmann::ordered_json settings)
{
  m_Settings = std::move(settings);
}

void
RunRecord::AddInput(const std::filesystem::path & path)
{
  m_Inputs.push_back(FileEntry(path));
}

void
RunRecord::AddOutput(const std::filesystem::path & path)
{
  m_Outputs.push_back(FileEntry(path));
}

void
RunRecord::AddStage(const std::string & name, double seconds)
{
  m_Stages.push_back({{"stage", name}, {"seconds", seconds}});
}

nlohmann::ordered_json &
RunRecord::Results()
{
  return m_Results;
}

nlohmann::ordered_json
RunRecord::ToJson() const
{
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - m_Start).count();
  return {{"program", m_Program},
          {"version", Version()},
          {"settings", m_Settings},
          {"inputs", m_Inputs},
          {"outputs", m_Outputs},
          {"stages", m_Stages},
          {"results", m_Results},
          {"warnings", CollectedWarnings()},
          {"threads", GetThreadCount()},
          {"seconds", seconds},
          {"peak_memory_bytes", PeakMemory()}};
}

} // namespace sulcus
