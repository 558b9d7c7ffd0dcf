#pragma once

#include <array>
#include <cstddef>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace sulcus
{

/** Runs a program that the kernel kills at its first internet socket; returns its exit status, or
 * 128 + signal. Output goes where this process's goes. */
inline int
RunWithoutInternet(std::vector<std::string> arguments)
{
  std::vector<char *> argv;
  for (auto & text : arguments)
  {
    argv.push_back(text.data());
  }
  argv.push_back(nullptr);
  // socket(AF_INET or AF_INET6, …) kills; everything else is allowed.
  std::array<sock_filter, 7> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  const pid_t child = fork();
  if (child < 0)
  {
    throw std::runtime_error("a process could not be started");
  }
  if (child == 0)
  {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0)
    {
      execv(argv[0], argv.data());
    }
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace sulcus
