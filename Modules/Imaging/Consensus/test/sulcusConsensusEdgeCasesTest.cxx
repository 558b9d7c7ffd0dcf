// Every row of the specification's table of edge cases (section 12) is one test.
#include <sulcusError.h>
#include <sulcusGraphCutConsensus.h>
#include <sulcusRandomEngine.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;

AnnotationBlock
Line(std::vector<std::vector<std::uint16_t>> votes, unsigned labels = 2)
{
  AnnotationBlock block;
  block.size = {votes.empty() ? 1 : votes[0].size(), 1, 1};
  block.labelCount = labels;
  block.votes = std::move(votes);
  return block;
}

ConsensusOptions
WithLambda(double lambda)
{
  ConsensusOptions options;
  options.lambda = lambda;
  options.distanceFactor = 1.0;
  return options;
}

TEST(ConsensusEdgeCases, NoAnnotatorsIsAnError)
{
  EXPECT_THROW(RunGraphCutConsensus(Line({}), {}), UsageError);
}

TEST(ConsensusEdgeCases, SingleAnnotatorIsReturnedAtLambdaZeroAndNoted)
{
  const auto block = Line({{0, 1, 0, 1, 1, 1, 0}});
  const auto result = RunGraphCutConsensus(block, WithLambda(0.0));
  EXPECT_EQ(result.labels, block.votes[0]);
  ASSERT_FALSE(result.notes.empty());
  EXPECT_NE(result.notes[0].find("single annotator"), std::string::npos);
  auto smooth = WithLambda(20.0);
  smooth.neighbours = 6;
  const auto smoothed = RunGraphCutConsensus(block, smooth);
  EXPECT_NE(smoothed.labels, block.votes[0]) << "nothing is clamped by one annotator alone";
}

TEST(ConsensusEdgeCases, AllBackgroundGivesBackgroundWithoutNaN)
{
  std::vector<float> image(60);
  for (std::size_t i = 0; i < image.size(); ++i)
  {
    image[i] = float(i % 7);
  }
  auto block = Line({std::vector<std::uint16_t>(60, 0), std::vector<std::uint16_t>(60, 0)});
  block.image = image;
  const auto result = RunGraphCutConsensus(block, {});
  EXPECT_TRUE(
      std::all_of(result.labels.begin(), result.labels.end(), [](auto l) { return l == 0; }));
  EXPECT_TRUE(std::isfinite(result.energy));
  for (const auto & rater : result.raters)
  {
    EXPECT_FALSE(rater.selfConsistency) << "one label only: undefined";
    EXPECT_TRUE(std::isfinite(rater.meanWeight));
    EXPECT_EQ(rater.agreement, 1.0) << "labels absent from both are skipped";
  }
}

TEST(ConsensusEdgeCases, OneAllBackgroundAnnotatorDoesNotEraseALesionOfTwo)
{
  for (const std::size_t edge : {1U, 2U, 3U})
  {
    std::vector<std::uint16_t> lesion(216, 0);
    for (std::size_t p = 0; p < lesion.size(); ++p)
    {
      const auto x = p % 6, y = p / 6 % 6, z = p / 36;
      lesion[p] =
          x >= 2 && x < 2 + edge && y >= 2 && y < 2 + edge && z >= 2 && z < 2 + edge ? 1 : 0;
    }
    AnnotationBlock block;
    block.size = {6, 6, 6};
    block.votes = {lesion, std::vector<std::uint16_t>(216, 0), lesion};
    const auto result = RunGraphCutConsensus(block, {});
    EXPECT_EQ(result.labels, lesion) << edge;
    EXPECT_EQ(result.raters[0].meanWeight, result.raters[2].meanWeight);
    EXPECT_LT(result.raters[1].meanWeight, 0.05) << "nothing in common with the others";
  }
}

TEST(ConsensusEdgeCases, DisagreementEverywhereIsTiedWithLowestLabel)
{
  const auto block = Line({{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}});
  const auto result = RunGraphCutConsensus(block, WithLambda(0.5));
  for (std::size_t p = 0; p < 5; ++p)
  {
    EXPECT_EQ(result.labels[p], 0);
    EXPECT_TRUE(result.flags[p] & FlagTie);
    EXPECT_EQ(result.confidence[p], 0.0F);
  }
  EXPECT_TRUE(std::any_of(result.notes.begin(),
                          result.notes.end(),
                          [](const auto & n) { return n.find("tied") != std::string::npos; }));
}

TEST(ConsensusEdgeCases, DisjointAnnotatorsHaveAgreementOne)
{
  const auto block =
      Line({{1, 1, 0, Missing, Missing, Missing}, {Missing, Missing, Missing, 0, 1, 1}});
  const auto result = RunGraphCutConsensus(block, WithLambda(0.0));
  EXPECT_EQ(result.labels, (std::vector<std::uint16_t>{1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(result.raters[0].agreement, 1.0);
  EXPECT_EQ(result.raters[1].agreement, 1.0);
}

TEST(ConsensusEdgeCases, VoxelSeenByNobodyIsUnsupportedAndFollowsItsNeighbours)
{
  const auto block = Line({{1, 1, Missing, 1, 1}, {1, 1, Missing, 1, 1}});
  const auto result = RunGraphCutConsensus(block, WithLambda(0.5));
  EXPECT_EQ(result.labels[2], 1);
  EXPECT_TRUE(result.flags[2] & FlagUnsupported);
  EXPECT_EQ(result.confidence[2], 0.0F);
}

TEST(ConsensusEdgeCases, LabelOfOneAnnotatorStaysInTheListAndMayVanish)
{
  const auto block = Line({{0, 1, 1}, {0, 1, 1}, {0, 1, 2}}, 3);
  const auto result = RunGraphCutConsensus(block, WithLambda(0.0));
  EXPECT_EQ(result.labels, (std::vector<std::uint16_t>{0, 1, 1}));
  EXPECT_EQ(result.voteShares.size(), 9U);
  EXPECT_GT(result.voteShares[8], 0.0F) << "the share of label 2 at the last voxel";
}

TEST(ConsensusEdgeCases, DuplicatesCountAsGivenAndAreNoted)
{
  const auto block = Line({{0, 1, 1, 0}, {0, 1, 1, 0}, {0, 0, 1, 1}});
  const auto result = RunGraphCutConsensus(block, WithLambda(0.0));
  EXPECT_EQ(result.labels, block.votes[0]);
  EXPECT_TRUE(std::any_of(result.notes.begin(),
                          result.notes.end(),
                          [](const auto & n)
                          { return n.find("1 and 2 drew identical") != std::string::npos; }));
}

TEST(ConsensusEdgeCases, ConstantImageIsHandledAndNaNNamesTheCount)
{
  std::vector<float> image(64, 5.0F);
  auto block = Line({std::vector<std::uint16_t>(64, 0), std::vector<std::uint16_t>(64, 1)});
  block.size = {4, 4, 4};
  for (std::size_t p = 0; p < 32; ++p)
  {
    block.votes[1][p] = 0;
  }
  block.image = image;
  ConsensusOptions options;
  options.forest.trees = 5;
  const auto result = RunGraphCutConsensus(block, options);
  EXPECT_TRUE(std::isfinite(result.energy));
  image[3] = std::numeric_limits<float>::quiet_NaN();
  image[9] = std::numeric_limits<float>::infinity();
  try
  {
    (void)RunGraphCutConsensus(block, options);
    FAIL() << "NaN was accepted";
  }
  catch (const InputError & error)
  {
    EXPECT_NE(std::string(error.what()).find("2 voxels"), std::string::npos);
  }
}

TEST(ConsensusEdgeCases, SpacingMustBePositive)
{
  auto block = Line({{0, 1}, {1, 1}});
  block.spacingInMm = {1.0, 0.0, 1.0};
  EXPECT_THROW(RunGraphCutConsensus(block, {}), GeometryError);
  block.spacingInMm = {1.0, 1.0, -2.0};
  EXPECT_THROW(RunGraphCutConsensus(block, {}), GeometryError);
}

TEST(ConsensusEdgeCases, ThreeHundredLabelsOfWhichFewMeet)
{
  std::vector<std::uint16_t> votes;
  for (std::uint16_t p = 0; p < 200; ++p)
  {
    votes.push_back(std::uint16_t(p + 100));
  }
  const auto block = Line({votes, votes}, 300);
  EXPECT_EQ(RunGraphCutConsensus(block, {}).labels, votes);
  std::vector<std::uint16_t> all;
  for (std::uint16_t p = 0; p < 300; ++p)
  {
    all.push_back(p);
  }
  EXPECT_THROW(RunGraphCutConsensus(Line({all, all}, 300), {}), ResourceError)
      << "more than 255 in one cut";
}

TEST(ConsensusEdgeCases, HugeLambdaSpreadsClampedLabels)
{
  const auto block = Line({{1, 1, 0, 0, 1}, {1, 1, 1, 0, 1}, {1, 0, 0, 1, 1}});
  const auto result = RunGraphCutConsensus(block, WithLambda(1e5));
  EXPECT_TRUE(
      std::all_of(result.labels.begin(), result.labels.end(), [](auto l) { return l == 1; }));
}

TEST(ConsensusEdgeCases, AllWeightsAtTheFloorEqualTheMajority)
{
  // everybody against the majority of the others: agreement 0 makes every weight vanish
  const auto block = Line({{1, 1, 2, 2}, {2, 2, 1, 1}}, 3);
  ConsensusOptions options = WithLambda(0.0);
  const auto result = RunGraphCutConsensus(block, options);
  for (const auto & rater : result.raters)
  {
    EXPECT_EQ(rater.agreement, 0.0);
    EXPECT_NEAR(rater.meanWeight, options.minimumWeight, 1e-9);
  }
  EXPECT_EQ(result.labels, (std::vector<std::uint16_t>{1, 1, 1, 1}))
      << "ties of one vote each go to the lowest label";
}

TEST(ConsensusEdgeCases, HugeWeightsDoNotOverflow)
{
  RandomEngine random(3);
  AnnotationBlock block;
  block.size = {9, 9, 9};
  for (int r = 0; r < 3; ++r)
  {
    std::vector<std::uint16_t> votes;
    for (std::size_t p = 0; p < 729; ++p)
    {
      votes.push_back(std::uint16_t(random.Integer(0, 1)));
    }
    block.votes.push_back(votes);
  }
  const std::vector<double> weights{1e12, 2e12, 1.5e12};
  auto options = WithLambda(1e6);
  const auto result = RunWeightedCut(block, weights, options);
  EXPECT_TRUE(std::isfinite(result.energy));
  EXPECT_LE(result.lowerBound, result.energy * (1.0 + 1e-9));
  EXPECT_EQ(result.labels.size(), 729U);
}

TEST(ConsensusEdgeCases, OptionsAreChecked)
{
  const auto block = Line({{0, 1}, {1, 1}});
  ConsensusOptions options;
  options.neighbours = 8;
  EXPECT_THROW(RunGraphCutConsensus(block, options), UsageError);
  options = {};
  options.lambda = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(RunGraphCutConsensus(block, options), UsageError);
  EXPECT_THROW(RunWeightedCut(block, std::vector<double>{1.0}, {}), UsageError);
}

} // namespace
} // namespace sulcus
