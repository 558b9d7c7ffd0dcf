#pragma once

/** The functions of libsulcus_distributed.so. */

namespace sulcus
{
class ProcessGroup;
}

extern "C"
{
  /** Counts changes of these functions and of ProcessGroup. */
  int
  SulcusDistributedVersion();

  /** Joins; the caller deletes the result. \throws sulcus::Error */
  sulcus::ProcessGroup *
  SulcusJoinProcesses(const char * address,
                      int port,
                      int rank,
                      int size,
                      bool launcherListens,
                      const char * name,
                      long timeoutInMilliseconds);
}

constexpr int sulcusDistributedVersion = 1;
