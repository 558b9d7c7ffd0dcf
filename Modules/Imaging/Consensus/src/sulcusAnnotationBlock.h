#pragma once

#include "sulcusGraphCutConsensus.h"

namespace sulcus::detail
{

/** Distinct votes of a block. */
VotePatterns
PatternsOf(const AnnotationBlock & block);

/** \throws UsageError for no annotators or arrays of the wrong size, InputError for an image with
 * NaN or infinities, with their number. */
void
CheckBlock(const AnnotationBlock & block);

/** What annotators said at every voxel, and which voxels are left to the cut. */
struct Band
{
  std::vector<std::uint8_t> flags;   ///< of every voxel of the block
  std::vector<std::uint32_t> voxels; ///< not clamped, ascending
};

/** Unanimous voxels (at least two annotators, none differs) are clamped where that is asked for. */
Band
FindBand(const AnnotationBlock & block, bool clampUnanimous);

} // namespace sulcus::detail
