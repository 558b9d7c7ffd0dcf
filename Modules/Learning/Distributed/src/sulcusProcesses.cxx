#include "sulcusProcesses.h"

#include <sulcusError.h>

#include "../distributed/sulcusDistributedLibrary.h"
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <vector>

namespace sulcus
{
namespace
{

constexpr const char * libraryName = "libsulcus_distributed.so";

/** Names of the variables of one launcher. */
struct LauncherVariables
{
  const char * rank;
  const char * size;
  const char * localRank;
  const char * localSize;
  bool needsAddress; ///< is also set where processes have nothing to do with each other
};

constexpr LauncherVariables launchers[] = {
    {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", false},
    {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_NTASKS_PER_NODE", true},
    {"OMPI_COMM_WORLD_RANK",
     "OMPI_COMM_WORLD_SIZE",
     "OMPI_COMM_WORLD_LOCAL_RANK",
     "OMPI_COMM_WORLD_LOCAL_SIZE",
     true}};

bool
IsSet(const EnvironmentLookup & environment, const char * name)
{
  const char * value = environment(name);
  return value != nullptr && *value != '\0';
}

int
NumberIn(const EnvironmentLookup & environment, const char * name, int low, int high)
{
  if (!IsSet(environment, name))
  {
    throw UsageError(
        Message("environment variable ", name, " is missing for a run of several processes"));
  }
  const char * text = environment(name);
  const char * end = text + std::strlen(text);
  int value = 0;
  const auto [last, error] = std::from_chars(text, end, value);
  if (error != std::errc{} || last != end || value < low || value > high)
  {
    throw UsageError(Message("environment variable ",
                             name,
                             " is '",
                             text,
                             "', expected a number from ",
                             low,
                             " to ",
                             high));
  }
  return value;
}

std::vector<std::filesystem::path>
Candidates()
{
  if (const char * named = std::getenv("SULCUS_DISTRIBUTED"); named != nullptr && *named != '\0')
  {
    return {named};
  }
  std::error_code error;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  return {folder / libraryName, folder / ".." / "lib" / libraryName, SULCUS_DISTRIBUTED_BUILT};
}

/** The library's handle, kept for the life of the process. */
void *
OpenLibrary()
{
  std::error_code error;
  for (const auto & path : Candidates())
  {
    if (!std::filesystem::is_regular_file(path, error))
    {
      continue;
    }
    void * handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr)
    {
      throw ResourceError(Message(path.string(), ": cannot be loaded (", dlerror(), ")"));
    }
    const auto version = reinterpret_cast<decltype(&SulcusDistributedVersion)>(
        dlsym(handle, "SulcusDistributedVersion"));
    if (version == nullptr || version() != sulcusDistributedVersion)
    {
      throw ResourceError(Message(path.string(), ": belongs to another version of Sulcus"));
    }
    return handle;
  }
  throw ResourceError(Message(libraryName, ", which joins processes, is not beside this program"));
}

} // namespace

std::optional<ProcessLaunch>
FindProcessLaunch(const EnvironmentLookup & environment)
{
  constexpr int most = 65536;
  for (const auto & launcher : launchers)
  {
    if (!IsSet(environment, launcher.size) ||
        (launcher.needsAddress && !IsSet(environment, "MASTER_ADDR")))
    {
      continue;
    }
    ProcessLaunch launch;
    launch.size = NumberIn(environment, launcher.size, 1, most);
    if (launch.size == 1)
    {
      return std::nullopt;
    }
    launch.rank = NumberIn(environment, launcher.rank, 0, launch.size - 1);
    launch.address =
        IsSet(environment, "MASTER_ADDR") ? environment("MASTER_ADDR") : launch.address;
    launch.port = IsSet(environment, "MASTER_PORT") ? NumberIn(environment, "MASTER_PORT", 1, 65535)
                                                    : launch.port;
    const bool oneMachine = launch.address == "localhost" || launch.address.rfind("127.", 0) == 0;
    launch.localSize = IsSet(environment, launcher.localSize)
                           ? NumberIn(environment, launcher.localSize, 1, most)
                       : oneMachine ? launch.size
                                    : 1;
    launch.localRank = IsSet(environment, launcher.localRank)
                           ? NumberIn(environment, launcher.localRank, 0, most)
                       : oneMachine ? launch.rank
                                    : 0;
    const auto text = [&](const char * name)
    { return IsSet(environment, name) ? std::string(environment(name)) : std::string(); };
    launch.launcherListens = text("TORCHELASTIC_USE_AGENT_STORE") == "True";
    launch.name = text("TORCHELASTIC_RUN_ID") + "/" + text("TORCHELASTIC_RESTART_COUNT");
    return launch;
  }
  return std::nullopt;
}

std::shared_ptr<ProcessGroup>
JoinProcesses(const ProcessLaunch & launch, std::chrono::seconds timeout)
{
  const auto join =
      reinterpret_cast<decltype(&SulcusJoinProcesses)>(dlsym(OpenLibrary(), "SulcusJoinProcesses"));
  if (join == nullptr)
  {
    throw ResourceError(Message(libraryName, " lacks its entry point"));
  }
  return std::shared_ptr<ProcessGroup>(
      join(launch.address.c_str(),
           launch.port,
           launch.rank,
           launch.size,
           launch.launcherListens,
           launch.name.c_str(),
           std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count()));
}

} // namespace sulcus
