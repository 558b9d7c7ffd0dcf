#pragma once

#include "sulcusAnnotationBlock.h"
#include "sulcusCompletion.h"
#include "sulcusVoxelFeatures.h"

namespace sulcus::detail
{

/** How much each annotator counts where, and what was imputed for them. Lists run over annotators.
 */
struct RaterTrust
{
  std::vector<RaterReliability> raters;
  std::vector<double> constantWeights;     ///< a_r without the local factor
  std::vector<std::vector<float>> weights; ///< a_r(p) at the voxels of the band
  std::vector<Completion> completions;
  PairFeatures pairFeatures;             ///< empty without an image
  std::vector<std::string> featureNames; ///< of `importances`
  std::vector<double> importances;       ///< of all forests together
  std::vector<std::string> notes;
};

/** Self-consistency, agreement, completion and the weights that follow from them:
 * a_r(p) = max(w_min, SC^alpha c(p)^beta A^gamma). */
RaterTrust
JudgeRaters(const AnnotationBlock & block,
            const VotePatterns & patterns,
            const Band & band,
            const ConsensusOptions & options,
            const std::function<void(double)> & progress = {});

/** One given weight an annotator; nothing is judged or imputed. */
RaterTrust
TrustAsGiven(const AnnotationBlock & block, const Band & band, std::span<const double> weights);

} // namespace sulcus::detail
