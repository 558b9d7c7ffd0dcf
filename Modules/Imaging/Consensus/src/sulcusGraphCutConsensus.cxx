#include "sulcusGraphCutConsensus.h"

#include "sulcusConditionalShares.h"
#include "sulcusConsensusSummary.h"
#include "sulcusVoteGathering.h"
#include <sulcusError.h>

namespace sulcus
{
namespace
{

using detail::Band;
using detail::RaterTrust;

/** What neighbours are compared by: intensity alone, or intensity, texture and curvature weighted
 * by how much the annotators' forests used them. */
std::vector<ContrastChannel>
PairChannels(const AnnotationBlock & block,
             const RaterTrust & trust,
             const ConsensusOptions & options)
{
  if (block.image.empty())
  {
    return {};
  }
  if (trust.pairFeatures.intensity.empty() || !options.contrastOfAllFeatures)
  {
    return {{block.image, 1.0}};
  }
  std::array<double, 3> weights{0.0, 0.0, 0.0};
  for (std::size_t f = 0; f < trust.featureNames.size(); ++f)
  {
    const auto & name = trust.featureNames[f];
    weights[0] += name == "smoothed_1mm" || name == "mean_1mm" ? trust.importances[f] : 0.0;
    weights[1] += name == "texture_1mm" ? trust.importances[f] : 0.0;
    weights[2] += name == "curvature_1mm" ? trust.importances[f] : 0.0;
  }
  const double sum = weights[0] + weights[1] + weights[2];
  if (!(sum > 0.0))
  {
    return {{trust.pairFeatures.intensity, 1.0}};
  }
  return {{trust.pairFeatures.intensity, weights[0] / sum},
          {trust.pairFeatures.texture, weights[1] / sum},
          {trust.pairFeatures.curvature, weights[2] / sum}};
}

/** Marks voxels whose label changes when lambda is halved or doubled. */
void
FlagUnstableVoxels(const detail::VoteField & field,
                   const ContrastWeights & weights,
                   double lambda,
                   const ConsensusOptions & options,
                   ConsensusResult & result)
{
  for (const double factor : {0.5, 2.0})
  {
    const auto other = detail::CutVotes(field, weights, factor * lambda, options);
    for (std::size_t p = 0; p < other.labels.size(); ++p)
    {
      result.flags[p] = static_cast<std::uint8_t>(
          result.flags[p] | (other.labels[p] != result.labels[p] ? FlagUnstable : 0));
    }
  }
}

ConsensusResult
Solve(const AnnotationBlock & block,
      const VotePatterns & patterns,
      const ConsensusOptions & options,
      Band & band,
      RaterTrust & trust)
{
  const auto field = detail::GatherVotes(block, patterns.canonicalOrder, options, band, trust);
  const auto neighbours = static_cast<unsigned>(options.neighbours);
  const ContrastWeights weights(
      block.size, block.spacingInMm, neighbours, PairChannels(block, trust, options));
  const double strength = block.image.empty() ? options.distanceFactor : 1.0;
  const double lambda =
      options.lambda * strength * ContrastWeights::NeighbourhoodFactor(neighbours);
  auto cut = detail::CutVotes(field, weights, lambda, options);

  ConsensusResult result;
  result.labels = std::move(cut.labels);
  result.probability = detail::ConditionalShares(field, weights, lambda, options, result.labels);
  result.energy = cut.energy;
  result.lowerBound = cut.lowerBound;
  result.hasLowerBound = cut.hasLowerBound;
  result.cutValue = cut.cutValue;
  result.sweeps = cut.sweeps;
  result.bandVoxels = band.voxels.size();
  result.bandFraction = double(band.voxels.size()) / double(block.VoxelCount());
  detail::DescribeVoxels(field, band, result);
  detail::MeasureEvidence(field, trust.raters, options, result);
  if (options.stability && options.lambda > 0.0)
  {
    FlagUnstableVoxels(field, weights, lambda, options, result);
  }
  detail::DescribeRaters(block, patterns.canonicalOrder, trust, result);
  return result;
}

} // namespace

ConsensusResult
RunGraphCutConsensus(const AnnotationBlock & block,
                     const ConsensusOptions & options,
                     const std::function<void(double)> & progress)
{
  CheckConsensusOptions(options);
  detail::CheckBlock(block);
  const auto patterns = detail::PatternsOf(block);
  auto band = detail::FindBand(block, options.clampUnanimous);
  const auto judging = [&](double share)
  {
    if (progress)
    {
      progress(0.9 * share); // forests take most of the time
    }
  };
  auto trust = detail::JudgeRaters(block, patterns, band, options, judging);
  return Solve(block, patterns, options, band, trust);
}

ConsensusResult
RunWeightedCut(const AnnotationBlock & block,
               std::span<const double> weights,
               const ConsensusOptions & options)
{
  CheckConsensusOptions(options);
  detail::CheckBlock(block);
  if (weights.size() != block.votes.size())
  {
    throw UsageError(
        Message("consensus: ", weights.size(), " weights for ", block.votes.size(), " annotators"));
  }
  const auto patterns = detail::PatternsOf(block);
  auto band = detail::FindBand(block, options.clampUnanimous);
  auto trust = detail::TrustAsGiven(block, band, weights);
  return Solve(block, patterns, options, band, trust);
}

} // namespace sulcus
