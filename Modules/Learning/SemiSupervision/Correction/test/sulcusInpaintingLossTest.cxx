#include "sulcusInpaintingLoss.h"

#include <sulcusSegmentationLoss.h>

#include <gtest/gtest.h>

#include <limits>

namespace sulcus
{
namespace
{

torch::Tensor
Row(std::vector<double> values)
{
  const auto count = static_cast<std::int64_t>(values.size());
  return torch::tensor(values, torch::kDouble).view({1, 1, 1, 1, count});
}

torch::Tensor
RowMask(std::vector<double> values)
{
  return Row(std::move(values)) > 0.5;
}

/** Two classes whose foreground probability is p. */
torch::Tensor
Logits(const torch::Tensor & p)
{
  return torch::cat({(1 - p).log(), p.log()}, 1);
}

TEST(CorrectionLoss, T3BinaryCrossEntropyAndDice)
{
  DiceCrossEntropyOptions options;
  options.overlap.smooth = 1.0;
  const auto logits = Logits(Row({.9, .2, .6, .1}));
  const auto label = torch::tensor({1, 0, 1, 0}, torch::kLong).view({1, 1, 1, 4});
  EXPECT_NEAR(CrossEntropyLoss(logits, {label, {}}).item<double>(), 0.2361725516, 1e-9);
  EXPECT_NEAR(SoftDiceLoss(logits.softmax(1), {label, {}}, options.overlap).item<double>(),
              0.1666666667,
              1e-9);
  EXPECT_NEAR(
      DiceCrossEntropyLoss(logits, {label, {}}, options).item<double>(), 0.4028392183, 1e-9);
  const auto none = torch::zeros_like(label);
  EXPECT_NEAR(SoftDiceLoss(logits.softmax(1), {none, {}}, options.overlap).item<double>(),
              0.6428571429,
              1e-9);
  const auto background = torch::cat({Row({1, 1, 1, 1}), Row({0, 0, 0, 0})}, 1);
  EXPECT_EQ(SoftDiceLoss(background, {none, {}}, options.overlap).item<double>(), 0.0);
}

TEST(CorrectionLoss, T4MaskedAbsoluteDifference)
{
  const auto image = Row({.2, .8, .5, .4});
  auto repainted = Row({.1, .6, .5, .9}).requires_grad_();
  const auto loss = MaskedAbsoluteLoss(repainted, image, RowMask({0, 1, 1, 0}));
  EXPECT_NEAR(loss.item<double>(), 0.1, 1e-12);
  loss.backward();
  EXPECT_TRUE(torch::allclose(repainted.grad(), Row({0, -0.5, 0, 0})));
  repainted.mutable_grad().zero_();
  const auto nothing = MaskedAbsoluteLoss(repainted, image, RowMask({0, 0, 0, 0}));
  nothing.backward();
  EXPECT_EQ(nothing.item<double>(), 0.0);
  EXPECT_EQ(repainted.grad().abs().max().item<double>(), 0.0);
}

TEST(CorrectionLoss, WhatIsOutsideTheMaskMayBeAnything)
{
  const auto image = Row({.2, .8, .5, .4});
  auto repainted = Row({.1, std::numeric_limits<double>::quiet_NaN(), .7, .9}).requires_grad_();
  const auto loss = MaskedAbsoluteLoss(repainted, image, RowMask({0, 0, 1, 0}));
  EXPECT_NEAR(loss.item<double>(), 0.2, 1e-12);
  loss.backward();
  EXPECT_TRUE(torch::equal(repainted.grad(), Row({0, 0, 1, 0})));
}

TEST(CorrectionLoss, SamplesCountByVoxelAndWeighByFactor)
{
  const auto image = torch::cat({Row({0, 1}), Row({0, 1})});
  const auto repainted = torch::cat({Row({1, 1}), Row({4, 3})});
  const auto mask = torch::cat({RowMask({1, 0}), RowMask({1, 1})});
  EXPECT_NEAR(MaskedAbsoluteLoss(repainted, image, mask).item<double>(), (1.0 + 4 + 2) / 3, 1e-12);
  const auto weight = torch::tensor({1.0, 0.25}, torch::kDouble);
  EXPECT_NEAR(
      MaskedAbsoluteLoss(repainted, image, mask, weight).item<double>(), (1.0 + 1.5) / 3, 1e-12);
  // A sample alone with a weight is not normalised back to 1.
  EXPECT_NEAR(MaskedAbsoluteLoss(repainted[1].unsqueeze(0),
                                 image[1].unsqueeze(0),
                                 mask[1].unsqueeze(0),
                                 weight[1].view({1}))
                  .item<double>(),
              0.75,
              1e-12);
}

TEST(CorrectionLoss, AMissingChannelIsLeftOut)
{
  const auto image = torch::cat({Row({.2, .8, .5}), Row({0, 0, 0})}, 1);
  const auto repainted = torch::cat({Row({.2, .7, .5}), Row({9, 9, 9})}, 1);
  EXPECT_NEAR(MaskedAbsoluteLoss(repainted, image, RowMask({0, 1, 1})).item<double>(), 0.05, 1e-12);
}

TEST(CorrectionLoss, GradientTermComparesNeighboursInsideTheMask)
{
  const auto image = Row({0, 1, 3, 6});
  const auto repainted = Row({0, 2, 3, 9});
  // Differences of neighbours: -1 against 1 … : (r - x) = 0 1 0 3, slopes 1, 1, 3; pairs inside:
  // (1,2), (2,3).
  EXPECT_NEAR(MaskedGradientLoss(repainted, image, RowMask({0, 1, 1, 1})).item<double>(),
              (1.0 + 3.0) / 2 / 3,
              1e-12);
}

TEST(CorrectionLoss, GradientMatchesFiniteDifferences)
{
  torch::manual_seed(2);
  const auto image = torch::randn({2, 2, 3, 4, 4}, torch::kDouble);
  const auto mask = torch::rand({2, 1, 3, 4, 4}) > 0.4;
  const auto value = [&](const torch::Tensor & fine, const torch::Tensor & coarse) {
    return InpaintingLoss({fine, coarse}, image, {mask}, {}, ScaleWeights(2, false), 0.1).loss;
  };
  auto fine = torch::randn({2, 2, 3, 4, 4}, torch::kDouble).requires_grad_();
  auto coarse = torch::randn({2, 2, 2, 2, 2}, torch::kDouble).requires_grad_();
  value(fine, coarse).backward();
  for (auto & input : {fine, coarse})
  {
    auto flat = input.detach().flatten();
    const auto gradient = input.grad().flatten();
    for (std::int64_t i = 0; i < flat.numel(); i += 7)
    {
      const auto shifted = [&](double by)
      {
        auto moved = flat.clone();
        moved[i] += by;
        moved = moved.view_as(input);
        return (input.is_same(fine) ? value(moved, coarse.detach()) : value(fine.detach(), moved))
            .item<double>();
      };
      EXPECT_NEAR((shifted(1e-6) - shifted(-1e-6)) / 2e-6, gradient[i].item<double>(), 1e-6);
    }
  }
}

TEST(CorrectionLoss, EmptyScalesAreCountedAndContributeZero)
{
  auto mask = torch::zeros({1, 1, 4, 4, 4}, torch::kBool);
  mask[0][0][1][1][1] = true; // one of eight voxels: nothing at half resolution
  const auto image = torch::randn({1, 1, 4, 4, 4});
  auto fine = torch::randn({1, 1, 4, 4, 4}).requires_grad_();
  auto coarse = torch::randn({1, 1, 2, 2, 2}).requires_grad_();
  const auto terms = InpaintingLoss({fine, coarse}, image, {mask}, {}, ScaleWeights(2, true));
  EXPECT_EQ(terms.emptyScales, 1);
  terms.loss.backward();
  EXPECT_EQ(coarse.grad().abs().max().item<double>(), 0.0);
  EXPECT_EQ(fine.grad().abs().sum().item<double>(), 1.0);
}

TEST(CorrectionLoss, ScaleWeightsHalveAndSumToOne)
{
  const auto weights = ScaleWeights(4, false);
  double sum = 0.0;
  for (std::size_t k = 0; k < weights.size(); ++k)
  {
    EXPECT_NEAR(weights[k], weights[0] / static_cast<double>(1 << k), 1e-12);
    sum += weights[k];
  }
  EXPECT_NEAR(sum, 1.0, 1e-12);
  EXPECT_EQ(ScaleWeights(3, true), (std::vector<double>{1, 1, 1}));
}

} // namespace
} // namespace sulcus
