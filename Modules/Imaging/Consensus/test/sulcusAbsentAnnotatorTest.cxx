// An annotator who never saw a scan takes part as their other scans suggest.
#include "sulcusEgg.h"
#include <sulcusAnnotatorForestTrainer.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace sulcus
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;
const std::vector<std::string> names{"anna", "ben", "carla"};

/** What is known of the annotators after two other eggs. Label values are 0, 40 and 700 there. */
AnnotatorForests
Learn(const std::set<std::string> & annotators)
{
  AnnotatorForestTrainer trainer(annotators);
  for (const std::uint64_t seed : {51U, 52U})
  {
    Egg egg(seed);
    egg.block.labelValues = {0, 40, 700};
    trainer.AddScan(
        egg.block, RunGraphCutConsensus(egg.block, QuickOptions()), names, QuickOptions());
  }
  return trainer.Train(QuickOptions());
}

TEST(AbsentAnnotator, IsKnownFromOtherScans)
{
  const auto forests = Learn({"ben", "somebody else"});
  ASSERT_EQ(forests.size(), 1U) << "only those who drew something";
  const auto & ben = *forests.at("ben");
  EXPECT_EQ(ben.labels, (std::vector<std::int64_t>{0, 40, 700}));
  EXPECT_EQ(ben.scans, 2U);
  EXPECT_GT(ben.accuracy, 0.9);
  EXPECT_GT(ben.meanWeight, 0.3);
  EXPECT_LE(ben.meanWeight, 1.0);
}

TEST(AbsentAnnotator, VotesWhereTheOthersDoNotAgree)
{
  Egg egg;
  egg.block.labelValues = {0, 40, 700};
  // two annotators are left; the second draws one half with the label of the other
  for (std::size_t p = 0; p < egg.truth.size(); ++p)
  {
    egg.block.votes[2][p] = egg.truth[p] == 2 ? 1 : egg.block.votes[2][p];
  }
  std::fill(egg.block.votes[1].begin(), egg.block.votes[1].end(), Missing);
  const auto without = RunGraphCutConsensus(egg.block, QuickOptions());
  EXPECT_EQ(without.raters[1].imputedVoxels, 0U);

  const auto forests = Learn({"ben"});
  egg.block.forests = {nullptr, forests.at("ben"), nullptr};
  const auto with = RunGraphCutConsensus(egg.block, QuickOptions());
  EXPECT_EQ(with.raters[1].observedFraction, 0.0);
  EXPECT_EQ(with.raters[1].imputedVoxels, with.bandVoxels) << "elsewhere the others agree";
  EXPECT_EQ(with.raters[1].meanWeight, forests.at("ben")->meanWeight);
  EXPECT_FALSE(with.raters[1].selfConsistency) << "imputed votes never enter it";
  EXPECT_GT(with.raters[1].shareOfVotes, 0.0);
  EXPECT_LT(with.raters[1].shareOfVotes, 0.5);
  std::size_t imputed = 0;
  std::size_t right = 0;
  const auto wrong = [&](const ConsensusResult & result)
  {
    std::size_t count = 0;
    for (std::size_t p = 0; p < egg.truth.size(); ++p)
    {
      count += result.labels[p] != egg.truth[p];
    }
    return count;
  };
  for (std::size_t p = 0; p < egg.truth.size(); ++p)
  {
    const bool there = with.provenance[1][p] == 2;
    imputed += there;
    right += there && with.completed[1][p] == egg.truth[p];
    EXPECT_EQ(there, with.completed[1][p] != Missing);
    EXPECT_EQ(there, (with.flags[p] & FlagUnanimous) == 0) << p;
    EXPECT_EQ(with.provenance[0][p], 1);
  }
  EXPECT_EQ(imputed, with.bandVoxels);
  EXPECT_GT(double(right) / double(imputed), 0.8);
  EXPECT_LT(wrong(with), wrong(without));
}

TEST(AbsentAnnotator, IsLeftOutWithoutCompletionOrForest)
{
  Egg egg;
  std::fill(egg.block.votes[1].begin(), egg.block.votes[1].end(), Missing);
  auto options = QuickOptions();
  const auto expected = RunGraphCutConsensus(egg.block, options);
  egg.block.forests = {nullptr, nullptr, nullptr};
  EXPECT_EQ(RunGraphCutConsensus(egg.block, options).labels, expected.labels);
  options.complete = false;
  egg.block.labelValues = {0, 40, 700};
  egg.block.forests[1] = Learn({"ben"}).at("ben");
  const auto off = RunGraphCutConsensus(egg.block, options);
  EXPECT_EQ(off.labels, expected.labels);
  EXPECT_EQ(off.raters[1].imputedVoxels, 0U);
}

TEST(AbsentAnnotator, LabelsThatNobodyDrewHereAreLeftOut)
{
  Egg egg;
  egg.block.labelValues = {0, 40, 9}; // 700 does not occur, 9 is not known
  std::fill(egg.block.votes[1].begin(), egg.block.votes[1].end(), Missing);
  egg.block.forests = {nullptr, Learn({"ben"}).at("ben"), nullptr};
  const auto result = RunGraphCutConsensus(egg.block, QuickOptions());
  for (std::size_t p = 0; p < egg.truth.size(); ++p)
  {
    EXPECT_NE(result.completed[1][p], 2) << "label 9 was never learnt";
  }
}

TEST(AbsentAnnotator, ProgressRunsUpAndMayEndTheWork)
{
  Egg egg;
  std::vector<double> shares;
  (void)RunGraphCutConsensus(
      egg.block, QuickOptions(), [&](double share) { shares.push_back(share); });
  EXPECT_EQ(shares.size(), 3U);
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
  EXPECT_GT(shares.front(), 0.0);
  EXPECT_LT(shares.back(), 1.0);
  struct Enough
  {
  };
  EXPECT_THROW(
      (void)RunGraphCutConsensus(egg.block, QuickOptions(), [](double) { throw Enough(); }),
      Enough);
}

} // namespace
} // namespace sulcus
