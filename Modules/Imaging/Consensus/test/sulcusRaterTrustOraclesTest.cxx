// Oracles of trust in annotators: T8, T9, T14.
#include <sulcusGraphCutConsensus.h>
#include <sulcusRandomEngine.h>
#include <sulcusStaple.h>

#include <gtest/gtest.h>

#include <cmath>

namespace sulcus
{
namespace
{

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
  options.consistencyPower = 1.0;
  options.localPower = 1.0;
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

} // namespace
} // namespace sulcus
