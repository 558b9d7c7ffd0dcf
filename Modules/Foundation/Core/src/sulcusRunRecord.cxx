#include "sulcusRunRecord.h"

#include "sulcusLog.h"
#include "sulcusMemory.h"
#include "sulcusSha256.h"
#include "sulcusThreads.h"

namespace sulcus
{
namespace
{

nlohmann::ordered_json
FileEntry(const std::filesystem::path & path)
{
  return {{"path", path.string()},
          {"bytes", std::filesystem::file_size(path)},
          {"sha256", Sha256OfFile(path)}};
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
