#include <sulcusMixup.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

namespace
{

using namespace sulcus;
using torch::Tensor;

TEST(Mixup, CombinesImagesAndLabelsByHand)
{
  const Tensor image = torch::tensor({1.0F, 2.0F, 10.0F, 20.0F}).reshape({2, 1, 1, 1, 2});
  const Tensor label = torch::tensor({0, 1, 2, 1}, torch::kLong).reshape({2, 1, 1, 2});
  const auto mixed = Mixup(image,
                           {label, {}},
                           3,
                           torch::tensor({0.75, 0.5}, torch::kDouble),
                           torch::tensor({1, 1}, torch::kLong));
  // 0.75·1 + 0.25·10, 0.75·2 + 0.25·20; the second with itself
  EXPECT_TRUE(torch::allclose(mixed.image.flatten(), torch::tensor({3.25F, 6.5F, 10.0F, 20.0F})));
  const Tensor expected =
      torch::tensor({0.75F, 0.0F, 0.0F, 1.0F, 0.25F, 0.0F, 0.0F, 0.0F, 0.0F, 1.0F, 1.0F, 0.0F})
          .reshape({2, 3, 1, 1, 2});
  EXPECT_TRUE(torch::allclose(mixed.target.probability, expected));
  EXPECT_FALSE(mixed.target.weight.defined());
}

TEST(Mixup, WhatIsUnknownInEitherSampleStaysUnknown)
{
  const Tensor image = torch::zeros({2, 1, 1, 1, 2});
  const Tensor label = torch::zeros({2, 1, 1, 2}, torch::kLong);
  const Tensor weight = torch::tensor({1.0F, 0.0F, 3.0F, 3.0F}).reshape({2, 1, 1, 2});
  const auto mixed = Mixup(image,
                           {label, weight},
                           2,
                           torch::tensor({0.5, 1.0}, torch::kDouble),
                           torch::tensor({1, 0}, torch::kLong));
  EXPECT_TRUE(
      torch::allclose(mixed.target.weight.flatten(), torch::tensor({2.0F, 0.0F, 3.0F, 0.0F})));
}

TEST(Mixup, SharesFollowTheBetaDistribution)
{
  torch::manual_seed(4);
  for (const double alpha : {0.1, 1.0, 4.0})
  {
    const Tensor share = DrawMixupShares(200000, alpha);
    EXPECT_TRUE(share.ge(0).logical_and(share.le(1)).all().item<bool>());
    EXPECT_NEAR(share.mean().item<double>(), 0.5, 5e-3);
    EXPECT_NEAR(share.var().item<double>(), 1.0 / (4 * (2 * alpha + 1)), 3e-3);
  }
}

} // namespace
