#pragma once

#include "sulcusGraphCutConsensus.h"
#include "sulcusVoxelFeatures.h"
#include <sulcusRandomEngine.h>

namespace sulcus::detail
{

/** Draws up to `most` of the voxels with the same number for each label as far as they go, in
 * ascending order. */
std::vector<std::uint32_t>
StratifiedSample(std::span<const std::uint32_t> voxels,
                 std::span<const std::uint16_t> labels,
                 unsigned labelCount,
                 std::size_t most,
                 RandomEngine random);

/** Fold of every voxel: spatial blocks of the given edge are dealt to folds. Blocks are halved
 * while there are fewer than two of them a fold. */
std::vector<std::uint8_t>
SpatialFolds(const AnnotationBlock & block, double blockInMm, unsigned folds, RandomEngine random);

struct SelfConsistency
{
  std::optional<double> score; ///< SC_r; nothing with fewer than two labels
  std::vector<double> labelAccuracy;
  std::vector<float>
      local; ///< c_r(p) at the voxels asked for: held-out probability of the label drawn there
  std::vector<double> importances;
};

/** Held-out predictability of one annotator's labels from the image: forests are trained on all
 * folds but one and judge the remaining one. \param samples   voxels to train and judge on, with
 * their features (one row each) \param wanted    voxels at which to judge the label drawn, with
 * their features */
SelfConsistency
MeasureSelfConsistency(std::span<const std::uint16_t> labels,
                       std::span<const std::uint8_t> folds,
                       std::span<const std::uint32_t> samples,
                       const FeatureMatrix & sampleFeatures,
                       std::span<const std::uint32_t> wanted,
                       const FeatureMatrix & wantedFeatures,
                       unsigned labelCount,
                       const ConsensusOptions & options,
                       const RandomEngine & random);

/** Gaussian average (sigma in mm) of values known at some voxels only, at those voxels. */
std::vector<float>
SmoothAtVoxels(const AnnotationBlock & block,
               std::span<const std::uint32_t> voxels,
               std::span<const float> values,
               double sigmaInMm);

} // namespace sulcus::detail
