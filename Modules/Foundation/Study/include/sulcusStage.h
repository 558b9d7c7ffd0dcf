#pragma once

#include "sulcusFileHasher.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sulcus
{

/** One step of a study: a program, what it reads, what it is told and the folder it fills. All
 * paths are relative to the study's folder, in which the program runs. */
struct Stage
{
  std::string name;    ///< "prepare", "train/supervised"
  std::string program; ///< verb: "train" for sulcus-train
  /** What decides the result, by the program's own parameter names. */
  nlohmann::ordered_json settings = nlohmann::ordered_json::object();
  /** Inputs and outputs by the program's parameter names, and what has no influence on the result
   * (threads, device, progress). */
  nlohmann::ordered_json plumbing = nlohmann::ordered_json::object();
  std::vector<std::string> inputs;  ///< files and folders
  std::vector<std::string> outputs; ///< files and folders that nobody else writes
  std::vector<std::string> after;   ///< stages whose outputs are among the inputs
  bool resumes = false;             ///< the program goes on with its own unfinished output
  /** Exit statuses that count as done beside 0, e.g. 7 where some cases of a batch failed. */
  std::vector<int> acceptedStatuses;
  /** Work of the study itself instead of a program; may be empty. */
  std::function<void()> work;
  double expectedSeconds = 1.0;
  std::uint64_t expectedMemoryInBytes = 0;
};

/** What the manifest keeps of a stage. */
struct StageRecord
{
  std::string stage;
  std::string program; ///< "sulcus-train 0.1.0"
  std::string status;  ///< "started", "done" or "failed"
  int exitStatus = 0;
  std::string key; ///< SHA-256 over program, settings and inputs
  nlohmann::ordered_json settings;
  std::vector<HashedPath> inputs;
  std::vector<HashedPath> outputs; ///< every file
  bool edited = false;             ///< an output was changed by hand and accepted
  double seconds = 0.0;            ///< of all attempts together
  std::uint64_t peakMemoryInBytes = 0;
  int threads = 0;
  std::vector<std::string> warnings;
};

nlohmann::ordered_json
ToJson(const StageRecord & record);
/** \throws InputError naming the origin */
StageRecord
StageRecordFromJson(const nlohmann::json & json, const std::string & origin);

/** The name of a stage as part of a file name: "train/supervised" → "train-supervised". */
std::string
FileNameOf(const std::string & stageName);

} // namespace sulcus
