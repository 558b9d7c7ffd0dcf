#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sulcus
{

/** A program to start, without a shell: every argument arrives as it is. It reads nothing. */
struct SpawnOptions
{
  std::string program; ///< a path; a name without a slash is looked up in PATH
  std::vector<std::string> arguments{};
  std::filesystem::path workingFolder{};  ///< empty: this process's
  std::vector<std::string> environment{}; ///< NAME=value, beside those of this process or instead
  int output = -1;                        ///< descriptor of its standard output; -1: this process's
  int errors = -1;                        ///< the same for its standard error
  bool ownGroup = false; ///< a process group of its own: kill(-pid) reaches its children
};

/** Starts a program in which no signal is blocked and SIGINT, SIGTERM and SIGPIPE do what they do
 * by default. The caller waits for it. \returns its process. \throws RuntimeError if it cannot be
 * started */
pid_t
SpawnProgram(const SpawnOptions & options);

} // namespace sulcus
