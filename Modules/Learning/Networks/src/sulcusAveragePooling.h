#pragma once

#include <torch/types.h>

#include <array>

namespace sulcus
{

/** Strided average of a map [N, C, z, y, x]; the last window of an odd axis averages what there is,
 * so the size is that of the strided convolution beside it. Keeps the input's type and layout; a
 * kernel of its own where the map is channels-last on the CPU (LibTorch has none for bfloat16). */
torch::Tensor
AveragePooling(const torch::Tensor & input, const std::array<int, 3> & stride);

} // namespace sulcus
