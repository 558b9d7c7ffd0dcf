#include "sulcusInpaintingDecoder.h"

#include <sulcusPrecision.h>

namespace sulcus
{

torch::Tensor
RepeatToSize(const torch::Tensor & coarse, const Triple & stride, const torch::Tensor & like)
{
  // A copy needs no other number format than the map's own, whatever autocast says about it.
  const AutocastScope asItIs(Precision::Float32, coarse.device());
  auto fine = torch::upsample_nearest3d(
      coarse, {coarse.size(2) * stride[0], coarse.size(3) * stride[1], coarse.size(4) * stride[2]});
  for (int axis = 2; axis < 5; ++axis)
  {
    if (fine.size(axis) != like.size(axis))
    {
      fine = fine.narrow(axis, 0, like.size(axis));
    }
  }
  return fine;
}

InpaintingDecoderImpl::InpaintingDecoderImpl(const NetworkPlan & plan,
                                             std::int64_t channels,
                                             int scales)
{
  m_Reduce = register_module("reduce", torch::nn::ModuleList());
  m_Convolutions = register_module("convolutions", torch::nn::ModuleList());
  m_Norms = register_module("norms", torch::nn::ModuleList());
  m_Heads = register_module("heads", torch::nn::ModuleList());
  for (std::size_t level = plan.widths.size() - 1; level > 0; --level)
  {
    const auto width = plan.widths[level - 1];
    const bool isGiven = level < plan.strides.size();
    m_Strides.push_back(isGiven ? plan.strides[level] : Triple{2, 2, 2});
    m_Reduce->push_back(Convolution(plan.widths[level], width, Triple{1, 1, 1}));
    m_Convolutions->push_back(Convolution(
        width, width, level - 1 < plan.kernels.size() ? plan.kernels[level - 1] : Triple{3, 3, 3}));
    m_Norms->push_back(Normalisation(width, plan.normGroups));
  }
  for (int scale = 0; scale < scales; ++scale)
  {
    m_Heads->push_back(Head(plan.widths[scale], channels));
  }
}

std::vector<torch::Tensor>
InpaintingDecoderImpl::forward(const std::vector<torch::Tensor> & levels)
{
  std::vector<torch::Tensor> maps;
  torch::Tensor value = levels.back();
  for (std::size_t b = 0; b < m_Convolutions->size(); ++b)
  {
    const auto & skip = levels[levels.size() - 2 - b];
    const auto up =
        RepeatToSize(m_Reduce->at<ConvolutionImpl>(b).forward(value), m_Strides[b], skip);
    value = m_Norms->at<NormalisationImpl>(b).forward(
        m_Convolutions->at<ConvolutionImpl>(b).forward(up + skip.to(up.scalar_type())));
    maps.push_back(value);
  }
  std::vector<torch::Tensor> images;
  for (std::size_t scale = 0; scale < m_Heads->size(); ++scale)
  {
    const auto image = m_Heads->at<HeadImpl>(scale).forward(maps[maps.size() - 1 - scale]);
    images.push_back(
        image.to(image.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat));
  }
  return images;
}

} // namespace sulcus
