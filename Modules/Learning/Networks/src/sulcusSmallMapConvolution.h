#pragma once

#include "sulcusConvolve.h"

#include <torch/types.h>

namespace sulcus
{

/** Whether LibTorch would convolve this map without oneDNN, by unfolding it, which takes five to
 * ten times longer: one image in single precision on the CPU with at most 20,480 elements in
 * channels × z × y (LibTorch 2.11, `use_mkldnn` of its Convolution.cpp). */
bool
IsSmallMap(const torch::Tensor & input);

/** torch::conv3d of such a map through oneDNN, forward and backward: the two halves of its longest
 * axis, with the neighbours that they see, are a batch of two. \param bias [out] or undefined. */
torch::Tensor
ConvolveSmallMap(const torch::Tensor & input,
                 const torch::Tensor & weight,
                 const torch::Tensor & bias,
                 const Triple & stride,
                 const Triple & padding);

/** torch::conv_transpose3d of such a map with a kernel that is the stride: every coarse voxel makes
 * its own block, so the whole is one matrix product. \param weight [in, out, sz, sy, sx] */
torch::Tensor
UpsampleSmallMap(const torch::Tensor & input, const torch::Tensor & weight, const Triple & stride);

} // namespace sulcus
