#pragma once

#include "sulcusByteSource.h"

#include <functional>
#include <vector>

namespace sulcus
{

/** Compresses the parts, one after the other, into one gzip member and hands the result to `sink`
 * in order.
 *
 * Blocks of 256 KiB are compressed by all threads, each primed with the 32 KiB before it and ended
 * on a byte boundary (the method of pigz, Adler); the checksum is combined from theirs. The bytes
 * do not depend on the thread count, and carry neither a name nor a time. \throws UsageError for a
 * level outside 1 … 9; ResourceError. */
void
WriteGzip(const std::vector<ByteView> & parts,
          int level,
          const std::function<void(ByteView)> & sink);

} // namespace sulcus
