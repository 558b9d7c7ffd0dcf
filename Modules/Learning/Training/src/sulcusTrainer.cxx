#include "sulcusTrainer.h"

#include "sulcusTrainerState.h"
#include <sulcusError.h>
#include <sulcusProcesses.h>
#include <sulcusProgress.h>

#include <array>
#include <cstdio>

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

} // namespace sulcus
