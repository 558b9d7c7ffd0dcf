#pragma once

#include <sulcusParameters.h>
#include <sulcusRandomForest.h>

#include <cstdint>

namespace sulcus
{

/** Settings of the graph-cut consensus, after Mahapatra 2016 (Documentation/Methods/Consensus.md).
 */
struct ConsensusOptions
{
  double lambda = 0.4;         ///< weight of the pair terms, read against the 6-neighbourhood
  double distanceFactor = 0.3; ///< on lambda where no image tells borders apart
  int neighbours = 26;
  double epsilon = 1e-3;         ///< smoothing of vote shares, relative to the mean weight
  double softness = 0.0;         ///< eta: share of an observed vote that is spread over all labels
  double imputedWeight = 0.5;    ///< rho
  double minimumWeight = 0.01;   ///< w_min
  double consistencyPower = 0.0; ///< alpha, on SC_r; above 0 trust may become too uneven
  double localPower = 1.0;       ///< beta, on c_r(p) relative to its mean over the label
  double agreementPower = 0.75;  ///< gamma; 0 is the paper-like setting, blind to consistent errors
  double evidence = 0.5;         ///< t0 of D <- D T / (T + t0), relative to the mean weight; 0: off
  bool clampUnanimous = true;
  bool complete = true;      ///< impute missing annotations where there is an image
  bool usePeerLabels = true; ///< peers' labels as features of the completion
  bool contrastOfAllFeatures =
      true; ///< pair terms see texture and curvature too, weighted by forest importances
  bool stability = true; ///< also solve at lambda / 2 and 2 lambda
  int folds = 5;
  double blockInMm = 16.0;
  int maxSamples = 5000; ///< training voxels of one annotator, stratified by label
  int maxSweeps = 50;
  int boundRounds = 1; ///< rounds of ascent on the lower bound, more than two labels only
  ForestOptions forest;
  std::uint64_t seed = 0;
};

void
Describe(Parameters & visit, ConsensusOptions & options);

/** \throws UsageError for a value that makes no sense. */
void
CheckConsensusOptions(const ConsensusOptions & options);

} // namespace sulcus
