#include "sulcusProcessMean.h"
#include "sulcusTrainerState.h"
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusProcesses.h>
#include <sulcusRandomEngine.h>

#include <torch/utils.h>

#include <chrono>
#include <cmath>

namespace sulcus
{

void
Trainer::State::Start()
{
  clock = Stopwatch();
  rule.SetSchedule(options.steps);
  if (options.processes != nullptr)
  {
    ShareStart();
  }
  if (IsFirst())
  {
    std::filesystem::create_directories(folder);
    log.emplace(folder / "log.jsonl", logPosition);
    events.emplace(folder / "events.out.tfevents.0.sulcus", eventsPosition);
  }
  lastWrite = Seconds();
  if (lastGood == nullptr)
  {
    if (!Snapshot())
    {
      throw RuntimeError("the initial weights are not finite");
    }
    Write(/*wait=*/true); // finds a full disk now, and makes every later moment resumable
  }
}

/** Every process starts from the state and the step of process 0. */
void
Trainer::State::ShareStart()
{
  nlohmann::json start{
      {"step", step}, {"configuration", identity.configuration}, {"data", identity.data}};
  NamedTensors tensors;
  rule.Save(tensors);
  ShareState(*options.processes, start, tensors);
  const auto difference = FirstDifference(start.at("configuration"), identity.configuration);
  const bool differs = !difference.empty() || start.at("data") != identity.data;
  if (AnyProcess(*options.processes, differs))
  {
    throw UsageError(Message("the processes of this run were not started alike: ",
                             !differs ? "another process differs from process 0"
                             : difference.empty()
                                 ? "the prepared data differs from that of process 0"
                                 : difference + " here"));
  }
  if (!IsFirst())
  {
    step = report.firstStep = start.at("step");
    rule.Load(tensors);
    if (step > 0)
    {
      Snapshot();
    }
  }
}

/** A signal to any process ends all of them at the same step. */
bool
Trainer::State::IsInterrupted() const
{
  const bool here = ReceivedSignal() != 0;
  return options.processes == nullptr ? here : AnyProcess(*options.processes, here);
}

void
Trainer::State::OneStep()
{
  // Dropout becomes a function of seed and step: nothing to store, nothing that validation could
  // disturb. Processes that train together draw different masks.
  auto random = RandomEngine(options.seed).Fork("torch").Fork(static_cast<std::uint64_t>(step));
  if (!IsFirst())
  {
    random = random.Fork(static_cast<std::uint64_t>(options.processes->Rank()));
  }
  torch::manual_seed(random.NextWord());
  const Batch batch = batches.At(step);
  const ProcessScope together(options.processes.get());
  const StepReport done = rule.Step(batch);
  ++step;
  report.lastLogged = done.logged;
  LogScalars(done.logged, "train", done.skipped);
  skipsInARow = done.skipped ? skipsInARow + 1 : 0;
  report.skippedSteps += done.skipped ? 1 : 0;
  if (skipsInARow >= options.skipsBeforeRollback)
  {
    Rollback();
  }
}

void
Trainer::State::AfterStep()
{
  const bool last = step == options.steps;
  if (validation && (last || (options.validateEvery > 0 && step % options.validateEvery == 0)))
  {
    Validate();
  }
  if (last || step % options.snapshotEvery == 0)
  {
    // After a bad step the weights are not trusted, however finite, until a good step has been made
    // with them.
    const bool trusted = skipsInARow == 0 && Snapshot();
    if (!trusted && last)
    {
      Rollback();
      Snapshot();
    }
    else if (!trusted && skipsInARow == 0)
    {
      Rollback();
    }
    if (last || Seconds() - lastWrite >= options.checkpointSeconds)
    {
      Write(/*wait=*/last);
    }
  }
}

void
Trainer::State::LogScalars(const std::map<std::string, double> & scalars,
                           const char * group,
                           bool skipped)
{
  if (!IsFirst())
  {
    return;
  }
  nlohmann::ordered_json line{{"step", step}, {"kind", group}};
  if (skipped)
  {
    line["skipped"] = true;
  }
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  for (const auto & [name, value] : scalars)
  {
    line[name] = value; // JSON has no NaN: null
    if (std::isfinite(value))
    {
      events->AddScalar(Message(group, "/", name), value, step, now);
    }
  }
  line["seconds"] = std::round(Seconds() * 1000.0) / 1000.0;
  log->Append(line.dump() + "\n");
}

void
Trainer::State::Validate()
{
  bool best = IsFirst() && ScoreIsBest();
  if (options.processes != nullptr)
  {
    best = AnyProcess(*options.processes, best); // all keep the same snapshots
  }
  if (best && skipsInARow == 0 && Snapshot())
  {
    Write(/*wait=*/false, /*best=*/true);
  }
}

/** Scores and logs the present weights; whether they are better than all before. */
bool
Trainer::State::ScoreIsBest()
{
  const auto scores = validation(step);
  LogScalars(scores, "validation", false);
  const auto score = scores.find(scoreName);
  if (score == scores.end() || !std::isfinite(score->second) ||
      (report.bestStep >= 0 && score->second <= report.bestScore))
  {
    return false;
  }
  report.bestStep = step;
  report.bestScore = score->second;
  return true;
}

} // namespace sulcus
