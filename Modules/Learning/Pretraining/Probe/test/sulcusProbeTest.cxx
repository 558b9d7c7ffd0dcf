#include "sulcusProbe.h"

#include <sulcusError.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cmath>

using namespace sulcus;

namespace
{

TEST(PartitionRetrieval, LooksOnlyIntoOtherVolumes)
{
  // Within a volume, the nearest row is always of the wrong partition.
  const auto rows = torch::tensor({1.0, 0.0, 0.9, 0.1, 1.0, 0.05, 0.0, 1.0}).view({4, 2});
  const auto volume = torch::tensor({0, 0, 1, 1}, torch::kLong);
  const auto partition = torch::tensor({0, 1, 0, 1}, torch::kLong);
  const auto found = PartitionRetrieval(rows, volume, partition);
  // 0 -> 2 right, 1 -> 2 wrong, 2 -> 0 right, 3 -> 1 right
  EXPECT_EQ(found.queries, 4);
  EXPECT_NEAR(found.accuracy, 0.75, 1e-12);
  EXPECT_THROW(PartitionRetrieval(rows, torch::zeros({4}, torch::kLong), partition), UsageError);
}

TEST(FindPrincipalComponents, FindsTheDirectionsOfAKnownCloud)
{
  torch::manual_seed(1);
  const auto scores =
      torch::randn({200, 2}, torch::kDouble) * torch::tensor({3.0, 1.0}, torch::kDouble);
  const auto axes = torch::tensor({0.6, 0.8, 0.0, -0.8, 0.6, 0.0}, torch::kDouble).view({2, 3});
  const auto rows = scores.matmul(axes) + torch::tensor({5.0, -2.0, 1.0}, torch::kDouble);
  const auto found = FindPrincipalComponents(rows, 2);
  const auto centred = scores - scores.mean(0, true);
  const double expected =
      centred.square().sum(0)[0].item<double>() / centred.square().sum().item<double>();
  EXPECT_NEAR(found.explained[0], expected, 0.01);
  EXPECT_NEAR(found.explained[0] + found.explained[1], 1.0, 1e-9);
  const auto correlation = (found.scores.select(1, 0) * centred.select(1, 0)).sum() /
                           (found.scores.select(1, 0).norm() * centred.select(1, 0).norm());
  EXPECT_GT(correlation.item<double>(), 0.99); // and the sign is the convention's
  EXPECT_THROW(FindPrincipalComponents(rows, 4), UsageError);
}

TEST(FitLinearProbe, SeparatesWhatIsSeparableAndIgnoresScale)
{
  torch::manual_seed(2);
  const auto labels = torch::arange(300, torch::kLong).remainder(3);
  const auto centres = torch::tensor({4.0f, 0.0f, 0.0f, 4.0f, -4.0f, -4.0f}).view({3, 2});
  auto features = centres.index_select(0, labels) + torch::randn({300, 2});
  const auto accuracy = [&](const torch::Tensor & rows)
  {
    const auto probe = FitLinearProbe(rows, labels, 3);
    return (probe.Logits(rows).argmax(1) == labels).to(torch::kDouble).mean().item<double>();
  };
  const double value = accuracy(features);
  EXPECT_GT(value, 0.98);
  const auto scaled = features * torch::tensor({1000.0f, 0.001f}) + 7.0f;
  EXPECT_NEAR(accuracy(torch::cat({scaled, torch::ones({300, 1})}, 1)), value, 0.01);
}

TEST(FitLinearProbe, HasAVanishingGradientAtItsEnd)
{
  torch::manual_seed(3);
  const auto features = torch::randn({200, 4});
  const auto labels = (features.select(1, 0) + torch::randn({200}) > 0).to(torch::kLong);
  const LinearProbeOptions options{0.1, 500};
  const auto probe = FitLinearProbe(features, labels, 2, options);
  const auto standard = (features - probe.mean) / probe.scale;
  const auto error = probe.Logits(features).softmax(1) - torch::one_hot(labels, 2);
  const auto gradient = standard.t().matmul(error) / 200 + 0.1 * probe.weight;
  EXPECT_LT(gradient.abs().max().item<double>(), 1e-5);
  EXPECT_LT(error.mean(0).abs().max().item<double>(), 1e-5);
}

TEST(VoxelFeatures, StackEncoderAndDecoderMapsAtTheirPlace)
{
  NetworkPlan plan;
  plan.widths = {16, 32};
  plan.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.kernels = {{3, 3, 3}, {3, 3, 3}};
  auto network = BuildNetwork(plan, 1);
  const auto images = torch::randn({2, 1, 8, 6, 4});
  EXPECT_EQ(VoxelFeatures(network, images, 0).size(1), 48);
  const auto features = VoxelFeatures(network, images, 1);
  ASSERT_EQ(features.sizes(), (torch::IntArrayRef{2, 64, 8, 6, 4}));
  const torch::NoGradGuard noGradient;
  const auto levels = network->GetEncoder()->forward(images);
  EXPECT_TRUE(torch::equal(features.narrow(1, 0, 16), levels[0].to(torch::kFloat)));
  EXPECT_TRUE(torch::equal(features[1].narrow(0, 16, 32).select(1, 5).select(1, 3).select(1, 2),
                           levels[1][1].select(1, 2).select(1, 1).select(1, 1).to(torch::kFloat)));
  EXPECT_LT((PatchEmbeddings(network, images) - levels[1].to(torch::kFloat).mean({2, 3, 4}))
                .abs()
                .max()
                .item<double>(),
            1e-6);
}

} // namespace
