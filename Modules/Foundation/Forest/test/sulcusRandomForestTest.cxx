#include <sulcusError.h>
#include <sulcusRandomForest.h>
#include <sulcusSplitGain.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <numeric>

namespace sulcus
{
namespace
{

/** Two informative features (a ring: class 1 inside radius 1), the others noise. */
ForestSamples
Ring(std::size_t count, std::size_t features, std::uint64_t seed, double flipped = 0.0)
{
  RandomEngine random(seed);
  ForestSamples samples;
  samples.featureCount = features;
  for (std::size_t i = 0; i < count; ++i)
  {
    const double x = random.Uniform(-2, 2);
    const double y = random.Uniform(-2, 2);
    samples.features.push_back(float(x));
    samples.features.push_back(float(y));
    for (std::size_t f = 2; f < features; ++f)
    {
      samples.features.push_back(float(random.Normal()));
    }
    const bool inside = x * x + y * y < 1.0;
    samples.labels.push_back(inside != random.Chance(flipped));
  }
  return samples;
}

TEST(SplitGain, OracleT10)
{
  const std::vector<double> left{2, 0};
  const std::vector<double> right{0, 2};
  EXPECT_NEAR(LabelledGain(left, right), 0.693147, 1e-6);
  Moments near(1);
  Moments far(1);
  for (const float value : {0.0F, 1.0F})
  {
    near.Add(&value);
    const float shifted = value + 10.0F;
    far.Add(&shifted);
  }
  EXPECT_NEAR(UnlabelledGain(near, far, 0.0), 4.615121, 1e-6);
}

TEST(SplitGain, CovarianceDeterminantMatchesClosedForm)
{
  // corners of a 2 x 4 rectangle, sheared: variances 1 and 4 + 1, covariance 1; determinant 4
  Moments moments(2);
  for (const auto & point : {std::array{-1.0F, -3.0F}, {-1.0F, 1.0F}, {1.0F, -1.0F}, {1.0F, 3.0F}})
  {
    moments.Add(point.data());
  }
  EXPECT_NEAR(moments.LogDeterminant(0.0), std::log(4.0), 1e-12);
  EXPECT_EQ(Entropy(std::vector<double>{0.0, 0.0}), 0.0);
}

TEST(RandomForest, SeparatesThresholdedFeaturePerfectly)
{
  ForestSamples samples;
  samples.featureCount = 1;
  for (int i = 0; i < 400; ++i)
  {
    samples.features.push_back(float(i));
    samples.labels.push_back(i >= 150);
  }
  OutOfBag outOfBag;
  const auto forest = RandomForest::Train(samples, 2, {}, RandomEngine(1), &outOfBag);
  EXPECT_GT(outOfBag.balancedAccuracy, 0.98);
  float posterior[2];
  const float low = 20.0F;
  forest.Predict(&low, posterior);
  EXPECT_EQ(posterior[0], 1.0F);
  const float high = 1e9F; // outside everything seen
  forest.Predict(&high, posterior);
  EXPECT_EQ(posterior[1], 1.0F);
}

TEST(RandomForest, GeneralisesAndRanksFeatures)
{
  const auto train = Ring(4000, 8, 2);
  const auto held = Ring(2000, 8, 3);
  OutOfBag outOfBag;
  const auto forest = RandomForest::Train(train, 2, {}, RandomEngine(4), &outOfBag);
  const auto accuracy = BalancedAccuracy(held.labels, forest.Predict(held.features), 2);
  EXPECT_GT(accuracy, 0.93);
  EXPECT_NEAR(outOfBag.balancedAccuracy, accuracy, 0.03)
      << "the out-of-bag estimate foretells the held-out accuracy";
  const auto & importances = forest.Importances();
  EXPECT_NEAR(std::accumulate(importances.begin(), importances.end(), 0.0), 1.0, 1e-12);
  EXPECT_GT(importances[0] + importances[1], 0.7);
}

TEST(RandomForest, OutOfBagOfRandomLabelsIsChance)
{
  auto samples = Ring(3000, 5, 5);
  RandomEngine random(6);
  for (auto & label : samples.labels)
  {
    label = std::uint8_t(random.Integer(0, 2));
  }
  OutOfBag outOfBag;
  (void)RandomForest::Train(samples, 3, {}, RandomEngine(7), &outOfBag);
  EXPECT_NEAR(outOfBag.balancedAccuracy, 1.0 / 3.0, 0.04);
}

TEST(RandomForest, BalancingProtectsARareClass)
{
  auto samples = Ring(6000, 4, 8, 0.1);
  ForestOptions options;
  options.depth = 3;
  OutOfBag balanced;
  (void)RandomForest::Train(samples, 2, options, RandomEngine(9), &balanced);
  options.classBalanced = false;
  OutOfBag plain;
  (void)RandomForest::Train(samples, 2, options, RandomEngine(9), &plain);
  EXPECT_GT(balanced.balancedAccuracy, plain.balancedAccuracy);
}

TEST(RandomForest, SameBitsForAnyNumberOfThreadsAndOtherBitsForOtherSeeds)
{
  const auto samples = Ring(1500, 6, 10);
  const auto others = Ring(500, 6, 11);
  ForestOptions options;
  options.trees = 12;
  SetThreadCount(1);
  const auto expected =
      RandomForest::Train(samples, 2, options, RandomEngine(12), nullptr, &others).ToJson().dump();
  for (const int threads : {2, 3, 7})
  {
    SetThreadCount(threads);
    EXPECT_EQ(RandomForest::Train(samples, 2, options, RandomEngine(12), nullptr, &others)
                  .ToJson()
                  .dump(),
              expected);
  }
  SetThreadCount(0);
  EXPECT_NE(
      RandomForest::Train(samples, 2, options, RandomEngine(13), nullptr, &others).ToJson().dump(),
      expected);
}

TEST(RandomForest, SurvivesStorage)
{
  const auto samples = Ring(800, 3, 14);
  const auto forest = RandomForest::Train(samples, 2, {}, RandomEngine(15));
  const auto json = nlohmann::json::parse(forest.ToJson().dump());
  const auto restored = RandomForest::FromJson(json);
  EXPECT_EQ(restored.Predict(samples.features), forest.Predict(samples.features));
  EXPECT_EQ(restored.Importances(), forest.Importances());

  auto loop = json;
  loop["trees"][0]["next"][0] = 0;
  EXPECT_THROW(RandomForest::FromJson(loop), ModelError);
  auto cut = json;
  cut["trees"][3].erase("posterior");
  EXPECT_THROW(RandomForest::FromJson(cut), ModelError);
  auto other = json;
  other["version"] = 2;
  EXPECT_THROW(RandomForest::FromJson(other), ModelError);
  auto beyond = json;
  beyond["trees"][0]["feature"][0] = 3;
  EXPECT_THROW(RandomForest::FromJson(beyond), ModelError);
}

TEST(RandomForest, UnlabelledPointsShapeTheTreesWhereLabelsAreFew)
{
  // Two elongated clusters, three labelled points at one end of each: labels alone cut across the
  // clusters.
  RandomEngine random(16);
  ForestSamples labelled;
  ForestSamples unlabelled;
  ForestSamples held;
  labelled.featureCount = unlabelled.featureCount = held.featureCount = 2;
  for (int i = 0; i < 3000; ++i)
  {
    const std::uint8_t side = i % 2;
    const double along = random.Uniform(0, 10);
    const float point[] = {float(along), float(2.0 * side + random.Normal(0, 0.25))};
    // the labelled end of cluster 0 is on the left, that of cluster 1 on the right
    const bool nearEnd = side == 0 ? along < 2.0 : along > 8.0;
    auto & target = i < 1000 ? held : nearEnd && labelled.Count() < 40 ? labelled : unlabelled;
    target.features.insert(target.features.end(), point, point + 2);
    if (&target != &unlabelled)
    {
      target.labels.push_back(side);
    }
  }
  ForestOptions options;
  options.minLeaf = 3;
  options.featuresPerSplit = 2;
  options.unlabelledWeight = 1.0;
  const auto without = RandomForest::Train(labelled, 2, options, RandomEngine(17));
  const auto with =
      RandomForest::Train(labelled, 2, options, RandomEngine(17), nullptr, &unlabelled);
  const double accuracyWithout = BalancedAccuracy(held.labels, without.Predict(held.features), 2);
  const double accuracyWith = BalancedAccuracy(held.labels, with.Predict(held.features), 2);
  EXPECT_GT(accuracyWith, accuracyWithout + 0.02) << "without " << accuracyWithout;
}

TEST(RandomForest, OutOfBagControlFallsBackWhereUnlabelledPointsHurt)
{
  const auto labelled = Ring(600, 4, 18);
  const auto unlabelled = Ring(600, 4, 19);
  ForestOptions options;
  options.trees = 30;
  const auto result = TrainWithOutOfBagControl(labelled, unlabelled, 2, options, RandomEngine(20));
  EXPECT_EQ(result.usesUnlabelled, result.accuracyWith >= result.accuracyWithout);
  EXPECT_DOUBLE_EQ(result.outOfBag.balancedAccuracy,
                   std::max(result.accuracyWith, result.accuracyWithout));
  const auto none = TrainWithOutOfBagControl(labelled, {4, {}, {}}, 2, options, RandomEngine(20));
  EXPECT_FALSE(none.usesUnlabelled);
}

TEST(RandomForest, OneClassConstantFeaturesAndBadInput)
{
  ForestSamples samples{2, std::vector<float>(40, 1.0F), std::vector<std::uint8_t>(20, 0)};
  float posterior[3];
  RandomForest::Train(samples, 3, {}, RandomEngine(1)).Predict(samples.features.data(), posterior);
  EXPECT_EQ(posterior[0], 1.0F);
  samples.labels[3] = 1; // features say nothing: every leaf is the whole bootstrap
  const auto forest = RandomForest::Train(samples, 2, {}, RandomEngine(1));
  EXPECT_EQ(forest.Trees()[0].nodes.size(), 1U);

  samples.features[7] = NAN;
  EXPECT_THROW(RandomForest::Train(samples, 2, {}, RandomEngine(1)), InputError);
  samples.features[7] = 1.0F;
  EXPECT_THROW(RandomForest::Train(samples, 1, {}, RandomEngine(1)), UsageError);
  EXPECT_THROW(RandomForest::Train({2, {}, {}}, 2, {}, RandomEngine(1)), UsageError);
  EXPECT_THROW(forest.Predict(std::vector<float>(3)), UsageError);
}

} // namespace
} // namespace sulcus
