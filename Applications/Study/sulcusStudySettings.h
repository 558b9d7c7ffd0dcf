#pragma once

#include <sulcusApplication.h>
#include <sulcusParameters.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sulcus
{

/** What a user can say about a study, on the command line or in a study file. */
struct StudySettings
{
  std::string study; ///< as typed: study file, data set, or folder of an earlier study
  std::string output;
  std::string data;
  std::vector<std::string> methods{"auto"};
  std::vector<std::string> pretraining{"auto"};
  int steps = 0;
  int pretrainingSteps = 0;
  std::string splits;
  int labelled = 0;
  int splitSeed = 0;
  std::string fuse = "auto";
  std::string faults = "report";
  std::string evaluateOn = "auto";
  bool segmentUnlabelled = true;
  std::vector<std::string> set;
  std::string from;
  std::string until;
  bool verify = false;
  std::uint64_t seed = 0;
  /** Settings of the programs, by section: "prepare" → {"flips": ["x"]}. */
  std::map<std::string, nlohmann::ordered_json> sections;
};

/** Sections of a study file, each the settings of the program of that name. */
const std::vector<std::string> &
StudySections();

/** The program's own parameters. */
void
Describe(Parameters & visit, StudySettings & settings);

/** The names of the parameters on a command line; hyphens count as underscores. */
std::set<std::string>
GivenNames(int argc, char ** argv);

/** Finds out what `study` names and reads the study file, if it is one: what the command line gave
 * wins over the file, the file over defaults; then `--set`. All paths are absolute afterwards.
 * \throws UsageError for unknown keys (naming the nearest), wrong types, no data or no output. */
void
LoadStudy(StudySettings & settings, const std::set<std::string> & given, RunContext & context);

/** The editable file that `sulcus-study` takes again. \param folder  that its paths count from */
nlohmann::ordered_json
StudyFile(const StudySettings & settings, const std::filesystem::path & folder);

} // namespace sulcus
