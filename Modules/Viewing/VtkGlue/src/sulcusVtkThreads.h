#pragma once

namespace sulcus
{

/** Threads of VTK's own loops. */
void
SetVtkThreads(int count);

} // namespace sulcus
