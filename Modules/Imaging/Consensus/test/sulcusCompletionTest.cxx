#include "sulcusEgg.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;

double
DiceWhere(const std::vector<std::uint16_t> & found,
          const std::vector<std::uint16_t> & truth,
          const std::vector<std::uint8_t> & where)
{
  double sum = 0.0;
  for (std::uint16_t label = 1; label < 3; ++label)
  {
    double both = 0.0;
    double sizes = 0.0;
    for (std::size_t p = 0; p < truth.size(); ++p)
    {
      both += where[p] == 2 && found[p] == label && truth[p] == label ? 1.0 : 0.0;
      sizes += where[p] == 2 ? (found[p] == label) + (truth[p] == label) : 0;
    }
    sum += 0.5 * 2.0 * both / sizes;
  }
  return sum;
}

TEST(Completion, FillsGapsBetterThanTheNearestSliceAndKeepsWhatWasDrawn)
{
  Egg egg;
  egg.LeaveOutSlices(0, 3);
  auto options = QuickOptions();
  options.usePeerLabels = false; // the image alone
  const auto result = RunGraphCutConsensus(egg.block, options);
  const auto & drawn = egg.block.votes[0];
  auto nearest = drawn;
  std::size_t imputed = 0;
  for (std::size_t p = 0; p < drawn.size(); ++p)
  {
    if (drawn[p] != Missing)
    {
      ASSERT_EQ(result.completed[0][p], drawn[p]) << "observed labels are never overwritten";
      ASSERT_EQ(result.provenance[0][p], 1);
      continue;
    }
    ASSERT_EQ(result.provenance[0][p], 2);
    ASSERT_NE(result.completed[0][p], Missing);
    nearest[p] = drawn[p - 528];
    ++imputed;
  }
  EXPECT_EQ(result.raters[0].imputedVoxels, imputed);
  EXPECT_EQ(result.raters[1].imputedVoxels, 0U);
  EXPECT_GT(result.raters[0].completionAccuracy, 0.8);
  const double forest = DiceWhere(result.completed[0], egg.truth, result.provenance[0]);
  EXPECT_GE(forest, DiceWhere(nearest, egg.truth, result.provenance[0]));
}

TEST(Completion, NeverEntersSelfConsistency)
{
  Egg egg;
  egg.LeaveOutSlices(0, 3);
  auto options = QuickOptions();
  const auto with = RunGraphCutConsensus(egg.block, options);
  options.complete = false;
  const auto without = RunGraphCutConsensus(egg.block, options);
  for (std::size_t r = 0; r < 3; ++r)
  {
    EXPECT_EQ(with.raters[r].selfConsistency, without.raters[r].selfConsistency) << r;
    EXPECT_EQ(with.raters[r].agreement, without.raters[r].agreement) << r;
  }
  EXPECT_EQ(without.raters[0].imputedVoxels, 0U);
}

TEST(Completion, VoxelsSeenByNobodyAreImputedFromTheImage)
{
  Egg egg;
  for (std::size_t r = 0; r < 3; ++r)
  {
    egg.LeaveOutSlices(r, 4);
  }
  const auto result = RunGraphCutConsensus(egg.block, QuickOptions());
  std::size_t right = 0;
  std::size_t alone = 0;
  for (std::size_t p = 0; p < egg.truth.size(); ++p)
  {
    if (p / 528 % 4 == 1)
    {
      ++alone;
      right += result.labels[p] == egg.truth[p];
      EXPECT_FALSE((result.flags[p] & FlagImputed) && (result.flags[p] & FlagUnsupported));
    }
  }
  EXPECT_GT(double(right) / double(alone), 0.95);
}

TEST(Completion, AnnotatorWhoSawNothingHasNoVote)
{
  Egg egg;
  const auto expected = RunGraphCutConsensus(egg.block, QuickOptions());
  egg.block.votes.emplace_back(egg.truth.size(), Missing);
  const auto result = RunGraphCutConsensus(egg.block, QuickOptions());
  EXPECT_EQ(result.raters[3].observedFraction, 0.0);
  EXPECT_EQ(result.raters[3].imputedVoxels, 0U);
  EXPECT_FALSE(result.raters[3].selfConsistency);
  EXPECT_EQ(result.raters[3].shareOfVotes, 0.0);
  std::size_t different = 0;
  for (std::size_t p = 0; p < egg.truth.size(); ++p)
  {
    different += result.labels[p] != expected.labels[p];
  }
  EXPECT_LT(different, 3U) << "rounding alone";
}

TEST(Completion, MoreThan255LabelsGoWithoutForests)
{
  Egg egg;
  egg.block.labelCount = 400;
  for (auto & votes : egg.block.votes)
  {
    votes[0] = 399;
  }
  const auto result = RunGraphCutConsensus(egg.block, QuickOptions());
  EXPECT_FALSE(result.raters[0].selfConsistency);
  EXPECT_EQ(result.labels[0], 399);
  ASSERT_FALSE(result.notes.empty());
  EXPECT_NE(result.notes[0].find("400 labels"), std::string::npos);
}

} // namespace
} // namespace sulcus
