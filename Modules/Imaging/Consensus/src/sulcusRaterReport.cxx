#include "sulcusRaterReport.h"

#include "sulcusAnnotationBlock.h"
#include <sulcusSurfaceDistance.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sulcus
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;

double
Ratio(std::uint64_t part, std::uint64_t whole)
{
  return whole > 0 ? double(part) / double(whole) : LabelScore::Undefined;
}

void
AddDistances(std::span<const std::uint16_t> reference,
             std::span<const std::uint16_t> annotation,
             const AnnotationBlock & geometry,
             unsigned label,
             LabelScore & score)
{
  MaskPair masks;
  masks.size = geometry.size;
  masks.spacingInMm = geometry.spacingInMm;
  masks.voxels.resize(reference.size());
  for (std::size_t p = 0; p < reference.size(); ++p)
  {
    const bool seen = annotation[p] != Missing;
    masks.voxels[p] =
        static_cast<std::uint8_t>((seen && reference[p] == label ? MaskPair::Reference : 0) |
                                  (seen && annotation[p] == label ? MaskPair::Prediction : 0));
  }
  const auto distances = ComputeSurfaceDistances(masks);
  score.hd95InMm = HausdorffDistance(distances, 95.0);
  score.meanSurfaceDistanceInMm = MeanSurfaceDistance(distances);
}

AnnotationBlock
Without(const AnnotationBlock & block, std::size_t rater)
{
  AnnotationBlock others = block;
  others.votes.erase(others.votes.begin() + static_cast<std::ptrdiff_t>(rater));
  return others;
}

/** Labels of the consensus of everybody but one. */
std::vector<std::uint16_t>
ConsensusWithout(const AnnotationBlock & block,
                 const ConsensusResult & result,
                 std::size_t rater,
                 const ConsensusOptions & options)
{
  const auto others = Without(block, rater);
  const auto agreement = LeaveOneOutAgreement(detail::PatternsOf(others));
  double sum = 0.0;
  double defined = 0.0;
  for (std::size_t r = 0; r < result.raters.size(); ++r)
  {
    sum += r != rater ? result.raters[r].selfConsistency.value_or(0.0) : 0.0;
    defined += r != rater && result.raters[r].selfConsistency ? 1.0 : 0.0;
  }
  const double substitute = defined > 0.0 ? 0.5 * sum / defined : 1.0;
  std::vector<double> weights;
  for (std::size_t r = 0; r < result.raters.size(); ++r)
  {
    if (r != rater)
    {
      const auto & sc = result.raters[r].selfConsistency;
      const double consistency = sc ? std::pow(*sc, options.consistencyPower) : substitute;
      weights.push_back(
          std::max(options.minimumWeight,
                   consistency * std::pow(agreement[weights.size()], options.agreementPower)));
    }
  }
  auto plain = options;
  plain.stability = false;
  plain.boundRounds = 0;
  return RunWeightedCut(others, weights, plain).labels;
}

void
RankRaters(RaterReport & report)
{
  std::vector<std::size_t> order(report.raters.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  const auto key = [&](std::size_t r)
  {
    const double dice = report.againstOthers[r].MeanDice();
    return std::isnan(dice) ? -1.0 : dice;
  };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return key(a) > key(b); });
  report.rank.assign(order.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i)
  {
    const bool same = i > 0 && key(order[i]) == key(order[i - 1]);
    report.rank[order[i]] = same ? report.rank[order[i - 1]] : static_cast<int>(i) + 1;
  }
}

} // namespace

double
ReferenceScores::MeanDice() const
{
  double sum = 0.0;
  double count = 0.0;
  for (std::size_t l = 1; l < labels.size(); ++l)
  {
    sum += std::isnan(labels[l].dice) ? 0.0 : labels[l].dice;
    count += std::isnan(labels[l].dice) ? 0.0 : 1.0;
  }
  return count > 0.0 ? sum / count : LabelScore::Undefined;
}

ReferenceScores
ScoreAgainst(std::span<const std::uint16_t> reference,
             std::span<const std::uint16_t> annotation,
             const AnnotationBlock & geometry,
             std::uint64_t outside,
             bool withDistances)
{
  const unsigned labels = geometry.labelCount;
  ReferenceScores scores;
  scores.confusion.assign(std::size_t(labels) * labels, 0);
  scores.confusion[0] = outside;
  for (std::size_t p = 0; p < reference.size(); ++p)
  {
    if (annotation[p] != Missing && reference[p] != Missing)
    {
      ++scores.confusion[std::size_t(reference[p]) * labels + annotation[p]];
    }
  }
  const std::vector<double> counts(scores.confusion.begin(), scores.confusion.end());
  scores.kappa = CohenKappa(counts, labels);
  const auto total =
      std::accumulate(scores.confusion.begin(), scores.confusion.end(), std::uint64_t(0));
  const double voxelInMl =
      geometry.spacingInMm[0] * geometry.spacingInMm[1] * geometry.spacingInMm[2] * 1e-3;
  for (unsigned l = 0; l < labels; ++l)
  {
    LabelScore score;
    score.truePositives = scores.confusion[std::size_t(l) * labels + l];
    for (unsigned other = 0; other < labels; ++other)
    {
      score.falseNegatives += other != l ? scores.confusion[std::size_t(l) * labels + other] : 0;
      score.falsePositives += other != l ? scores.confusion[std::size_t(other) * labels + l] : 0;
    }
    score.trueNegatives = total - score.truePositives - score.falseNegatives - score.falsePositives;
    const auto found = score.truePositives + score.falsePositives;
    const auto real = score.truePositives + score.falseNegatives;
    score.sensitivity = Ratio(score.truePositives, real);
    score.specificity = Ratio(score.trueNegatives, score.trueNegatives + score.falsePositives);
    score.precision = Ratio(score.truePositives, found);
    score.dice = Ratio(2 * score.truePositives, found + real);
    score.jaccard = Ratio(score.truePositives, found + real - score.truePositives);
    score.volumeDifferenceInMl = (double(found) - double(real)) * voxelInMl;
    if (withDistances && l > 0 && !score.BothEmpty())
    {
      AddDistances(reference, annotation, geometry, l, score);
    }
    scores.labels.push_back(score);
  }
  return scores;
}

double
FleissKappa(const AnnotationBlock & block, std::uint64_t outside)
{
  const unsigned labels = block.labelCount;
  const auto voters = std::count_if(
      block.votes.begin(),
      block.votes.end(),
      [](const auto & votes)
      { return std::any_of(votes.begin(), votes.end(), [](auto v) { return v != Missing; }); });
  std::vector<double> shares(labels, 0.0);
  std::vector<double> counts(labels);
  double votes = 0.0;
  double agreement = 0.0;
  double voxels = 0.0;
  for (std::size_t p = 0; p < block.VoxelCount(); ++p)
  {
    std::fill(counts.begin(), counts.end(), 0.0);
    double seen = 0.0;
    for (const auto & map : block.votes)
    {
      if (map[p] != Missing)
      {
        counts[map[p]] += 1.0;
        seen += 1.0;
      }
    }
    if (seen < 2.0)
    {
      continue;
    }
    double pairs = 0.0;
    for (unsigned l = 0; l < labels; ++l)
    {
      pairs += counts[l] * (counts[l] - 1.0);
      shares[l] += counts[l];
    }
    agreement += pairs / (seen * (seen - 1.0));
    votes += seen;
    voxels += 1.0;
  }
  if (voters >= 2)
  {
    shares[0] += double(outside) * double(voters);
    votes += double(outside) * double(voters);
    agreement += double(outside);
    voxels += double(outside);
  }
  double chance = 0.0;
  for (const auto share : shares)
  {
    chance += votes > 0.0 ? share / votes * (share / votes) : 0.0;
  }
  return voxels > 0.0 && chance < 1.0 ? (agreement / voxels - chance) / (1.0 - chance)
                                      : LabelScore::Undefined;
}

RaterReport
MakeRaterReport(const AnnotationBlock & block,
                const ConsensusResult & result,
                std::vector<std::string> raterNames,
                std::vector<std::string> labelNames,
                const ConsensusOptions & options,
                std::span<const std::uint64_t> outside,
                bool withDistances)
{
  RaterReport report;
  const std::size_t raters = raterNames.size();
  report.raters = std::move(raterNames);
  report.labels = std::move(labelNames);
  report.reliability.assign(result.raters.begin(),
                            result.raters.begin() + static_cast<std::ptrdiff_t>(raters));
  const auto outsideOf = [&](std::size_t r)
  { return outside.empty() ? std::uint64_t(0) : outside[r]; };
  for (std::size_t r = 0; r < raters; ++r)
  {
    report.againstConsensus.push_back(
        ScoreAgainst(result.labels, block.votes[r], block, outsideOf(r), withDistances));
    const auto others = raters > 1 ? ConsensusWithout(block, result, r, options) : result.labels;
    report.againstOthers.push_back(
        ScoreAgainst(others, block.votes[r], block, outsideOf(r), withDistances));
  }
  report.pairwiseDice.assign(raters * raters, 1.0);
  report.pairwiseKappa.assign(raters * raters, 1.0);
  for (std::size_t a = 0; a < raters; ++a)
  {
    for (std::size_t b = 0; b < raters; ++b)
    {
      if (a != b)
      {
        const auto both = std::min(outsideOf(a), outsideOf(b));
        const auto scores = ScoreAgainst(block.votes[b], block.votes[a], block, both, false);
        report.pairwiseDice[a * raters + b] = scores.MeanDice();
        report.pairwiseKappa[a * raters + b] = scores.kappa;
      }
    }
  }
  std::optional<std::uint64_t> everyone; // who looked at all
  for (std::size_t r = 0; r < raters && !outside.empty(); ++r)
  {
    if (result.raters[r].observedFraction > 0.0)
    {
      everyone = std::min(everyone.value_or(outside[r]), outside[r]);
    }
  }
  report.fleissKappa = FleissKappa(block, everyone.value_or(0));
  double drawn = 0.0;
  double contested = 0.0;
  double confidence = 0.0;
  for (std::size_t p = 0; p < block.VoxelCount(); ++p)
  {
    const bool any =
        std::any_of(block.votes.begin(),
                    block.votes.end(),
                    [p](const auto & votes) { return votes[p] != 0 && votes[p] != Missing; });
    drawn += any ? 1.0 : 0.0;
    contested += any && (result.flags[p] & FlagContested) ? 1.0 : 0.0;
    confidence += any ? result.confidence[p] : 0.0;
  }
  report.contestedFraction = drawn > 0.0 ? contested / drawn : 0.0;
  report.meanConfidence = drawn > 0.0 ? confidence / drawn : 1.0;
  report.energy = result.energy;
  report.lowerBound = result.hasLowerBound ? result.lowerBound : LabelScore::Undefined;
  report.cutValue = result.cutValue;
  report.sweeps = result.sweeps;
  report.bandVoxels = result.bandVoxels;
  report.bandFraction = result.bandFraction;
  report.notes = result.notes;
  RankRaters(report);
  return report;
}

} // namespace sulcus
