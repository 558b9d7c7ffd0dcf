#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sulcus
{

/** A program to start, without a shell: every argument arrives as it is. */
struct ProcessOptions
{
  std::filesystem::path program; ///< absolute, or found from the present folder; never from PATH
  std::vector<std::string> arguments;
  std::filesystem::path workingFolder; ///< empty: this process's
  /** Takes the program's standard error and what `onLine` leaves over of its standard output; text
   * is appended. Empty: they are dropped. */
  std::filesystem::path log;
  /** Called for every line of standard output; true: the line is used up. */
  std::function<bool(const std::string & line)> onLine;
  /** Seconds between a forwarded signal and SIGKILL. */
  double patienceInSeconds = 60.0;
};

/** How a program ended. */
struct ProcessResult
{
  int status = 0; ///< exit status, or 128 + the signal that ended it
  double seconds = 0.0;
  std::uint64_t peakMemoryInBytes = 0; ///< largest resident set
  int forwardedSignal = 0;             ///< SIGINT or SIGTERM that was passed on, or 0
};

/** Starts a program (posix_spawn) with this process's environment and waits for its end. A signal
 * that this process received meanwhile (InstallInterruptHandlers) is passed on once, and the
 * program may end in its own way; it never outlives this call. \throws UsageError if there is no
 * such program, RuntimeError if it cannot be started, OutputError if the log cannot be written. */
ProcessResult
RunProcess(const ProcessOptions & options);

} // namespace sulcus
