#pragma once

#include <cstddef>
#include <functional>

namespace sulcus
{

/** Threads that Sulcus's own loops use; set once by `--threads`. 0 at start means all cores. */
void
SetThreadCount(int count);
int
GetThreadCount();

/** Calls body(begin, end) on contiguous pieces of [0, count) from up to GetThreadCount() threads
 * and waits. Pieces never depend on timing: piece k of n is [k·count/n, (k+1)·count/n). The first
 * exception (lowest piece) is rethrown. Nested calls run on the calling thread. Reductions must be
 * done per item or in a fixed order by the caller. */
void
ParallelFor(std::size_t count,
            const std::function<void(std::size_t begin, std::size_t end)> & body,
            std::size_t smallestPiece = 1);

/** Calls body(i) for every i in [0, count), items handed out dynamically: for few, uneven items. */
void
ParallelForEach(std::size_t count, const std::function<void(std::size_t)> & body);

} // namespace sulcus
