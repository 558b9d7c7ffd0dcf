#include "sulcusSubprocess.h"

#include <sulcusError.h>
#include <sulcusParameters.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char ** environ;

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** The environment of this process with the given entries instead of its own. */
std::vector<std::string>
EnvironmentWith(const std::vector<std::string> & entries)
{
  std::vector<std::string> merged = entries;
  for (char ** entry = environ; *entry != nullptr; ++entry)
  {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('=') + 1);
    const bool isReplaced =
        std::any_of(entries.begin(),
                    entries.end(),
                    [&](const std::string & own) { return own.starts_with(name); });
    if (!isReplaced)
    {
      merged.push_back(text);
    }
  }
  return merged;
}

std::vector<char *>
Pointers(std::vector<std::string> & texts)
{
  std::vector<char *> pointers;
  for (std::string & text : texts)
  {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

} // namespace

Subprocess::Subprocess(const std::vector<std::string> & command,
                       const fs::path & log,
                       const std::vector<std::string> & environment)
{
  if (command.empty())
  {
    throw UsageError("there is no program to start");
  }
  const int descriptor =
      open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0)
  {
    throw OutputError(Message(log.string(), ": cannot be written (", std::strerror(errno), ")"));
  }
  std::vector<std::string> arguments = command;
  std::vector<std::string> entries = EnvironmentWith(environment);
  const auto argumentPointers = Pointers(arguments);
  const auto entryPointers = Pointers(entries);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, descriptor, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, descriptor, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP); // Stop reaches its children too
  const int failure = posix_spawnp(&m_Process,
                                   arguments.front().c_str(),
                                   &files,
                                   &attributes,
                                   argumentPointers.data(),
                                   entryPointers.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  close(descriptor);
  if (failure != 0)
  {
    m_Process = -1;
    throw RuntimeError(
        Message(command.front(), ": could not be started (", std::strerror(failure), ")"));
  }
}

Subprocess::~Subprocess()
{
  Stop(0.0);
}

std::optional<int>
Subprocess::Poll()
{
  if (m_Status || m_Process <= 0)
  {
    return m_Status;
  }
  int state = 0;
  const pid_t ended = waitpid(m_Process, &state, WNOHANG);
  if (ended == m_Process)
  {
    m_Status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  }
  else if (ended < 0 && errno != EINTR)
  {
    m_Status = 1; // somebody else waited for it; its status is lost
  }
  return m_Status;
}

void
Subprocess::Stop(double graceInSeconds)
{
  if (m_Process <= 0 || Poll())
  {
    return;
  }
  kill(-m_Process, SIGTERM);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(graceInSeconds);
  while (!Poll() && std::chrono::steady_clock::now() < end)
  {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  while (!Poll())
  {
    kill(-m_Process, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::filesystem::path
ProgramBeside(const std::string & verb)
{
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path program = folder / ("sulcus-" + verb);
  if (verb.find('/') == std::string::npos && access(program.c_str(), X_OK) == 0)
  {
    return program;
  }
  std::vector<std::string> verbs;
  for (const auto & entry : fs::directory_iterator(folder))
  {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("sulcus-") && name.find('.') == std::string::npos)
    {
      verbs.push_back(name.substr(7));
    }
  }
  std::sort(verbs.begin(), verbs.end());
  throw UsageError(Message("there is no program 'sulcus-", verb, "'; ", SuggestName(verb, verbs)));
}

} // namespace sulcus
