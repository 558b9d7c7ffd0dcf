#include "sulcusProcess.h"

#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusSpawn.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sulcus
{
namespace
{

using Clock = std::chrono::steady_clock;

/** A file descriptor that closes itself. */
class Descriptor
{
public:
  explicit Descriptor(int number = -1) : m_Number(number)
  {
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &
  operator=(const Descriptor &) = delete;
  ~Descriptor()
  {
    Close();
  }

  void
  Close()
  {
    if (m_Number >= 0)
    {
      ::close(m_Number);
    }
    m_Number = -1;
  }
  int
  Get() const
  {
    return m_Number;
  }

private:
  int m_Number;
};

/** A started program; whatever happens, it has ended when the object is gone. */
class Child
{
public:
  Child(pid_t pid, double patienceInSeconds) : m_Pid(pid), m_Patience(patienceInSeconds)
  {
  }
  Child(const Child &) = delete;
  Child &
  operator=(const Child &) = delete;
  ~Child()
  {
    if (!m_Ended)
    {
      ::kill(m_Pid, SIGKILL);
      while (::wait4(m_Pid, &m_State, 0, &m_Usage) < 0 && errno == EINTR)
      {
      }
    }
  }

  /** Passes a received signal on; true once the child has ended. */
  bool
  HasEnded()
  {
    if (!m_Ended && m_Forwarded == 0 && ReceivedSignal() != 0)
    {
      m_Forwarded = ReceivedSignal();
      m_ForwardedAt = Clock::now();
      ::kill(m_Pid, m_Forwarded);
    }
    const bool waitedEnough =
        m_Forwarded != 0 &&
        std::chrono::duration<double>(Clock::now() - m_ForwardedAt).count() > m_Patience;
    if (!m_Ended && waitedEnough)
    {
      ::kill(m_Pid, SIGKILL);
    }
    m_Ended = m_Ended || ::wait4(m_Pid, &m_State, WNOHANG, &m_Usage) == m_Pid;
    return m_Ended;
  }

  ProcessResult
  Result(double seconds) const
  {
    ProcessResult result;
    result.status = WIFEXITED(m_State) ? WEXITSTATUS(m_State) : 128 + WTERMSIG(m_State);
    result.seconds = seconds;
    result.peakMemoryInBytes = static_cast<std::uint64_t>(m_Usage.ru_maxrss) * 1024;
    result.forwardedSignal = m_Forwarded;
    return result;
  }

private:
  pid_t m_Pid;
  double m_Patience;
  bool m_Ended = false;
  int m_State = 0;
  rusage m_Usage{};
  int m_Forwarded = 0;
  Clock::time_point m_ForwardedAt;
};

/** Cuts standard output into lines and hands them out. */
class LineReader
{
public:
  LineReader(const ProcessOptions & options, int log) : m_Options(options), m_Log(log)
  {
  }

  /** False at the end of the output. */
  bool
  Read(int pipe)
  {
    std::array<char, 4096> bytes;
    const auto count = ::read(pipe, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
    {
      return true;
    }
    m_Pending.append(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    for (auto end = m_Pending.find('\n'); end != std::string::npos; end = m_Pending.find('\n'))
    {
      HandOut(m_Pending.substr(0, end));
      m_Pending.erase(0, end + 1);
    }
    if (count <= 0 && !m_Pending.empty())
    {
      HandOut(m_Pending);
      m_Pending.clear();
    }
    return count > 0;
  }

private:
  void
  HandOut(const std::string & line)
  {
    if (m_Options.onLine && m_Options.onLine(line))
    {
      return;
    }
    const std::string text = line + "\n";
    if (m_Log >= 0 && ::write(m_Log, text.data(), text.size()) < 0)
    {
      throw OutputError(Message(m_Options.log.string(), ": ", std::strerror(errno)));
    }
  }

  const ProcessOptions & m_Options;
  int m_Log;
  std::string m_Pending;
};

} // namespace

ProcessResult
RunProcess(const ProcessOptions & options)
{
  if (::access(options.program.c_str(), X_OK) != 0)
  {
    throw UsageError(Message(options.program.string(), ": no such program"));
  }
  const std::string logName = options.log.empty() ? "/dev/null" : options.log.string();
  const Descriptor log(::open(logName.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (log.Get() < 0)
  {
    throw OutputError(Message(logName, ": the log cannot be written: ", std::strerror(errno)));
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
  {
    throw RuntimeError(Message("no pipe: ", std::strerror(errno)));
  }
  const Descriptor output(ends[0]);
  Descriptor childsOutput(ends[1]);
  SpawnOptions spawn;
  spawn.program = std::filesystem::absolute(options.program).string();
  spawn.arguments = options.arguments;
  spawn.workingFolder = options.workingFolder;
  spawn.output = childsOutput.Get();
  spawn.errors = log.Get();
  const auto start = Clock::now();
  Child child(SpawnProgram(spawn), options.patienceInSeconds);
  childsOutput.Close();
  LineReader reader(options, log.Get());
  bool open = true;
  while (!child.HasEnded())
  {
    pollfd waiting{output.Get(), POLLIN, 0};
    const int ready = ::poll(open ? &waiting : nullptr, open ? 1 : 0, open ? 100 : 20);
    open = open && (ready <= 0 || reader.Read(output.Get()));
  }
  // What is left in the pipe; a grandchild that holds it open is not waited for.
  for (pollfd waiting{output.Get(), POLLIN, 0};
       open && ::poll(&waiting, 1, 0) > 0 && reader.Read(output.Get());)
  {
  }
  return child.Result(std::chrono::duration<double>(Clock::now() - start).count());
}

} // namespace sulcus
