#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sulcus
{

struct WorkerLimits
{
  std::uint64_t extraMemoryInBytes = std::uint64_t{16}
                                     << 30; ///< beyond what this process has mapped already
  unsigned int cpuSeconds = 600;
};

/** Runs `work` in a child process with limits on memory, CPU time, open files and core dumps, and
 * no way to write a file; returns its bytes. What the child throws is thrown here with the same
 * exit status. A child that crashes is an InputError about `subject`, one that runs into its limits
 * a ResourceError. The child starts as a copy of this process, so `work` must not rely on other
 * threads. */
std::vector<std::byte>
RunInWorker(const std::function<std::vector<std::byte>()> & work,
            const std::string & subject,
            const WorkerLimits & limits = {});

} // namespace sulcus
