#pragma once

#include "sulcusBatch.h"
#include "sulcusObjective.h"
#include <sulcusParameters.h>
#include <sulcusProcessGroup.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sulcus
{

struct TrainerOptions
{
  std::int64_t steps = 1000;
  std::uint64_t seed = 0;
  std::int64_t snapshotEvery =
      50; ///< steps between copies of the state that a diverging run returns to
  double checkpointSeconds =
      60.0; ///< a snapshot goes to disk if the last one is this old; 0: every snapshot
  std::int64_t validateEvery = 0; ///< steps; 0: only where a validation is set, at the end
  int skipsBeforeRollback = 3;    ///< bad steps in a row
  int rollbacksBeforeStop = 3;    ///< without a good snapshot in between
  /** Processes that train together, each on its share of every batch; null: this one alone. */
  std::shared_ptr<ProcessGroup> processes;
};

void
Describe(Parameters & visit, TrainerOptions & o);

/** What a run must have in common with the checkpoint it goes on from. */
struct RunIdentity
{
  nlohmann::json configuration; ///< every setting that changes a result
  std::string data;             ///< PreparedCache::Identity()
};

struct TrainingReport
{
  std::int64_t firstStep = 0; ///< > 0 after a resume
  std::int64_t lastStep = 0;
  std::int64_t skippedSteps = 0;
  std::int64_t rollbacks = 0;
  double seconds = 0.0; ///< training time of all parts of the run
  std::map<std::string, double> lastLogged;
  std::int64_t bestStep = -1;
  double bestScore = 0.0;
};

/** Runs a step rule over batches, from the beginning or from the last checkpoint, to the same bits.
 *
 * In the run folder: `log.jsonl` (one line a step), `events.out.tfevents.0.sulcus` (TensorBoard),
 * `checkpoints/`. A resumed run cuts both logs back to where the checkpoint was written. The state
 * of a run is the step rule's tensors and a few counters: batches and dropout are functions of seed
 * and step.
 *
 * A step whose loss or gradient is not finite is skipped; after some in a row the state of the last
 * snapshot comes back and the run goes on with the following batches; after some returns the run
 * stops with that state as checkpoint. SIGINT and SIGTERM end the run after the present step, with
 * a checkpoint.
 *
 * Processes that train together hold the same weights. Process 0 alone reads and writes the run
 * folder and validates; skipped steps, returns and stops are agreed on. If a process is lost, the
 * others stop and the last snapshot becomes the checkpoint. */
class Trainer
{
public:
  /** Named scores of the present weights; must not change them. One is named by SetValidation as
   * the one to maximise. */
  using Validation = std::function<std::map<std::string, double>(std::int64_t step)>;

  Trainer(StepRule & rule,
          BatchSource & batches,
          const TrainerOptions & options,
          std::filesystem::path folder,
          RunIdentity identity);
  ~Trainer();

  /** Validation only writes to the log and picks the `best` checkpoint: the last one does not
   * depend on it. */
  void
  SetValidation(Validation validation, std::string scoreName);

  /** Loads the folder's last checkpoint, if there is one. \throws ModelError if it belongs to
   * another configuration or other data (naming the first difference), or is damaged. */
  bool
  Resume();

  /** \throws RuntimeError (exit 1) when diverged, InterruptedError after a signal, OutputError,
   * ProcessesLost. */
  TrainingReport
  Run();

private:
  struct State;
  std::unique_ptr<State> m_State;
};

/** "the setting 'a/b' was 1, is 2"; empty if equal. */
std::string
FirstDifference(const nlohmann::json & before, const nlohmann::json & now);

} // namespace sulcus
