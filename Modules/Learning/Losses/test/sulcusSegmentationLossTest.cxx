#include "sulcusFiniteDifference.h"
#include <sulcusError.h>
#include <sulcusSegmentationLoss.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

namespace
{

using namespace sulcus;
using torch::Tensor;

/** Per-voxel values of one sample in a row: [K][voxels] -> [1, K, 1, 1, voxels], double. */
Tensor
Row(const std::vector<std::vector<double>> & classes)
{
  std::vector<Tensor> rows;
  for (const auto & values : classes)
  {
    rows.push_back(torch::tensor(values, torch::kDouble));
  }
  return torch::stack(rows).reshape({1, static_cast<std::int64_t>(classes.size()), 1, 1, -1});
}

Tensor
Labels(const std::vector<std::int64_t> & values)
{
  return torch::tensor(values, torch::kLong).reshape({1, 1, 1, -1});
}

Tensor
Weights(const std::vector<double> & values)
{
  return torch::tensor(values, torch::kDouble).reshape({1, 1, 1, -1});
}

double
Value(const Tensor & loss)
{
  return loss.item<double>();
}

OverlapOptions
Exactly(double smooth)
{
  OverlapOptions options;
  options.smooth = smooth;
  return options;
}

TEST(OneHot, MarksTheClassAndNothingForOtherNumbers)
{
  const Tensor one = OneHot(Labels({0, 2, 5}), 3, torch::kDouble);
  EXPECT_TRUE(torch::equal(one, Row({{1, 0, 0}, {0, 0, 0}, {0, 1, 0}})));
}

TEST(SoftDiceLoss, MatchesHandComputedValue)
{
  // Foreground p .9 .2 .6 .1, y 1 0 1 0: 2·1.5 / (1.8 + 2) without smoothing.
  const Tensor p = Row({{.1, .8, .4, .9}, {.9, .2, .6, .1}});
  const Target target{Labels({1, 0, 1, 0}), {}};
  EXPECT_NEAR(Value(SoftDiceLoss(p, target, Exactly(0))), 1 - 3.0 / 3.8, 1e-12);
  EXPECT_NEAR(Value(SoftDiceLoss(p, target, Exactly(1))),
              0.1666666667,
              1e-9); // oracle T3 of the correction method
  OverlapOptions withBackground = Exactly(0);
  withBackground.includeBackground = true;
  const double background = 2 * 1.7 / (2.2 + 2);
  EXPECT_NEAR(
      Value(SoftDiceLoss(p, target, withBackground)), 1 - (3.0 / 3.8 + background) / 2, 1e-12);
}

TEST(SoftDiceLoss, PerfectOverlapIsZeroAndMissIsOne)
{
  const Tensor hit = Row({{0, 1}, {1, 0}});
  EXPECT_NEAR(Value(SoftDiceLoss(hit, {Labels({1, 0}), {}})), 0, 1e-9);
  EXPECT_NEAR(Value(SoftDiceLoss(hit, {Labels({0, 1}), {}}, Exactly(0))), 1, 1e-12);
}

TEST(SoftDiceLoss, AbsentClassIsPerfectWhereNotPredictedAndCanBeLeftOut)
{
  const Tensor p = Row({{.5, .5}, {.5, .5}, {0, 0}});
  const Target target{Labels({1, 0}), {}};
  const double present = 1 - 2 * .5 / (1 + 1);
  EXPECT_NEAR(Value(SoftDiceLoss(p, target, Exactly(1e-9))), present / 2, 1e-8);
  OverlapOptions presentOnly = Exactly(1e-9);
  presentOnly.presentClassesOnly = true;
  EXPECT_NEAR(Value(SoftDiceLoss(p, target, presentOnly)), present, 1e-8);
  EXPECT_EQ(Value(SoftDiceLoss(p, {Labels({0, 0}), {}}, presentOnly)), 0);
  // T3: y = 0 everywhere, smooth 1
  const Tensor q = Row({{.1, .8, .4, .9}, {.9, .2, .6, .1}});
  EXPECT_NEAR(Value(SoftDiceLoss(q, {Labels({0, 0, 0, 0}), {}}, Exactly(1))), 0.6428571429, 1e-9);
}

TEST(SoftDiceLoss, SemimetricIsLeastWhereSoftLabelAndPredictionAreEqual)
{
  OverlapOptions semimetric = Exactly(0);
  semimetric.semimetric = true;
  // Foreground p .9 .2 .6 .1, y .7 .4 .6 0: shared .7 .2 .6 0, so 1 - 2·1.5 / (1.8 + 1.7).
  const Tensor p = Row({{.1, .8, .4, .9}, {.9, .2, .6, .1}});
  const Tensor y = Row({{.3, .6, .4, 1}, {.7, .4, .6, 0}});
  EXPECT_NEAR(Value(SoftDiceLoss(p, {y, {}}, semimetric)), 1 - 3.0 / 3.5, 1e-12);
  // voxels of weight: shared .35 .2 .6 0 of .45 .2 .6 .1 and .35 .4 .6 0
  EXPECT_NEAR(Value(SoftDiceLoss(p, {y, Weights({.5, 1, 1, 1})}, semimetric)),
              1 - 2 * 1.15 / (1.35 + 1.35),
              1e-12);
  EXPECT_NEAR(Value(SoftDiceLoss(y, {y, {}}, semimetric)), 0, 1e-12);
  const Tensor rounded = y.round();
  EXPECT_GT(Value(SoftDiceLoss(y, {y, {}}, Exactly(0))),
            Value(SoftDiceLoss(rounded, {y, {}}, Exactly(0))))
      << "the product would rather have hard predictions";
  EXPECT_GT(Value(SoftDiceLoss(rounded, {y, {}}, semimetric)), 0.1);
  const Target hard{Labels({1, 0, 1, 0}), {}};
  EXPECT_NEAR(
      Value(SoftDiceLoss(p, hard, semimetric)), Value(SoftDiceLoss(p, hard, Exactly(0))), 1e-12);
}

TEST(SoftDiceLoss, BatchDicePoolsTheSamples)
{
  const Tensor p = torch::cat({Row({{.2, .4}, {.8, .6}}), Row({{.9, .5}, {.1, .5}})});
  const Target target{torch::cat({Labels({1, 1}), Labels({0, 1})}), {}};
  OverlapOptions pooled = Exactly(0);
  pooled.batch = true;
  EXPECT_NEAR(Value(SoftDiceLoss(p, target, pooled)), 1 - 2 * 1.9 / (2.0 + 3), 1e-12);
  const double first = 2 * 1.4 / (1.4 + 2);
  const double second = 2 * .5 / (.6 + 1);
  EXPECT_NEAR(Value(SoftDiceLoss(p, target, Exactly(0))), 1 - (first + second) / 2, 1e-12);
}

TEST(SoftDiceLoss, SampleWithNothingObservedIsLeftOut)
{
  const Tensor p = torch::cat({Row({{.2, .4}, {.8, .6}}), Row({{.9, .5}, {.1, .5}})});
  const Target target{torch::cat({Labels({1, 1}), Labels({0, 1})}),
                      torch::cat({Weights({1, 1}), Weights({0, 0})})};
  EXPECT_NEAR(Value(SoftDiceLoss(p, target, Exactly(0))), 1 - 2 * 1.4 / (1.4 + 2), 1e-12);
}

TEST(TverskyLoss, HalfAndHalfIsDice)
{
  const Tensor p = Row({{.1, .8, .4, .9}, {.9, .2, .6, .1}});
  const Target target{Labels({1, 0, 1, 0}), {}};
  EXPECT_NEAR(Value(TverskyLoss(p, target, .5, .5, Exactly(0))),
              Value(SoftDiceLoss(p, target, Exactly(0))),
              1e-12);
  // common 1.5, false positives .3, false negatives .5
  EXPECT_NEAR(Value(TverskyLoss(p, target, .3, .7, Exactly(0))),
              1 - 1.5 / (1.5 + .3 * .3 + .7 * .5),
              1e-12);
}

TEST(CrossEntropyLoss, MatchesHandComputedValue)
{
  const Tensor logits = Row({{0, std::log(3.0)}, {0, 0}});
  EXPECT_NEAR(Value(CrossEntropyLoss(logits, {Labels({0, 1}), {}})),
              (std::log(2.0) + std::log(4.0)) / 2,
              1e-12);
  EXPECT_NEAR(Value(CrossEntropyLoss(logits, {Labels({0, 1}), Weights({1, 3})})),
              (std::log(2.0) + 3 * std::log(4.0)) / 4,
              1e-12);
  const Tensor classWeight = torch::tensor({2.0, .5}, torch::kDouble);
  EXPECT_NEAR(Value(CrossEntropyLoss(logits, {Labels({0, 1}), {}}, classWeight)),
              (2 * std::log(2.0) + .5 * std::log(4.0)) / 2,
              1e-12);
  EXPECT_NEAR(Value(CrossEntropyLoss(logits, {Row({{.25, 1}, {.75, 0}}), {}})),
              (std::log(2.0) - std::log(.75)) / 2,
              1e-12);
}

TEST(FocalLoss, MatchesHandComputedValue)
{
  const Tensor logits = Row({{0, std::log(3.0)}, {0, 0}});
  const Target target{Labels({0, 1}), {}};
  EXPECT_NEAR(Value(FocalLoss(logits, target, 2)),
              (.25 * std::log(2.0) + .75 * .75 * std::log(4.0)) / 2,
              1e-10);
  EXPECT_NEAR(Value(FocalLoss(logits, target, 0)), Value(CrossEntropyLoss(logits, target)), 1e-10);
}

TEST(BinaryCrossEntropyLoss, MatchesHandComputedValue)
{
  const std::vector<double> p{.9, .2, .6, .1};
  std::vector<double> logits;
  for (const double value : p)
  {
    logits.push_back(std::log(value / (1 - value)));
  }
  EXPECT_NEAR(
      Value(BinaryCrossEntropyLoss(Row({logits}), {Row({{1, 0, 1, 0}}), {}})), 0.2361725516, 1e-9);
  EXPECT_NEAR(Value(BinaryCrossEntropyLoss(Row({{1000, -1000}}), {Row({{1, 1}}), {}})), 500, 1e-9);
}

TEST(ConsistencyLosses, MatchHandComputedValues)
{
  const Tensor p = Row({{.7, .2}, {.3, .8}});
  const Target target{Row({{.5, 0}, {.5, 1}}), Weights({1, 3})};
  EXPECT_NEAR(Value(MeanSquaredLoss(p, target)), (.04 + 3 * .04) / 4, 1e-12);
  EXPECT_NEAR(Value(MeanAbsoluteLoss(p, target)), (.2 + 3 * .2) / 4, 1e-12);
  const double first = .5 * std::log(.5 / .7) + .5 * std::log(.5 / .3);
  EXPECT_NEAR(
      Value(KullbackLeiblerLoss(p.log(), target)), (first + 3 * std::log(1 / .8)) / 4, 1e-12);
  EXPECT_NEAR(Value(KullbackLeiblerLoss(p.log(), {p, {}})), 0, 1e-12);
}

TEST(DeepSupervisionLoss, WeightsHalveAndSumToOne)
{
  torch::manual_seed(1);
  const Tensor logits = torch::randn({1, 2, 4, 4, 4}, torch::kDouble);
  const Tensor side = torch::randn({1, 2, 2, 2, 2}, torch::kDouble);
  const Target target{torch::randint(2, {1, 4, 4, 4}), {}};
  const Target coarse{torch::avg_pool3d(OneHot(target.probability, 2, torch::kDouble), 2), {}};
  const double expected = (Value(DiceCrossEntropyLoss(logits, target)) +
                           Value(DiceCrossEntropyLoss(side, coarse)) / 2) /
                          1.5;
  EXPECT_NEAR(Value(DeepSupervisionLoss(logits, {side}, target)), expected, 1e-6);
  EXPECT_NEAR(Value(DeepSupervisionLoss(logits, {}, target)),
              Value(DiceCrossEntropyLoss(logits, target)),
              1e-12);
}

TEST(ShrinkTarget, AveragesOnlyWhatIsObserved)
{
  const Target target{Labels({1, 0, 1, 1}), Weights({1, 0, 1, 1})};
  const Target coarse = ShrinkTarget(target, 2, {1, 1, 2});
  EXPECT_TRUE(torch::allclose(coarse.probability.to(torch::kDouble), Row({{0, 0}, {1, 1}})));
  EXPECT_TRUE(torch::allclose(coarse.weight.to(torch::kDouble), Weights({.5, 1})));
}

/** Every loss of logits or probabilities under one signature. */
struct NamedLoss
{
  const char * name;
  std::function<Tensor(const Tensor &, const Target &)> function;
};

std::vector<NamedLoss>
AllLosses()
{
  OverlapOptions pooled;
  pooled.batch = true;
  pooled.includeBackground = true;
  OverlapOptions semimetric;
  semimetric.semimetric = true;
  return {
      {"Dice", [](const Tensor & x, const Target & t) { return SoftDiceLoss(x.softmax(1), t); }},
      {"BatchDice",
       [=](const Tensor & x, const Target & t) { return SoftDiceLoss(x.softmax(1), t, pooled); }},
      {"SemimetricDice",
       [=](const Tensor & x, const Target & t)
       { return SoftDiceLoss(x.softmax(1), t, semimetric); }},
      {"Tversky",
       [](const Tensor & x, const Target & t) { return TverskyLoss(x.softmax(1), t, .3, .7); }},
      {"CrossEntropy", [](const Tensor & x, const Target & t) { return CrossEntropyLoss(x, t); }},
      {"Focal", [](const Tensor & x, const Target & t) { return FocalLoss(x, t, 2); }},
      {"Binary", [](const Tensor & x, const Target & t) { return BinaryCrossEntropyLoss(x, t); }},
      {"DiceCrossEntropy",
       [](const Tensor & x, const Target & t) { return DiceCrossEntropyLoss(x, t); }},
      {"Deep",
       [](const Tensor & x, const Target & t) {
         return DeepSupervisionLoss(x, {torch::avg_pool3d(x, {1, 1, 2})}, t);
       }},
      {"KullbackLeibler",
       [](const Tensor & x, const Target & t) { return KullbackLeiblerLoss(x, t); }},
      {"MeanSquared",
       [](const Tensor & x, const Target & t) { return MeanSquaredLoss(x.softmax(1), t); }},
      {"MeanAbsolute", [](const Tensor & x, const Target & t) { return MeanAbsoluteLoss(x, t); }},
  };
}

Target
DrawTarget(bool soft)
{
  torch::manual_seed(17);
  Target target;
  target.probability = soft ? torch::randn({2, 3, 1, 2, 4}, torch::kDouble).softmax(1)
                            : torch::randint(3, {2, 1, 2, 4});
  target.weight = torch::rand({2, 1, 2, 4}, torch::kDouble) + .1;
  target.weight[0][0][0][1] = 0;
  target.weight[1][0][1][3] = 0;
  return target;
}

TEST(AllLosses, GradientMatchesFiniteDifference)
{
  torch::manual_seed(23);
  const Tensor logits = torch::randn({2, 3, 1, 2, 4}, torch::kDouble);
  for (const bool soft : {false, true})
  {
    const Target target = DrawTarget(soft);
    for (const auto & loss : AllLosses())
    {
      SCOPED_TRACE(loss.name);
      ExpectGradientMatchesFiniteDifference(
          [&](const Tensor & x) { return loss.function(x, target); }, logits);
    }
  }
}

TEST(AllLosses, UnknownVoxelsContributeExactlyNothing)
{
  torch::manual_seed(29);
  const Tensor logits = torch::randn({2, 3, 1, 2, 4}, torch::kDouble);
  Tensor changed = logits.clone();
  Target target = DrawTarget(true);
  Target other = target;
  other.probability = target.probability.clone();
  for (const auto & [n, y, x] : {std::array<int, 3>{0, 0, 1}, {1, 1, 3}})
  {
    changed.select(0, n).select(2, y).select(2, x).fill_(40.0);
    other.probability.select(0, n).select(2, y).select(2, x).fill_(
        std::numeric_limits<double>::quiet_NaN());
  }
  for (const auto & loss : AllLosses())
  {
    SCOPED_TRACE(loss.name);
    if (std::string(loss.name) == "Deep")
    {
      continue; // its side output above mixes the voxels before the loss sees them
    }
    const Tensor leaf = changed.clone().requires_grad_(true);
    const Tensor value = loss.function(leaf, other);
    EXPECT_EQ(Value(value), Value(loss.function(logits, target)));
    const Tensor gradient = torch::autograd::grad({value}, {leaf})[0];
    EXPECT_TRUE(torch::isfinite(gradient).all().item<bool>());
    EXPECT_EQ(gradient.select(0, 0).select(2, 0).select(2, 1).abs().sum().item<double>(), 0);
    EXPECT_EQ(gradient.select(0, 1).select(2, 1).select(2, 3).abs().sum().item<double>(), 0);
  }
}

TEST(AllLosses, NothingObservedIsZeroWithZeroGradient)
{
  Target target = DrawTarget(false);
  target.weight = torch::zeros_like(target.weight);
  for (const auto & loss : AllLosses())
  {
    SCOPED_TRACE(loss.name);
    const Tensor leaf = torch::randn({2, 3, 1, 2, 4}, torch::kDouble).requires_grad_(true);
    const Tensor value = loss.function(leaf, target);
    EXPECT_EQ(Value(value), 0);
    EXPECT_EQ(torch::autograd::grad({value}, {leaf})[0].abs().max().item<double>(), 0);
  }
}

TEST(AllLosses, UnknownPredictionMayBeNotFinite)
{
  Target target = DrawTarget(false);
  const Tensor leaf = torch::randn({2, 3, 1, 2, 4}, torch::kDouble);
  leaf[0].select(2, 0).select(2, 1).fill_(std::numeric_limits<double>::quiet_NaN());
  leaf.requires_grad_(true);
  const Tensor value = DiceCrossEntropyLoss(leaf, target);
  EXPECT_TRUE(std::isfinite(Value(value)));
  EXPECT_TRUE(torch::isfinite(torch::autograd::grad({value}, {leaf})[0]).all().item<bool>());
}

TEST(AllLosses, HardAndSoftSpellingOfALabelAgree)
{
  torch::manual_seed(31);
  const Tensor logits = torch::randn({2, 3, 1, 2, 4}, torch::kDouble);
  const Target hard = DrawTarget(false);
  const Target soft{OneHot(hard.probability, 3, torch::kDouble), hard.weight};
  for (const auto & loss : AllLosses())
  {
    EXPECT_NEAR(Value(loss.function(logits, hard)), Value(loss.function(logits, soft)), 1e-12)
        << loss.name;
  }
}

TEST(MakeTarget, ObservedMaskSilencesWeights)
{
  Tensor weight = Weights({2, std::numeric_limits<double>::quiet_NaN(), 4});
  const Tensor observed =
      torch::tensor({1, 0, 1}, torch::kInt).to(torch::kBool).reshape({1, 1, 1, 3});
  const Target target = MakeTarget(Labels({0, 1, 1}), {}, weight, observed);
  EXPECT_TRUE(torch::equal(target.weight, Weights({2, 0, 4})));
  EXPECT_THROW(MakeTarget({}, {}, weight, observed), sulcus::UsageError);
}

TEST(AllLosses, RefuseShapesThatDoNotBelong)
{
  const Tensor logits = torch::randn({1, 2, 1, 2, 4});
  EXPECT_THROW(CrossEntropyLoss(logits, {torch::zeros({1, 1, 2, 3}, torch::kLong), {}}),
               sulcus::UsageError);
  EXPECT_THROW(CrossEntropyLoss(logits, {torch::zeros({1, 3, 1, 2, 4}), {}}), sulcus::UsageError);
  EXPECT_THROW(CrossEntropyLoss(
                   logits, {torch::zeros({1, 1, 2, 4}, torch::kLong), torch::ones({1, 1, 2, 3})}),
               sulcus::UsageError);
  EXPECT_THROW(SoftDiceLoss(logits.narrow(1, 0, 1), {torch::zeros({1, 1, 2, 4}, torch::kLong), {}}),
               sulcus::UsageError);
}

} // namespace
