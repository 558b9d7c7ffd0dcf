#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sulcus
{

/** A program that runs beside this one. It is started without a shell, in a process group of its
 * own, reads nothing and writes its output and messages to one file. */
class Subprocess
{
public:
  /** \param command     the program and its arguments; a program without a slash is looked up in
   *                     PATH
   *  \param log         file for standard output and standard error; replaced
   *  \param environment NAME=value entries beside those of this process
   *  \throws RuntimeError if it cannot be started, OutputError if the log cannot be written. */
  Subprocess(const std::vector<std::string> & command,
             const std::filesystem::path & log,
             const std::vector<std::string> & environment = {});
  /** Stops it if it still runs. */
  ~Subprocess();
  Subprocess(const Subprocess &) = delete;
  Subprocess &
  operator=(const Subprocess &) = delete;

  /** Nothing while it runs, then its exit status, or 128 + the signal that ended it. */
  std::optional<int>
  Poll();

  /** Asks it to stop (SIGTERM), ends it after the grace period, and waits. */
  void
  Stop(double graceInSeconds = 5.0);

private:
  pid_t m_Process = -1;
  std::optional<int> m_Status;
};

/** The program `sulcus-<verb>` in the folder of this program.
 * \throws UsageError that names the nearest one there is. */
std::filesystem::path
ProgramBeside(const std::string & verb);

} // namespace sulcus
