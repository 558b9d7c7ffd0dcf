#include "sulcusDistributedLibrary.h"
#include <sulcusError.h>
#include <sulcusProcesses.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/types.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sulcus
{
namespace
{

using Milliseconds = std::chrono::milliseconds;

/** What another library threw, without its backtrace. */
std::string
FirstLine(const std::exception & error)
{
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

/** A listening socket at this very address, so that a run on one machine cannot be reached from
 * others. */
int
ListenAt(const std::string & address, int port)
{
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo * found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
  {
    throw UsageError(Message("MASTER_ADDR '", address, "' is no known host"));
  }
  std::string reason;
  int listening = -1;
  for (const auto * entry = found; entry != nullptr && listening < 0; entry = entry->ai_next)
  {
    const int made = socket(entry->ai_family, entry->ai_socktype | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (made >= 0 && setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(made, entry->ai_addr, entry->ai_addrlen) == 0 && listen(made, SOMAXCONN) == 0)
    {
      listening = made;
      break;
    }
    reason = std::strerror(errno);
    if (made >= 0)
    {
      close(made);
    }
  }
  freeaddrinfo(found);
  if (listening < 0)
  {
    throw ResourceError(
        Message("process 0 cannot listen at ", address, ", port ", port, ": ", reason));
  }
  return listening;
}

bool
IsLoopback(const std::string & address)
{
  return address == "localhost" || address == "::1" || address.rfind("127.", 0) == 0;
}

std::shared_ptr<gloo::transport::Device>
MakeDevice(const std::string & address)
{
  using Gloo = c10d::ProcessGroupGloo;
  const char * interface = std::getenv("GLOO_SOCKET_IFNAME");
  return interface != nullptr && *interface != '\0' ? Gloo::createDeviceForInterface(interface)
         : IsLoopback(address)                      ? Gloo::createDeviceForHostname("127.0.0.1")
                                                    : Gloo::createDefaultDevice();
}

class GlooGroup final : public ProcessGroup
{
public:
  GlooGroup(const ProcessLaunch & launch, Milliseconds timeout)
      : m_Rank(launch.rank), m_Size(launch.size)
  {
    c10d::TCPStoreOptions meeting;
    meeting.port = static_cast<std::uint16_t>(launch.port);
    meeting.isServer = launch.rank == 0 && !launch.launcherListens;
    meeting.timeout = std::min<Milliseconds>(timeout, std::chrono::minutes(5)); // to come together
    meeting.useLibUV = false; // this server takes over a socket that somebody else has bound
    if (meeting.isServer)
    {
      meeting.masterListenFd = ListenAt(launch.address, launch.port);
    }
    try
    {
      const auto place = c10::make_intrusive<c10d::PrefixStore>(
          "sulcus/" + launch.name, c10::make_intrusive<c10d::TCPStore>(launch.address, meeting));
      const auto options = c10d::ProcessGroupGloo::Options::create(timeout);
      options->devices.push_back(MakeDevice(launch.address));
      m_Backend = c10::make_intrusive<c10d::ProcessGroupGloo>(place, m_Rank, m_Size, options);
    }
    catch (const std::exception & error)
    {
      throw ProcessesLost(Message("process ",
                                  m_Rank,
                                  " of ",
                                  m_Size,
                                  " could not join the others at ",
                                  launch.address,
                                  ", port ",
                                  launch.port,
                                  ": ",
                                  FirstLine(error)));
    }
  }

  int
  Rank() const override
  {
    return m_Rank;
  }

  int
  Size() const override
  {
    return m_Size;
  }

  void
  Sum(torch::Tensor & tensor) override
  {
    OnHost(tensor,
           [this](std::vector<torch::Tensor> & values) { return m_Backend->allreduce(values); });
  }

  void
  Broadcast(torch::Tensor & tensor) override
  {
    OnHost(tensor,
           [this](std::vector<torch::Tensor> & values) { return m_Backend->broadcast(values); });
  }

private:
  /** Gloo works in host memory: a tensor of a GPU goes there and back. */
  template <typename TCollective>
  void
  OnHost(torch::Tensor & tensor, const TCollective & collective)
  {
    std::vector<torch::Tensor> values{tensor.is_cpu() ? tensor : tensor.cpu()};
    try
    {
      collective(values)->wait();
    }
    catch (const std::exception & error)
    {
      throw ProcessesLost(Message("another process of this run is gone or silent (process ",
                                  m_Rank,
                                  " of ",
                                  m_Size,
                                  " waited): ",
                                  FirstLine(error)));
    }
    if (!tensor.is_cpu())
    {
      tensor.copy_(values.front());
    }
  }

  int m_Rank;
  int m_Size;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> m_Backend;
};

} // namespace
} // namespace sulcus

int
SulcusDistributedVersion()
{
  return sulcusDistributedVersion;
}

sulcus::ProcessGroup *
SulcusJoinProcesses(const char * address,
                    int port,
                    int rank,
                    int size,
                    bool launcherListens,
                    const char * name,
                    long timeoutInMilliseconds)
{
  sulcus::ProcessLaunch launch;
  launch.rank = rank;
  launch.size = size;
  launch.address = address;
  launch.port = port;
  launch.launcherListens = launcherListens;
  launch.name = name;
  return new sulcus::GlooGroup(launch, sulcus::Milliseconds(timeoutInMilliseconds));
}
