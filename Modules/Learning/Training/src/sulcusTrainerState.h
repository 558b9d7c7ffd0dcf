#pragma once

#include "sulcusAppendFile.h"
#include "sulcusCheckpointStore.h"
#include "sulcusTensorBoardWriter.h"
#include "sulcusTrainer.h"
#include <sulcusRunRecord.h>

#include <future>
#include <optional>

namespace sulcus
{

/** A run between its first and its last step. */
struct Trainer::State
{
  State(StepRule & stepRule, BatchSource & source) : rule(stepRule), batches(source)
  {
  }

  StepRule & rule;
  BatchSource & batches;
  TrainerOptions options;
  std::filesystem::path folder;
  RunIdentity identity;
  Validation validation;
  std::string scoreName;

  std::int64_t step = 0; ///< steps done
  int skipsInARow = 0;
  int rollbacksInARow = 0;
  double secondsBefore = 0.0;
  TrainingReport report;

  std::shared_ptr<const Checkpoint> lastGood;
  Stopwatch clock;
  double lastWrite = 0.0;
  std::future<void> pending;
  std::optional<AppendFile> log;
  std::optional<TensorBoardWriter> events;
  std::int64_t logPosition = 0;
  std::int64_t eventsPosition = 0;

  /** Whether this process reads and writes the run folder. */
  bool
  IsFirst() const
  {
    return options.processes == nullptr || options.processes->Rank() == 0;
  }

  CheckpointStore
  Store() const
  {
    return CheckpointStore(folder / "checkpoints");
  }

  double
  Seconds() const
  {
    return secondsBefore + clock.Seconds();
  }

  void
  Start();
  void
  ShareStart();
  bool
  IsInterrupted() const;
  void
  OneStep();
  void
  AfterStep();
  void
  LogScalars(const std::map<std::string, double> & scalars, const char * group, bool skipped);
  void
  Validate();
  bool
  ScoreIsBest();
  bool
  Snapshot();
  void
  Rollback();
  nlohmann::json
  Counters() const;
  void
  Write(bool wait, bool best = false);
  void
  WaitForWriter();
  void
  StopInterrupted();
  [[noreturn]] void
  StopAlone(const std::string & reason);
};

} // namespace sulcus
