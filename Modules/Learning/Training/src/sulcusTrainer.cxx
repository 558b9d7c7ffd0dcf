#include "sulcusTrainer.h"

#include "sulcusCheckpointStore.h"
#include "sulcusProcessMean.h"
#include "sulcusTensorBoardWriter.h"
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusLog.h>
#include <sulcusProcesses.h>
#include <sulcusProgress.h>
#include <sulcusRandomEngine.h>
#include <sulcusRunRecord.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <future>
#include <optional>

namespace sulcus
{

void
Describe(Parameters & visit, TrainerOptions & o)
{
  visit("steps", o.steps, "Length of the run in steps.").Range(1);
  visit("snapshot_every",
        o.snapshotEvery,
        "Steps between copies of the state that a diverging run returns to.")
      .Range(1)
      .Advanced();
  visit("checkpoint_seconds",
        o.checkpointSeconds,
        "Least time between checkpoints; 0 writes every snapshot.")
      .Range(0)
      .Advanced();
}

namespace
{

std::string
LossText(double loss)
{
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "loss %.4f", loss);
  return text.data();
}

} // namespace

std::string
FirstDifference(const nlohmann::json & before, const nlohmann::json & now)
{
  const auto a = before.flatten();
  const auto b = now.flatten();
  const auto text = [](const nlohmann::json & flat, const std::string & key)
  { return flat.contains(key) ? flat.at(key).dump() : std::string("absent"); };
  for (const auto * side : {&a, &b})
  {
    for (const auto & item : side->items())
    {
      if (text(a, item.key()) != text(b, item.key()))
      {
        return Message("the setting '",
                       item.key().substr(1),
                       "' was ",
                       text(a, item.key()),
                       ", is ",
                       text(b, item.key()));
      }
    }
  }
  return {};
}

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

Trainer::Trainer(StepRule & rule,
                 BatchSource & batches,
                 const TrainerOptions & options,
                 std::filesystem::path folder,
                 RunIdentity identity)
    : m_State(std::make_unique<State>(rule, batches))
{
  m_State->options = options;
  m_State->folder = std::move(folder);
  m_State->identity = std::move(identity);
}

Trainer::~Trainer() = default;

void
Trainer::SetValidation(Validation validation, std::string scoreName)
{
  m_State->validation = std::move(validation);
  m_State->scoreName = std::move(scoreName);
}

bool
Trainer::Resume()
{
  auto & s = *m_State;
  if (!s.IsFirst())
  {
    return false; // what process 0 found arrives with the first step
  }
  const auto loaded = s.Store().LoadLast();
  if (!loaded)
  {
    return false;
  }
  const auto & state = loaded->state;
  const auto difference = FirstDifference(state.at("configuration"), s.identity.configuration);
  if (!difference.empty())
  {
    throw ModelError(
        Message(s.folder.string(), ": cannot go on from its checkpoint: ", difference));
  }
  if (state.at("data") != s.identity.data)
  {
    throw ModelError(Message(s.folder.string(),
                             ": cannot go on from its checkpoint: the prepared data changed (was ",
                             state.at("data").get<std::string>().substr(0, 12),
                             "…, is ",
                             s.identity.data.substr(0, 12),
                             "…)"));
  }
  s.rule.SetSchedule(s.options.steps);
  s.rule.Load(loaded->tensors);
  const auto & counters = state.at("counters");
  s.step = loaded->step;
  s.secondsBefore = counters.at("seconds");
  s.logPosition = counters.at("log_position");
  s.eventsPosition = counters.at("events_position");
  s.report.skippedSteps = counters.at("skipped_steps");
  s.report.rollbacks = counters.at("rollbacks");
  s.report.bestStep = counters.at("best_step");
  s.report.bestScore = counters.at("best_score");
  s.report.firstStep = s.step;
  s.lastGood = std::make_shared<Checkpoint>(std::move(*loaded));
  return true;
}

TrainingReport
Trainer::Run()
{
  auto & s = *m_State;
  s.Start();
  {
    Progress progress("training", static_cast<double>(s.options.steps));
    while (s.step < s.options.steps)
    {
      try
      {
        if (s.IsInterrupted())
        {
          s.StopInterrupted();
        }
        s.OneStep();
        s.AfterStep();
      }
      catch (const ProcessesLost & lost)
      {
        s.StopAlone(lost.what());
      }
      const auto loss = s.report.lastLogged.find("loss");
      progress.Update(static_cast<double>(s.step),
                      loss == s.report.lastLogged.end() ? "" : LossText(loss->second));
    }
  }
  s.WaitForWriter();
  s.report.lastStep = s.step;
  s.report.seconds = s.Seconds();
  return s.report;
}

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
