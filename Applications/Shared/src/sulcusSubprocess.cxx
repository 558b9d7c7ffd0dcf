#include "sulcusSubprocess.h"

#include <sulcusError.h>
#include <sulcusParameters.h>
#include <sulcusSpawn.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sulcus
{

namespace fs = std::filesystem;

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
  SpawnOptions options;
  options.program = command.front();
  options.arguments.assign(command.begin() + 1, command.end());
  options.environment = environment;
  options.output = descriptor;
  options.errors = descriptor;
  options.ownGroup = true; // Stop reaches its children too
  try
  {
    m_Process = SpawnProgram(options);
  }
  catch (const Error &)
  {
    close(descriptor);
    throw;
  }
  close(descriptor);
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
