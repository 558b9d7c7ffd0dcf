// Oracle T11: what must hold at the limits of the settings and under permutations.
#include "sulcusConsensusOracles.h"
#include <sulcusRandomEngine.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace sulcus
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;

AnnotationBlock
RandomBlock(std::uint64_t seed, unsigned labels, std::size_t raters, double missing)
{
  RandomEngine random(seed);
  AnnotationBlock block;
  block.size = {6, 5, 4};
  block.spacingInMm = {1.0, 1.2, 2.5};
  block.labelCount = labels;
  std::vector<std::uint16_t> truth;
  for (std::size_t p = 0; p < block.VoxelCount(); ++p)
  {
    truth.push_back(std::uint16_t((p % 6) * labels / 6));
  }
  for (std::size_t r = 0; r < raters; ++r)
  {
    auto votes = truth;
    for (auto & vote : votes)
    {
      vote = random.Chance(0.3) ? std::uint16_t(random.Integer(0, int(labels) - 1)) : vote;
      vote = random.Chance(missing) ? Missing : vote;
    }
    block.votes.push_back(votes);
  }
  return block;
}

TEST(ConsensusOracles, T11LambdaZeroIsTheWeightedVote)
{
  const auto block = RandomBlock(21, 4, 5, 0.2);
  const std::vector<double> weights{1.0, 0.37, 0.81, 0.55, 0.93};
  ConsensusOptions options = OracleOptions(0.0, 1.0);
  const auto result = RunWeightedCut(block, weights, options);
  for (std::size_t p = 0; p < block.VoxelCount(); ++p)
  {
    std::vector<double> sums(4, 0.0);
    for (std::size_t r = 0; r < 5; ++r)
    {
      if (block.votes[r][p] != Missing)
      {
        sums[block.votes[r][p]] += weights[r];
      }
    }
    EXPECT_EQ(result.labels[p], std::max_element(sums.begin(), sums.end()) - sums.begin()) << p;
  }
}

TEST(ConsensusOracles, T11HugeLambdaIsConstant)
{
  const auto block = RandomBlock(22, 3, 4, 0.1);
  const std::vector<double> weights{1, 1, 1, 1};
  const auto result = RunWeightedCut(block, weights, OracleOptions(1e5, 1.0));
  std::vector<double> totals(3, 0.0);
  for (std::size_t p = 0; p < block.VoxelCount(); ++p)
  {
    std::vector<double> sums(3, 0.0);
    for (const auto & votes : block.votes)
    {
      if (votes[p] != Missing)
      {
        sums[votes[p]] += 1.0;
      }
    }
    const auto costs = UnaryCosts(sums, 1e-3);
    std::transform(totals.begin(), totals.end(), costs.begin(), totals.begin(), std::plus<>());
  }
  const auto best = std::min_element(totals.begin(), totals.end()) - totals.begin();
  EXPECT_TRUE(
      std::all_of(result.labels.begin(), result.labels.end(), [&](auto l) { return l == best; }));
  EXPECT_NEAR(result.energy, totals[std::size_t(best)], 1e-6 * totals[std::size_t(best)]);
}

TEST(ConsensusOracles, T11IdenticalAnnotatorsAreReturned)
{
  auto block = RandomBlock(23, 3, 1, 0.0);
  block.votes.resize(4, block.votes[0]);
  ConsensusOptions options;
  options.lambda = 50.0;
  const auto result = RunGraphCutConsensus(block, options);
  EXPECT_EQ(result.labels, block.votes[0]);
  EXPECT_EQ(result.bandVoxels, 0U);
  EXPECT_FALSE(result.notes.empty()) << "identical maps are worth a warning";
}

TEST(ConsensusOracles, T11OrderOfAnnotatorsAndScaleOfWeightsDoNotMatter)
{
  const auto block = RandomBlock(24, 4, 5, 0.15);
  ConsensusOptions options;
  const auto expected = RunGraphCutConsensus(block, options);
  auto permuted = block;
  const std::vector<std::size_t> order{3, 0, 4, 1, 2};
  for (std::size_t r = 0; r < 5; ++r)
  {
    permuted.votes[r] = block.votes[order[r]];
  }
  const auto result = RunGraphCutConsensus(permuted, options);
  EXPECT_EQ(result.labels, expected.labels);
  EXPECT_EQ(result.confidence, expected.confidence) << "the same bits";
  EXPECT_EQ(result.energy, expected.energy);
  for (std::size_t r = 0; r < 5; ++r)
  {
    EXPECT_EQ(result.raters[r].meanWeight, expected.raters[order[r]].meanWeight);
  }
  const std::vector<double> weights{1.0, 0.4, 0.8, 0.6, 0.9};
  std::vector<double> scaled;
  std::transform(
      weights.begin(), weights.end(), std::back_inserter(scaled), [](double w) { return 8.0 * w; });
  EXPECT_EQ(RunWeightedCut(block, weights, options).labels,
            RunWeightedCut(block, scaled, options).labels);
}

TEST(ConsensusOracles, T11RelabellingGivesTheSamePartition)
{
  const auto block = RandomBlock(25, 3, 3, 0.0);
  auto relabelled = block;
  const std::array<std::uint16_t, 3> map{2, 0, 1};
  for (auto & votes : relabelled.votes)
  {
    for (auto & vote : votes)
    {
      vote = map[vote];
    }
  }
  const std::vector<double> weights{1.0, 0.73, 0.51}; // no ties
  ConsensusOptions options;
  options.lambda = 0.2;
  const auto a = RunWeightedCut(block, weights, options);
  const auto b = RunWeightedCut(relabelled, weights, options);
  std::size_t same = 0;
  for (std::size_t p = 0; p < a.labels.size(); ++p)
  {
    same += map[a.labels[p]] == b.labels[p];
  }
  EXPECT_EQ(same, a.labels.size());
}

std::vector<std::uint16_t>
BallOf(double radius)
{
  std::vector<std::uint16_t> votes;
  for (std::size_t p = 0; p < 11 * 11 * 11; ++p)
  {
    const double x = double(p % 11) - 5.0;
    const double y = double(p / 11 % 11) - 5.0;
    const double z = double(p / 121) - 5.0;
    votes.push_back(x * x + y * y + z * z <= radius * radius ? 1 : 0);
  }
  return votes;
}

TEST(ConsensusLimits, DistanceAloneDoesNotEatWhatTheMajorityDrew)
{
  // a shell of two votes to one around a ball of three voxels; smoothing flattens radii below
  // about five lambda
  AnnotationBlock block;
  block.size = {11, 11, 11};
  block.votes = {BallOf(3.0), BallOf(3.0), BallOf(2.0)};
  const std::vector<double> weights{1.0, 1.0, 1.0};
  ConsensusOptions options;
  EXPECT_EQ(RunWeightedCut(block, weights, options).labels, BallOf(3.0));
  options.distanceFactor = 1.0;
  EXPECT_NE(RunWeightedCut(block, weights, options).labels, BallOf(3.0));
}

} // namespace
} // namespace sulcus
