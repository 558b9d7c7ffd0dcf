#pragma once

#include "sulcusProjectionHead.h"
#include <sulcusLocalContrastLoss.h>
#include <sulcusObjective.h>
#include <sulcusPrecision.h>
#include <sulcusSegmentationNetwork.h>

#include <array>
#include <cstdint>

namespace sulcus
{

struct LocalContrastSettings
{
  LocalContrastOptions loss;
  int decoderBlocks = 0;     ///< trained, from the bottleneck on; 0: up to stride 2
  bool freezeEncoder = true; ///< as published
  std::int64_t regionEdge = 3;
  std::int64_t regionNegatives = 10;
  std::int64_t embeddingWidth = 128;
};

/** L_R of Chaitanya et al. (2020) on streams "views1" and "views2", which share one geometry and
 * differ in intensity: regions of the map after the first decoder blocks attract their counterpart
 * and repel near regions of the same image. A frozen encoder runs without a graph and is no
 * submodule, so no optimiser can move it. */
class LocalContrastObjective final : public Objective
{
public:
  /** \param spacingInMm of the input grid, z, y, x. \throws UsageError if the network has fewer
   * blocks. */
  LocalContrastObjective(SegmentationNetwork network,
                         const LocalContrastSettings & settings,
                         const std::array<double, 3> & spacingInMm,
                         Precision precision);

  LossTerms
  Evaluate(const Batch & batch) override;

private:
  torch::Tensor
  FeatureMap(const torch::Tensor & images);

  SegmentationNetwork m_Network;
  RegionHead m_Head{nullptr};
  LocalContrastSettings m_Settings;
  std::array<double, 3> m_Spacing;
  int m_Blocks;
  Precision m_Precision;
  CollapseWatch m_Watch;
};

} // namespace sulcus
