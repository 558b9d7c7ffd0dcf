#pragma once

namespace sulcus
{

/** Installs handlers for SIGINT and SIGTERM that only set a flag. Long loops poll it at least every
 * 250 ms. */
void
InstallInterruptHandlers();

/** The signal received since the start, or 0. */
int
ReceivedSignal();

/** \throws InterruptedError if a signal came in. */
void
ThrowIfInterrupted();

} // namespace sulcus
