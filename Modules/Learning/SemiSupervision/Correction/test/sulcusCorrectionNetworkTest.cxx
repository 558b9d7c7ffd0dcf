#include "sulcusCorrectionNetwork.h"

#include "sulcusCorrectionPhantom.h"
#include <sulcusError.h>
#include <sulcusTensorFile.h>

#include <torch/utils.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

torch::Tensor
CentralMask(const torch::Tensor & image)
{
  auto mask = torch::zeros_like(image.narrow(1, 0, 1), torch::kBool);
  mask.slice(2, 4, 10).slice(3, 4, 10).slice(4, 4, 10).fill_(true);
  return mask;
}

std::int64_t
CountOf(const torch::nn::Module & module, const std::string & prefix = {})
{
  std::int64_t count = 0;
  for (const auto & item : module.named_parameters())
  {
    count += item.key().compare(0, prefix.size(), prefix) == 0 ? item.value().numel() : 0;
  }
  return count;
}

TEST(CorrectionNetwork, T9OneEncoderServesBothPasses)
{
  auto network = SmallCorrectionNetwork();
  EXPECT_EQ(CountOf(*network),
            CountOf(*network, "network.encoder.") + CountOf(*network, "network.decoder.") +
                CountOf(*network, "network.head") + CountOf(*network, "gates.") +
                CountOf(*network, "sides.") + CountOf(*network, "inpainting."));
  // Encoder, decoder and head are the plan's, plus one input channel.
  const auto plain = BuildNetwork(SmallCorrectionPlan(), 1);
  EXPECT_EQ(CountOf(*network, "network."), CountOf(*plain) + 16 * 27 + 16);
  const torch::NoGradGuard noGradient;
  const auto image = BallStream(1, 1, 16).image;
  const auto mask = CentralMask(image);
  const auto erased = image.masked_fill(mask, 0.0);
  const auto e = network->Encode(image);
  const auto h = network->Encode(erased, mask);
  network->named_parameters()["network.encoder.levels.1.0.first.weight"][0].add_(0.5);
  EXPECT_GT((network->Encode(image)[1] - e[1]).abs().max().item<double>(), 1e-3);
  EXPECT_GT((network->Encode(erased, mask)[1] - h[1]).abs().max().item<double>(), 1e-3);
}

TEST(CorrectionNetwork, T10TwoEncoderPassesEqualThree)
{
  auto network = SmallCorrectionNetwork();
  const auto image = BallStream(1, 2, 16).image;
  const auto mask = CentralMask(image);
  const auto h = network->Encode(image.masked_fill(mask, 0.0), mask);
  const auto e = network->Encode(image);
  const auto coarse = network->CoarseLogits(e); // phase 1 leaves no trace in e
  const auto cached = network->Refine(e, h, true, true);
  const auto fresh = network->Refine(network->Encode(image), h, true, true);
  EXPECT_LT((cached.logits - fresh.logits).abs().max().item<double>(), 1e-6);
  for (std::size_t k = 0; k < cached.repainted.size(); ++k)
  {
    EXPECT_LT((cached.repainted[k] - fresh.repainted[k]).abs().max().item<double>(), 1e-6);
  }
  EXPECT_GT((cached.logits - coarse).abs().max().item<double>(), 1e-3) << "the gates do nothing";
}

TEST(CorrectionNetwork, T12ScalesHalve)
{
  CorrectionNetworkOptions options;
  options.scales = 5;
  auto network = SmallCorrectionNetwork(options, SmallCorrectionPlan({16, 16, 16, 16, 16, 16}));
  const torch::NoGradGuard noGradient;
  const auto image = torch::randn({1, 1, 256, 96, 16});
  const auto maps = network->Encode(image);
  const auto refined = network->Refine(maps, maps, true, true);
  ASSERT_EQ(refined.sideLogits.size(), 4U);
  ASSERT_EQ(refined.repainted.size(), 5U);
  const std::array<std::int64_t, 5> deep{256, 128, 64, 32, 16};
  const std::array<std::int64_t, 5> high{96, 48, 24, 12, 6};
  for (std::size_t k = 0; k < 5; ++k)
  {
    const auto & logits = k == 0 ? refined.logits : refined.sideLogits[k - 1];
    EXPECT_EQ(logits.size(2), deep[k]);
    EXPECT_EQ(logits.size(3), high[k]);
    EXPECT_EQ(refined.repainted[k].sizes().slice(2), logits.sizes().slice(2));
  }
}

TEST(CorrectionNetwork, OddSizesAndAnisotropicStridesKeepTheirSize)
{
  auto plan = SmallCorrectionPlan();
  plan.strides[1] = {1, 2, 2};
  plan.kernels[0] = {1, 3, 3};
  for (const auto & gate : GateKindNames())
  {
    CorrectionNetworkOptions options;
    options.gate = GateKindOf(gate);
    auto network = SmallCorrectionNetwork(options, plan);
    const torch::NoGradGuard noGradient;
    const auto image = torch::randn({2, 1, 7, 13, 11});
    const auto e = network->Encode(image);
    const auto refined = network->Refine(e, network->Encode(image * 0.5), true, true);
    EXPECT_EQ(refined.logits.sizes(), (std::vector<std::int64_t>{2, 2, 7, 13, 11}));
    EXPECT_EQ(refined.repainted[0].sizes(), image.sizes());
  }
}

TEST(CorrectionNetwork, PlainPassIsThePlansNetworkToTheBit)
{
  auto plain = BuildNetwork(SmallCorrectionPlan(), 1);
  for (const bool maskChannel : {true, false})
  {
    CorrectionNetworkOptions options;
    options.maskChannel = maskChannel;
    CorrectionNetwork network(plain, options, 1);
    const torch::NoGradGuard noGradient;
    const auto image = BallStream(1, 1, 16).image;
    EXPECT_LT((network->CoarseLogits(network->Encode(image)) - plain->forward(image))
                  .abs()
                  .max()
                  .item<double>(),
              1e-5);
  }
  auto crowded = SmallCorrectionPlan();
  crowded.inputChannels = 15;
  EXPECT_THROW(CorrectionNetwork(BuildNetwork(crowded, 1), CorrectionNetworkOptions(), 1),
               UsageError);
}

TEST(CorrectionNetwork, GatesAreAFunctionOfTheSeed)
{
  const auto plain = BuildNetwork(SmallCorrectionPlan(), 1);
  const auto gates = [&](std::uint64_t seed)
  {
    torch::rand(static_cast<std::int64_t>(seed) + 1); // whatever was drawn before
    CorrectionNetwork network(plain, CorrectionNetworkOptions(), seed);
    return network->named_parameters()["gates.0.gateSpatial"].detach().clone();
  };
  EXPECT_TRUE(torch::equal(gates(5), gates(5)));
  EXPECT_FALSE(torch::equal(gates(5), gates(6)));
}

TEST(CorrectionNetwork, ModelFilePartsGiveTheSameNetworkBack)
{
  for (const auto & gate : GateKindNames())
  {
    CorrectionNetworkOptions options;
    options.gate = GateKindOf(gate);
    options.maskChannel = gate != "add";
    auto network = SmallCorrectionNetwork(options);
    const torch::NoGradGuard noGradient;
    for (auto & parameter : network->parameters())
    {
      parameter.add_(0.01 * torch::randn_like(parameter)); // the mask channel, too
    }
    ModelFile model;
    model.plan.network = SmallCorrectionPlan();
    network->Split(TensorsOf(*network), model.weights, model.extra);
    auto joined = JoinCorrectionNetwork(model, "model");
    const auto image = BallStream(1, 1, 16).image;
    const auto mask = CentralMask(image);
    const auto passes = [&](CorrectionNetwork & net)
    {
      return net->Refine(
          net->Encode(image), net->Encode(image.masked_fill(mask, 0.0), mask), false, true);
    };
    const auto expected = passes(network);
    const auto found = passes(joined);
    EXPECT_TRUE(torch::equal(found.logits, expected.logits)) << gate;
    EXPECT_TRUE(torch::equal(found.repainted[0], expected.repainted[0])) << gate;
    if (gate != "add")
    {
      model.extra.erase(
          model.extra.find("gates.0." + std::string(gate == "full"          ? "gateWeight"
                                                    : gate == "concatenate" ? "joinState"
                                                                            : "reduceState")));
      EXPECT_THROW(JoinCorrectionNetwork(model, "model"), ModelError);
    }
    model.extra.erase("options");
    EXPECT_THROW(JoinCorrectionNetwork(model, "model"), ModelError);
  }
}

} // namespace
} // namespace sulcus
