#pragma once

#include "sulcusGatedFusion.h"
#include "sulcusInpaintingDecoder.h"
#include <sulcusModelFile.h>

#include <cstdint>
#include <vector>

namespace sulcus
{

struct CorrectionNetworkOptions
{
  GateKind gate = GateKind::Factorised;
  bool maskChannel = true;            ///< the encoder sees what was erased: 0 in the plain pass
  bool inpaintFromErasedOnly = false; ///< the inpainting decoder reads h instead of the joined g
  int scales = 4;                     ///< outputs of both decoders, full resolution included
};

/** The refined segmentation, float. */
struct RefinedLogits
{
  torch::Tensor logits;                  ///< [N, K, z, y, x]
  std::vector<torch::Tensor> sideLogits; ///< scales below full resolution, finest first
};

struct RefinedFeatures : RefinedLogits
{
  std::vector<torch::Tensor> repainted; ///< [N, C, …] a scale, finest first; empty unless asked for
};

/** One encoder, a segmentation and an inpainting decoder, and a gate at every level (Zhang et al.,
 * MICCAI 2021).
 *
 * Phase 1: logits p⁰ from ungated features of the image. Phase 2: features of the image and of the
 * erased image, joined by gates, to both decoders. The norm layers keep no running statistics, so
 * the features of the image are computed once and used in both phases.
 *
 * Without its mask channel, encoder, segmentation decoder and head are exactly the network of the
 * plan: that is what a model file calls its weights; the rest is `extra`. */
class CorrectionNetworkImpl : public torch::nn::Module
{
public:
  /** \param network of the plan, its weights are taken over. \throws UsageError if the mask channel
   * would change the network's shape otherwise (input channels about as many as the first width).
   */
  CorrectionNetworkImpl(const SegmentationNetwork & network,
                        const CorrectionNetworkOptions & options,
                        std::uint64_t seed);

  /** Encoder maps, finest first. \param image [N, C, z, y, x] \param mask bool [N, 1, z, y, x], or
   * undefined: nothing is erased. */
  std::vector<torch::Tensor>
  Encode(const torch::Tensor & image, const torch::Tensor & mask = {});

  /** p⁰ as logits. */
  torch::Tensor
  CoarseLogits(const std::vector<torch::Tensor> & plain);

  /** Gated maps g of both passes, one a level, for both decoders. */
  std::vector<torch::Tensor>
  Join(const std::vector<torch::Tensor> & plain, const std::vector<torch::Tensor> & erased);

  /** \param sides whether scales below full resolution are asked for */
  RefinedLogits
  Segment(const std::vector<torch::Tensor> & joined, bool sides);

  /** Images, finest first. */
  std::vector<torch::Tensor>
  Repaint(const std::vector<torch::Tensor> & joined, const std::vector<torch::Tensor> & erased);

  /** All of the second phase. */
  RefinedFeatures
  Refine(const std::vector<torch::Tensor> & plain,
         const std::vector<torch::Tensor> & erased,
         bool sides,
         bool repaint);

  int
  Scales() const
  {
    return m_Options.scales;
  }
  const NetworkPlan &
  GetPlan() const
  {
    return m_Plan;
  }
  SegmentationNetwork &
  Segmentation()
  {
    return m_Network;
  }

  /** The parts of a model file: `weights` of the plan's network and `extra` for everything else
   * that predicts. \param tensors of this module under its own names, e.g. moving averages. */
  void
  Split(const NamedTensors & tensors, NamedTensors & weights, NamedTensors & extra) const;

private:
  NetworkPlan m_Plan; ///< of the model: without the mask channel
  CorrectionNetworkOptions m_Options;
  SegmentationNetwork m_Network{nullptr}; ///< with the mask channel, if there is one
  torch::nn::ModuleList m_Gates;
  torch::nn::ModuleList m_Sides; ///< heads of scales that the plan's network has none for
  InpaintingDecoder m_Inpainting{nullptr};
};
TORCH_MODULE(CorrectionNetwork);

/** The network that Split took apart. Heads of coarser scales are not stored. \throws ModelError */
CorrectionNetwork
JoinCorrectionNetwork(const ModelFile & model, const std::string & origin);

} // namespace sulcus
