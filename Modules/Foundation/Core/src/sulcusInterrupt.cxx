#include "sulcusInterrupt.h"

#include "sulcusError.h"

#include <csignal>

namespace sulcus
{
namespace
{

volatile std::sig_atomic_t receivedSignal = 0;

extern "C" void
NoteSignal(int signal)
{
  receivedSignal = signal;
}

} // namespace

void
InstallInterruptHandlers()
{
  struct sigaction action
  {
  };
  action.sa_handler = NoteSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int
ReceivedSignal()
{
  return receivedSignal;
}

void
ThrowIfInterrupted()
{
  if (receivedSignal == SIGTERM)
  {
    throw Error(ExitCode::Terminated, "stopped by SIGTERM; run the same command again to resume");
  }
  if (receivedSignal != 0)
  {
    throw InterruptedError("interrupted; run the same command again to resume");
  }
}

} // namespace sulcus
