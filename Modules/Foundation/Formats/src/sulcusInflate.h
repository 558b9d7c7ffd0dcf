#pragma once

#include "sulcusByteSource.h"

#include <span>

namespace sulcus
{

/** Decompresses a whole gzip file, one or several members, into a buffer of exactly its size, about
 * twice as fast as a general inflater because both ends are in memory. Every member's CRC and
 * length is verified.
 *
 * \returns false for anything unexpected: damage, another size, bytes behind the end. The buffer
 * then holds rubbish and the caller asks GzipSource, which knows how to say what is wrong. Format:
 * RFC 1951, RFC 1952. */
bool
InflateWholeGzip(ByteView packed, std::span<std::byte> target);

} // namespace sulcus
