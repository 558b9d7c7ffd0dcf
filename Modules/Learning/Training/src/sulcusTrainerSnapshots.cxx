#include "sulcusTrainerState.h"
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusLog.h>
#include <sulcusProcesses.h>

namespace sulcus
{

/** Copies the present state if it is finite. */
bool
Trainer::State::Snapshot()
{
  NamedTensors tensors;
  rule.Save(tensors);
  if (!FirstNonFinite(tensors).empty())
  {
    return false;
  }
  rollbacksInARow = 0;
  auto snapshot = std::make_shared<Checkpoint>();
  snapshot->step = step;
  snapshot->tensors = CloneTensors(tensors);
  snapshot->state = {
      {"configuration", identity.configuration}, {"data", identity.data}, {"counters", Counters()}};
  lastGood = std::move(snapshot);
  return true;
}

nlohmann::json
Trainer::State::Counters() const
{
  return {{"seconds", Seconds()},
          {"log_position", log ? log->Position() : 0},
          {"events_position", events ? events->Position() : 0},
          {"skipped_steps", report.skippedSteps},
          {"rollbacks", report.rollbacks},
          {"best_step", report.bestStep},
          {"best_score", report.bestScore}};
}

void
Trainer::State::Rollback()
{
  LogWarning(Message("step ",
                     step,
                     ": loss, gradient or weights not finite; back to the state of step ",
                     lastGood->step));
  rule.Load(lastGood->tensors);
  skipsInARow = 0;
  ++report.rollbacks;
  if (++rollbacksInARow >= options.rollbacksBeforeStop)
  {
    Write(/*wait=*/true);
    throw RuntimeError(Message("training diverged at step ",
                               step,
                               " and did not recover in ",
                               rollbacksInARow,
                               " returns to the state of step ",
                               lastGood->step,
                               ", which is kept in ",
                               (folder / "checkpoints").string(),
                               "; try a lower learning rate"));
  }
}

/** Hands the last good state to a writing thread. */
void
Trainer::State::Write(bool wait, bool best)
{
  if (!IsFirst())
  {
    return;
  }
  WaitForWriter();
  lastWrite = Seconds();
  pending =
      std::async(std::launch::async,
                 [store = Store(), state = lastGood, best]() mutable { store.Save(*state, best); });
  if (wait)
  {
    WaitForWriter();
  }
}

void
Trainer::State::WaitForWriter()
{
  if (pending.valid())
  {
    pending.get();
  }
}

void
Trainer::State::StopInterrupted()
{
  if (skipsInARow == 0)
  {
    Snapshot();
  }
  Write(/*wait=*/true);
  ThrowIfInterrupted();
  throw InterruptedError(
      "another process of this run was interrupted; it goes on when started again");
}

/** Without the others there is no batch to go on with. */
void
Trainer::State::StopAlone(const std::string & reason)
{
  Write(/*wait=*/true);
  throw ProcessesLost(Message(reason,
                              "; stopped after step ",
                              step,
                              ", the checkpoint is of step ",
                              lastGood->step,
                              " and the run goes on from there when it is started again"));
}

} // namespace sulcus
