#pragma once

#include <sulcusParameters.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sulcus
{

/** One case of a cohort: a command that makes the case's outputs. */
struct BatchJob
{
  std::string id; ///< names the case's files in the state folder: letters, digits, '.', '_', '-'
  std::vector<std::string> command;
  std::vector<std::filesystem::path> outputs; ///< must be there for the case to count as done
  std::string key; ///< what the outputs depend on beside the command, e.g. a model's hash
};

struct BatchOptions
{
  int jobs = 1;                  ///< processes at a time
  double timeoutInSeconds = 0.0; ///< of one case; 0: none
  bool again = false;            ///< run cases that are done already
};

void
Describe(Parameters & visit, BatchOptions & options);

enum class BatchState
{
  Done,
  Skipped, ///< done by an earlier run of the same command
  Failed
};

struct BatchOutcome
{
  std::string id;
  BatchState state = BatchState::Failed;
  int status = 0;
  double seconds = 0.0;
  std::string message; ///< the last line the program wrote, if it failed
};

/** Runs every job as a process of its own, so that one that crashes takes no other with it, and
 * writes for each into the state folder its output (`<id>.log`) and, once it has succeeded, a
 * marker (`<id>.done.json`) that lets a later run skip it. A marker of another command does not
 * count. Children share the machine's threads (SULCUS_THREADS), unless that is set already.
 * \param report called after each case, with how many are finished
 * \throws UsageError for a repeated or impossible id, InterruptedError after the running cases were
 * stopped. */
std::vector<BatchOutcome>
RunBatch(const std::vector<BatchJob> & jobs,
         const BatchOptions & options,
         const std::filesystem::path & state,
         int threads,
         const std::function<void(std::size_t finished, const BatchOutcome &)> & report);

/** Which part of a cohort this process takes: case i belongs to part i mod count. */
struct CohortPart
{
  int count = 1;
  int index = 0;

  bool
  Holds(std::size_t position) const
  {
    return position % static_cast<std::size_t>(count) == static_cast<std::size_t>(index);
  }
};

struct PartOptions
{
  int numParts = 0; ///< 0: SLURM_ARRAY_TASK_COUNT, else one
  int partId = -1;  ///< -1: SLURM_ARRAY_TASK_ID, counted from SLURM_ARRAY_TASK_MIN
};

void
Describe(Parameters & visit, PartOptions & options);

/** \throws UsageError for a part that does not exist, or several parts and no number. */
CohortPart
ResolvePart(const PartOptions & options);

} // namespace sulcus
