#include "sulcusConvolve.h"

#include "sulcusSmallMapConvolution.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

#include <algorithm>

namespace sulcus
{
namespace
{

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::vector<std::int64_t>
ListOf(const Triple & triple)
{
  return {triple[0], triple[1], triple[2]};
}

Triple
TripleOf(const c10::IValue & value)
{
  const auto list = value.toIntVector();
  return {static_cast<int>(list[0]), static_cast<int>(list[1]), static_cast<int>(list[2])};
}

bool
RunsInBFloat16(const Tensor & input)
{
  if (!input.device().is_cpu())
  {
    return false;
  }
  return input.scalar_type() == torch::kBFloat16 ||
         (at::autocast::is_autocast_enabled(at::kCPU) &&
          at::autocast::get_autocast_dtype(at::kCPU) == torch::kBFloat16);
}

/** [N, C, z, y, x] -> [N z, C, y, x]; no copy of a dense channels-last map. */
Tensor
SlicesOf(const Tensor & map)
{
  const auto last = map.permute({0, 2, 3, 4, 1});
  return last.reshape({last.size(0) * last.size(1), last.size(2), last.size(3), last.size(4)})
      .permute({0, 3, 1, 2});
}

/** Gradient of the weight by 2-D convolutions, one for each slice of the kernel. */
Tensor
WeightGradientBySlices(const Tensor & input,
                       const Tensor & gradient,
                       const Tensor & weight,
                       const Triple & stride,
                       const Triple & padding)
{
  std::vector<Tensor> slices;
  const auto like = weight.select(2, 0);
  for (std::int64_t tap = 0; tap < weight.size(2); ++tap)
  {
    // output slice o looks at input slice o * stride + shift
    const auto shift = tap - padding[0];
    const auto first = shift < 0 ? (-shift + stride[0] - 1) / stride[0] : 0;
    const auto last = std::min(gradient.size(2) - 1, (input.size(2) - 1 - shift) / stride[0]);
    if (input.size(2) - 1 < shift || last < first)
    {
      slices.push_back(torch::zeros_like(like)); // this part of the kernel saw padding only
      continue;
    }
    const auto seen =
        input.slice(2, first * stride[0] + shift, last * stride[0] + shift + 1, stride[0]);
    slices.push_back(
        std::get<1>(torch::convolution_backward(SlicesOf(gradient.slice(2, first, last + 1)),
                                                SlicesOf(seen),
                                                like,
                                                c10::nullopt,
                                                {stride[1], stride[2]},
                                                {padding[1], padding[2]},
                                                {1, 1},
                                                false,
                                                {0, 0},
                                                1,
                                                {false, true, false})));
  }
  return torch::stack(slices, 2);
}

class ThinConvolution : public torch::autograd::Function<ThinConvolution>
{
public:
  static Tensor
  forward(AutogradContext * context,
          const Tensor & input,
          const Tensor & weight,
          const std::vector<std::int64_t> & stride,
          const std::vector<std::int64_t> & padding)
  {
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    context->save_for_backward({input, weight});
    return torch::conv3d(input, weight, {}, stride, padding);
  }

  static variable_list
  backward(AutogradContext * context, variable_list gradients)
  {
    const auto saved = context->get_saved_variables();
    const auto stride = TripleOf(context->saved_data["stride"]);
    const auto padding = TripleOf(context->saved_data["padding"]);
    const auto gradient = gradients[0].to(saved[0].scalar_type());
    Tensor ofInput, ofWeight;
    if (context->needs_input_grad(0))
    {
      ofInput = std::get<0>(torch::convolution_backward(gradient,
                                                        saved[0],
                                                        saved[1],
                                                        c10::nullopt,
                                                        ListOf(stride),
                                                        ListOf(padding),
                                                        {1, 1, 1},
                                                        false,
                                                        {0, 0, 0},
                                                        1,
                                                        {true, false, false}));
    }
    if (context->needs_input_grad(1))
    {
      ofWeight = WeightGradientBySlices(saved[0], gradient, saved[1], stride, padding);
    }
    return {ofInput, ofWeight, {}, {}};
  }
};

class ThinUpsampling : public torch::autograd::Function<ThinUpsampling>
{
public:
  static Tensor
  forward(AutogradContext * context,
          const Tensor & input,
          const Tensor & weight,
          const std::vector<std::int64_t> & stride)
  {
    context->saved_data["stride"] = stride;
    context->save_for_backward({input, weight});
    return torch::conv_transpose3d(input, weight, {}, stride);
  }

  static variable_list
  backward(AutogradContext * context, variable_list gradients)
  {
    const auto saved = context->get_saved_variables();
    const auto & input = saved[0];
    const auto & weight = saved[1];
    const auto stride = TripleOf(context->saved_data["stride"]);
    const auto gradient = gradients[0].to(input.scalar_type());
    Tensor ofInput, ofWeight;
    if (context->needs_input_grad(0))
    {
      ofInput = torch::conv3d(gradient, weight, {}, ListOf(stride));
    }
    if (context->needs_input_grad(1))
    {
      // every fine voxel has one coarse parent: [in, voxels] times [voxels, out * block]
      const auto blocks = gradient.permute({0, 2, 3, 4, 1})
                              .reshape({input.size(0),
                                        input.size(2),
                                        stride[0],
                                        input.size(3),
                                        stride[1],
                                        input.size(4),
                                        stride[2],
                                        weight.size(1)})
                              .permute({0, 1, 3, 5, 7, 2, 4, 6})
                              .reshape({-1, weight[0].numel()});
      const auto voxels = input.permute({0, 2, 3, 4, 1}).reshape({-1, input.size(1)});
      ofWeight = voxels.t().matmul(blocks).view(weight.sizes());
    }
    return {ofInput, ofWeight, {}};
  }
};

/** Whether LibTorch's weight gradient of a map of this size cannot be trusted. */
bool
NeedsSlices(const Tensor & input, const Tensor & weight, torch::IntArrayRef mapSize)
{
  return RunsInBFloat16(input) && torch::GradMode::is_enabled() && weight.requires_grad() &&
         IsThinSlab(mapSize, std::max(weight.size(0), weight.size(1)));
}

} // namespace

bool
IsThinSlab(torch::IntArrayRef mapSize, std::int64_t channels)
{
  return mapSize[2] < 32 && channels * mapSize[3] * mapSize[4] >= 65536;
}

Tensor
Convolve(const Tensor & input,
         const Tensor & weight,
         const Tensor & bias,
         const Triple & stride,
         const Triple & padding)
{
  if (!NeedsSlices(input, weight, input.sizes()))
  {
    return !RunsInBFloat16(input) && IsSmallMap(input)
               ? ConvolveSmallMap(input, weight, bias, stride, padding)
               : torch::conv3d(input, weight, bias, ListOf(stride), ListOf(padding));
  }
  const auto made = ThinConvolution::apply(
      input.to(torch::kBFloat16), weight.to(torch::kBFloat16), ListOf(stride), ListOf(padding));
  return bias.defined() ? made + bias.to(torch::kBFloat16).view({-1, 1, 1, 1}) : made;
}

Tensor
ConvolveTransposed(const Tensor & input, const Tensor & weight, const Triple & stride)
{
  const std::vector<std::int64_t> fine{input.size(0),
                                       weight.size(1),
                                       input.size(2) * stride[0],
                                       input.size(3) * stride[1],
                                       input.size(4) * stride[2]};
  if (!NeedsSlices(input, weight, fine))
  {
    return !RunsInBFloat16(input) && IsSmallMap(input)
               ? UpsampleSmallMap(input, weight, stride)
               : torch::conv_transpose3d(input, weight, {}, ListOf(stride));
  }
  return ThinUpsampling::apply(
      input.to(torch::kBFloat16), weight.to(torch::kBFloat16), ListOf(stride));
}

} // namespace sulcus
