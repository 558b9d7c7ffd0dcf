// Oracles of the energy: T3, T6, T7, T12.
#include "sulcusConsensusOracles.h"

#include <sulcusContrastCapacities.h>
#include <sulcusExpansion.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;

const std::vector<float> imageT3{100, 98, 40, 42};

AnnotationBlock
BlockT3()
{
  AnnotationBlock block;
  block.size = {2, 2, 1};
  block.votes = {{1, 1, 1, 0}, {1, 0, 0, 0}, {0, 0, 0, 0}};
  block.image = imageT3;
  return block;
}

struct CaseT3
{
  std::array<double, 3> weights;
  double lambda;
  std::optional<std::vector<std::uint16_t>> labels;
  double energy;
};

TEST(ConsensusOracles, T3ReliabilityChangesTheOutcome)
{
  using Labels = std::vector<std::uint16_t>;
  const std::vector<CaseT3> cases{
      {{1, 1, 1}, 0.0, Labels{1, 0, 0, 0}, 1.217228},
      {{1, 1, 1}, 0.5, Labels{1, 0, 0, 0}, 1.888549},
      {{1, 1, 1}, 1.0, Labels{0, 0, 0, 0}, 1.909876},
      {{0.9, 0.3, 0.3}, 0.0, Labels{1, 1, 1, 0}, 1.246404},
      {{0.9, 0.3, 0.3}, 0.5, Labels{1, 1, 1, 0}, 1.943086},
      {{0.9, 0.3, 0.3}, 1.0, Labels{1, 1, 0, 0}, 2.389691},
      {{1, 0.1, 0.1}, 0.0, Labels{1, 1, 1, 0}, 0.454575},
      {{1, 0.1, 0.1}, 0.5, Labels{1, 1, 1, 0}, 1.151257},
      {{1, 0.1, 0.1}, 1.0, Labels{1, 1, 1, 0}, 1.847938},
  };
  const auto block = BlockT3();
  for (const auto & c : cases)
  {
    const double mean = (c.weights[0] + c.weights[1] + c.weights[2]) / 3.0;
    const auto result = RunWeightedCut(block, c.weights, OracleOptions(c.lambda, mean));
    EXPECT_NEAR(result.energy, c.energy, 2e-6) << c.weights[1] << " at " << c.lambda;
    EXPECT_EQ(result.labels, *c.labels) << c.weights[1] << " at " << c.lambda;
    EXPECT_TRUE(result.hasLowerBound);
    EXPECT_LE(result.lowerBound, result.energy + 1e-12);
    EXPECT_NEAR(result.lowerBound, result.energy, 2e-5);
  }
}

TEST(ConsensusOracles, T3UnariesAndMinMarginals)
{
  const auto near = [](const std::vector<double> & votes, double zero, double one)
  {
    const auto costs = UnaryCosts(votes, 1e-3);
    EXPECT_NEAR(costs[0], zero, 1e-6);
    EXPECT_NEAR(costs[1], one, 1e-6);
  };
  near({1, 2}, 1.098279, 0.405632);
  near({2, 1}, 0.405632, 1.098279);
  near({3, 0}, 0.000333, 8.007034);
  near({0.3, 1.2}, 1.607443, 0.223643);
  near({0.6, 0.9}, 0.915958, 0.511048);
  near({1.5, 0}, 0.000666, 7.314553);
  near({0.1, 1.1}, 2.476622, 0.087768);
  near({0.2, 1.0}, 1.788437, 0.182987);
  near({1.2, 0}, 0.000832, 7.091742);

  // exact min-marginals at lambda 0.5 with equal weights, by enumeration
  const ContrastWeights weights({2, 2, 1}, {1, 1, 1}, 6, {{imageT3, 1.0}});
  const std::vector<std::vector<double>> costs{UnaryCosts(std::vector<double>{1, 2}, 1e-3),
                                               UnaryCosts(std::vector<double>{2, 1}, 1e-3),
                                               UnaryCosts(std::vector<double>{2, 1}, 1e-3),
                                               UnaryCosts(std::vector<double>{3, 0}, 1e-3)};
  double marginal[4][2];
  std::fill(&marginal[0][0], &marginal[0][0] + 8, 1e9);
  for (unsigned code = 0; code < 16; ++code)
  {
    const auto at = [&](unsigned p) { return (code >> p) & 1U; };
    double energy = 0.0;
    for (unsigned p = 0; p < 4; ++p)
    {
      energy += costs[p][at(p)];
    }
    energy += 0.5 * ((at(0) != at(1)) * weights(0, 0) + (at(2) != at(3)) * weights(0, 2) +
                     (at(0) != at(2)) * weights(1, 0) + (at(1) != at(3)) * weights(1, 1));
    for (unsigned p = 0; p < 4; ++p)
    {
      marginal[p][at(p)] = std::min(marginal[p][at(p)], energy);
    }
  }
  const double expected[4][2] = {
      {1.909876, 1.888549}, {1.888549, 2.279064}, {1.888549, 2.908690}, {1.888549, 10.587898}};
  // and by the solver, two cuts a voxel
  constexpr double scale = 1 << 20;
  std::vector<std::int32_t> unary;
  double constant = 0.0;
  for (const auto & cost : costs)
  {
    unary.push_back(static_cast<std::int32_t>(std::lround(scale * (cost[0] - cost[1]))));
    constant += std::min(cost[0], cost[1]);
  }
  const ContrastCapacities capacities(weights, 0.5 * scale);
  for (unsigned p = 0; p < 4; ++p)
  {
    EXPECT_NEAR(marginal[p][0], expected[p][0], 2e-6);
    EXPECT_NEAR(marginal[p][1], expected[p][1], 2e-6);
    const auto found = MinMarginals({weights.Size(), 6, unary, &capacities}, p);
    EXPECT_NEAR(double(found[0]) / scale + constant, expected[p][0], 1e-5);
    EXPECT_NEAR(double(found[1]) / scale + constant, expected[p][1], 1e-5);
  }
}

TEST(ConsensusOracles, T6MissingVotes)
{
  const auto near = [](const std::vector<double> & votes, double zero, double one)
  {
    const auto costs = UnaryCosts(votes, 1e-3);
    EXPECT_NEAR(costs[0], zero, 1e-6);
    EXPECT_NEAR(costs[1], one, 1e-6);
  };
  near({0.0, 0.8}, 6.687109, 0.001248);                   // (1, missing)
  near({0.0, 0.0}, 0.693147, 0.693147);                   // (missing, missing)
  near({1.2, 0.0}, 0.000832, 7.091742);                   // (0, 0)
  near({0.8, 0.4}, 0.405881, 1.097781);                   // (0, 1)
  near({0.2 * 0.3, 0.8 + 0.2 * 0.7}, 2.798879, 0.062810); // observed 1, imputed (0.3, 0.7)

  // the same through the votes of a block: missing is never background
  AnnotationBlock block;
  block.size = {4, 1, 1};
  block.votes = {{1, Missing, 0, 0}, {Missing, Missing, 0, 1}};
  const std::vector<double> weights{0.8, 0.4};
  const auto result = RunWeightedCut(block, weights, OracleOptions(0.0, 0.6));
  EXPECT_EQ(result.labels, (std::vector<std::uint16_t>{1, 0, 0, 0}));
  EXPECT_NEAR(result.energy, 0.001248 + 0.693147 + 0.000832 + 0.405881, 2e-6);
  EXPECT_EQ(result.flags[1], FlagUnsupported);
  EXPECT_EQ(result.confidence[1], 0.0F);
}

TEST(ConsensusOracles, T7DisagreementEverywhere)
{
  AnnotationBlock block;
  block.size = {2, 2, 1};
  block.votes = {{0, 0, 0, 0}, {1, 1, 1, 1}};
  const auto result = RunWeightedCut(block, std::vector<double>{1, 1}, OracleOptions(1.0, 1.0));
  EXPECT_NEAR(result.energy, 2.772589, 2e-6);
  EXPECT_EQ(result.labels, (std::vector<std::uint16_t>{0, 0, 0, 0}))
      << "ties go to the lowest label";
  for (std::size_t p = 0; p < 4; ++p)
  {
    EXPECT_TRUE(result.flags[p] & FlagTie);
    EXPECT_TRUE(result.flags[p] & FlagContested);
    EXPECT_EQ(result.confidence[p], 0.0F);
  }
  ASSERT_FALSE(result.notes.empty());
  EXPECT_NE(result.notes.back().find("tied"), std::string::npos);
}

TEST(ConsensusOracles, T12BandEqualsFullProblem)
{
  const auto block = BlockT3();
  const std::vector<double> weights{1, 1, 1};
  const double expected[3][2] = {{0.5, 1.8885491}, {1.0, 1.9098758}, {3.0, 1.9098758}};
  for (const auto & [lambda, energy] : expected)
  {
    auto options = OracleOptions(lambda, 1.0);
    const auto full = RunWeightedCut(block, weights, options);
    options.clampUnanimous = true; // voxel 3 alone is unanimous
    const auto band = RunWeightedCut(block, weights, options);
    EXPECT_EQ(band.bandVoxels, 3U);
    EXPECT_NEAR(full.energy, energy, 2e-7);
    EXPECT_NEAR(band.energy, energy, 2e-7);
    EXPECT_NEAR(UnaryCosts(std::vector<double>{3, 0}, 1e-3)[0], 0.0003332, 1e-7);
    EXPECT_EQ(band.labels, full.labels);
  }
}

} // namespace
} // namespace sulcus
