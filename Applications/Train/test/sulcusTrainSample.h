#pragma once

#include <sulcusRunProgram.h>
#include <sulcusSpawn.h>

#include <string>
#include <vector>

namespace sulcus
{

/** Arguments of a short run of sulcus-train in `<folder>/<run>` on the cache `<folder>/cache`: one
 * thread of the CPU, seed 3, a checkpoint at every snapshot. */
inline std::vector<std::string>
ShortRunArguments(const TestFolder & folder,
                  const std::string & run,
                  int steps,
                  int snapshotEvery,
                  const std::vector<std::string> & more)
{
  std::vector<std::string> arguments{(folder / "cache").string(),
                                     "--output",
                                     (folder / run).string(),
                                     "--steps",
                                     std::to_string(steps),
                                     "--snapshot_every",
                                     std::to_string(snapshotEvery),
                                     "--checkpoint_seconds",
                                     "0",
                                     "--threads",
                                     "1",
                                     "--device",
                                     "cpu",
                                     "--seed",
                                     "3"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

inline std::string
TrainProgramPath()
{
  return std::string(std::getenv("SULCUS_PROGRAMS")) + "/sulcus-train";
}

} // namespace sulcus
