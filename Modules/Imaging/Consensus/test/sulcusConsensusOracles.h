#pragma once

#include <sulcusGraphCutConsensus.h>

namespace sulcus
{

/** The settings of the oracles: six neighbours, unit distances, nothing clamped, epsilon 1e-3 in
 * votes. */
inline ConsensusOptions
OracleOptions(double lambda, double meanWeight)
{
  ConsensusOptions options;
  options.lambda = lambda;
  options.distanceFactor = 1.0;
  options.neighbours = 6;
  options.clampUnanimous = false;
  options.evidence = 0.0;
  options.epsilon = 1e-3 / meanWeight;
  return options;
}

} // namespace sulcus
