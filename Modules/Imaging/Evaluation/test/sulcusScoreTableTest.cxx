#include "sulcusScoreTable.h"

#include "sulcusDeclaredLabels.h"
#include "sulcusScoreReport.h"
#include <sulcusError.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

using testing::HasSubstr;
using Json = nlohmann::json;

template <typename TError, typename TAction>
std::string
LineOf(TAction && action)
{
  try
  {
    action();
  }
  catch (const TError & error)
  {
    return error.what();
  }
  return "no error of the expected kind";
}

StructureScores
Scores(const std::string & name, double dice, double distance, Presence presence = Presence::Both)
{
  StructureScores scores;
  scores.name = name;
  scores.presence = presence;
  scores.dice = scores.iou = scores.sensitivity = scores.precision = dice;
  scores.hausdorffInMm = scores.hausdorff95InMm = scores.meanDistanceInMm = distance;
  scores.referenceToPredictionInMm = scores.predictionToReferenceInMm = distance;
  scores.volumeDifferenceInMl = scores.volumeDifferenceInPercent = -distance;
  scores.surfaceDice = {dice};
  return scores;
}

const std::vector<double> OneMillimetre{1.0};

Table
ThreeCases(double bonus = 0.0)
{
  const double none = std::nan("");
  return ScoreTable(
      {{"c1", "s1", {Scores("a", 0.5 + bonus, 4.0), Scores("b", 0.9, 1.0)}},
       {"c2", "s1", {Scores("a", 0.7 + bonus, 2.0), Scores("b", none, none, Presence::Absent)}},
       {"c3", "", {Scores("a", 0.0, 50.0, Presence::Missed), Scores("b", 0.6, 3.0)}}},
      OneMillimetre);
}

const Table::Row &
RowOf(const Table & table, const std::string & structure, const std::string & metric)
{
  for (const auto & row : table.Rows())
  {
    if (ToText(row[0]) == structure && ToText(row[1]) == metric)
    {
      return row;
    }
  }
  throw UsageError("no such row");
}

TEST(ScoreTable, HoldsEveryScoreOnce)
{
  const auto table = ThreeCases();
  EXPECT_EQ(table.RowCount(), 6U);
  EXPECT_EQ(ToText(table.At(4, "presence")), "missed");
  EXPECT_EQ(ToText(table.At(4, "subject")), "c3");
  EXPECT_TRUE(IsMissing(table.At(3, "dice")));
  EXPECT_EQ(SurfaceDiceColumn(0.5), "surface_dice_0.5mm");
  EXPECT_THROW(ScoreTable({{"c", "", {Scores("a", 1, 1)}}}, {}), UsageError);
  const auto metrics = ScoreMetrics(table);
  EXPECT_EQ(metrics.front(), "dice");
  EXPECT_EQ(metrics.size(), 12U);
  EXPECT_TRUE(HigherIsBetter("surface_dice_1mm"));
  EXPECT_FALSE(HigherIsBetter("hd95_mm"));
}

TEST(ScoreSummary, ByHand)
{
  const auto summary = SummariseScores(ThreeCases(), RandomEngine(1));
  const auto column = [&](const char * name) { return summary.ColumnIndex(name); };
  const auto & a = RowOf(summary, "a", "dice");
  EXPECT_NEAR(NumberIn(a[column("mean")]), 0.4, 1e-12);
  EXPECT_NEAR(NumberIn(a[column("median")]), 0.5, 1e-12);
  EXPECT_EQ(NumberIn(a[column("worst")]), 0.0);
  EXPECT_EQ(ToText(a[column("missed")]), "1");
  EXPECT_EQ(ToText(a[column("cases")]), "3");
  const auto & b = RowOf(summary, "b", "dice");
  EXPECT_NEAR(NumberIn(b[column("mean")]), 0.75, 1e-12);
  EXPECT_EQ(ToText(b[column("not_applicable")]), "1");
  EXPECT_EQ(NumberIn(RowOf(summary, "a", "hd95_mm")[column("worst")]), 50.0);
  EXPECT_EQ(NumberIn(RowOf(summary, "a", "volume_difference_ml")[column("worst")]), -50.0);
  // Means of the cases: 0.7, 0.7 (b not applicable), 0.3.
  EXPECT_NEAR(NumberIn(RowOf(summary, AllStructures, "dice")[column("mean")]), 1.7 / 3.0, 1e-12);
  const double low = NumberIn(a[column("mean_low")]);
  const double high = NumberIn(a[column("mean_high")]);
  EXPECT_LE(low, 0.4);
  EXPECT_GE(high, 0.4);
  // Two subjects: {c1, c2} and {c3}; the mean of resamples is 0.6, 0.4 or 0.
  EXPECT_EQ(low, 0.0);
  EXPECT_NEAR(high, 0.6, 1e-12);
}

TEST(ScoreSummary, InfiniteDistancesStayVisible)
{
  const double infinite = std::numeric_limits<double>::infinity();
  const auto table = ScoreTable({{"c1", "", {Scores("a", 0.0, infinite, Presence::Missed)}},
                                 {"c2", "", {Scores("a", 0.5, 2.0)}},
                                 {"c3", "", {Scores("a", 0.5, 1.0)}}},
                                OneMillimetre);
  const auto summary = SummariseScores(table, RandomEngine(1));
  const auto & row = RowOf(summary, "a", "hd95_mm");
  EXPECT_EQ(NumberIn(row[summary.ColumnIndex("mean")]), infinite);
  EXPECT_EQ(NumberIn(row[summary.ColumnIndex("median")]), 2.0);
}

TEST(ScoreComparison, PairsByCaseWhateverTheOrder)
{
  auto better = ThreeCases(0.1);
  better.SortBy("dice", true);
  const auto comparison = CompareScores(ThreeCases(), better, RandomEngine(2), {}, {"dice"});
  ASSERT_EQ(comparison.RowCount(), 3U);
  const auto & a = RowOf(comparison, "a", "dice");
  EXPECT_NEAR(NumberIn(a[comparison.ColumnIndex("mean_difference")]), 0.2 / 3.0, 1e-12);
  EXPECT_EQ(ToText(a[comparison.ColumnIndex("better_b")]), "2");
  EXPECT_EQ(ToText(a[comparison.ColumnIndex("equal")]), "1");
  EXPECT_NEAR(NumberIn(a[comparison.ColumnIndex("p_wilcoxon")]), 0.5, 1e-12);
  EXPECT_NEAR(NumberIn(a[comparison.ColumnIndex("p_holm")]), 1.0, 1e-12);
  EXPECT_EQ(ToText(RowOf(comparison, "b", "dice")[comparison.ColumnIndex("pairs")]), "2");
  const auto byDefault = CompareScores(ThreeCases(), better, RandomEngine(2));
  EXPECT_EQ(byDefault.RowCount(), 3U * 4U);
}

TEST(ScoreComparison, LowerDistancesAreBetter)
{
  auto nearer = ThreeCases();
  nearer.Set(0, "hd95_mm", 1.0);
  const auto comparison = CompareScores(ThreeCases(), nearer, RandomEngine(2), {}, {"hd95_mm"});
  const auto & a = RowOf(comparison, "a", "hd95_mm");
  EXPECT_EQ(NumberIn(a[comparison.ColumnIndex("mean_difference")]), -1.0);
  EXPECT_EQ(ToText(a[comparison.ColumnIndex("better_b")]), "1");
  EXPECT_EQ(ToText(a[comparison.ColumnIndex("worse_b")]), "0");
}

TEST(ScoreComparison, UnequalSetsAreRefused)
{
  const auto fewer =
      ScoreTable({{"c1", "", {Scores("a", 1, 0), Scores("b", 1, 0)}}}, OneMillimetre);
  const auto compare = [](const Table & a, const Table & b)
  { return LineOf<UsageError>([&] { CompareScores(a, b, RandomEngine(0)); }); };
  EXPECT_THAT(compare(ThreeCases(), fewer),
              HasSubstr("case 'c2', structure 'a' is only in the first"));
  EXPECT_THAT(compare(fewer, ThreeCases()), HasSubstr("only in the second"));
  auto twice = fewer;
  twice.AddRow(fewer.Rows()[0]);
  EXPECT_THAT(compare(twice, fewer), HasSubstr("two rows"));
}

TEST(ScoreReport, ShowsWorstFirstAndLinks)
{
  const auto scores = ThreeCases();
  const auto summary = SummariseScores(scores, RandomEngine(1));
  const auto brief = ShortSummary(summary);
  EXPECT_EQ(brief.RowCount(), 3U);
  EXPECT_THAT(ToText(brief.At(0, "dice")), HasSubstr("0.40 ("));
  HtmlPage page("t");
  AddScoreSections(page, scores, summary, {{"c3", "part-c3"}});
  AddComparisonSection(page, CompareScores(scores, scores, RandomEngine(1)), "x", "y");
  CalibrationAccumulator sums(4);
  sums.Add(0.9, true, 0.01, 0.9);
  AddCalibrationSection(page, {{"a", sums.Result()}});
  const auto html = page.Render();
  const auto table = html.substr(html.find("worst first</h2>"));
  EXPECT_LT(table.find("part-c3"), table.find(">c1<"));
  EXPECT_THAT(html, HasSubstr("Reliability"));
}

TEST(DeclaredLabels, ReadsThreeSpellings)
{
  const auto decathlon = DeclaredLabelsFromJson(
      Json::parse(R"({"labels": {"0": "background", "10": "back", "2": "front"}})"), "d");
  ASSERT_EQ(decathlon.structures.size(), 2U);
  EXPECT_EQ(decathlon.structures[0].name, "front");
  EXPECT_EQ(decathlon.structures[1].values, (std::vector<std::uint16_t>{10}));
  EXPECT_EQ(decathlon.values, (std::vector<std::uint16_t>{0, 2, 10}));
  const auto regions = DeclaredLabelsFromJson(
      Json::parse(R"({"labels": {"background": 0, "core": [2, 3], "oedema": 1, "ignore": 4}})"),
      "d");
  ASSERT_EQ(regions.structures.size(), 2U);
  EXPECT_EQ(regions.structures[1].values, (std::vector<std::uint16_t>{2, 3}));
  EXPECT_EQ(regions.ignored, 4);
  const auto plan = DeclaredLabelsFromJson(
      Json::parse(
          R"({"labels": [{"value": 0, "name": "background"}, {"value": 65535, "name": "x"}]})"),
      "p");
  EXPECT_EQ(plan.structures[0].values, (std::vector<std::uint16_t>{65535}));
}

TEST(DeclaredLabels, NonsenseIsRefused)
{
  const auto line = [](const char * text)
  { return LineOf<UsageError>([&] { DeclaredLabelsFromJson(Json::parse(text), "d.json"); }); };
  EXPECT_THAT(line("[]"), HasSubstr("d.json: expected"));
  EXPECT_THAT(line(R"({"labels": 3})"), HasSubstr("labels"));
  EXPECT_THAT(line(R"({"labels": {"a": 70000}})"), HasSubstr("70000"));
  EXPECT_THAT(line(R"({"labels": {"a": -1}})"), HasSubstr("-1"));
  EXPECT_THAT(line(R"({"labels": {"a": 1.5}})"), HasSubstr("1.5"));
  EXPECT_THAT(line(R"({"labels": {"x": "name"}})"), HasSubstr("no label value"));
  EXPECT_THAT(line(R"({"labels": {"1": "a", "2": "a"}})"), HasSubstr("two labels are named 'a'"));
  EXPECT_THAT(line(R"({"labels": {"background": 0}})"), HasSubstr("nothing but the background"));
  EXPECT_THAT(line(R"({"labels": {"a": []}})"), HasSubstr("no value"));
  EXPECT_THAT(line(R"({"labels": [1]})"), HasSubstr("'value' and 'name'"));
}

TEST(DeclaredLabels, Regions)
{
  auto labels = DeclareFound({0, 1, 2, 5});
  EXPECT_EQ(labels.structures[2].name, "label_5");
  AddRegion(labels, "whole=1+label_5");
  EXPECT_EQ(labels.structures.back().values, (std::vector<std::uint16_t>{1, 5}));
  const auto line = [&](const char * region)
  { return LineOf<UsageError>([&] { AddRegion(labels, region); }); };
  EXPECT_THAT(line("whole=1"), HasSubstr("in use"));
  EXPECT_THAT(line("x=1+7"), HasSubstr("label 7 is not declared"));
  EXPECT_THAT(line("x=labl_5"), HasSubstr("label_5"));
  EXPECT_THAT(line("x="), HasSubstr("expected name="));
  EXPECT_THAT(line("x=1+"), HasSubstr("unknown structure"));
}

TEST(DeclaredLabels, UndeclaredLabelNamesItsFile)
{
  const auto labels = DeclareFound({0, 1});
  Confusion confusion;
  confusion.Add(1, 9, 4);
  confusion.Add(0, 9, 3);
  EXPECT_THAT(LineOf<InputError>([&] { RequireDeclared(confusion, labels, "r.nii", "p.nii"); }),
              HasSubstr("p.nii: label 9 (7 voxels) is not declared; declared: 0, 1"));
}

} // namespace
} // namespace sulcus
