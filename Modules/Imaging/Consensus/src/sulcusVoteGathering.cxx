#include "sulcusVoteGathering.h"

#include <algorithm>
#include <cmath>

namespace sulcus::detail
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;

/** 1 - H(pi) / log K: 0 for a uniform prediction, 1 for a certain one. */
double
Certainty(std::span<const float> posterior)
{
  double entropy = 0.0;
  for (const auto share : posterior)
  {
    entropy -= share > 0.0F ? double(share) * std::log(double(share)) : 0.0;
  }
  return posterior.size() > 1 ? std::max(0.0, 1.0 - entropy / std::log(double(posterior.size())))
                              : 1.0;
}

void
AddClamped(const AnnotationBlock & block, std::size_t rater, double weight, VoteField & field)
{
  for (std::size_t p = 0; p < block.VoxelCount(); ++p)
  {
    const auto vote = block.votes[rater][p];
    if (field.place[p] == VoteField::Clamped && vote != Missing)
    {
      field.clampedLabel[p] = vote;
      field.clampedTotal[p] += weight;
    }
  }
}

/** q = (1 - eta) [label = vote] + eta / K. Returns the sum of weights. */
double
AddObserved(const AnnotationBlock & block,
            std::size_t rater,
            const Band & band,
            std::span<const float> weights,
            double softness,
            VoteField & field)
{
  const unsigned labels = field.labelCount;
  double given = 0.0;
  for (std::size_t b = 0; b < band.voxels.size(); ++b)
  {
    const auto vote = block.votes[rater][band.voxels[b]];
    if (vote == Missing)
    {
      continue;
    }
    const double weight = weights[b];
    for (unsigned l = 0; l < labels && softness > 0.0; ++l)
    {
      field.sums[b * labels + l] += weight * softness / labels;
    }
    field.sums[b * labels + vote] += weight * (1.0 - softness);
    given += weight;
  }
  return given;
}

/** Weight rho * mean weight * certainty. Returns the sum of weights. */
double
AddImputed(const Completion & completion, double weight, Band & band, VoteField & field)
{
  const unsigned labels = field.labelCount;
  double given = 0.0;
  for (std::size_t i = 0; i < completion.voxels.size(); ++i)
  {
    const auto place = field.place[completion.voxels[i]];
    if (place == VoteField::Clamped)
    {
      continue;
    }
    const std::span<const float> posterior(completion.posteriors.data() + i * labels, labels);
    const double share = weight * Certainty(posterior);
    for (unsigned l = 0; l < labels; ++l)
    {
      field.sums[std::size_t(place) * labels + l] += share * posterior[l];
    }
    given += share;
    if (share > 0.0)
    {
      auto & flag = band.flags[completion.voxels[i]];
      flag = static_cast<std::uint8_t>((flag | FlagImputed) & ~FlagUnsupported);
    }
  }
  return given;
}

} // namespace

VoteField
GatherVotes(const AnnotationBlock & block,
            std::span<const std::uint32_t> order,
            const ConsensusOptions & options,
            Band & band,
            RaterTrust & trust)
{
  VoteField field;
  field.labelCount = block.labelCount;
  field.place.assign(block.VoxelCount(), VoteField::Clamped);
  field.clampedLabel.assign(block.VoxelCount(), 0);
  field.clampedTotal.assign(block.VoxelCount(), 0.0);
  field.sums.assign(band.voxels.size() * block.labelCount, 0.0);
  for (std::size_t b = 0; b < band.voxels.size(); ++b)
  {
    field.place[band.voxels[b]] = static_cast<std::uint32_t>(b);
  }
  double weightSum = 0.0;
  double counted = 0.0; // whoever saw nothing has no part in the mean
  for (const auto r : order)
  {
    auto & rater = trust.raters[r];
    weightSum += rater.observedFraction > 0.0 ? rater.meanWeight : 0.0;
    counted += rater.observedFraction > 0.0 ? 1.0 : 0.0;
    AddClamped(block, r, trust.constantWeights[r], field);
    rater.shareOfVotes += AddObserved(block, r, band, trust.weights[r], options.softness, field);
    rater.shareOfVotes +=
        AddImputed(trust.completions[r], options.imputedWeight * rater.meanWeight, band, field);
  }
  field.meanWeight = counted > 0.0 ? weightSum / counted : 1.0;
  return field;
}

} // namespace sulcus::detail
