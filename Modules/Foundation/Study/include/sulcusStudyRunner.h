#pragma once

#include "sulcusStageDecision.h"

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

struct StudyRunnerOptions
{
  std::filesystem::path programs; ///< folder of the sulcus-<verb> programs
  std::string from;               ///< first stage that may run; earlier ones are taken as they are
  std::string until;              ///< last stage that may run
  bool overwrite = false;         ///< outputs changed by hand may be replaced
};

struct PlannedStage
{
  const Stage * stage = nullptr;
  StageDecision decision;
};

/** Goes through the stages of a study in order and does what is not done.
 *
 * A stage is done when the manifest says so with the same program, settings and inputs and all its
 * outputs have the stored hashes. The manifest is written before and after every stage, so a study
 * that was killed anywhere goes on by the same call. Files of its own: `stages/<stage>.json` (the
 * program's configuration, so that the stage can be run by hand), `.log` and `.report.json`. */
class StudyRunner
{
public:
  /** \throws UsageError for a `from` or `until` that names no stage (naming the nearest) or lie the
   * wrong way round. */
  StudyRunner(std::filesystem::path folder,
              std::vector<Stage> stages,
              StudyManifest & manifest,
              StudyRunnerOptions options);

  /** What would be done; reads and hashes files, writes nothing. */
  std::vector<PlannedStage>
  Plan();

  /** Does it. All refusals come before any work. \throws OutputError naming the first file that was
   * changed by hand; the error of a program that failed, with its exit status; InterruptedError. */
  void
  Run();

private:
  bool
  IsTaken(std::size_t index) const;
  StageDecision
  Decide(std::size_t index, const std::string & upstream);
  std::string
  UpstreamThatRuns(const Stage & stage, const std::vector<std::string> & running) const;
  void
  RunStage(const Stage & stage, const StageDecision & decision);
  void
  AcceptEdits(const Stage & stage);
  int
  StartProgram(const Stage & stage, const StageDecision & decision, StageRecord & record);
  void
  ShowProgress(const Stage & stage, double fraction);

  std::filesystem::path m_Folder;
  std::vector<Stage> m_Stages;
  StudyManifest & m_Manifest;
  StudyRunnerOptions m_Options;
  FileHasher m_Hasher;
  std::size_t m_First = 0;
  std::size_t m_Last = 0; ///< one past the end
  class Display;
  Display * m_Display = nullptr; ///< while Run works
};

} // namespace sulcus
