#include "sulcusSegmentationNetwork.h"

#include "sulcusSeededDraw.h"
#include <sulcusError.h>

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/types.h>

#include <cmath>
#include <mutex>

namespace sulcus
{
namespace
{

Triple
KernelOf(const NetworkPlan & plan, std::size_t level)
{
  return level < plan.kernels.size() ? plan.kernels[level] : Triple{3, 3, 3};
}

Triple
StrideOf(const NetworkPlan & plan, std::size_t level)
{
  if (level < plan.strides.size())
  {
    return plan.strides[level];
  }
  return level == 0 ? Triple{1, 1, 1} : Triple{2, 2, 2};
}

void
CheckNetworkPlan(const NetworkPlan & plan)
{
  if (plan.kind != "residual_unet")
  {
    throw UsageError(Message("network: unknown kind '", plan.kind, "', known: residual_unet"));
  }
  const auto levels = plan.widths.size();
  if (levels < 2 || (!plan.strides.empty() && plan.strides.size() != levels) ||
      (!plan.kernels.empty() && plan.kernels.size() != levels))
  {
    throw UsageError(Message(
        "network: widths, strides and kernels must name the same levels, at least two; got ",
        levels,
        ", ",
        plan.strides.size(),
        " and ",
        plan.kernels.size()));
  }
  if (StrideOf(plan, 0) != Triple{1, 1, 1})
  {
    throw UsageError("network: the first level must have stride 1, 1, 1");
  }
  if (plan.inputChannels < 1 || plan.classes < 1 || plan.blocksPerLevel < 1)
  {
    throw UsageError("network: input channels, classes and blocks per level must be at least 1");
  }
  if (plan.deepSupervision < 0 || plan.deepSupervision > static_cast<int>(levels) - 2)
  {
    throw UsageError(Message("network: ",
                             levels,
                             " levels have at most ",
                             levels - 2,
                             " side outputs below the full ",
                             "resolution and above the bottleneck, asked for ",
                             plan.deepSupervision));
  }
  for (const int width : plan.widths)
  {
    if (width < 1 || width % 16 != 0 || (plan.normGroups > 0 && width % plan.normGroups != 0))
    {
      throw UsageError(Message(
          "network: a width must be a multiple of 16 and of the norm's groups, got ", width));
    }
  }
}

torch::Tensor
CropLike(const torch::Tensor & value, const torch::Tensor & reference)
{
  torch::Tensor cropped = value;
  for (int axis = 2; axis < 5; ++axis)
  {
    if (cropped.size(axis) != reference.size(axis))
    {
      cropped = cropped.narrow(axis, 0, reference.size(axis));
    }
  }
  return cropped;
}

} // namespace

EncoderImpl::EncoderImpl(const NetworkPlan & plan)
{
  CheckNetworkPlan(plan);
  m_Levels = register_module("levels", torch::nn::ModuleList());
  std::int64_t inputs = plan.inputChannels;
  for (std::size_t level = 0; level < plan.widths.size(); ++level)
  {
    torch::nn::ModuleList blocks;
    for (int b = 0; b < plan.blocksPerLevel; ++b)
    {
      const Triple stride = b == 0 ? StrideOf(plan, level) : Triple{1, 1, 1};
      blocks->push_back(ResidualBlock(inputs,
                                      plan.widths[level],
                                      KernelOf(plan, level),
                                      stride,
                                      plan.normGroups,
                                      plan.dropout));
      inputs = plan.widths[level];
    }
    m_Levels->push_back(blocks);
  }
}

std::vector<torch::Tensor>
EncoderImpl::forward(const torch::Tensor & image)
{
  std::vector<torch::Tensor> maps;
  torch::Tensor value = image;
  for (const auto & level : *m_Levels)
  {
    for (const auto & block : *level->as<torch::nn::ModuleListImpl>())
    {
      value = block->as<ResidualBlockImpl>()->forward(value);
    }
    maps.push_back(value);
  }
  return maps;
}

DecoderBlockImpl::DecoderBlockImpl(std::int64_t inputs,
                                   std::int64_t outputs,
                                   const Triple & stride,
                                   const Triple & kernel,
                                   int groups,
                                   double dropout)
{
  m_Up = register_module("up", Upsampling(inputs, outputs, stride));
  m_Block = register_module(
      "block", ResidualBlock(2 * outputs, outputs, kernel, Triple{1, 1, 1}, groups, dropout));
}

torch::Tensor
DecoderBlockImpl::forward(const torch::Tensor & coarse, const torch::Tensor & skip)
{
  const torch::Tensor up = CropLike(m_Up(coarse), skip);
  return m_Block(torch::cat({up, skip.to(up.scalar_type())}, 1));
}

DecoderImpl::DecoderImpl(const NetworkPlan & plan)
{
  CheckNetworkPlan(plan);
  m_Blocks = register_module("blocks", torch::nn::ModuleList());
  for (std::size_t level = plan.widths.size() - 1; level > 0; --level)
  {
    m_Widths.push_back(plan.widths[level - 1]);
    m_Blocks->push_back(DecoderBlock(plan.widths[level],
                                     plan.widths[level - 1],
                                     StrideOf(plan, level),
                                     KernelOf(plan, level - 1),
                                     plan.normGroups,
                                     plan.dropout));
  }
}

std::vector<torch::Tensor>
DecoderImpl::forward(const std::vector<torch::Tensor> & levels, int count)
{
  if (levels.size() != m_Blocks->size() + 1)
  {
    throw UsageError(
        Message("decoder: expected ", m_Blocks->size() + 1, " encoder maps, got ", levels.size()));
  }
  const std::size_t blocks =
      count < 0 ? m_Blocks->size() : std::min<std::size_t>(count, m_Blocks->size());
  std::vector<torch::Tensor> maps;
  torch::Tensor value = levels.back();
  for (std::size_t b = 0; b < blocks; ++b)
  {
    value = m_Blocks->at<DecoderBlockImpl>(b).forward(value, levels[levels.size() - 2 - b]);
    maps.push_back(value);
  }
  return maps;
}

int
DecoderImpl::BlockCount() const
{
  return static_cast<int>(m_Blocks->size());
}

std::int64_t
DecoderImpl::Width(int block) const
{
  return m_Widths.at(block);
}

HeadImpl::HeadImpl(std::int64_t channels, std::int64_t outputs)
{
  weight = register_parameter("weight",
                              torch::randn({outputs, channels, 1, 1, 1}) /
                                  std::sqrt(static_cast<double>(channels)));
  bias = register_parameter("bias", torch::zeros({outputs}));
}

torch::Tensor
HeadImpl::forward(const torch::Tensor & features)
{
  return PointwiseConvolution(features, weight, bias).contiguous();
}

SegmentationNetworkImpl::SegmentationNetworkImpl(const NetworkPlan & plan) : m_Plan(plan)
{
  m_Encoder = register_module("encoder", Encoder(plan));
  m_Decoder = register_module("decoder", Decoder(plan));
  m_Head = register_module("head", Head(plan.widths[0], plan.classes));
  m_SideHeads = register_module("sideHeads", torch::nn::ModuleList());
  for (int i = 0; i < plan.deepSupervision; ++i)
  {
    m_SideHeads->push_back(Head(plan.widths[i + 1], plan.classes));
  }
}

torch::Tensor
SegmentationNetworkImpl::Logits(const std::vector<torch::Tensor> & decoderMaps)
{
  return m_Head(decoderMaps.back())
      .to(decoderMaps.back().scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat);
}

std::vector<torch::Tensor>
SegmentationNetworkImpl::SideLogits(const std::vector<torch::Tensor> & decoderMaps)
{
  std::vector<torch::Tensor> sides;
  for (std::size_t i = 0; i < m_SideHeads->size(); ++i)
  {
    const auto & map = decoderMaps.at(decoderMaps.size() - 2 - i);
    sides.push_back(m_SideHeads->at<HeadImpl>(i).forward(map).to(
        map.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat));
  }
  return sides;
}

torch::Tensor
SegmentationNetworkImpl::forward(const torch::Tensor & image)
{
  if (image.dim() != 5 || image.size(1) != m_Plan.inputChannels)
  {
    throw UsageError(Message("network: expected an image tensor [N, ",
                             m_Plan.inputChannels,
                             ", z, y, x], got ",
                             torch::str(image.sizes())));
  }
  return Logits(m_Decoder(m_Encoder(image)));
}

NetworkFeatures
SegmentationNetworkImpl::ForwardWithFeatures(const torch::Tensor & image)
{
  NetworkFeatures features;
  features.encoder = m_Encoder(image);
  features.decoder = m_Decoder(features.encoder);
  features.logits = Logits(features.decoder);
  features.sideLogits = SideLogits(features.decoder);
  return features;
}

SegmentationNetwork
BuildNetwork(const NetworkPlan & plan, std::uint64_t seed)
{
  const SeededDraw seeded(seed);
  return SegmentationNetwork(plan);
}

Decoder
BuildDecoder(const NetworkPlan & plan, std::uint64_t seed)
{
  const SeededDraw seeded(seed);
  return Decoder(plan);
}

std::int64_t
ParameterCount(const torch::nn::Module & module)
{
  std::int64_t count = 0;
  for (const auto & parameter : module.parameters())
  {
    count += parameter.numel();
  }
  return count;
}

} // namespace sulcus
