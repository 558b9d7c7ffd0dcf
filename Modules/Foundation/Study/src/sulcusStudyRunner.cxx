#include "sulcusStudyRunner.h"

#include "sulcusProcess.h"
#include "sulcusStageMessages.h"
#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusLog.h>
#include <sulcusParameters.h>
#include <sulcusProgress.h>
#include <sulcusRunRecord.h>

#include <fmt/format.h>

#include <algorithm>

namespace sulcus
{

namespace fs = std::filesystem;

/** One bar over the whole study; its time left follows what the finished stages really took. */
class StudyRunner::Display
{
public:
  explicit Display(double totalSeconds) : m_Progress("study", std::max(totalSeconds, 1e-3))
  {
  }

  void
  Show(const Stage & stage, double fraction)
  {
    m_Furthest = std::max(m_Furthest, fraction);
    m_Progress.Update(m_Done + m_Furthest * stage.expectedSeconds,
                      fmt::format("{} {:.0f} %", stage.name, 100 * m_Furthest));
  }
  void
  Finish(const Stage & stage)
  {
    m_Done += stage.expectedSeconds;
    m_Furthest = 0.0;
    m_Progress.Update(m_Done, stage.name);
  }

private:
  Progress m_Progress;
  double m_Done = 0.0;
  double m_Furthest = 0.0; ///< programs with several bars go back to 0 for each of them
};

StudyRunner::StudyRunner(fs::path folder,
                         std::vector<Stage> stages,
                         StudyManifest & manifest,
                         StudyRunnerOptions options)
    : m_Folder(std::move(folder)), m_Stages(std::move(stages)), m_Manifest(manifest),
      m_Options(std::move(options)), m_Hasher(m_Folder), m_Last(m_Stages.size())
{
  std::vector<std::string> names;
  for (const auto & stage : m_Stages)
  {
    names.push_back(stage.name);
  }
  const auto indexOf = [&](const std::string & name, const char * option)
  {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
    {
      throw UsageError(
          Message("--", option, ": no stage '", name, "'; ", SuggestName(name, names)));
    }
    return static_cast<std::size_t>(found - names.begin());
  };
  m_First = m_Options.from.empty() ? 0 : indexOf(m_Options.from, "from");
  m_Last = m_Options.until.empty() ? m_Stages.size() : indexOf(m_Options.until, "until") + 1;
  if (m_First >= m_Last && !m_Stages.empty())
  {
    throw UsageError(Message("--from ", m_Options.from, " comes after --until ", m_Options.until));
  }
}

bool
StudyRunner::IsTaken(std::size_t index) const
{
  return index < m_First;
}

StageDecision
StudyRunner::Decide(std::size_t index, const std::string & upstream)
{
  const auto & stage = m_Stages[index];
  return DecideStage(stage,
                     m_Manifest.Find(stage.name),
                     upstream.empty() ? m_Hasher.Hash(stage.inputs) : std::vector<HashedPath>(),
                     upstream,
                     IsTaken(index),
                     m_Options.overwrite,
                     m_Hasher);
}

std::string
StudyRunner::UpstreamThatRuns(const Stage & stage, const std::vector<std::string> & running) const
{
  const auto found =
      std::find_if(stage.after.begin(),
                   stage.after.end(),
                   [&](const auto & name)
                   { return std::find(running.begin(), running.end(), name) != running.end(); });
  return found == stage.after.end() ? std::string() : *found;
}

std::vector<PlannedStage>
StudyRunner::Plan()
{
  std::vector<PlannedStage> planned;
  std::vector<std::string> running;
  for (std::size_t i = 0; i < m_Last; ++i)
  {
    planned.push_back({&m_Stages[i], Decide(i, UpstreamThatRuns(m_Stages[i], running))});
    const auto action = planned.back().decision.action;
    if (action == StageAction::Run || action == StageAction::Resume)
    {
      running.push_back(m_Stages[i].name);
    }
  }
  return planned;
}

void
StudyRunner::Run()
{
  const auto planned = Plan();
  double seconds = 0.0;
  for (const auto & one : planned)
  {
    if (one.decision.action == StageAction::Refuse)
    {
      throw OutputError(Message("stage ", one.stage->name, ": ", one.decision.reason));
    }
    const bool runs =
        one.decision.action == StageAction::Run || one.decision.action == StageAction::Resume;
    seconds += runs ? one.stage->expectedSeconds : 0.0;
  }
  Display display(seconds);
  m_Display = &display;
  for (std::size_t i = 0; i < m_Last; ++i)
  {
    ThrowIfInterrupted();
    const auto & stage = m_Stages[i];
    const auto decision = Decide(i, {});
    if (decision.action == StageAction::Refuse)
    {
      throw OutputError(Message("stage ", stage.name, ": ", decision.reason));
    }
    if (decision.action == StageAction::Take)
    {
      AcceptEdits(stage);
    }
    if (decision.action == StageAction::Run || decision.action == StageAction::Resume)
    {
      LogInfo(Message("[", i + 1, "/", m_Stages.size(), "] ", stage.name, ": ", decision.reason));
      RunStage(stage, decision);
      display.Finish(stage);
    }
    else
    {
      LogInfo(Message("[",
                      i + 1,
                      "/",
                      m_Stages.size(),
                      "] ",
                      stage.name,
                      ": ",
                      decision.reason,
                      decision.action == StageAction::Skip ? ", skipped" : ""));
    }
  }
  m_Display = nullptr;
}

/** What stages before the first one hold counts from now on, and the manifest says so. */
void
StudyRunner::AcceptEdits(const Stage & stage)
{
  auto record = *m_Manifest.Find(stage.name);
  bool changed = false;
  for (auto & output : record.outputs)
  {
    const auto now = m_Hasher.Hash(output.path);
    if (now.sha256 != output.sha256)
    {
      LogWarning(Message("stage ", stage.name, ": ", output.path, " was changed by hand"));
      output = now;
      changed = true;
    }
  }
  if (changed)
  {
    record.edited = true;
    m_Manifest.Set(record);
    m_Manifest.Write();
  }
}

int
StudyRunner::StartProgram(const Stage & stage, const StageDecision & decision, StageRecord & record)
{
  const std::string base = "stages/" + FileNameOf(stage.name);
  fs::create_directories(m_Folder / "stages");
  fs::remove(m_Folder / (base + ".report.json"));
  fs::remove(m_Folder / (base + ".log"));
  for (const auto & output : stage.outputs)
  {
    fs::create_directories((m_Folder / output).parent_path());
  }
  auto configuration = stage.settings;
  configuration.update(stage.plumbing);
  AtomicWriteText(m_Folder / (base + ".json"), configuration.dump(1) + "\n", Overwrite::Allow);
  ProcessOptions process;
  process.program = m_Options.programs / ("sulcus-" + stage.program);
  process.arguments = {
      "--config", base + ".json", "--report", base + ".report.json", "--progress", "json"};
  if (decision.replace)
  {
    process.arguments.emplace_back("--overwrite");
  }
  process.workingFolder = m_Folder;
  process.log = m_Folder / (base + ".log");
  process.onLine = [&](const std::string & line)
  {
    const auto fraction = ProgressIn(line);
    if (fraction && m_Display != nullptr)
    {
      m_Display->Show(stage, *fraction);
    }
    return fraction.has_value();
  };
  const auto result = RunProcess(process);
  record.exitStatus = result.status;
  record.seconds += result.seconds;
  record.peakMemoryInBytes = std::max(record.peakMemoryInBytes, result.peakMemoryInBytes);
  ReadProgramReport(m_Folder / (base + ".report.json"), process.log, record);
  return result.forwardedSignal;
}

void
StudyRunner::RunStage(const Stage & stage, const StageDecision & decision)
{
  StageRecord record;
  record.stage = stage.name;
  record.program = "sulcus-" + stage.program + " " + Version();
  record.status = "started";
  record.settings = stage.settings;
  record.inputs = m_Hasher.Hash(stage.inputs);
  record.key = KeyOf(stage, record.inputs);
  const auto * earlier = m_Manifest.Find(stage.name);
  if (decision.action == StageAction::Resume && earlier != nullptr)
  {
    record.seconds = earlier->seconds;
    record.peakMemoryInBytes = earlier->peakMemoryInBytes;
  }
  m_Manifest.Set(record);
  m_Manifest.Write();
  int signal = 0;
  if (stage.work)
  {
    const Stopwatch watch;
    stage.work();
    record.seconds = watch.Seconds();
  }
  else
  {
    signal = StartProgram(stage, decision, record);
  }
  for (const auto & output : stage.outputs)
  {
    m_Hasher.Forget(output);
  }
  const bool accepted =
      record.exitStatus == 0 ||
      std::find(stage.acceptedStatuses.begin(), stage.acceptedStatuses.end(), record.exitStatus) !=
          stage.acceptedStatuses.end();
  if (accepted)
  {
    for (const auto & output : stage.outputs)
    {
      const auto files = m_Hasher.FilesBelow(output);
      record.outputs.insert(record.outputs.end(), files.begin(), files.end());
    }
    record.status = "done";
  }
  else if (signal == 0)
  {
    record.status = "failed";
  }
  m_Manifest.Set(record);
  m_Manifest.Write();
  if (!accepted)
  {
    ThrowStageError(stage.name, record.exitStatus, signal, m_Folder);
  }
  if (record.exitStatus != 0)
  {
    LogWarning(Message("stage ",
                       stage.name,
                       ": exit status ",
                       record.exitStatus,
                       ", ",
                       LastErrorIn(m_Folder / "stages" / (FileNameOf(stage.name) + ".log"))));
  }
  LogInfo(fmt::format("{}: done in {}{}",
                      stage.name,
                      DurationText(record.seconds),
                      record.peakMemoryInBytes == 0
                          ? ""
                          : fmt::format(", {} MB", record.peakMemoryInBytes / 1'000'000)));
}

} // namespace sulcus
