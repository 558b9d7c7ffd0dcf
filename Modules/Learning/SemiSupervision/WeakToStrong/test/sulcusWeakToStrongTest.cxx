#include "sulcusWeakToStrongObjective.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

using namespace sulcus;

namespace
{

torch::Tensor
VoxelLogits(const std::vector<std::vector<double>> & rows)
{
  auto tensor = torch::empty({1, 3, 1, 1, static_cast<std::int64_t>(rows.size())}, torch::kDouble);
  for (std::size_t v = 0; v < rows.size(); ++v)
  {
    for (std::int64_t c = 0; c < 3; ++c)
    {
      tensor[0][c][0][0][static_cast<std::int64_t>(v)] = rows[v][static_cast<std::size_t>(c)];
    }
  }
  return tensor;
}

torch::Tensor
Everywhere(double threshold)
{
  return torch::full({3}, threshold, torch::kDouble);
}

PseudoLabel
SpecificationLabels()
{
  return MakePseudoLabel(VoxelLogits({{.97, .02, .01}, {.90, .05, .05}, {.01, .98, .01}}).log());
}

TEST(WeakToStrong, T6FixMatchCrossEntropyOverAllVoxels)
{
  const auto pseudo = SpecificationLabels();
  EXPECT_NEAR(pseudo.confidence.flatten()[2].item<double>(), 0.98, 1e-12);
  const auto strong = VoxelLogits({{1, 0, 0}, {2, 0, 0}, {0, .5, 0}});
  EXPECT_NEAR(
      StrongViewLoss(strong, pseudo, Everywhere(0.95), StrongTerm::CrossEntropy).item<double>(),
      0.4486071611,
      1e-9);
  EXPECT_NEAR(
      StrongViewLoss(strong, pseudo, Everywhere(0.0), StrongTerm::CrossEntropy).item<double>(),
      (0.5514447139 + 0.2395447662 + 0.7943767694) / 3,
      1e-9);
}

TEST(WeakToStrong, NothingConfidentGivesZeroLossAndGradient)
{
  for (const auto term : {StrongTerm::CrossEntropy, StrongTerm::DiceOfPresent, StrongTerm::Dice})
  {
    auto strong = VoxelLogits({{1, 0, 0}, {2, 0, 0}, {0, .5, 0}}).requires_grad_();
    const auto loss = StrongViewLoss(strong, SpecificationLabels(), Everywhere(0.99), term);
    loss.backward();
    EXPECT_EQ(loss.item<double>(), 0.0);
    EXPECT_EQ(strong.grad().abs().max().item<double>(), 0.0);
  }
}

TEST(WeakToStrong, DiceOverKeptVoxelsByHand)
{
  // Kept: voxels 0 (class 0) and 2 (class 1). Probabilities there: e.g. p(0) of voxel 0 = e/(e+2).
  const auto strong = VoxelLogits({{1, 0, 0}, {2, 0, 0}, {0, .5, 0}});
  const double a = std::exp(1.0) / (std::exp(1.0) + 2), aRest = (1 - a) / 2;
  const double b = std::exp(0.5) / (std::exp(0.5) + 2), bRest = (1 - b) / 2;
  const double s = 1e-5;
  const double class0 = (2 * a + s) / (a + bRest + 1 + s);
  const double class1 = (2 * b + s) / (aRest + b + 1 + s);
  const double class2 = s / (aRest + bRest + s);
  EXPECT_NEAR(StrongViewLoss(strong, SpecificationLabels(), Everywhere(0.95), StrongTerm::Dice)
                  .item<double>(),
              1 - (class0 + class1 + class2) / 3,
              1e-9);
  EXPECT_NEAR(
      StrongViewLoss(strong, SpecificationLabels(), Everywhere(0.95), StrongTerm::DiceOfPresent)
          .item<double>(),
      1 - (class0 + class1) / 2,
      1e-9);
}

TEST(WeakToStrong, AClassThatNoPseudoLabelHasIsNotDrivenOut)
{
  // Class 2 has almost vanished from the prediction and from the pseudo-labels.
  const auto gradientOf = [](StrongTerm term)
  {
    auto strong = VoxelLogits({{6, 0, -6}, {6, 0, -6}, {0, 6, -6}}).requires_grad_();
    StrongViewLoss(strong, SpecificationLabels(), Everywhere(0.95), term).backward();
    return strong.grad().select(1, 2).abs().max().item<double>();
  };
  EXPECT_GT(gradientOf(StrongTerm::Dice), 0.01);
  EXPECT_LT(gradientOf(StrongTerm::DiceOfPresent), 1e-4);
}

TEST(WeakToStrong, EveryPredictedClassKeepsItsShare)
{
  // confidences of class 0: .97 .90 .99 .96, of class 1: .60 .70 .50; class 2 is not predicted
  const auto pseudo = MakePseudoLabel(VoxelLogits({{.97, .02, .01},
                                                   {.90, .05, .05},
                                                   {.99, .005, .005},
                                                   {.96, .03, .01},
                                                   {.3, .6, .1},
                                                   {.2, .7, .1},
                                                   {.3, .5, .2}})
                                          .log());
  const auto expect = [&](double share, const std::vector<double> & wanted)
  {
    const auto found = ClassThresholds(pseudo, 3, 0.95, share);
    for (std::int64_t c = 0; c < 3; ++c)
    {
      EXPECT_NEAR(found[c].item<double>(), wanted[static_cast<std::size_t>(c)], 1e-12)
          << "class " << c << ", share " << share;
    }
  };
  expect(0.0, {0.95, 0.95, 0.95});
  expect(0.3, {0.95, 0.70, 0.95}); // one of three
  expect(0.5, {0.95, 0.60, 0.95}); // two of three
  expect(1.0, {0.90, 0.50, 0.95});
}

TEST(WeakToStrong, ATeacherFollowsTheFormulaLabelsAndIsResumed)
{
  NetworkPlan plan;
  plan.widths = {16, 16};
  plan.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.kernels = {{3, 3, 3}, {3, 3, 3}};
  WeakToStrongOptions options;
  options.twoViews = false;
  options.teacherDecay = 0.6;
  const auto network = BuildNetwork(plan, 1);
  const auto teacher = BuildNetwork(plan, 2);
  WeakToStrongObjective objective(network, teacher, options, 7, Precision::Float32);
  auto weight = network->parameters().front();
  const auto followed = teacher->parameters().front();
  EXPECT_TRUE(torch::equal(weight, followed)); // starts as a copy
  auto expected = weight.detach().clone();
  for (int step = 0; step < 4; ++step)
  {
    {
      const torch::NoGradGuard noGradient;
      weight.add_(0.5);
    }
    objective.AfterStep(step);
    const double decay = std::min(1.0 - 1.0 / (step + 1), 0.6);
    expected = decay * expected + (1 - decay) * weight.detach();
  }
  EXPECT_LT((followed - expected).abs().max().item<double>(), 1e-6);
  for (const auto & parameter : teacher->parameters())
  {
    EXPECT_FALSE(parameter.requires_grad());
  }
  std::map<std::string, torch::Tensor> state;
  objective.SaveExtra(state);
  const auto resumed = BuildNetwork(plan, 3);
  WeakToStrongObjective again(BuildNetwork(plan, 1), resumed, options, 7, Precision::Float32);
  again.LoadExtra(state);
  EXPECT_TRUE(torch::equal(resumed->parameters().front(), followed));
}

TEST(WeakToStrong, T7CutMixIsBitwiseInsideAndOutside)
{
  auto image = torch::randn({1, 6, 7, 8});
  const auto before = image.clone();
  const auto other = torch::randn({1, 6, 7, 8});
  PseudoLabel pseudo{torch::zeros({6, 7, 8}, torch::kLong), torch::zeros({6, 7, 8})};
  const PseudoLabel partner{torch::ones({6, 7, 8}, torch::kLong), torch::full({6, 7, 8}, 0.5)};
  PasteBox(image, pseudo, other, partner, {1, 2, 3, 4, 5, 6});
  auto inside = torch::zeros({6, 7, 8}, torch::kBool);
  inside.slice(0, 1, 4).slice(1, 2, 5).slice(2, 3, 6).fill_(true);
  EXPECT_TRUE(torch::equal(image, torch::where(inside, other, before)));
  EXPECT_TRUE(torch::equal(pseudo.label, inside.to(torch::kLong)));
  EXPECT_TRUE(torch::equal(pseudo.confidence, inside.to(torch::kFloat) * 0.5));
}

TEST(WeakToStrong, BothVariantsTakeAStepAndAreAFunctionOfSeedAndStep)
{
  NetworkPlan plan;
  plan.widths = {16, 16};
  plan.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.kernels = {{3, 3, 3}, {3, 3, 3}};
  for (const bool twoViews : {false, true})
  {
    WeakToStrongOptions options;
    options.twoViews = twoViews;
    options.threshold = 0.5;
    WeakToStrongObjective objective(BuildNetwork(plan, 1), nullptr, options, 7, Precision::Float32);
    objective.SetSchedule(10);
    Batch batch;
    batch.step = 3;
    for (const char * name : {"labelled", "unlabelled", "partner"})
    {
      batch.streams[name].image = torch::randn({2, 1, 8, 12, 8});
    }
    batch.streams["labelled"].label = torch::randint(0, 2, {2, 8, 12, 8}, torch::kLong);
    const auto value = [&]
    {
      torch::manual_seed(5);
      return objective.Evaluate(batch).total;
    };
    const auto first = value();
    first.backward();
    EXPECT_EQ(first.item<double>(), value().item<double>());
    for (const auto & item : objective.named_parameters())
    {
      EXPECT_TRUE(item.value().grad().defined()) << item.key();
    }
  }
}

} // namespace
