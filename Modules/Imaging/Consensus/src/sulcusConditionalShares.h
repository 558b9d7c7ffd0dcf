#pragma once

#include "sulcusConsensusCut.h"

#include <span>
#include <vector>

namespace sulcus::detail
{

/** Probability of every label at every voxel if all others keep theirs:
 *   P_p(l) ~ exp(-D_p(l) - lambda sum_q B_pq [l != label of q]),
 * the conditional distribution of the random field whose energy was minimised (Besag 1974). The
 * likeliest label is that of the cut, because no single voxel can lower the energy of a minimum of
 * expansion moves. Labels without a vote or a neighbour have probability 0, clamped ones 1.
 * \return labelCount a voxel. O(voxels * labels). */
std::vector<float>
ConditionalShares(const VoteField & field,
                  const ContrastWeights & weights,
                  double lambda,
                  const ConsensusOptions & options,
                  std::span<const std::uint16_t> labels);

} // namespace sulcus::detail
