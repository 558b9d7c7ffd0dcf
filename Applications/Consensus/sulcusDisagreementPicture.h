#pragma once

#include <sulcusGraphCutConsensus.h>

#include <cstddef>
#include <vector>

namespace sulcus
{

/** The slice with the most contested voxels as PNG: the share of annotators who saw foreground as
 * grey, contested voxels in red, the border of the consensus in yellow. Empty where nothing is
 * contested. */
std::vector<std::byte>
DrawDisagreement(const AnnotationBlock & block, const ConsensusResult & result);

} // namespace sulcus
