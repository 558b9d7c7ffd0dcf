#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** The version of this build, e.g. "0.1.0". */
std::string
Version();

/** What a run did: program, resolved settings, inputs and outputs with SHA-256, stages with times,
 * peak memory, warnings. Written as JSON by `--report`. Holds no host name; paths are as typed. */
class RunRecord
{
public:
  explicit RunRecord(std::string program);

  void
  SetSettings(nlohmann::ordered_json settings);
  /** Hashes the file, or every file of a folder, now. \throws InputError if it is missing or
   * unreadable. */
  void
  AddInput(const std::filesystem::path & path);
  void
  AddOutput(const std::filesystem::path & path);
  void
  AddStage(const std::string & name, double seconds);
  /** Free-form result values, e.g. scores or geometry. */
  nlohmann::ordered_json &
  Results();

  nlohmann::ordered_json
  ToJson() const;

private:
  std::string m_Program;
  nlohmann::ordered_json m_Settings;
  nlohmann::ordered_json m_Inputs = nlohmann::ordered_json::array();
  nlohmann::ordered_json m_Outputs = nlohmann::ordered_json::array();
  nlohmann::ordered_json m_Stages = nlohmann::ordered_json::array();
  nlohmann::ordered_json m_Results = nlohmann::ordered_json::object();
  std::chrono::steady_clock::time_point m_Start;
};

/** Seconds since construction. */
class Stopwatch
{
public:
  double
  Seconds() const
  {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - m_Start).count();
  }

private:
  std::chrono::steady_clock::time_point m_Start = std::chrono::steady_clock::now();
};

} // namespace sulcus
