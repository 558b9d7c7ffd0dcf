#include "sulcusBatchRun.h"

#include "sulcusSubprocess.h"
#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusJson.h>
#include <sulcusLog.h>
#include <sulcusRunRecord.h>
#include <sulcusSha256.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <list>
#include <memory>
#include <set>
#include <sstream>
#include <thread>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Changes with the command and with everything the job says its outputs depend on. */
std::string
KeyOf(const BatchJob & job)
{
  return Sha256OfText(nlohmann::json(job.command).dump() + '\n' + job.key);
}

void
CheckIds(const std::vector<BatchJob> & jobs)
{
  std::set<std::string> seen;
  for (const BatchJob & job : jobs)
  {
    const bool isPlain =
        !job.id.empty() && job.id.front() != '.' &&
        std::all_of(job.id.begin(),
                    job.id.end(),
                    [](unsigned char c)
                    { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; });
    if (!isPlain)
    {
      throw UsageError(Message(
          "case '", job.id, "': a case's name may hold letters, digits, '.', '_' and '-' only"));
    }
    if (!seen.insert(job.id).second)
    {
      throw UsageError(Message("case '", job.id, "' is listed twice"));
    }
  }
}

bool
HasAllOutputs(const BatchJob & job)
{
  return std::all_of(job.outputs.begin(),
                     job.outputs.end(),
                     [](const fs::path & file) { return fs::exists(file); });
}

/** A damaged marker counts as none: the case runs again. */
bool
HasMarker(const fs::path & marker, const BatchJob & job)
{
  if (!fs::exists(marker))
  {
    return false;
  }
  try
  {
    return ReadJsonFile(marker).value("key", std::string()) == KeyOf(job);
  }
  catch (const std::exception & problem)
  {
    LogWarning(Message("case ", job.id, " runs again: ", problem.what()));
    return false;
  }
}

/** What the program said last; of an error line, what stands behind "error:". */
std::string
LastLine(const fs::path & log)
{
  std::string last;
  std::istringstream lines(fs::exists(log) ? ReadTextFile(log) : std::string());
  for (std::string line; std::getline(lines, line);)
  {
    const bool isEmpty = line.find_first_not_of(" \t\r") == std::string::npos;
    last = isEmpty ? last : line;
  }
  const std::string mark = ": error: ";
  const auto found = last.find(mark);
  return OneLine(found == std::string::npos ? last : last.substr(found + mark.size()), 300);
}

struct Running
{
  const BatchJob * job;
  std::size_t position;
  std::unique_ptr<Subprocess> process;
  Stopwatch watch;
  bool isOverdue = false;
};

class BatchRun
{
public:
  BatchRun(const std::vector<BatchJob> & jobs,
           const BatchOptions & options,
           const fs::path & state,
           int threads,
           const std::function<void(std::size_t, const BatchOutcome &)> & report)
      : m_Jobs(jobs), m_Options(options), m_State(state), m_Report(report), m_Outcomes(jobs.size())
  {
    if (std::getenv("SULCUS_THREADS") == nullptr)
    {
      m_Environment.push_back(Message("SULCUS_THREADS=", std::max(1, threads / options.jobs)));
    }
  }

  std::vector<BatchOutcome>
  Execute()
  {
    std::size_t next = 0;
    while (next < m_Jobs.size() || !m_Running.empty())
    {
      StopIfInterrupted();
      while (next < m_Jobs.size() && m_Running.size() < static_cast<std::size_t>(m_Options.jobs))
      {
        Start(next++);
      }
      m_Running.remove_if([this](Running & running) { return IsFinished(running); });
      std::this_thread::sleep_for(std::chrono::milliseconds(m_Running.empty() ? 0 : 20));
    }
    return m_Outcomes;
  }

private:
  fs::path
  Log(const BatchJob & job) const
  {
    return m_State / (job.id + ".log");
  }
  fs::path
  Marker(const BatchJob & job) const
  {
    return m_State / (job.id + ".done.json");
  }

  void
  StopIfInterrupted()
  {
    if (ReceivedSignal() != 0)
    {
      for (Running & running : m_Running)
      {
        running.process->Stop();
      }
      ThrowIfInterrupted();
    }
  }

  void
  Finish(std::size_t position, BatchState state, int status, double seconds, std::string message)
  {
    m_Outcomes[position] = {m_Jobs[position].id, state, status, seconds, std::move(message)};
    m_Report(++m_Finished, m_Outcomes[position]);
  }

  void
  Start(std::size_t position)
  {
    const BatchJob & job = m_Jobs[position];
    const bool isMarked = HasMarker(Marker(job), job);
    const bool isFound = !fs::exists(Marker(job)) && !job.outputs.empty();
    if (!m_Options.again && (isMarked || isFound) && HasAllOutputs(job))
    {
      Finish(position, BatchState::Skipped, 0, 0.0, "");
      return;
    }
    // From now on the old outputs, should they stay behind, are not those of this command.
    AtomicWriteText(Marker(job), "{\"key\": \"\"}\n", Overwrite::Allow);
    try
    {
      m_Running.push_back({&job,
                           position,
                           std::make_unique<Subprocess>(job.command, Log(job), m_Environment),
                           {},
                           false});
    }
    catch (const RuntimeError & problem)
    {
      Finish(position, BatchState::Failed, static_cast<int>(problem.Code()), 0.0, problem.what());
    }
  }

  bool
  IsFinished(Running & running)
  {
    auto status = running.process->Poll();
    const double seconds = running.watch.Seconds();
    if (!status && m_Options.timeoutInSeconds > 0 && seconds > m_Options.timeoutInSeconds)
    {
      running.process->Stop();
      running.isOverdue = true;
      status = running.process->Poll();
    }
    if (!status)
    {
      return false;
    }
    Judge(running, *status, seconds);
    return true;
  }

  void
  Judge(const Running & running, int status, double seconds)
  {
    const BatchJob & job = *running.job;
    if (running.isOverdue)
    {
      Finish(running.position,
             BatchState::Failed,
             static_cast<int>(ExitCode::Resources),
             seconds,
             Message("stopped after ", m_Options.timeoutInSeconds, " s (--timeout)"));
    }
    else if (status != 0)
    {
      const std::string line = LastLine(Log(job));
      Finish(running.position,
             BatchState::Failed,
             status,
             seconds,
             status > 128 ? Message("ended by signal ", status - 128, "; ", line) : line);
    }
    else if (!HasAllOutputs(job))
    {
      Finish(running.position,
             BatchState::Failed,
             static_cast<int>(ExitCode::OutputNotWritten),
             seconds,
             "the program succeeded, but an expected output is not there");
    }
    else
    {
      const nlohmann::ordered_json marker{
          {"key", KeyOf(job)}, {"command", job.command}, {"seconds", seconds}};
      AtomicWriteText(Marker(job), marker.dump(2) + "\n", Overwrite::Allow);
      Finish(running.position, BatchState::Done, 0, seconds, "");
    }
  }

  const std::vector<BatchJob> & m_Jobs;
  const BatchOptions & m_Options;
  fs::path m_State;
  const std::function<void(std::size_t, const BatchOutcome &)> & m_Report;
  std::vector<BatchOutcome> m_Outcomes;
  std::vector<std::string> m_Environment;
  std::list<Running> m_Running;
  std::size_t m_Finished = 0;
};

/** A whole number in the environment, or nothing. \throws UsageError if it is something else. */
std::optional<int>
EnvironmentNumber(const char * name)
{
  const char * text = std::getenv(name);
  if (text == nullptr || *text == '\0')
  {
    return std::nullopt;
  }
  char * end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*end != '\0' || value < 0 || value > 1000000)
  {
    throw UsageError(Message(name, ": expected a whole number, found '", OneLine(text, 40), "'"));
  }
  return static_cast<int>(value);
}

} // namespace

void
Describe(Parameters & visit, BatchOptions & o)
{
  visit("jobs", o.jobs, "Cases that run at the same time, each as a process of its own.")
      .Range(1, 1024);
  visit("timeout", o.timeoutInSeconds, "Longest time of one case in seconds; 0: no limit.")
      .Range(0);
  visit("again", o.again, "Run cases that are done already.");
}

std::vector<BatchOutcome>
RunBatch(const std::vector<BatchJob> & jobs,
         const BatchOptions & options,
         const fs::path & state,
         int threads,
         const std::function<void(std::size_t, const BatchOutcome &)> & report)
{
  CheckIds(jobs);
  PrepareOutputFolder(state, Overwrite::Allow);
  return BatchRun(jobs, options, state, threads, report).Execute();
}

void
Describe(Parameters & visit, PartOptions & o)
{
  visit("num_parts",
        o.numParts,
        "Deal the cases into this many parts and run one; 0: SLURM_ARRAY_TASK_COUNT, else one.")
      .Range(0, 1000000);
  visit("part_id",
        o.partId,
        "The part to run, counted from 0; -1: SLURM_ARRAY_TASK_ID, counted from the first task.")
      .Range(-1, 1000000);
}

CohortPart
ResolvePart(const PartOptions & options)
{
  CohortPart part;
  part.count = options.numParts > 0 ? options.numParts
                                    : EnvironmentNumber("SLURM_ARRAY_TASK_COUNT").value_or(1);
  part.count = std::max(part.count, 1);
  if (options.partId >= 0)
  {
    part.index = options.partId;
  }
  else if (const auto task = EnvironmentNumber("SLURM_ARRAY_TASK_ID"))
  {
    part.index = *task - EnvironmentNumber("SLURM_ARRAY_TASK_MIN").value_or(0);
  }
  else if (part.count > 1)
  {
    throw UsageError(Message("--part_id is missing: which of the ",
                             part.count,
                             " parts is this? (SLURM_ARRAY_TASK_ID is not set either)"));
  }
  if (part.index < 0 || part.index >= part.count)
  {
    throw UsageError(Message("part ",
                             part.index,
                             " does not exist: there are ",
                             part.count,
                             ", counted from 0 (--num_parts, --part_id)"));
  }
  return part;
}

} // namespace sulcus
