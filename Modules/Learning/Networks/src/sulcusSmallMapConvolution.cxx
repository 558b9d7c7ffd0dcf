#include "sulcusSmallMapConvolution.h"

#include <ATen/Context.h>
#include <torch/types.h>

#include <algorithm>

namespace sulcus
{

bool
IsSmallMap(const torch::Tensor & input)
{
  return at::hasMKLDNN() && at::globalContext().userEnabledMkldnn() && input.device().is_cpu() &&
         input.scalar_type() == torch::kFloat && input.size(0) == 1 &&
         input.size(1) * input.size(2) * input.size(3) <= 20480;
}

torch::Tensor
ConvolveSmallMap(const torch::Tensor & input,
                 const torch::Tensor & weight,
                 const torch::Tensor & bias,
                 const Triple & stride,
                 const Triple & padding)
{
  const auto axis = std::distance(input.sizes().begin(),
                                  std::max_element(input.sizes().begin() + 2, input.sizes().end()));
  const auto along = static_cast<std::size_t>(axis - 2);
  const auto kernel = weight.size(axis);
  const auto step = static_cast<std::int64_t>(stride[along]);
  const auto outputs = (input.size(axis) + 2 * padding[along] - kernel) / step + 1;
  const auto half = (outputs + 1) / 2;    // of an odd number, the middle is made twice
  std::vector<std::int64_t> border(6, 0); // from the last axis to the first
  border[2 * (2 - along)] = border[2 * (2 - along) + 1] = padding[along];
  const auto padded = torch::constant_pad_nd(input, border);
  const auto seenBy = [&](std::int64_t first)
  { return padded.slice(axis, first * step, (first + half - 1) * step + kernel); };
  std::vector<std::int64_t> otherPadding{padding.begin(), padding.end()};
  otherPadding[along] = 0;
  const auto halves = torch::conv3d(torch::cat({seenBy(0), seenBy(outputs - half)}),
                                    weight,
                                    bias,
                                    {stride[0], stride[1], stride[2]},
                                    otherPadding);
  return torch::cat(
      {halves.narrow(0, 0, 1), halves.narrow(0, 1, 1).slice(axis, 2 * half - outputs)}, axis);
}

torch::Tensor
UpsampleSmallMap(const torch::Tensor & input, const torch::Tensor & weight, const Triple & stride)
{
  const auto blocks = input.permute({0, 2, 3, 4, 1})
                          .matmul(weight.flatten(1))
                          .view({input.size(0),
                                 input.size(2),
                                 input.size(3),
                                 input.size(4),
                                 weight.size(1),
                                 stride[0],
                                 stride[1],
                                 stride[2]}); // [N, z, y, x, out, sz, sy, sx]
  return blocks.permute({0, 1, 5, 2, 6, 3, 7, 4})
      .reshape({input.size(0),
                input.size(2) * stride[0],
                input.size(3) * stride[1],
                input.size(4) * stride[2],
                weight.size(1)})
      .permute({0, 4, 1, 2, 3});
}

} // namespace sulcus
