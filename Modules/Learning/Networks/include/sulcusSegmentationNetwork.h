#pragma once

#include "sulcusResidualBlock.h"
#include <sulcusPlan.h>

#include <torch/nn/modules/container/modulelist.h>

#include <cstdint>
#include <vector>

namespace sulcus
{

/** The contracting half: levels.<l>.<b> are residual blocks, the first of a level strides. */
class EncoderImpl : public torch::nn::Module
{
public:
  explicit EncoderImpl(const NetworkPlan & plan);

  /** [N, C, z, y, x] -> one map a level, finest first: [N, widths[l], …]. The last is the
   * bottleneck. Sizes that the strides do not divide are rounded up at each level. */
  std::vector<torch::Tensor>
  forward(const torch::Tensor & image);

private:
  torch::nn::ModuleList m_Levels;
};
TORCH_MODULE(Encoder);

/** One step up: upsample, join with the encoder's map of that size, residual block. */
class DecoderBlockImpl : public torch::nn::Module
{
public:
  DecoderBlockImpl(std::int64_t inputs,
                   std::int64_t outputs,
                   const Triple & stride,
                   const Triple & kernel,
                   int groups,
                   double dropout);

  /** \param coarse [N, inputs, …] \param skip [N, outputs, z, y, x] -> [N, outputs, z, y, x] */
  torch::Tensor
  forward(const torch::Tensor & coarse, const torch::Tensor & skip);

private:
  Upsampling m_Up{nullptr};
  ResidualBlock m_Block{nullptr};
};
TORCH_MODULE(DecoderBlock);

/** The expanding half. blocks.<b>: block 0 is the first after the bottleneck, so "the first l
 * blocks" are 0 … l-1. */
class DecoderImpl : public torch::nn::Module
{
public:
  explicit DecoderImpl(const NetworkPlan & plan);

  /** \param levels what Encoder gave. \param count stop after so many blocks; -1: all.
   * Returns one map a block, coarsest first; the last of all blocks has full resolution. */
  std::vector<torch::Tensor>
  forward(const std::vector<torch::Tensor> & levels, int count = -1);

  int
  BlockCount() const;
  /** Channels of the map that block b gives. */
  std::int64_t
  Width(int block) const;

private:
  torch::nn::ModuleList m_Blocks;
  std::vector<std::int64_t> m_Widths;
};
TORCH_MODULE(Decoder);

/** A voxel-wise linear map with bias: channels -> classes. */
class HeadImpl : public torch::nn::Module
{
public:
  HeadImpl(std::int64_t channels, std::int64_t outputs);

  torch::Tensor
  forward(const torch::Tensor & features);

  torch::Tensor weight; ///< [outputs, channels, 1, 1, 1]
  torch::Tensor bias;   ///< [outputs]
};
TORCH_MODULE(Head);

/** Everything that one pass computed. */
struct NetworkFeatures
{
  torch::Tensor logits;               ///< [N, K, z, y, x], float
  std::vector<torch::Tensor> encoder; ///< one a level, finest first
  std::vector<torch::Tensor> decoder; ///< one a block, coarsest first
  std::vector<torch::Tensor>
      sideLogits; ///< deep supervision: 1st below full resolution first, float
};

/** A residual 3-D U-Net described by a plan: submodules encoder, decoder, head and sideHeads.<i>.
 *
 * Logits are always float, whatever the autocast type. Any input size works: what the strides do
 * not divide is rounded up on the way down and cropped on the way up. Norm layers keep no running
 * statistics, so a pass has no side effects and one sample's result does not depend on the others
 * in its batch. Ronneberger et al. 2015, He et al. 2016; deep supervision: Lee et al. 2015. */
class SegmentationNetworkImpl : public torch::nn::Module
{
public:
  /** \throws UsageError if the plan contradicts itself. */
  explicit SegmentationNetworkImpl(const NetworkPlan & plan);

  /** [N, C, z, y, x] -> logits [N, K, z, y, x]. \throws UsageError on another number of channels.
   */
  torch::Tensor
  forward(const torch::Tensor & image);

  NetworkFeatures
  ForwardWithFeatures(const torch::Tensor & image);

  /** Logits from decoder maps, for objectives that feed the decoder something else than the
   * encoder's maps. */
  torch::Tensor
  Logits(const std::vector<torch::Tensor> & decoderMaps);
  std::vector<torch::Tensor>
  SideLogits(const std::vector<torch::Tensor> & decoderMaps);

  Encoder &
  GetEncoder()
  {
    return m_Encoder;
  }
  Decoder &
  GetDecoder()
  {
    return m_Decoder;
  }
  const NetworkPlan &
  GetPlan() const
  {
    return m_Plan;
  }

private:
  NetworkPlan m_Plan;
  Encoder m_Encoder{nullptr};
  Decoder m_Decoder{nullptr};
  Head m_Head{nullptr};
  torch::nn::ModuleList m_SideHeads;
};
TORCH_MODULE(SegmentationNetwork);

/** A network with fresh weights drawn from LibTorch's default generator under the given seed; that
 * generator is left as it was found. \throws UsageError on an unknown kind or a contradiction. */
SegmentationNetwork
BuildNetwork(const NetworkPlan & plan, std::uint64_t seed);

/** Another decoder for the same encoder, e.g. one that repaints. */
Decoder
BuildDecoder(const NetworkPlan & plan, std::uint64_t seed);

/** Numbers that are learnt, whether this run moves them, freezes them or averages them. */
std::int64_t
ParameterCount(const torch::nn::Module & module);

} // namespace sulcus
