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

/** An 8-bit RGB picture as PNG without compression. */
std::vector<std::byte>
EncodePng(std::size_t width, std::size_t height, const std::vector<std::uint8_t> & rgb);

} // namespace sulcus
