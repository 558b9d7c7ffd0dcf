#include "sulcusConvolution.h"

#include "sulcusNormActivation.h"
#include <sulcusError.h>

#include <torch/types.h>

#include <cmath>

namespace sulcus
{
namespace
{

/** Normal with the standard deviation that keeps the variance through a leaky ReLU of slope 0.01.
 */
torch::Tensor
HeNormal(const std::vector<std::int64_t> & shape, std::int64_t fanIn)
{
  const double gain = std::sqrt(2.0 / (1.0 + 0.01 * 0.01));
  return torch::randn(shape) * (gain / std::sqrt(static_cast<double>(fanIn)));
}

} // namespace

torch::Tensor
ChannelsLast(const torch::Tensor & map)
{
  if (map.dim() != 5 || map.stride(1) == 1)
  {
    return map.contiguous(torch::MemoryFormat::ChannelsLast3d);
  }
  // contiguous() leaves a map of one channel alone, since it is dense in either order; convolutions
  // look at the strides
  return torch::empty(map.sizes(), map.options().memory_format(torch::MemoryFormat::ChannelsLast3d))
      .copy_(map);
}

torch::Tensor
PointwiseConvolution(const torch::Tensor & input,
                     const torch::Tensor & weight,
                     const torch::Tensor & bias)
{
  return torch::linear(ChannelsLast(input).permute({0, 2, 3, 4, 1}), weight.flatten(1), bias)
      .permute({0, 4, 1, 2, 3});
}

ConvolutionImpl::ConvolutionImpl(std::int64_t inputs,
                                 std::int64_t outputs,
                                 const Triple & kernel,
                                 const Triple & stride)
    : m_Stride(stride)
{
  for (int axis = 0; axis < 3; ++axis)
  {
    if (kernel[axis] < 1 || kernel[axis] % 2 == 0)
    {
      throw UsageError(Message("convolution: kernels must be odd, got ", kernel[axis]));
    }
    m_Padding[axis] = kernel[axis] / 2;
  }
  const std::int64_t taps = static_cast<std::int64_t>(kernel[0]) * kernel[1] * kernel[2];
  weight = register_parameter(
      "weight", HeNormal({outputs, inputs, kernel[0], kernel[1], kernel[2]}, inputs * taps));
}

torch::Tensor
ConvolutionImpl::forward(const torch::Tensor & input)
{
  const bool isPointwise = weight[0][0].numel() == 1 && m_Stride == Triple{1, 1, 1};
  return isPointwise ? PointwiseConvolution(input, weight)
                     : Convolve(ChannelsLast(input), weight, {}, m_Stride, m_Padding);
}

UpsamplingImpl::UpsamplingImpl(std::int64_t inputs, std::int64_t outputs, const Triple & stride)
    : m_Stride(stride)
{
  weight = register_parameter("weight",
                              HeNormal({inputs, outputs, stride[0], stride[1], stride[2]}, inputs));
}

torch::Tensor
UpsamplingImpl::forward(const torch::Tensor & input)
{
  return ConvolveTransposed(ChannelsLast(input), weight, m_Stride);
}

NormalisationImpl::NormalisationImpl(std::int64_t channels, int groups)
    : m_Groups(groups == 0 ? channels : groups)
{
  weight = register_parameter("weight", torch::ones({channels}));
  bias = register_parameter("bias", torch::zeros({channels}));
}

torch::Tensor
NormalisationImpl::forward(const torch::Tensor & input,
                           const torch::Tensor & residual,
                           double slope)
{
  return NormActivation(input, weight, bias, residual, {m_Groups, slope, 1e-5});
}

} // namespace sulcus
