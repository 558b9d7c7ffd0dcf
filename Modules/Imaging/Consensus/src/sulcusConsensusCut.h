#pragma once

#include "sulcusGraphCutConsensus.h"
#include <sulcusContrastCapacities.h>

#include <vector>

namespace sulcus::detail
{

/** Votes of every voxel gathered to sums V_p(l), for the voxels that are not clamped. */
struct VoteField
{
  static constexpr std::uint32_t Clamped = 0xffffffffU;

  unsigned labelCount = 2;
  std::vector<std::uint32_t> place;        ///< of a voxel in the band, or Clamped
  std::vector<std::uint16_t> clampedLabel; ///< where clamped
  std::vector<double> sums;                ///< labelCount a band voxel
  std::vector<double>
      clampedTotal; ///< T_p of clamped voxels, by voxel; empty when nothing is clamped
  double meanWeight = 1.0;

  std::size_t
  BandSize() const
  {
    return sums.size() / labelCount;
  }
};

struct CutResult
{
  std::vector<std::uint16_t> labels;
  double energy = 0.0;
  double lowerBound = 0.0;
  bool hasLowerBound = false;
  std::int64_t cutValue = 0;
  unsigned sweeps = 0;
};

/** D_p(l) = -log((V_p(l) + e) / (T_p + K e)), times T / (T + t0). */
double
UnaryCost(double vote, double total, unsigned labelCount, double epsilon, double evidence);

/** Minimises sum D + lambda sum B [different labels]. */
CutResult
CutVotes(const VoteField & field,
         const ContrastWeights & weights,
         double lambda,
         const ConsensusOptions & options);

} // namespace sulcus::detail
