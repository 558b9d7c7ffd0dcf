#pragma once

#include "sulcusProcessGroup.h"
#include <sulcusError.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sulcus
{

/** Another process of a run is gone or silent. */
class ProcessesLost : public RuntimeError
{
public:
  using RuntimeError::RuntimeError;
};

/** Which of how many processes this one is, and where they meet. */
struct ProcessLaunch
{
  int rank = 0;
  int size = 1;
  int localRank = 0; ///< among the processes of this machine: picks the GPU
  int localSize = 1; ///< processes on this machine, which share its cores
  std::string address = "127.0.0.1";
  int port = 29500;
  /** The launcher holds the meeting place; otherwise process 0 opens it. */
  bool launcherListens = false;
  std::string name; ///< tells this start of the run from earlier ones
};

using EnvironmentLookup = std::function<const char *(const char *)>;

/** What torchrun (RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE), Slurm (SLURM_PROCID,
 * SLURM_NTASKS, SLURM_LOCALID, SLURM_NTASKS_PER_NODE) or Open MPI (OMPI_COMM_WORLD_RANK, …_SIZE,
 * …_LOCAL_RANK, …_LOCAL_SIZE) say, in this order; nothing for a single process. MASTER_ADDR and
 * MASTER_PORT hold for all of them. Slurm's and MPI's variables count only where MASTER_ADDR is
 * set, because both are also there in jobs whose tasks have nothing to do with each other. Where
 * nobody says how many processes share a machine, a meeting place on the loopback interface means:
 * all. \throws UsageError naming the variable that is missing, no number or out of range. */
std::optional<ProcessLaunch>
FindProcessLaunch(const EnvironmentLookup & environment);

/** Opens the library libsulcus_distributed.so, the only part of Sulcus that uses the network, and
 * joins the group; waits for all processes at most as long as `timeout`, which also bounds every
 * later wait. There is no authentication and no encryption: private networks only. \throws
 * ResourceError if the library is not there; ProcessesLost */
std::shared_ptr<ProcessGroup>
JoinProcesses(const ProcessLaunch & launch, std::chrono::seconds timeout);

} // namespace sulcus
