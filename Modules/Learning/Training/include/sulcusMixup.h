#pragma once

#include <sulcusTarget.h>

#include <torch/types.h>

#include <cstdint>

namespace sulcus
{

struct MixedSamples
{
  torch::Tensor image; ///< like the one given
  Target target;       ///< class probabilities
};

/** Convex combinations of samples and of their one-hot labels (Zhang et al., ICLR 2018): sample n
 * becomes share[n] · sample n + (1 - share[n]) · sample partner[n]. A voxel that is unknown in
 * either sample is unknown; otherwise weights are combined as the images are.
 *
 * \param image [N, C, z, y, x] \param share double [N] in 0 … 1 \param partner int64 [N]. */
MixedSamples
Mixup(const torch::Tensor & image,
      const Target & target,
      std::int64_t classes,
      const torch::Tensor & share,
      const torch::Tensor & partner);

/** Shares drawn from Beta(alpha, alpha) with LibTorch's generator, double [count]. */
torch::Tensor
DrawMixupShares(std::int64_t count, double alpha);

} // namespace sulcus
