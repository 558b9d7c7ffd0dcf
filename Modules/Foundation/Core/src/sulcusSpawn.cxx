#include "sulcusSpawn.h"

#include "sulcusError.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

extern char ** environ;

namespace sulcus
{
namespace
{

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

/** What posix_spawn is to do between fork and exec. */
class SpawnSetup
{
public:
  explicit SpawnSetup(const SpawnOptions & options)
  {
    posix_spawn_file_actions_init(&m_Actions);
    posix_spawnattr_init(&m_Attributes);
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE})
    {
      sigaddset(&defaults, signal);
    }
    posix_spawnattr_setsigmask(&m_Attributes, &none);
    posix_spawnattr_setsigdefault(&m_Attributes, &defaults);
    const int group = options.ownGroup ? POSIX_SPAWN_SETPGROUP : 0;
    posix_spawnattr_setflags(
        &m_Attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
    posix_spawn_file_actions_addopen(&m_Actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (options.output >= 0)
    {
      posix_spawn_file_actions_adddup2(&m_Actions, options.output, STDOUT_FILENO);
    }
    if (options.errors >= 0)
    {
      posix_spawn_file_actions_adddup2(&m_Actions, options.errors, STDERR_FILENO);
    }
    if (!options.workingFolder.empty())
    {
      posix_spawn_file_actions_addchdir_np(&m_Actions, options.workingFolder.c_str());
    }
  }
  SpawnSetup(const SpawnSetup &) = delete;
  SpawnSetup &
  operator=(const SpawnSetup &) = delete;
  ~SpawnSetup()
  {
    posix_spawn_file_actions_destroy(&m_Actions);
    posix_spawnattr_destroy(&m_Attributes);
  }

  /** \returns 0, or the number of the error */
  int
  Start(pid_t & child,
        const std::string & program,
        std::vector<std::string> arguments,
        std::vector<std::string> environment) const
  {
    return posix_spawnp(&child,
                        program.c_str(),
                        &m_Actions,
                        &m_Attributes,
                        Pointers(arguments).data(),
                        Pointers(environment).data());
  }

private:
  posix_spawn_file_actions_t m_Actions;
  posix_spawnattr_t m_Attributes;
};

} // namespace

pid_t
SpawnProgram(const SpawnOptions & options)
{
  // A relative path counts from here, not from the folder that the program will work in.
  const bool isPath = options.program.find('/') != std::string::npos;
  const auto program =
      isPath ? std::filesystem::absolute(options.program).string() : options.program;
  std::vector<std::string> arguments{program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  pid_t child = -1;
  const int problem = SpawnSetup(options).Start(
      child, program, std::move(arguments), EnvironmentWith(options.environment));
  if (problem != 0)
  {
    throw RuntimeError(
        Message(options.program, ": could not be started: ", std::strerror(problem)));
  }
  return child;
}

} // namespace sulcus
