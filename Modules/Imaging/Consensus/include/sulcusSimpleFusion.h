#pragma once

#include "sulcusVotePatterns.h"

#include <vector>

namespace sulcus
{

struct SimpleFusionOptions
{
  int iterations = 25;
  double firstAlpha = 1.0; ///< raters below mean - alpha * sd of the performances are dropped
  double alphaStep = 0.0;  ///< alpha grows by this every round, so that dropping becomes harder
  int keptRaters = 2;      ///< never fewer
};

/** SIMPLE, selective and iterative method for performance level estimation (Langerak et al. 2010):
 * a weighted vote whose weights are each rater's mean foreground Dice with the vote itself; raters
 * far below the others are dropped. Dice counts voxels that the rater observed. */
struct SimpleFusion
{
  std::vector<std::uint16_t> labels; ///< of each pattern
  std::vector<double> performance;   ///< Dice of each rater with the final vote
  std::vector<bool> kept;
  int iterations = 0;
};

SimpleFusion
RunSimpleFusion(const VotePatterns & patterns, const SimpleFusionOptions & options = {});

} // namespace sulcus
