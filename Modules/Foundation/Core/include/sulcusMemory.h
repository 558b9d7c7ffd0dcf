#pragma once

#include <cstdint>

namespace sulcus
{

/** Largest resident set of this process so far, in bytes. */
std::uint64_t
PeakMemory();

/** Memory the machine (or this process's cgroup) can still give, in bytes. */
std::uint64_t
AvailableMemory();

/** \throws ResourceError if a piece of work needs more than is available. */
void
RequireMemory(std::uint64_t bytes, const char * purpose);

/** a·b·c with overflow refused. \throws InputError */
std::uint64_t
CheckedProduct(std::uint64_t a, std::uint64_t b, std::uint64_t c = 1, std::uint64_t d = 1);

/** From now on freed memory stays with the process for reuse instead of going back to the system
 * page by page: for programs that allocate the same large tensors again and again, where clearing
 * fresh pages would cost a tenth of the time. Peak memory does not grow but is kept. Call before
 * other threads start. */
void
KeepFreedMemory();

} // namespace sulcus
