#pragma once

#include <torch/types.h>

#include <array>

namespace sulcus
{

/** Triples of a convolution, in tensor order z, y, x. */
using Triple = std::array<int, 3>;

/** torch::conv3d of a channels-last map [N, C, z, y, x]. The weight gradient of thin slabs in bf16
 * on the CPU is made slice by slice: oneDNN (seen with that of LibTorch 2.11 on AMX) writes past
 * its buffers there, which gives NaN or ends the process. One small image in single precision goes
 * through oneDNN, where LibTorch would unfold it. Elsewhere it is LibTorch's. \param weight [out,
 * in, kz, ky, kx] \param bias [out] or undefined. */
torch::Tensor
Convolve(const torch::Tensor & input,
         const torch::Tensor & weight,
         const torch::Tensor & bias,
         const Triple & stride,
         const Triple & padding);

/** torch::conv_transpose3d with a kernel that is the stride, kept from the same fault and detour.
 * \param weight [in, out, sz, sy, sx]. */
torch::Tensor
ConvolveTransposed(const torch::Tensor & input,
                   const torch::Tensor & weight,
                   const Triple & stride);

/** Whether a bf16 map of `channels` channels is so thin and its slices so large that its weight
 * gradient is made slice by slice. The fault was seen with up to 10 slices of at least 2^17
 * elements; the bounds leave a factor of two or more. */
bool
IsThinSlab(torch::IntArrayRef mapSize, std::int64_t channels);

} // namespace sulcus
