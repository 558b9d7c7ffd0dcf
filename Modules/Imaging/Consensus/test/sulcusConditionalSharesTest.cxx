// The soft label and its weight: what each voxel's labels are worth given the votes and the labels
// around, and how much is known.
#include "sulcusConsensusOracles.h"
#include "sulcusEgg.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;

TEST(ConditionalShares, NumbersByHand)
{
  // 2 x 2 x 1 as in oracle T3 without an image: B = 1, unit weights, lambda 0.5, labels (1, 0, 0,
  // 0) or all 0; epsilon 1e-3
  AnnotationBlock block;
  block.size = {2, 2, 1};
  block.votes = {{1, 1, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}};
  const std::vector<double> weights{1.0, 1.0, 1.0};
  const auto result = RunWeightedCut(block, weights, OracleOptions(0.5, 1.0));
  ASSERT_EQ(result.labels, (std::vector<std::uint16_t>{1, 0, 0, 0}));
  // voxel 1: votes 2 to 1 for label 0; of its two neighbours one has label 1 and one label 0
  const double pair = 0.5;
  const double zero = (2.0 + 1e-3) * std::exp(pair);
  const double one = (1.0 + 1e-3) * std::exp(pair);
  EXPECT_NEAR(result.probability[1 * 2 + 0], zero / (zero + one), 1e-6);
  // voxel 0: unanimous for 1, both neighbours 0
  const double own = 3.0 + 1e-3;
  const double others = 1e-3 * std::exp(2.0 * pair);
  EXPECT_NEAR(result.probability[0 * 2 + 1], own / (own + others), 1e-6);
}

TEST(ConditionalShares, LikeliestLabelIsTheConsensus)
{
  Egg egg;
  egg.LeaveOutSlices(0, 3);
  RandomEngine random(9);
  for (auto & votes : egg.block.votes)
  {
    for (auto & vote : votes)
    {
      const bool wrong = vote != Missing && random.Chance(0.15);
      vote = wrong ? std::uint16_t(random.Integer(0, 2)) : vote;
    }
  }
  for (const bool withImage : {true, false})
  {
    auto block = egg.block;
    block.image = withImage ? block.image : std::span<const float>{};
    const auto result = RunGraphCutConsensus(block, QuickOptions());
    std::size_t between = 0;
    for (std::size_t p = 0; p < block.VoxelCount(); ++p)
    {
      const auto shares = std::span(result.probability).subspan(3 * p, 3);
      const float largest = *std::max_element(shares.begin(), shares.end());
      EXPECT_NEAR(shares[0] + shares[1] + shares[2], 1.0F, 1e-5F);
      EXPECT_NEAR(shares[result.labels[p]], largest, 1e-4F) << p << " up to rounded capacities";
      between += largest < 0.95F;
    }
    EXPECT_GT(between, 100U) << "it is a soft label";
  }
}

TEST(ConditionalShares, LabelsWithoutVoteOrNeighbourHaveNone)
{
  AnnotationBlock block;
  block.size = {5, 1, 1};
  block.labelCount = 40;
  block.votes = {{0, 0, 3, 7, 7}, {0, 0, 7, 7, Missing}, {0, 0, 3, 7, 7}};
  const auto result = RunGraphCutConsensus(block, {});
  for (unsigned l = 0; l < 40; ++l)
  {
    const float share = result.probability[2 * 40 + l];
    EXPECT_EQ(share > 0.0F, l == 0 || l == 3 || l == 7) << l;
  }
  EXPECT_EQ(result.probability[0], 1.0F) << "unanimous";
}

TEST(TrainingEvidence, FallsWithTheVotesThatAreMissing)
{
  AnnotationBlock block;
  block.size = {4, 1, 1};
  block.votes = {{1, 1, Missing, 0}, {1, 0, Missing, Missing}, {1, 1, Missing, Missing}};
  const std::vector<double> weights{1.0, 1.0, 1.0};
  ConsensusOptions options;
  const auto result = RunWeightedCut(block, weights, options);
  EXPECT_NEAR(result.evidence[0], 1.0, 1e-6);
  EXPECT_NEAR(result.evidence[1], 1.0, 1e-6) << "two to one is doubt, but not lack of votes";
  EXPECT_EQ(result.evidence[2], 0.0F) << "seen by nobody: unknown";
  EXPECT_NEAR(result.evidence[3], (1.0 / 1.5) / (3.0 / 3.5), 1e-6);
  options.evidence = 0.0;
  EXPECT_EQ(RunWeightedCut(block, weights, options).evidence,
            (std::vector<float>{1.0F, 1.0F, 0.0F, 1.0F}));
}

TEST(ConditionalShares, SeenByNobodyFollowsTheNeighbours)
{
  AnnotationBlock block;
  block.size = {5, 1, 1};
  block.votes = {{1, 1, Missing, 1, 1}, {1, 1, Missing, 1, 1}};
  ConsensusOptions options;
  const auto result = RunGraphCutConsensus(block, options);
  EXPECT_GT(result.probability[2 * 2 + 1], 0.5F);
  EXPECT_LT(result.probability[2 * 2 + 1], 0.999F);
  options.lambda = 0.0;
  EXPECT_FLOAT_EQ(RunGraphCutConsensus(block, options).probability[2 * 2 + 1], 0.5F);
}

} // namespace
} // namespace sulcus
