#include <sulcusRaterReport.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace sulcus
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;
using Labels = std::vector<std::uint16_t>;

AnnotationBlock
Line(std::vector<Labels> votes, unsigned labels = 2)
{
  AnnotationBlock block;
  block.size = {votes[0].size(), 1, 1};
  block.spacingInMm = {2.0, 5.0, 10.0};
  block.labelCount = labels;
  block.votes = std::move(votes);
  return block;
}

TEST(ConsensusOracles, T13ReportFigures)
{
  const Labels consensus{1, 1, 0, 0, 0, 0, 1, 0};
  const Labels annotator{1, 0, 0, 0, 1, 0, 1, 0};
  const auto scores = ScoreAgainst(consensus, annotator, Line({annotator}), 0, false);
  const auto & one = scores.labels[1];
  EXPECT_EQ(one.truePositives, 2U);
  EXPECT_EQ(one.falsePositives, 1U);
  EXPECT_EQ(one.falseNegatives, 1U);
  EXPECT_EQ(one.trueNegatives, 4U);
  EXPECT_NEAR(one.sensitivity, 0.666667, 1e-6);
  EXPECT_NEAR(one.specificity, 0.8, 1e-12);
  EXPECT_NEAR(one.dice, 0.666667, 1e-6);
  EXPECT_NEAR(one.jaccard, 0.5, 1e-12);
  EXPECT_NEAR(scores.kappa, 0.466667, 1e-6);
  EXPECT_EQ(one.volumeDifferenceInMl, 0.0);
}

TEST(RaterReport, VoxelsThatWereNotSeenCountForNothing)
{
  const Labels consensus{1, 1, 0, 0, 1, 0};
  const Labels annotator{1, Missing, 0, 1, Missing, Missing};
  const auto scores = ScoreAgainst(consensus, annotator, Line({annotator}), 7, false);
  EXPECT_EQ(scores.confusion, (std::vector<std::uint64_t>{8, 1, 0, 1})) << "seven outside";
  EXPECT_EQ(scores.labels[1].falseNegatives, 0U);
  EXPECT_NEAR(scores.labels[1].dice, 2.0 / 3.0, 1e-12);
  EXPECT_NEAR(scores.labels[1].volumeDifferenceInMl, 0.1, 1e-12) << "one voxel of 100 cubic mm";
}

TEST(RaterReport, FleissKappaByHand)
{
  // agreement 1, 1, 1/3, 1/3; both labels get half of the votes
  const auto block = Line({{0, 1, 0, 1}, {0, 1, 0, 1}, {0, 1, 1, 0}});
  EXPECT_NEAR(FleissKappa(block), (2.0 / 3.0 - 0.5) / 0.5, 1e-12);
  // voxels with fewer than two votes say nothing
  const auto gaps = Line({{0, 1, 0, 1, 1}, {0, 1, 0, 1, Missing}, {0, 1, 1, 0, Missing}});
  EXPECT_NEAR(FleissKappa(gaps), 1.0 / 3.0, 1e-12);
  EXPECT_TRUE(std::isnan(FleissKappa(Line({{0, 0}, {0, 0}})))) << "chance agreement is 1";
}

/** A cube drawn by three annotators, each moved along x by as many voxels as the number says. */
AnnotationBlock
MovedCubes(const std::vector<std::size_t> & shifts)
{
  AnnotationBlock block;
  block.size = {14, 9, 8};
  block.spacingInMm = {1.5, 1.0, 2.0};
  for (const auto shift : shifts)
  {
    Labels votes(block.VoxelCount(), 0);
    for (std::size_t p = 0; p < votes.size(); ++p)
    {
      const auto x = p % 14, y = p / 14 % 9, z = p / 126;
      votes[p] = x >= 3 + shift && x < 7 + shift && y >= 2 && y < 6 && z >= 2 && z < 6 ? 1 : 0;
    }
    block.votes.push_back(votes);
  }
  return block;
}

RaterReport
ReportOn(const AnnotationBlock & block, const ConsensusOptions & options)
{
  std::vector<std::string> names;
  for (std::size_t r = 0; r < block.votes.size(); ++r)
  {
    names.push_back("reader" + std::to_string(r + 1));
  }
  return MakeRaterReport(block, RunGraphCutConsensus(block, options), names, {"0", "1"}, options);
}

TEST(RaterReport, ComparesEachAnnotatorWithTheOthersOnly)
{
  const auto block = MovedCubes({0, 0, 2});
  ConsensusOptions options;
  options.lambda = 0.0;
  const auto report = ReportOn(block, options);
  EXPECT_NEAR(report.pairwiseDice[0 * 3 + 1], 1.0, 1e-12);
  EXPECT_NEAR(report.pairwiseDice[0 * 3 + 2], 0.5, 1e-12) << "half of the cube in common";
  EXPECT_EQ(report.pairwiseDice[0 * 3 + 2], report.pairwiseDice[2 * 3 + 0]);
  EXPECT_NEAR(report.againstConsensus[0].labels[1].dice, 1.0, 1e-12);
  // the third has no part in the consensus it is held against
  EXPECT_NEAR(report.againstOthers[2].labels[1].dice, 0.5, 1e-12);
  EXPECT_NEAR(report.againstOthers[2].labels[1].hd95InMm, 3.0, 1e-9) << "two voxels of 1.5 mm";
  EXPECT_EQ(report.rank[2], 3);
  EXPECT_GT(report.reliability[0].meanWeight, report.reliability[2].meanWeight);
  // drawn by anyone: 6 x 4 x 4, of which two slabs at either end are contested
  EXPECT_NEAR(report.contestedFraction, 4.0 / 6.0, 1e-12);
}

TEST(RaterReport, FilesHoldNoNaNAndSayWhatIsUndefined)
{
  auto block = MovedCubes({0, 0});
  for (auto & votes : block.votes)
  {
    std::fill(votes.begin(), votes.end(), std::uint16_t(0));
  }
  const auto report = ReportOn(block, {});
  const auto json = report.ToJson();
  EXPECT_EQ(json.dump().find("nan"), std::string::npos);
  const auto & first = json["annotators"][0];
  EXPECT_TRUE(first["self_consistency"].is_null());
  EXPECT_TRUE(first["against_consensus"]["labels"]["1"]["dice"].is_null());
  EXPECT_EQ(first["against_consensus"]["labels"]["1"]["note"], "both empty");
  const auto table = report.ToTable("case");
  ASSERT_EQ(table.RowCount(), 2U);
  EXPECT_TRUE(IsMissing(table.At(0, "dice_consensus")));
  EXPECT_EQ(ToText(table.At(0, "annotator")), "reader1");
}

TEST(RaterReport, LabelOfOneAnnotatorIsListed)
{
  auto block = Line({{0, 1, 1}, {0, 1, 1}, {0, 1, 2}}, 3);
  ConsensusOptions options;
  options.lambda = 0.0;
  const auto report = MakeRaterReport(block,
                                      RunGraphCutConsensus(block, options),
                                      {"a", "b", "c"},
                                      {"0", "1", "2"},
                                      options,
                                      {},
                                      false);
  EXPECT_EQ(report.againstConsensus[2].labels[2].falsePositives, 1U);
  EXPECT_EQ(report.againstConsensus[2].labels[2].dice, 0.0);
  EXPECT_TRUE(std::isnan(report.againstConsensus[0].labels[2].dice));
}

} // namespace
} // namespace sulcus
