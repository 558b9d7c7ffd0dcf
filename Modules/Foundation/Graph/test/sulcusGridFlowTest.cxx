#include "sulcusReferenceFlow.h"
#include <sulcusError.h>
#include <sulcusGridFlow.h>
#include <sulcusRandomEngine.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>

namespace sulcus
{
namespace
{

struct Instance
{
  GridFlowProblem problem;
  std::vector<std::int32_t> unary;
  std::unique_ptr<StoredGridCapacities> capacities;
};

/** Visits every edge of a grid: body(forward step, tail, head). */
template <typename TBody>
void
ForEachEdge(const GridSize & size, unsigned neighbours, const TBody & body)
{
  const auto steps = GridNeighbourhood(neighbours).ForwardSteps();
  for (std::size_t z = 0; z < size[2]; ++z)
  {
    for (std::size_t y = 0; y < size[1]; ++y)
    {
      for (std::size_t x = 0; x < size[0]; ++x)
      {
        for (unsigned k = 0; k < steps.size(); ++k)
        {
          const std::size_t hx = x + static_cast<std::size_t>(steps[k][0]);
          const std::size_t hy = y + static_cast<std::size_t>(steps[k][1]);
          const std::size_t hz = z + static_cast<std::size_t>(steps[k][2]);
          if (hx < size[0] && hy < size[1] && hz < size[2])
          {
            body(k, x + size[0] * (y + size[1] * z), hx + size[0] * (hy + size[1] * hz));
          }
        }
      }
    }
  }
}

Instance
RandomInstance(
    RandomEngine & random, GridSize size, unsigned neighbours, int unaryRange, int capacityRange)
{
  Instance made;
  const std::size_t voxels = GridVoxelCount(size);
  for (std::size_t p = 0; p < voxels; ++p)
  {
    made.unary.push_back(static_cast<std::int32_t>(random.Integer(-unaryRange, unaryRange)));
  }
  made.capacities = std::make_unique<StoredGridCapacities>(neighbours / 2, voxels);
  const bool symmetric = random.Chance(0.5);
  ForEachEdge(size,
              neighbours,
              [&](unsigned k, std::size_t p, std::size_t)
              {
                const auto forward = static_cast<std::uint32_t>(random.Integer(0, capacityRange));
                const auto backward = static_cast<std::uint32_t>(random.Integer(0, capacityRange));
                made.capacities->Set(k, p, forward, symmetric ? forward : backward);
              });
  made.problem = {size, neighbours, made.unary, made.capacities.get()};
  return made;
}

/** Energy of a labelling straight from its definition. */
std::int64_t
EnergyByDefinition(const GridFlowProblem & problem, const std::vector<std::uint8_t> & labels)
{
  std::int64_t energy = 0;
  for (std::size_t p = 0; p < labels.size(); ++p)
  {
    energy += std::max<std::int64_t>(0, labels[p] == 1 ? -problem.unary[p] : problem.unary[p]);
  }
  ForEachEdge(problem.size,
              problem.neighbours,
              [&](unsigned k, std::size_t p, std::size_t q)
              {
                std::uint32_t forward = 0;
                std::uint32_t backward = 0;
                problem.capacities->Row(k, p, 1, &forward, &backward);
                energy += labels[p] == 1 && labels[q] != 1   ? forward
                          : labels[p] != 1 && labels[q] == 1 ? backward
                                                             : 0;
              });
  return energy;
}

test::ReferenceFlow
SolveByReference(const GridFlowProblem & problem, std::int64_t & flow)
{
  test::ReferenceFlow reference(problem.unary.size());
  for (std::size_t p = 0; p < problem.unary.size(); ++p)
  {
    reference.AddUnary(p, problem.unary[p]);
  }
  ForEachEdge(problem.size,
              problem.neighbours,
              [&](unsigned k, std::size_t p, std::size_t q)
              {
                std::uint32_t forward = 0;
                std::uint32_t backward = 0;
                problem.capacities->Row(k, p, 1, &forward, &backward);
                reference.AddEdge(p, q, forward, backward);
              });
  flow = reference.Solve();
  return reference;
}

TEST(GridNeighbourhood, EdgeCountsOfOracleT1)
{
  const auto edges = [](GridSize size)
  {
    return std::array<std::uint64_t, 3>{GridNeighbourhood(6).EdgeCount(size),
                                        GridNeighbourhood(18).EdgeCount(size),
                                        GridNeighbourhood(26).EdgeCount(size)};
  };
  EXPECT_EQ(edges({2, 2, 1}), (std::array<std::uint64_t, 3>{4, 6, 6}));
  EXPECT_EQ(edges({2, 2, 2}), (std::array<std::uint64_t, 3>{12, 24, 28}));
  EXPECT_EQ(edges({3, 3, 3}), (std::array<std::uint64_t, 3>{54, 126, 158}));
  EXPECT_EQ(edges({4, 3, 2}), (std::array<std::uint64_t, 3>{46, 104, 128}));
}

TEST(GridNeighbourhood, DistancesInMillimetresOfOracleT1)
{
  auto distances = GridNeighbourhood(26).Distances({1.0, 1.0, 3.0});
  std::sort(distances.begin(), distances.end());
  distances.erase(std::unique(distances.begin(),
                              distances.end(),
                              [](double a, double b) { return b - a < 1e-9; }),
                  distances.end());
  const std::vector<double> expected{1.0, 1.414214, 3.0, 3.162278, 3.316625};
  ASSERT_EQ(distances.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
  {
    EXPECT_NEAR(distances[i], expected[i], 1e-6);
  }
}

TEST(GridNeighbourhood, OppositeNeighboursHaveOppositeNumbers)
{
  for (const unsigned count : {6U, 18U, 26U})
  {
    const auto offsets = GridNeighbourhood(count).Offsets({7, 5, 4});
    for (unsigned k = 0; k < count; ++k)
    {
      EXPECT_EQ(offsets[k], -offsets[count - 1 - k]);
      EXPECT_EQ(offsets[k] > 0, k >= count / 2);
    }
  }
  EXPECT_THROW(GridNeighbourhood(8), UsageError);
}

/** Exhaustive minimum and the minimiser with the fewest ones. */
TEST(GridFlow, EqualsBruteForceOnTinyGrids)
{
  RandomEngine random(71);
  for (int i = 0; i < 600; ++i)
  {
    const GridSize size{std::size_t(random.Integer(1, 3)), std::size_t(random.Integer(1, 2)), 2};
    const unsigned neighbours = std::array{6U, 18U, 26U}[std::size_t(random.Integer(0, 2))];
    const auto made = RandomInstance(
        random, size, neighbours, int(random.Integer(1, 12)), int(random.Integer(0, 6)));
    const std::size_t voxels = made.unary.size();
    std::int64_t best = INT64_MAX;
    int fewest = 0;
    std::vector<std::uint8_t> labels(voxels);
    for (unsigned code = 0; code < (1U << voxels); ++code)
    {
      for (std::size_t p = 0; p < voxels; ++p)
      {
        labels[p] = (code >> p) & 1U;
      }
      const auto energy = EnergyByDefinition(made.problem, labels);
      const int ones = std::popcount(code);
      fewest = energy < best || (energy == best && ones < fewest) ? ones : fewest;
      best = std::min(best, energy);
    }
    const auto report = SolveGridFlow(made.problem, labels);
    ASSERT_EQ(report.energy, best) << "instance " << i;
    ASSERT_EQ(report.dualBound, best) << "instance " << i;
    ASSERT_EQ(std::count(labels.begin(), labels.end(), 1), fewest) << "instance " << i;
    ASSERT_EQ(EnergyByDefinition(made.problem, labels), best);
  }
}

TEST(GridFlow, EqualsIndependentSolverOnTenThousandInstances)
{
  RandomEngine random(72);
  for (int i = 0; i < 10000; ++i)
  {
    const GridSize size{std::size_t(random.Integer(1, 6)),
                        std::size_t(random.Integer(1, 5)),
                        std::size_t(random.Integer(1, 4))};
    const unsigned neighbours = std::array{6U, 18U, 26U}[std::size_t(random.Integer(0, 2))];
    const int scale = int(random.Integer(1, 3) * random.Integer(1, 40));
    const auto made = RandomInstance(random, size, neighbours, scale, int(random.Integer(0, 20)));
    std::int64_t flow = 0;
    const auto reference = SolveByReference(made.problem, flow);
    std::vector<std::uint8_t> labels(made.unary.size());
    GridFlowOptions options;
    options.persistency = i % 3 != 0;
    options.wideCapacities = i % 5 == 0;
    options.smallestSlab = i % 4 == 0 ? 1 : options.smallestSlab;
    const auto report = SolveGridFlow(made.problem, labels, options);
    ASSERT_EQ(report.energy, flow) << "instance " << i;
    ASSERT_EQ(report.dualBound, flow) << "instance " << i;
    for (std::size_t p = 0; p < labels.size(); ++p)
    {
      ASSERT_EQ(labels[p] == 1, reference.OnSourceSide(p)) << "instance " << i << ", voxel " << p;
    }
  }
}

TEST(GridFlow, ThreadsPersistencyAndWidthDoNotChangeTheResult)
{
  RandomEngine random(73);
  for (const unsigned neighbours : {6U, 26U})
  {
    const auto made = RandomInstance(random, {17, 13, 24}, neighbours, 400, 9);
    std::vector<std::uint8_t> expected(made.unary.size());
    SetThreadCount(1);
    const auto first = SolveGridFlow(made.problem, expected);
    EXPECT_LT(first.searchedVoxels, made.unary.size());
    for (const int threads : {2, 5, 8})
    {
      SetThreadCount(threads);
      std::vector<std::uint8_t> labels(made.unary.size());
      GridFlowOptions options;
      options.persistency = threads != 2;
      options.wideCapacities = threads == 5;
      options.smallestSlab = 1;
      const auto report = SolveGridFlow(made.problem, labels, options);
      EXPECT_EQ(labels, expected);
      EXPECT_EQ(report.dualBound, first.dualBound);
    }
    SetThreadCount(0);
  }
}

TEST(GridFlow, TiesAreFound)
{
  // Two voxels pulled apart with equal force and held together by a stronger edge: both constant
  // labellings cost 3.
  const std::vector<std::int32_t> unary{3, -3};
  const UniformGridCapacities capacities({5, 5, 5});
  std::vector<std::uint8_t> labels(2);
  GridFlowOptions options;
  options.findTies = true;
  const auto report = SolveGridFlow({{2, 1, 1}, 6, unary, &capacities}, labels, options);
  EXPECT_EQ(report.energy, 3);
  EXPECT_EQ(report.tiedVoxels, 2U);
  EXPECT_EQ(labels, (std::vector<std::uint8_t>{GridFlowTied, GridFlowTied}));
}

TEST(GridFlow, LongCorridorsAreFollowedToTheEnd)
{
  // Excess at one end, deficit at the other, nothing between: flow passes the whole length of a
  // one-voxel corridor.
  std::vector<std::int32_t> unary(5000, 0);
  unary.front() = 9;
  unary.back() = -7;
  const UniformGridCapacities capacities({4, 4, 4});
  std::vector<std::uint8_t> labels(unary.size());
  const auto report = SolveGridFlow({{5000, 1, 1}, 6, unary, &capacities}, labels);
  EXPECT_EQ(report.energy, 4);
  EXPECT_EQ(std::accumulate(labels.begin(), labels.end(), 0), 1);
}

TEST(GridFlow, CapacitiesBeyondSixteenBitsAreExact)
{
  RandomEngine random(74);
  const auto made = RandomInstance(random, {6, 5, 4}, 6, 2000000000, 1000000000);
  std::int64_t flow = 0;
  (void)SolveByReference(made.problem, flow);
  std::vector<std::uint8_t> labels(made.unary.size());
  const auto report = SolveGridFlow(made.problem, labels);
  EXPECT_TRUE(report.wideCapacities);
  EXPECT_EQ(report.energy, flow);
}

TEST(GridFlow, RefusesWhatDoesNotFit)
{
  const std::vector<std::int32_t> unary(8, 1);
  const UniformGridCapacities capacities({1, 1, 1});
  std::vector<std::uint8_t> labels(8);
  EXPECT_THROW(SolveGridFlow({{2, 2, 3}, 6, unary, &capacities}, labels), UsageError);
  EXPECT_THROW(SolveGridFlow({{2, 2, 2}, 7, unary, &capacities}, labels), UsageError);
  EXPECT_THROW(SolveGridFlow({{2, 2, 2}, 6, unary, nullptr}, labels), UsageError);
  const UniformGridCapacities tooLarge({1, 1, 3000000000U});
  EXPECT_THROW(SolveGridFlow({{2, 2, 2}, 6, unary, &tooLarge}, labels), ResourceError);
  EXPECT_THROW(GridVoxelCount({0, 4, 4}), UsageError);
  EXPECT_THROW(GridVoxelCount({65536, 65536, 2}), UsageError);
}

} // namespace
} // namespace sulcus
