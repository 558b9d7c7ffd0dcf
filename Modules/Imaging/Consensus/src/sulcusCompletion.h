#pragma once

#include "sulcusGraphCutConsensus.h"
#include "sulcusVoxelFeatures.h"
#include <sulcusContrastCapacities.h>

namespace sulcus::detail
{

/** What a forest trained on one annotator's own voxels says about the voxels the annotator left
 * out. */
struct Completion
{
  std::vector<std::uint32_t> voxels; ///< left out and imputed, ascending
  std::vector<float> posteriors;     ///< labelCount a voxel
  double accuracy = 0.0;
  double accuracyWithout = 0.0;
  bool usesUnlabelled = false;
};

/** Semi-supervised forest on the observed voxels, five sweeps of averaging with similar neighbours
 * (observed voxels held fixed). Peers' labels enter as one-hot features when asked for. \param
 * missing voxels to impute; \param features one row for each of `samples`, then for each of
 * `missing` */
Completion
CompleteAnnotation(const AnnotationBlock & block,
                   std::size_t rater,
                   std::span<const std::uint32_t> samples,
                   std::span<const std::uint32_t> missing,
                   const FeatureMatrix & features,
                   const ContrastWeights & weights,
                   const ConsensusOptions & options,
                   const RandomEngine & random);

/** The same for an annotator who saw nothing of this scan, from a forest that knows them from
 * others. Labels of the forest that nobody drew here are left out. \param features one row for each
 * of `missing` */
Completion
ImputeFromForest(const AnnotationBlock & block,
                 std::size_t rater,
                 const AnnotatorForest & known,
                 std::span<const std::uint32_t> missing,
                 const FeatureMatrix & features,
                 const ContrastWeights & weights);

} // namespace sulcus::detail
