#include "sulcusWorker.h"

#include <sulcusError.h>
#include <sulcusInterrupt.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <new>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sulcus
{

namespace
{

using Bytes = std::vector<std::byte>;

/** First byte of the answer. */
enum class Answer : std::uint8_t
{
  Result = 0,
  Failure = 1 ///< then the exit status as one byte, then the message
};

std::uint64_t
MappedBytes()
{
  std::ifstream stream("/proc/self/statm");
  std::uint64_t pages = 0;
  stream >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void
Limit(int resource, std::uint64_t value)
{
  const struct rlimit limit = {value, value};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &limit);
}

void
ApplyLimits(const WorkerLimits & limits)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  Limit(RLIMIT_AS,
        MappedBytes() + limits.extraMemoryInBytes); // sanitizers reserve far more than they use
#endif
  Limit(RLIMIT_CPU, limits.cpuSeconds);
  Limit(RLIMIT_FSIZE, 0);
  Limit(RLIMIT_CORE, 0);
  Limit(RLIMIT_NOFILE, 64);
}

bool
Send(int pipe, const std::byte * data, std::size_t count)
{
  while (count > 0)
  {
    const ssize_t sent = ::write(pipe, data, count);
    if (sent < 0 && errno == EINTR)
    {
      continue;
    }
    if (sent <= 0)
    {
      return false;
    }
    data += sent;
    count -= static_cast<std::size_t>(sent);
  }
  return true;
}

void
SendFailure(int pipe, ExitCode code, const std::string & message)
{
  Bytes answer{std::byte{static_cast<std::uint8_t>(Answer::Failure)},
               std::byte{static_cast<std::uint8_t>(code)}};
  const auto * const text = reinterpret_cast<const std::byte *>(message.data());
  answer.insert(answer.end(), text, text + message.size());
  Send(pipe, answer.data(), answer.size());
}

[[noreturn]] void
RunChild(int pipe, const std::function<Bytes()> & work, const WorkerLimits & limits)
{
  std::signal(SIGPIPE, SIG_IGN);
  // GDCM writes remarks to the standard streams; where those are files the size limit would end the
  // process.
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
  ApplyLimits(limits);
  try
  {
    const auto result = work();
    const std::byte first{static_cast<std::uint8_t>(Answer::Result)};
    const bool sent = Send(pipe, &first, 1) && Send(pipe, result.data(), result.size());
    ::_exit(sent ? 0 : 1);
  }
  catch (const Error & error)
  {
    SendFailure(pipe, error.Code(), error.what());
  }
  catch (const std::bad_alloc &)
  {
    SendFailure(pipe, ExitCode::Resources, "reading needs more memory than its limit");
  }
  catch (const std::exception & error)
  {
    SendFailure(pipe, ExitCode::DamagedInput, error.what());
  }
  ::_exit(0);
}

Bytes
ReceiveAll(int pipe, pid_t child)
{
  Bytes bytes;
  Bytes block(std::size_t{1} << 20);
  while (true)
  {
    const ssize_t got = ::read(pipe, block.data(), block.size());
    if (got < 0 && errno == EINTR)
    {
      if (ReceivedSignal() != 0)
      {
        ::kill(child, SIGKILL);
      }
      continue;
    }
    if (got <= 0)
    {
      return bytes;
    }
    bytes.insert(bytes.end(), block.begin(), block.begin() + got);
  }
}

[[noreturn]] void
ThrowWithCode(ExitCode code, const std::string & message)
{
  switch (code)
  {
  case ExitCode::Usage:
    throw UsageError(message);
  case ExitCode::GeometryRefused:
    throw GeometryError(message);
  case ExitCode::Resources:
    throw ResourceError(message);
  case ExitCode::DamagedInput:
    throw InputError(message);
  default:
    throw Error(code, message);
  }
}

int
WaitFor(pid_t child)
{
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR)
  {
  }
  return status;
}

} // namespace

std::vector<std::byte>
RunInWorker(const std::function<std::vector<std::byte>()> & work,
            const std::string & subject,
            const WorkerLimits & limits)
{
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
  {
    throw ResourceError(Message("no pipe for the reading process (", std::strerror(errno), ")"));
  }
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0)
  {
    ::close(ends[0]);
    ::close(ends[1]);
    throw ResourceError(Message("no reading process (", std::strerror(errno), ")"));
  }
  if (child == 0)
  {
    ::close(ends[0]);
    RunChild(ends[1], work, limits);
  }
  ::close(ends[1]);
  auto answer = ReceiveAll(ends[0], child);
  ::close(ends[0]);
  const int status = WaitFor(child);
  ThrowIfInterrupted();
  if (WIFSIGNALED(status))
  {
    const int signal = WTERMSIG(status);
    if (signal == SIGXCPU || signal == SIGKILL)
    {
      throw ResourceError(Message(subject, ": reading was stopped (time or memory limit)"));
    }
    throw InputError(Message(subject,
                             ": the reading process crashed (signal ",
                             signal,
                             "); the file is damaged or not supported"));
  }
  if (answer.empty() || WEXITSTATUS(status) != 0)
  {
    throw InputError(Message(subject, ": the reading process gave no answer"));
  }
  if (answer.front() == std::byte{static_cast<std::uint8_t>(Answer::Failure)})
  {
    const auto code = static_cast<ExitCode>(answer.size() > 1 ? static_cast<int>(answer[1]) : 1);
    ThrowWithCode(
        code, std::string(reinterpret_cast<const char *>(answer.data()) + 2, answer.size() - 2));
  }
  answer.erase(answer.begin());
  return answer;
}

} // namespace sulcus
