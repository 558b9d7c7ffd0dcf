#include <sulcusError.h>
#include <sulcusNormActivation.h>
#include <sulcusSegmentationNetwork.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <set>

namespace
{

using sulcus::BuildNetwork;
using sulcus::NetworkPlan;
using torch::Tensor;

NetworkPlan
AnisotropicPlan()
{
  NetworkPlan plan;
  plan.inputChannels = 2;
  plan.classes = 4;
  plan.widths = {16, 32, 48};
  plan.strides = {{1, 1, 1}, {1, 2, 2}, {2, 2, 2}};
  plan.kernels = {{1, 3, 3}, {3, 3, 3}, {3, 3, 3}};
  plan.deepSupervision = 1;
  return plan;
}

TEST(SegmentationNetwork, ShapesFollowThePlan)
{
  auto network = BuildNetwork(AnisotropicPlan(), 1);
  const auto features = network->ForwardWithFeatures(torch::randn({2, 2, 4, 8, 12}));
  EXPECT_EQ(features.logits.sizes(), torch::IntArrayRef({2, 4, 4, 8, 12}));
  ASSERT_EQ(features.encoder.size(), 3U);
  EXPECT_EQ(features.encoder[0].sizes(), torch::IntArrayRef({2, 16, 4, 8, 12}));
  EXPECT_EQ(features.encoder[1].sizes(), torch::IntArrayRef({2, 32, 4, 4, 6}));
  EXPECT_EQ(features.encoder[2].sizes(), torch::IntArrayRef({2, 48, 2, 2, 3}));
  ASSERT_EQ(features.decoder.size(), 2U);
  EXPECT_EQ(features.decoder[0].sizes(), torch::IntArrayRef({2, 32, 4, 4, 6}));
  EXPECT_EQ(features.decoder[1].sizes(), torch::IntArrayRef({2, 16, 4, 8, 12}));
  ASSERT_EQ(features.sideLogits.size(), 1U);
  EXPECT_EQ(features.sideLogits[0].sizes(), torch::IntArrayRef({2, 4, 4, 4, 6}));
  EXPECT_EQ(network->GetDecoder()->Width(0), 32);
  EXPECT_EQ(network->GetDecoder()->BlockCount(), 2);
}

TEST(SegmentationNetwork, OddSizesComeBackAtTheirOwnSize)
{
  auto network = BuildNetwork(AnisotropicPlan(), 1);
  const Tensor logits = network(torch::randn({1, 2, 5, 9, 7}));
  EXPECT_EQ(logits.sizes(), torch::IntArrayRef({1, 4, 5, 9, 7}));
  EXPECT_TRUE(torch::isfinite(logits).all().item<bool>());
  EXPECT_EQ(network(torch::randn({1, 2, 1, 1, 1})).sizes(), torch::IntArrayRef({1, 4, 1, 1, 1}));
}

TEST(SegmentationNetwork, EveryParameterGetsAGradient)
{
  auto network = BuildNetwork(AnisotropicPlan(), 1);
  const auto features = network->ForwardWithFeatures(torch::randn({2, 2, 4, 8, 8}));
  (features.logits.square().mean() + features.sideLogits[0].square().mean()).backward();
  for (const auto & item : network->named_parameters())
  {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_GT(item.value().grad().abs().sum().item<double>(), 0) << item.key();
  }
}

TEST(SegmentationNetwork, GradientMatchesFiniteDifference)
{
  NetworkPlan plan;
  plan.widths = {16, 16};
  auto network = BuildNetwork(plan, 3);
  network->to(torch::kDouble);
  torch::manual_seed(2);
  const Tensor image = torch::randn({1, 1, 4, 4, 4}, torch::kDouble);
  const Tensor direction = torch::randn({1, 2, 4, 4, 4}, torch::kDouble);
  const auto value = [&] { return (network(image) * direction).sum(); };
  value().backward();
  const torch::NoGradGuard guard;
  for (const auto & item : network->named_parameters())
  {
    auto flat = item.value().data().view({-1});
    const std::int64_t index = flat.numel() / 2;
    const double kept = flat[index].item<double>();
    constexpr double step = 1e-6;
    flat[index] = kept + step;
    const double above = value().item<double>();
    flat[index] = kept - step;
    const double below = value().item<double>();
    flat[index] = kept;
    const double expected = (above - below) / (2 * step);
    EXPECT_NEAR(item.value().grad().view({-1})[index].item<double>(),
                expected,
                1e-5 + 1e-5 * std::abs(expected))
        << item.key();
  }
}

TEST(SegmentationNetwork, OwnKernelsAgreeWithLibTorchs)
{
  auto network = BuildNetwork(AnisotropicPlan(), 1);
  network->to(torch::kDouble);
  torch::manual_seed(4);
  const Tensor image = torch::randn({2, 2, 4, 7, 8}, torch::kDouble);
  const auto run = [&]
  {
    network->zero_grad();
    const Tensor logits = network(image);
    logits.square().sum().backward();
    std::vector<Tensor> all{logits.detach()};
    for (const auto & parameter : network->parameters())
    {
      all.push_back(parameter.grad().defined() ? parameter.grad().clone() : torch::zeros({1}));
    }
    return all;
  };
  const auto ours = run();
  const sulcus::ReferenceKernels reference;
  const auto theirs = run();
  for (std::size_t i = 0; i < ours.size(); ++i)
  {
    EXPECT_TRUE(torch::allclose(ours[i], theirs[i], 1e-8, 1e-8)) << "item " << i;
  }
}

TEST(SegmentationNetwork, SampleDoesNotDependOnItsBatch)
{
  auto network = BuildNetwork(AnisotropicPlan(), 1);
  const Tensor images = torch::randn({3, 2, 4, 8, 8});
  const torch::NoGradGuard guard;
  const Tensor together = network(images);
  const Tensor alone = network(images.narrow(0, 1, 1));
  EXPECT_TRUE(torch::allclose(together.narrow(0, 1, 1), alone, 1e-4, 1e-5));
}

TEST(SegmentationNetwork, SeedDecidesTheWeightsAndLeavesTheGeneratorAlone)
{
  torch::manual_seed(9);
  const Tensor expected = torch::rand({3});
  torch::manual_seed(9);
  auto first = BuildNetwork(AnisotropicPlan(), 1);
  EXPECT_TRUE(torch::equal(torch::rand({3}), expected));
  auto second = BuildNetwork(AnisotropicPlan(), 1);
  auto third = BuildNetwork(AnisotropicPlan(), 2);
  EXPECT_TRUE(torch::equal(first->parameters()[0], second->parameters()[0]));
  EXPECT_FALSE(torch::equal(first->parameters()[0], third->parameters()[0]));
}

TEST(SegmentationNetwork, ParameterNamesAreStable)
{
  std::set<std::string> names;
  for (const auto & item : BuildNetwork(AnisotropicPlan(), 1)->named_parameters())
  {
    names.insert(item.key());
  }
  for (const char * name : {"encoder.levels.0.0.first.weight",
                            "encoder.levels.2.0.secondNorm.bias",
                            "encoder.levels.1.0.shortcut.weight",
                            "decoder.blocks.0.up.weight",
                            "decoder.blocks.1.block.firstNorm.weight",
                            "head.weight",
                            "head.bias",
                            "sideHeads.0.weight"})
  {
    EXPECT_EQ(names.count(name), 1U) << name;
  }
}

TEST(SegmentationNetwork, CountsItsParameters)
{
  NetworkPlan plan;
  plan.widths = {16, 32};
  plan.classes = 3;
  const std::int64_t fine = 27 * 1 * 16 + 27 * 16 * 16 + 16 + 4 * 16;
  const std::int64_t coarse = 27 * 16 * 32 + 27 * 32 * 32 + 16 * 32 + 4 * 32;
  const std::int64_t decoder = 8 * 32 * 16 + 27 * 32 * 16 + 27 * 16 * 16 + 32 * 16 + 4 * 16;
  EXPECT_EQ(sulcus::ParameterCount(*BuildNetwork(plan, 0)), fine + coarse + decoder + 3 * 16 + 3);
}

TEST(SegmentationNetwork, FirstDecoderBlocksAloneGiveTheSameMaps)
{
  auto network = BuildNetwork(AnisotropicPlan(), 1);
  const Tensor image = torch::randn({1, 2, 4, 8, 8});
  const auto features = network->ForwardWithFeatures(image);
  const auto first = network->GetDecoder()->forward(network->GetEncoder()->forward(image), 1);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_TRUE(torch::equal(first[0], features.decoder[0]));
}

TEST(SegmentationNetwork, RefusesContradictions)
{
  NetworkPlan plan = AnisotropicPlan();
  plan.widths = {16, 20, 48};
  EXPECT_THROW(BuildNetwork(plan, 0), sulcus::UsageError);
  plan = AnisotropicPlan();
  plan.strides.pop_back();
  EXPECT_THROW(BuildNetwork(plan, 0), sulcus::UsageError);
  plan = AnisotropicPlan();
  plan.deepSupervision = 2;
  EXPECT_THROW(BuildNetwork(plan, 0), sulcus::UsageError);
  plan = AnisotropicPlan();
  plan.kind = "transformer";
  EXPECT_THROW(BuildNetwork(plan, 0), sulcus::UsageError);
  auto network = BuildNetwork(AnisotropicPlan(), 0);
  EXPECT_THROW(network(torch::randn({1, 1, 4, 4, 4})), sulcus::UsageError);
}

} // namespace
