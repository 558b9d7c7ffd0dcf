#include <sulcusExpansion.h>
#include <sulcusGridFlow.h>
#include <sulcusRandomEngine.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace sulcus
{
namespace
{

constexpr double Scale = 1 << 20;

using Pair = std::array<double, 2>;

std::vector<std::int32_t>
Unaries(const std::vector<Pair> & costs)
{
  std::vector<std::int32_t> unary;
  for (const auto & cost : costs)
  {
    unary.push_back(std::int32_t(std::lround(Scale * (cost[0] - cost[1]))));
  }
  return unary;
}

double
Constant(const std::vector<Pair> & costs)
{
  double sum = 0.0;
  for (const auto & cost : costs)
  {
    sum += std::min(cost[0], cost[1]);
  }
  return sum;
}

struct Solved
{
  double energy;
  std::vector<std::uint8_t> labels;
};

Solved
Solve(GridSize size,
      unsigned neighbours,
      const std::vector<Pair> & costs,
      double lambda,
      bool overDistance)
{
  const auto unary = Unaries(costs);
  std::vector<std::uint32_t> weights;
  const auto distances = GridNeighbourhood(neighbours).Distances({1, 1, 1});
  for (unsigned k = neighbours / 2; k < neighbours; ++k)
  {
    weights.push_back(
        std::uint32_t(std::lround(Scale * lambda / (overDistance ? distances[k] : 1.0))));
  }
  const UniformGridCapacities capacities(weights);
  Solved solved{0, std::vector<std::uint8_t>(costs.size())};
  const auto report = SolveGridFlow({size, neighbours, unary, &capacities}, solved.labels);
  EXPECT_EQ(report.energy, report.dualBound);
  solved.energy = double(report.energy) / Scale + Constant(costs);
  return solved;
}

TEST(GridFlowOracles, T2BinaryTwoByTwo)
{
  const std::vector<Pair> costs{{0, 4}, {1, 3}, {3, 1}, {2, 2.5}};
  const auto at = [&](double lambda) { return Solve({2, 2, 1}, 6, costs, lambda, false); };
  EXPECT_NEAR(at(0).energy, 4, 1e-5);
  EXPECT_EQ(at(0).labels, (std::vector<std::uint8_t>{0, 0, 1, 0}));
  EXPECT_NEAR(at(1).energy, 6, 1e-5);
  EXPECT_NEAR(at(2).energy, 6, 1e-5);
  EXPECT_EQ(at(2).labels, (std::vector<std::uint8_t>{0, 0, 0, 0}));
  EXPECT_NEAR(at(10).energy, 6, 1e-5);
  EXPECT_EQ(at(10).labels, (std::vector<std::uint8_t>{0, 0, 0, 0}));
}

TEST(GridFlowOracles, T5BinaryTwoByTwoByTwo)
{
  const std::vector<Pair> costs{{5, 1}, {4, 2}, {1, 6}, {3, 3}, {0, 7}, {2, 5}, {6, 1}, {4, 4}};
  const std::vector<std::uint8_t> zeros(8, 0);
  const auto at = [&](unsigned neighbours, bool overDistance) {
    return Solve({2, 2, 2}, neighbours, costs, 1.0, overDistance);
  };
  EXPECT_NEAR(at(6, false).energy, 21, 1e-5);
  EXPECT_NEAR(at(18, false).energy, 25, 1e-5);
  EXPECT_EQ(at(18, false).labels, zeros);
  EXPECT_NEAR(at(26, false).energy, 25, 1e-5);
  EXPECT_EQ(at(26, false).labels, zeros);
  EXPECT_NEAR(at(6, true).energy, 21, 1e-5);
  EXPECT_NEAR(at(18, true).energy, 24.828427, 1e-5);
  EXPECT_EQ(at(18, true).labels, (std::vector<std::uint8_t>{1, 0, 0, 0, 0, 0, 1, 0}));
  EXPECT_NEAR(at(26, true).energy, 25, 1e-5);
  EXPECT_EQ(at(26, true).labels, zeros);
}

ExpansionReport
SolveT4(unsigned lambda, std::vector<std::uint8_t> & labels, bool keepStart)
{
  // tenths: costs (0,2,2), (2,0,2), (2,2,0), (1,1,1.2); lambda in halves
  const StoredLabelCosts costs({{0, 20, 20, 10}, {20, 0, 20, 10}, {20, 20, 0, 12}});
  const UniformGridCapacities weights({5 * lambda, 5 * lambda, 5 * lambda});
  ExpansionOptions options;
  options.keepStart = keepStart;
  options.boundRounds = 20;
  const auto report = SolveByExpansion({{2, 2, 1}, 6, 3, &costs, &weights}, labels, options);
  EXPECT_TRUE(std::is_sorted(report.energyAfterMove.rbegin(), report.energyAfterMove.rend()));
  EXPECT_LE(report.dualBound, report.energy);
  return report;
}

TEST(GridFlowOracles, T4ExpansionIsNotGlobal)
{
  const std::vector<std::uint8_t> optimum{0, 1, 2, 1};
  for (int start = -1; start < 3; ++start)
  {
    const bool keep = start >= 0;
    std::vector<std::uint8_t> labels(4, std::uint8_t(std::max(0, start)));
    EXPECT_EQ(SolveT4(1, labels, keep).energy, 25) << "lambda 0.5 from " << start;
    EXPECT_EQ(
        PottsEnergy(
            {{2, 2, 1},
             6,
             3,
             std::make_unique<StoredLabelCosts>(
                 std::vector<std::vector<std::int32_t>>{
                     {0, 20, 20, 10}, {20, 0, 20, 10}, {20, 20, 0, 12}})
                 .get(),
             std::make_unique<UniformGridCapacities>(std::vector<std::uint32_t>{5, 5, 5}).get()},
            optimum),
        25);
    labels.assign(4, std::uint8_t(std::max(0, start)));
    const auto report = SolveT4(2, labels, keep);
    const bool stuck = start == 0 || start == 1;
    EXPECT_EQ(report.energy, stuck ? 50 : 40) << "lambda 1 from " << start;
    EXPECT_LE(report.energy, 2 * 40);
    EXPECT_LE(report.dualBound, 40);
    labels.assign(4, std::uint8_t(std::max(0, start)));
    EXPECT_EQ(SolveT4(4, labels, keep).energy, 50) << "lambda 2 from " << start;
  }
}

TEST(Expansion, BoundsAndEnergiesAgainstBruteForce)
{
  RandomEngine random(91);
  for (int i = 0; i < 200; ++i)
  {
    const GridSize size{3, 2, std::size_t(random.Integer(1, 2))};
    const auto voxels = GridVoxelCount(size);
    const unsigned labelCount = unsigned(random.Integer(2, voxels == 6 ? 4 : 2));
    std::vector<std::vector<std::int32_t>> table(labelCount);
    for (auto & row : table)
    {
      for (std::size_t p = 0; p < voxels; ++p)
      {
        row.push_back(std::int32_t(random.Integer(0, 20)));
      }
    }
    const StoredLabelCosts costs(table);
    StoredGridCapacities weights(13, voxels);
    for (unsigned k = 0; k < 13; ++k)
    {
      for (std::size_t p = 0; p < voxels; ++p)
      {
        weights.Set(k, p, std::uint32_t(random.Integer(0, 8)), 0);
      }
    }
    // symmetric weights: backward equals forward
    StoredGridCapacities symmetric(13, voxels);
    for (unsigned k = 0; k < 13; ++k)
    {
      for (std::size_t p = 0; p < voxels; ++p)
      {
        std::uint32_t forward = 0;
        std::uint32_t backward = 0;
        weights.Row(k, p, 1, &forward, &backward);
        symmetric.Set(k, p, forward, forward);
      }
    }
    const ExpansionProblem problem{size, 26, labelCount, &costs, &symmetric};
    std::vector<std::uint8_t> labels(voxels, 0);
    std::int64_t best = INT64_MAX;
    for (std::size_t code = 0, end = std::size_t(std::pow(labelCount, voxels) + 0.5); code < end;
         ++code)
    {
      std::size_t rest = code;
      for (std::size_t p = 0; p < voxels; ++p, rest /= labelCount)
      {
        labels[p] = std::uint8_t(rest % labelCount);
      }
      best = std::min(best, PottsEnergy(problem, labels));
    }
    ExpansionOptions options;
    options.boundRounds = 5;
    const auto report = SolveByExpansion(problem, labels, options);
    ASSERT_EQ(report.energy, PottsEnergy(problem, labels));
    ASSERT_GE(report.energy, best);
    ASSERT_LE(report.energy, 2 * best);
    ASSERT_LE(report.dualBound, best);
    if (labelCount == 2)
    {
      ASSERT_EQ(report.energy, best) << "instance " << i;
      ASSERT_EQ(report.dualBound, best) << "instance " << i;
      ASSERT_TRUE(report.isOptimal);
    }
  }
}

TEST(Expansion, MinMarginalsOfOracleT2)
{
  const std::vector<Pair> costs{{0, 4}, {1, 3}, {3, 1}, {2, 2.5}};
  const auto unary = Unaries(costs);
  const auto weight = std::uint32_t(2 * Scale);
  const UniformGridCapacities capacities({weight, weight, weight});
  const auto marginal = MinMarginals({{2, 2, 1}, 6, unary, &capacities}, 0);
  EXPECT_NEAR(double(marginal[0]) / Scale + Constant(costs), 6.0, 1e-5);
  // with voxel 0 at label 1 the best is all ones: 4 + 3 + 1 + 2.5
  EXPECT_NEAR(double(marginal[1]) / Scale + Constant(costs), 10.5, 1e-5);
}

} // namespace
} // namespace sulcus
