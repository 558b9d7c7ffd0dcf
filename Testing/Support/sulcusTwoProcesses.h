#pragma once

#include <arpa/inet.h>
#include <cstdlib>
#include <filesystem>
#include <netinet/in.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char ** environ;

namespace sulcus
{

/** A TCP port that was free a moment ago. */
inline int
FreePort()
{
  const int made = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  const bool found = made >= 0 &&
                     bind(made, reinterpret_cast<sockaddr *>(&address), sizeof(address)) == 0 &&
                     getsockname(made, reinterpret_cast<sockaddr *>(&address), &length) == 0;
  close(made);
  if (!found)
  {
    throw std::runtime_error("no free port");
  }
  return ntohs(address.sin_port);
}

/** Starts a program as process `rank` of `size` on this machine; more variables as "NAME=value". */
inline pid_t
StartRank(int rank,
          int size,
          int port,
          std::vector<std::string> arguments,
          const std::vector<std::string> & variables = {})
{
  std::vector<std::string> set{"RANK=" + std::to_string(rank),
                               "WORLD_SIZE=" + std::to_string(size),
                               "LOCAL_RANK=" + std::to_string(rank),
                               "MASTER_ADDR=127.0.0.1",
                               "MASTER_PORT=" + std::to_string(port)};
  set.insert(set.end(), variables.begin(), variables.end());
  std::vector<char *> environment;
  for (char ** entry = environ; *entry != nullptr; ++entry)
  {
    environment.push_back(*entry);
  }
  for (auto & text : set)
  {
    environment.push_back(text.data());
  }
  environment.push_back(nullptr);
  std::vector<char *> argv;
  for (auto & text : arguments)
  {
    argv.push_back(text.data());
  }
  argv.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawn(&child, argv[0], nullptr, nullptr, argv.data(), environment.data()) != 0)
  {
    throw std::runtime_error("a process could not be started");
  }
  return child;
}

/** This test program again, as a rank that runs one disabled test. */
inline pid_t
StartTestAsRank(int rank,
                int size,
                int port,
                const std::string & test,
                const std::vector<std::string> & variables = {})
{
  return StartRank(rank,
                   size,
                   port,
                   {std::filesystem::read_symlink("/proc/self/exe").string(),
                    "--gtest_filter=" + test,
                    "--gtest_also_run_disabled_tests",
                    "--gtest_brief=1"},
                   variables);
}

/** Exit status, or 128 + signal. */
inline int
StatusOf(pid_t child)
{
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace sulcus
