#include <sulcusContrastCapacities.h>
#include <sulcusGraphCutConsensus.h>
#include <sulcusRandomEngine.h>
#include <sulcusStaple.h>
#include <sulcusVoteTable.h>
#include <sulcusVoxelFeatures.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

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

/** The settings of the oracles: six neighbours, unit distances, nothing clamped, epsilon 1e-3 in
 * votes. */
ConsensusOptions
OracleOptions(double lambda, double meanWeight)
{
  ConsensusOptions options;
  options.lambda = lambda;
  options.neighbours = 6;
  options.clampUnanimous = false;
  options.evidence = 0.0;
  options.epsilon = 1e-3 / meanWeight;
  return options;
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
  for (unsigned p = 0; p < 4; ++p)
  {
    EXPECT_NEAR(marginal[p][0], expected[p][0], 2e-6);
    EXPECT_NEAR(marginal[p][1], expected[p][1], 2e-6);
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

/** Two nested structures with their own grey levels and a little noise. */
struct TwoStructures
{
  std::array<std::size_t, 3> size{30, 28, 26};
  std::vector<float> image;
  std::vector<std::uint16_t> truth;

  TwoStructures()
  {
    RandomEngine random(5);
    for (std::size_t p = 0; p < size[0] * size[1] * size[2]; ++p)
    {
      const double x = double(p % size[0]) - 14.0;
      const double y = double(p / size[0] % size[1]) - 13.0;
      const double z = double(p / size[0] / size[1]) - 12.0;
      const double radius = std::sqrt(x * x + 1.3 * y * y + z * z);
      const std::uint16_t label = radius > 10.0 ? 0 : x > 0 ? 1 : 2;
      truth.push_back(label);
      image.push_back(float(100.0 + 60.0 * label + random.Normal(0.0, 4.0)));
    }
  }
};

TEST(ConsensusOracles, T8SwappedLabelsAreInvisibleToSelfConsistency)
{
  const TwoStructures phantom;
  auto swapped = phantom.truth;
  for (auto & label : swapped)
  {
    label = label == 0 ? 0 : std::uint16_t(3 - label);
  }
  AnnotationBlock block;
  block.size = phantom.size;
  block.labelCount = 3;
  block.votes = {phantom.truth, phantom.truth, swapped};
  block.image = phantom.image;
  ConsensusOptions options;
  options.maxSamples = 3000;
  options.forest.trees = 30;
  options.agreementPower = 0.0;
  const auto paperLike = RunGraphCutConsensus(block, options);
  for (const auto & rater : paperLike.raters)
  {
    ASSERT_TRUE(rater.selfConsistency);
    EXPECT_NEAR(*rater.selfConsistency, *paperLike.raters[0].selfConsistency, 0.05);
    EXPECT_NEAR(rater.meanWeight, paperLike.raters[0].meanWeight, 0.05);
  }
  EXPECT_EQ(paperLike.labels, phantom.truth) << "the majority still wins";
  options.agreementPower = 1.0;
  const auto robust = RunGraphCutConsensus(block, options);
  EXPECT_EQ(robust.raters[2].agreement, 0.0);
  EXPECT_NEAR(robust.raters[2].meanWeight, options.minimumWeight, 1e-6);
  EXPECT_EQ(robust.labels, phantom.truth);

  // why not kappa: shares 0.8, 0.1, 0.1 with the two small labels exchanged
  const std::vector<double> confusion{80, 0, 0, 0, 0, 10, 0, 10, 0};
  EXPECT_NEAR(CohenKappa(confusion, 3), 0.411765, 1e-6);
}

TEST(ConsensusOracles, T9SelfConsistencyScale)
{
  EXPECT_DOUBLE_EQ(SelfConsistencyFromAccuracy(0.5, 2), 0.0);
  EXPECT_DOUBLE_EQ(SelfConsistencyFromAccuracy(0.75, 2), 0.5);
  EXPECT_DOUBLE_EQ(SelfConsistencyFromAccuracy(1.0, 2), 1.0);
  EXPECT_DOUBLE_EQ(SelfConsistencyFromAccuracy(0.3, 2), 0.0);
  EXPECT_NEAR(SelfConsistencyFromAccuracy(0.8, 4), 0.733333, 1e-6);

  const std::array<std::size_t, 3> size{40, 36, 32};
  std::vector<float> image;
  std::vector<std::uint16_t> threshold;
  std::vector<std::uint16_t> noise;
  RandomEngine random(3);
  for (std::size_t p = 0; p < size[0] * size[1] * size[2]; ++p)
  {
    const double x = double(p % size[0]);
    const double y = double(p / size[0] % size[1]);
    const double z = double(p / size[0] / size[1]);
    const double value = std::sin(0.31 * x + 0.1 * y) + std::cos(0.27 * y - 0.22 * z) +
                         std::sin(0.19 * z + 0.13 * x);
    image.push_back(float(value));
    threshold.push_back(value > 0.3);
    noise.push_back(std::uint16_t(random.Integer(0, 1)));
  }
  AnnotationBlock block;
  block.size = size;
  block.votes = {threshold, noise};
  block.image = image;
  ConsensusOptions options;
  options.maxSamples = 6000;
  options.forest.trees = 40;
  const auto result = RunGraphCutConsensus(block, options);
  EXPECT_GT(*result.raters[0].selfConsistency, 0.95);
  EXPECT_LT(*result.raters[1].selfConsistency, 0.1);
}

AnnotationBlock
RandomBlock(std::uint64_t seed, unsigned labels, std::size_t raters, double missing)
{
  RandomEngine random(seed);
  AnnotationBlock block;
  block.size = {6, 5, 4};
  block.spacingInMm = {1.0, 1.2, 2.5};
  block.labelCount = labels;
  std::vector<std::uint16_t> truth;
  for (std::size_t p = 0; p < block.VoxelCount(); ++p)
  {
    truth.push_back(std::uint16_t((p % 6) * labels / 6));
  }
  for (std::size_t r = 0; r < raters; ++r)
  {
    auto votes = truth;
    for (auto & vote : votes)
    {
      vote = random.Chance(0.3) ? std::uint16_t(random.Integer(0, int(labels) - 1)) : vote;
      vote = random.Chance(missing) ? Missing : vote;
    }
    block.votes.push_back(votes);
  }
  return block;
}

TEST(ConsensusOracles, T11LambdaZeroIsTheWeightedVote)
{
  const auto block = RandomBlock(21, 4, 5, 0.2);
  const std::vector<double> weights{1.0, 0.37, 0.81, 0.55, 0.93};
  ConsensusOptions options = OracleOptions(0.0, 1.0);
  const auto result = RunWeightedCut(block, weights, options);
  for (std::size_t p = 0; p < block.VoxelCount(); ++p)
  {
    std::vector<double> sums(4, 0.0);
    for (std::size_t r = 0; r < 5; ++r)
    {
      if (block.votes[r][p] != Missing)
      {
        sums[block.votes[r][p]] += weights[r];
      }
    }
    EXPECT_EQ(result.labels[p], std::max_element(sums.begin(), sums.end()) - sums.begin()) << p;
  }
}

TEST(ConsensusOracles, T11HugeLambdaIsConstant)
{
  const auto block = RandomBlock(22, 3, 4, 0.1);
  const std::vector<double> weights{1, 1, 1, 1};
  const auto result = RunWeightedCut(block, weights, OracleOptions(1e5, 1.0));
  std::vector<double> totals(3, 0.0);
  for (std::size_t p = 0; p < block.VoxelCount(); ++p)
  {
    std::vector<double> sums(3, 0.0);
    for (const auto & votes : block.votes)
    {
      if (votes[p] != Missing)
      {
        sums[votes[p]] += 1.0;
      }
    }
    const auto costs = UnaryCosts(sums, 1e-3);
    std::transform(totals.begin(), totals.end(), costs.begin(), totals.begin(), std::plus<>());
  }
  const auto best = std::min_element(totals.begin(), totals.end()) - totals.begin();
  EXPECT_TRUE(
      std::all_of(result.labels.begin(), result.labels.end(), [&](auto l) { return l == best; }));
  EXPECT_NEAR(result.energy, totals[std::size_t(best)], 1e-6 * totals[std::size_t(best)]);
}

TEST(ConsensusOracles, T11IdenticalAnnotatorsAreReturned)
{
  auto block = RandomBlock(23, 3, 1, 0.0);
  block.votes.resize(4, block.votes[0]);
  ConsensusOptions options;
  options.lambda = 50.0;
  const auto result = RunGraphCutConsensus(block, options);
  EXPECT_EQ(result.labels, block.votes[0]);
  EXPECT_EQ(result.bandVoxels, 0U);
  EXPECT_FALSE(result.notes.empty()) << "identical maps are worth a warning";
}

TEST(ConsensusOracles, T11OrderOfAnnotatorsAndScaleOfWeightsDoNotMatter)
{
  const auto block = RandomBlock(24, 4, 5, 0.15);
  ConsensusOptions options;
  const auto expected = RunGraphCutConsensus(block, options);
  auto permuted = block;
  const std::vector<std::size_t> order{3, 0, 4, 1, 2};
  for (std::size_t r = 0; r < 5; ++r)
  {
    permuted.votes[r] = block.votes[order[r]];
  }
  const auto result = RunGraphCutConsensus(permuted, options);
  EXPECT_EQ(result.labels, expected.labels);
  EXPECT_EQ(result.confidence, expected.confidence) << "the same bits";
  EXPECT_EQ(result.energy, expected.energy);
  for (std::size_t r = 0; r < 5; ++r)
  {
    EXPECT_EQ(result.raters[r].meanWeight, expected.raters[order[r]].meanWeight);
  }
  const std::vector<double> weights{1.0, 0.4, 0.8, 0.6, 0.9};
  std::vector<double> scaled;
  std::transform(
      weights.begin(), weights.end(), std::back_inserter(scaled), [](double w) { return 8.0 * w; });
  EXPECT_EQ(RunWeightedCut(block, weights, options).labels,
            RunWeightedCut(block, scaled, options).labels);
}

TEST(ConsensusOracles, T11RelabellingGivesTheSamePartition)
{
  const auto block = RandomBlock(25, 3, 3, 0.0);
  auto relabelled = block;
  const std::array<std::uint16_t, 3> map{2, 0, 1};
  for (auto & votes : relabelled.votes)
  {
    for (auto & vote : votes)
    {
      vote = map[vote];
    }
  }
  const std::vector<double> weights{1.0, 0.73, 0.51}; // no ties
  ConsensusOptions options;
  options.lambda = 0.2;
  const auto a = RunWeightedCut(block, weights, options);
  const auto b = RunWeightedCut(relabelled, weights, options);
  std::size_t same = 0;
  for (std::size_t p = 0; p < a.labels.size(); ++p)
  {
    same += map[a.labels[p]] == b.labels[p];
  }
  EXPECT_EQ(same, a.labels.size());
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

TEST(ConsensusOracles, T14OneExpectationStep)
{
  // three raters of sensitivity and specificity 0.9 voting 1, 1, 0
  for (const auto & [prior, expected] : {std::pair{0.5, 0.9}, std::pair{0.1, 0.5}})
  {
    const double inside = prior * 0.9 * 0.9 * 0.1;
    const double outside = (1.0 - prior) * 0.1 * 0.1 * 0.9;
    EXPECT_NEAR(inside / (inside + outside), expected, 1e-12);
  }
  // a population that makes those parameters the fixed point: every pattern as often as the model
  // says
  for (const double prior : {0.5, 0.1})
  {
    VotePatterns patterns;
    patterns.raterCount = 3;
    patterns.labelCount = 2;
    for (unsigned code = 0; code < 8; ++code)
    {
      double inside = prior;
      double outside = 1.0 - prior;
      for (unsigned r = 0; r < 3; ++r)
      {
        const auto vote = std::uint16_t((code >> r) & 1U);
        patterns.votes.push_back(vote);
        inside *= vote ? 0.9 : 0.1;
        outside *= vote ? 0.1 : 0.9;
      }
      patterns.counts.push_back(std::uint64_t(std::lround(1e6 * (inside + outside))));
    }
    (void)MakeCanonical(patterns);
    StapleOptions options;
    options.prior = prior;
    const auto staple = RunBinaryStaple(patterns, options);
    EXPECT_TRUE(staple.converged);
    for (std::size_t r = 0; r < 3; ++r)
    {
      EXPECT_NEAR(staple.sensitivity[r], 0.9, 1e-4);
      EXPECT_NEAR(staple.specificity[r], 0.9, 1e-4);
    }
    for (std::size_t i = 0; i < patterns.Size(); ++i)
    {
      const auto pattern = patterns.Pattern(i);
      if (pattern[0] + pattern[1] + pattern[2] == 2)
      {
        EXPECT_NEAR(staple.probability[i], prior == 0.5 ? 0.9 : 0.5, 1e-3);
      }
    }
  }
}

TEST(ConsensusOracles, T15CurvatureOfASphere)
{
  for (const auto & spacing : {std::array{1.0, 1.0, 1.0}, std::array{1.0, 1.0, 2.0}})
  {
    ImageBlock block;
    block.spacingInMm = spacing;
    block.size = {40, 40, std::size_t(40.0 / spacing[2])};
    std::vector<float> distance;
    for (std::size_t p = 0; p < block.size[0] * block.size[1] * block.size[2]; ++p)
    {
      const double x = (double(p % block.size[0]) - 19.5) * spacing[0];
      const double y = (double(p / block.size[0] % block.size[1]) - 19.5) * spacing[1];
      const double z =
          (double(p / block.size[0] / block.size[1]) - 0.5 * double(block.size[2] - 1)) *
          spacing[2];
      distance.push_back(float(std::sqrt(x * x + y * y + z * z) - 10.0));
    }
    block.values = distance;
    const auto curvature = MeanCurvature(block, 1.0);
    std::size_t checked = 0;
    for (std::size_t p = 0; p < curvature.size(); ++p)
    {
      if (std::abs(distance[p]) < 0.3F)
      {
        EXPECT_NEAR(curvature[p], 0.1, 0.01);
        ++checked;
      }
    }
    EXPECT_GT(checked, 200U);
  }
}

TEST(VoxelFeatures, ConstantImageHasFiniteZeroFeatures)
{
  ImageBlock block;
  block.size = {9, 8, 7};
  block.spacingInMm = {0.7, 1.0, 3.0};
  const std::vector<float> values(9 * 8 * 7, 123.4F);
  block.values = values;
  const std::vector<std::uint32_t> voxels{0, 100, 503};
  const auto features = ComputeVoxelFeatures(block, voxels);
  EXPECT_EQ(features.names.size(), 43U);
  for (std::size_t i = 0; i < features.values.size(); ++i)
  {
    const auto & name = features.names[i % 43];
    EXPECT_TRUE(std::isfinite(features.values[i])) << name;
    if (name.size() > 1 && name != "decile")
    {
      EXPECT_EQ(features.values[i], 0.0F) << name;
    }
  }
}

} // namespace
} // namespace sulcus
