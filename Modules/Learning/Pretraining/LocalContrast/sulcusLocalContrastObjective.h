#pragma once

#include "sulcusProjectionHead.h"
#include <sulcusLocalContrastLoss.h>
#include <sulcusObjective.h>
#include <sulcusPrecision.h>
#include <sulcusSegmentationNetwork.h>

#include <array>
#include <cstdint>
#include <string>

namespace sulcus
{

struct LocalContrastSettings
{
  LocalContrastOptions loss;
  std::string stream = "views"; ///< streams "<stream>1" and "<stream>2"
  int decoderBlocks = 0;        ///< trained, from the bottleneck on; 0: up to stride 2
  bool freezeEncoder = true;    ///< as published
  std::int64_t regionEdge = 3;
  std::int64_t regionNegatives = 10;
  std::int64_t embeddingWidth = 128;
  /** Views have geometries of their own; view 2 carries "fromView1". */
  bool carriedGeometry = false;
  /** L_D: the same region in the same partition of another volume attracts as well, where … */
  bool acrossVolumes = false;
  double gate = 0.5; ///< … the images correlate above this within the region
};

/** The local loss of Chaitanya et al. (2020) on streams of two views: regions of the map after the
 * first decoder blocks attract their counterpart in the other view and repel near regions (L_R),
 * optionally also across volumes (L_D, which needs the extra "partition"). The views share one
 * geometry and differ in intensity, or view 2 carries where view 1 lies; then regions are sampled
 * at corresponding points and those that leave view 2 are left out. A frozen encoder runs without a
 * graph and is no submodule, so no optimiser can move it. */
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
  MapPairs
  PairsOf(const Stream & first, const Stream & second, const RegionLattice & onImage) const;

  SegmentationNetwork m_Network;
  RegionHead m_Head{nullptr};
  LocalContrastSettings m_Settings;
  std::array<double, 3> m_Spacing;
  int m_Blocks;
  Precision m_Precision;
  CollapseWatch m_Watch;
};

/** Decoder blocks that a setting means: itself, or for 0 all but the last. \throws UsageError if
 * the network has fewer. */
int
DecoderBlocksOf(const NetworkPlan & plan, int asked);

/** Finds out before training whether regions fit into the map that a patch (z, y, x) gives. \throws
 * UsageError with the map's size */
void
RequireRegionsFit(const Plan & plan,
                  const std::array<std::int64_t, 3> & patchSize,
                  const LocalContrastSettings & settings);

/** Spacing of the prepared grid, z, y, x; 1 mm where the plan keeps the native one. */
std::array<double, 3>
GridSpacing(const Plan & plan);

} // namespace sulcus
