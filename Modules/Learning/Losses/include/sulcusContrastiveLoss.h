#pragma once

#include <torch/types.h>

#include <cstdint>

namespace sulcus
{

/** NT-Xent (Chen et al. 2020): for every embedding, the cross-entropy of finding its partner among
 * all others by cosine similarity over the temperature; the mean over all 2n anchors.
 *
 * \param first, second [n, d]: row i of one is the positive of row i of the other. Rows are
 * normalised here (‖z‖ is bounded below by 1e-8, so a zero row gives similarity 0 and a finite
 * gradient). Half types are raised to float. Similarities are made in blocks of rows and never
 * kept: memory is O(blockRows · n). Gradients are formed in the same sweep as the value, three
 * matrix products in all, so a backward pass costs nothing more; differentiable once. \throws
 * UsageError on shapes that do not match, n < 1 or a temperature that is not positive. */
torch::Tensor
NtXentLoss(const torch::Tensor & first,
           const torch::Tensor & second,
           double temperature,
           std::int64_t blockRows = 512);

} // namespace sulcus
