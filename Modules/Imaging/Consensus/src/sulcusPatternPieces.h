#pragma once

#include <sulcusThreads.h>

#include <algorithm>
#include <cstddef>

namespace sulcus::detail
{

/** Patterns are summed in pieces of this many, the pieces in order: the same bits for any number of
 * threads. */
inline constexpr std::size_t PieceSize = 4096;

inline std::size_t
PieceCount(std::size_t patterns)
{
  return (patterns + PieceSize - 1) / PieceSize;
}

/** Calls body(piece, first pattern, last pattern + 1) for all pieces, on all threads. */
template <typename TBody>
void
ForPieces(std::size_t patterns, const TBody & body)
{
  ParallelFor(PieceCount(patterns),
              [&](std::size_t begin, std::size_t end)
              {
                for (std::size_t piece = begin; piece < end; ++piece)
                {
                  body(piece, piece * PieceSize, std::min(patterns, (piece + 1) * PieceSize));
                }
              });
}

} // namespace sulcus::detail
