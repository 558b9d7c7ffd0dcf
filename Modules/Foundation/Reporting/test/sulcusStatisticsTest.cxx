#include "sulcusStatistics.h"

#include <sulcusError.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

constexpr double Infinite = std::numeric_limits<double>::infinity();

TEST(Statistics, HandValues)
{
  const std::vector<double> values{4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(Mean(values), 2.5);
  EXPECT_DOUBLE_EQ(StandardDeviation(values), std::sqrt(5.0 / 3.0));
  EXPECT_DOUBLE_EQ(Quantile(values, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(Median(values), 2.5);
  EXPECT_TRUE(std::isnan(Mean({})));
  EXPECT_TRUE(std::isnan(StandardDeviation(std::vector<double>{1.0})));
  EXPECT_EQ(Median(std::vector<double>{1.0, Infinite, Infinite}), Infinite);
  EXPECT_EQ(MidRanks(std::vector<double>{5, 1, 5, 0}), (std::vector<double>{3.5, 2, 3.5, 1}));
}

TEST(Statistics, CorrelationsByHand)
{
  // Ranks 1 2 3 4 5 against 2 1 4 3 5: sum of squared differences 4, rho = 1 - 6*4/(5*24) = 0.8
  const std::vector<double> a{1, 2, 3, 4, 5};
  const std::vector<double> b{20, 10, 400, 30, 5000};
  EXPECT_NEAR(SpearmanCorrelation(a, b), 0.8, 1e-12);
  EXPECT_NEAR(PearsonCorrelation(a, std::vector<double>{-2, -4, -6, -8, -10}), -1.0, 1e-12);
  EXPECT_TRUE(std::isnan(PearsonCorrelation(a, std::vector<double>(5, 1.0))));
}

TEST(Wilcoxon, SmallSamplesByHand)
{
  // All positive: P(W+ = 15) = 1/32 on either side.
  EXPECT_DOUBLE_EQ(WilcoxonSignedRank(std::vector<double>{1, 2, 3, 4, 5}).pValue, 2.0 / 32.0);
  // W+ = 13: rank sums {}, {1}, {2} of the negative ones are as extreme.
  const auto result = WilcoxonSignedRank(std::vector<double>{1, -2, 3, 4, 5, 0});
  EXPECT_DOUBLE_EQ(result.positiveRanks, 13.0);
  EXPECT_EQ(result.pairs, 5U);
  EXPECT_DOUBLE_EQ(result.pValue, 6.0 / 32.0);
  EXPECT_EQ(WilcoxonSignedRank(std::vector<double>{0, 0}).pValue, 1.0);
}

TEST(Wilcoxon, HollanderAndWolfeExample)
{
  // Depression scores of nine patients before and after (Hollander and Wolfe 1973): V = 40, p =
  // 0.0390625.
  const std::vector<double> before{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
  const std::vector<double> after{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  std::vector<double> differences;
  for (std::size_t i = 0; i < before.size(); ++i)
  {
    differences.push_back(before[i] - after[i]);
  }
  const auto result = WilcoxonSignedRank(differences);
  EXPECT_DOUBLE_EQ(result.positiveRanks, 40.0);
  EXPECT_DOUBLE_EQ(result.pValue, 0.0390625);
}

/** Two-sided p by going through all 2^n sign patterns of the midranks. */
double
EnumeratedP(const std::vector<double> & differences)
{
  std::vector<double> sizes;
  for (const double d : differences)
  {
    sizes.push_back(std::abs(d));
  }
  const auto ranks = MidRanks(sizes);
  double observed = 0.0;
  for (std::size_t i = 0; i < ranks.size(); ++i)
  {
    observed += differences[i] > 0 ? ranks[i] : 0.0;
  }
  double atMost = 0;
  double atLeast = 0;
  const std::size_t patterns = std::size_t{1} << ranks.size();
  for (std::size_t pattern = 0; pattern < patterns; ++pattern)
  {
    double sum = 0.0;
    for (std::size_t i = 0; i < ranks.size(); ++i)
    {
      sum += (pattern >> i & 1) ? ranks[i] : 0.0;
    }
    atMost += sum <= observed;
    atLeast += sum >= observed;
  }
  return std::min(1.0, 2.0 * std::min(atMost, atLeast) / static_cast<double>(patterns));
}

TEST(Wilcoxon, EqualsEnumerationWithTies)
{
  RandomEngine random(11);
  for (int trial = 0; trial < 200; ++trial)
  {
    std::vector<double> differences(static_cast<std::size_t>(random.Integer(1, 10)));
    for (auto & d : differences)
    {
      d = static_cast<double>(random.Integer(1, 4)) * (random.Chance(0.4) ? -1.0 : 1.0);
    }
    EXPECT_NEAR(WilcoxonSignedRank(differences).pValue, EnumeratedP(differences), 1e-12);
  }
}

TEST(Wilcoxon, NormalApproximationMeetsTheExactValue)
{
  RandomEngine random(5);
  for (int trial = 0; trial < 50; ++trial)
  {
    std::vector<double> differences(45);
    for (auto & d : differences)
    {
      d = std::round(10.0 * random.Normal(0.3, 1.0));
    }
    const auto exact = WilcoxonSignedRank(differences);
    const auto approximate = WilcoxonSignedRank(differences, 0);
    EXPECT_TRUE(exact.exact);
    EXPECT_FALSE(approximate.exact);
    EXPECT_NEAR(exact.pValue, approximate.pValue, 0.01);
  }
}

TEST(Holm, StepsDownAndKeepsOrder)
{
  const auto adjusted = HolmAdjust(std::vector<double>{0.01, 0.04, std::nan(""), 0.03, 0.005});
  EXPECT_DOUBLE_EQ(adjusted[0], 0.03);
  EXPECT_DOUBLE_EQ(adjusted[1], 0.06);
  EXPECT_TRUE(std::isnan(adjusted[2]));
  EXPECT_DOUBLE_EQ(adjusted[3], 0.06);
  EXPECT_DOUBLE_EQ(adjusted[4], 0.02);
  EXPECT_EQ(HolmAdjust(std::vector<double>{0.9, 0.8}), (std::vector<double>{1.0, 1.0}));
}

TEST(Bootstrap, CoversTheTrueMean)
{
  int covered = 0;
  const int trials = 300;
  for (int trial = 0; trial < trials; ++trial)
  {
    RandomEngine random(static_cast<std::uint64_t>(trial));
    std::vector<double> values(40);
    for (auto & value : values)
    {
      value = random.Normal(2.0, 3.0);
    }
    const auto interval = BootstrapInterval(values, Mean, RandomEngine(99), {500, 0.95});
    covered += interval.low <= 2.0 && 2.0 <= interval.high;
  }
  EXPECT_GT(covered, trials * 0.90);
  EXPECT_LT(covered, trials * 0.985);
}

TEST(Bootstrap, SameForAnyThreadCount)
{
  RandomEngine random(1);
  std::vector<double> values(31);
  for (auto & value : values)
  {
    value = random.Uniform();
  }
  const int before = GetThreadCount();
  SetThreadCount(1);
  const auto one = BootstrapInterval(values, Median, RandomEngine(7));
  SetThreadCount(4);
  const auto four = BootstrapInterval(values, Median, RandomEngine(7));
  SetThreadCount(before);
  EXPECT_EQ(one.low, four.low);
  EXPECT_EQ(one.high, four.high);
  EXPECT_LT(one.low, one.high);
}

TEST(Bootstrap, GroupsAreDrawnTogether)
{
  // Two values a subject, equal within it: twenty values say no more than ten.
  std::vector<double> single;
  std::vector<double> doubled;
  std::vector<std::string> subjects;
  for (int i = 0; i < 10; ++i)
  {
    single.push_back(i);
    doubled.insert(doubled.end(), 2, i);
    subjects.insert(subjects.end(), 2, "s" + std::to_string(i));
  }
  const auto alone = BootstrapInterval(single, Mean, RandomEngine(4));
  const auto grouped = BootstrapInterval(doubled, Mean, RandomEngine(4), {}, subjects);
  EXPECT_DOUBLE_EQ(alone.low, grouped.low);
  EXPECT_DOUBLE_EQ(alone.high, grouped.high);
  EXPECT_THROW(BootstrapInterval(single, Mean, RandomEngine(4), {}, subjects), UsageError);
}

TEST(ComparePaired, CountsDirectionsAndMissing)
{
  const double none = std::nan("");
  const std::vector<double> a{1.0, 2.0, 3.0, none, Infinite};
  const std::vector<double> b{1.5, 2.0, 2.0, 4.0, Infinite};
  const auto result = ComparePaired(a, b, RandomEngine(0));
  EXPECT_EQ(result.pairs, 4U);
  EXPECT_EQ(result.missing, 1U);
  EXPECT_EQ(result.higherInB, 1U);
  EXPECT_EQ(result.equal, 2U);
  EXPECT_EQ(result.lowerInB, 1U);
  EXPECT_DOUBLE_EQ(result.meanDifference, -0.125);
  EXPECT_EQ(result.wilcoxon.pairs, 2U);
  EXPECT_THROW(ComparePaired(a, std::vector<double>{1.0}, RandomEngine(0)), UsageError);
}

} // namespace
} // namespace sulcus
