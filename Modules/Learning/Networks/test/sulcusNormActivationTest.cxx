#include <sulcusError.h>
#include <sulcusNormActivation.h>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

namespace
{

using sulcus::NormActivation;
using sulcus::NormActivationOptions;
using sulcus::NormActivationReference;
using torch::Tensor;

struct Inputs
{
  Tensor input, weight, bias, residual;
};

Inputs
Draw(const std::vector<std::int64_t> & shape,
     torch::ScalarType type,
     bool residual,
     bool channelsLast = false)
{
  const auto layout =
      channelsLast ? torch::MemoryFormat::ChannelsLast3d : torch::MemoryFormat::Contiguous;
  torch::manual_seed(7);
  const auto parameterType = type == torch::kDouble ? torch::kDouble : torch::kFloat;
  Inputs inputs;
  inputs.input = (torch::randn(shape) * 3 + 5).to(type).contiguous(layout).requires_grad_(true);
  inputs.weight = (torch::rand({shape[1]}) + 0.5).to(parameterType).requires_grad_(true);
  inputs.bias = torch::randn({shape[1]}).to(parameterType).requires_grad_(true);
  if (residual)
  {
    inputs.residual = torch::randn(shape).to(type).contiguous(layout).requires_grad_(true);
  }
  return inputs;
}

/** Output and the gradients of a fixed random functional of it. */
template <typename TFunction>
std::vector<Tensor>
ValueAndGradients(const Inputs & in, const NormActivationOptions & options, TFunction function)
{
  const Tensor output = function(in.input, in.weight, in.bias, in.residual, options);
  torch::manual_seed(11);
  const Tensor direction = torch::randn(output.sizes()).to(output.scalar_type());
  std::vector<Tensor> leaves{in.input, in.weight, in.bias};
  if (in.residual.defined())
  {
    leaves.push_back(in.residual);
  }
  auto result = torch::autograd::grad({output}, leaves, {direction});
  result.insert(result.begin(), output.detach());
  return result;
}

struct Case
{
  std::vector<std::int64_t> shape;
  std::int64_t groups;
  bool residual;
  double slope;
  bool channelsLast = false;
};

class NormActivationCases : public testing::TestWithParam<Case>
{
};

TEST_P(NormActivationCases, MatchesLibTorchInDouble)
{
  const Case & c = GetParam();
  const Inputs in = Draw(c.shape, torch::kDouble, c.residual, c.channelsLast);
  const NormActivationOptions options{c.groups, c.slope, 1e-5};
  const auto ours = ValueAndGradients(in, options, NormActivation);
  const auto theirs = ValueAndGradients(in, options, NormActivationReference);
  for (std::size_t i = 0; i < ours.size(); ++i)
  {
    EXPECT_TRUE(torch::allclose(ours[i], theirs[i], 1e-9, 1e-9)) << "item " << i;
  }
}

TEST_P(NormActivationCases, MatchesLibTorchInFloat)
{
  const Case & c = GetParam();
  const Inputs in = Draw(c.shape, torch::kFloat, c.residual, c.channelsLast);
  const NormActivationOptions options{c.groups, c.slope, 1e-5};
  const auto ours = ValueAndGradients(in, options, NormActivation);
  const auto theirs = ValueAndGradients(in, options, NormActivationReference);
  for (std::size_t i = 0; i < ours.size(); ++i)
  {
    EXPECT_TRUE(torch::allclose(ours[i], theirs[i], 1e-4, 2e-4)) << "item " << i;
  }
}

TEST_P(NormActivationCases, BFloat16IsTheFloatResultRounded)
{
  const Case & c = GetParam();
  Inputs in = Draw(c.shape, torch::kBFloat16, c.residual, c.channelsLast);
  const NormActivationOptions options{c.groups, c.slope, 1e-5};
  const auto ours = ValueAndGradients(in, options, NormActivation);
  EXPECT_EQ(ours[0].scalar_type(), torch::kBFloat16);
  Inputs wide = in;
  wide.input = in.input.detach().to(torch::kFloat).requires_grad_(true);
  if (c.residual)
  {
    wide.residual = in.residual.detach().to(torch::kFloat).requires_grad_(true);
  }
  const Tensor exact = NormActivation(wide.input, wide.weight, wide.bias, wide.residual, options);
  EXPECT_TRUE(torch::equal(ours[0], exact.to(torch::kBFloat16)));
  torch::manual_seed(11);
  const Tensor direction = torch::randn(exact.sizes()).to(torch::kBFloat16).to(torch::kFloat);
  const auto gradients = torch::autograd::grad({exact}, {wide.input, wide.weight}, {direction});
  EXPECT_TRUE(torch::allclose(ours[1].to(torch::kFloat), gradients[0], 2e-2, 2e-2));
  EXPECT_TRUE(torch::allclose(ours[2], gradients[1], 2e-2, 1e-1));
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         NormActivationCases,
                         testing::Values(Case{{2, 16, 3, 5, 7}, 16, false, 0.01},
                                         Case{{2, 16, 3, 5, 7}, 16, true, 0.01},
                                         Case{{1, 16, 9, 20, 31}, 16, true, 0.01},
                                         Case{{2, 32, 4, 4, 4}, 8, true, 0.2},
                                         Case{{3, 48, 1, 2, 3}, 2, false, 1.0},
                                         Case{{1, 16, 2, 2, 2}, 1, false, 0.01},
                                         Case{{2, 16, 3, 5, 7}, 16, false, 0.01, true},
                                         Case{{2, 16, 3, 5, 7}, 16, true, 0.01, true},
                                         Case{{1, 32, 9, 20, 31}, 32, true, 0.01, true},
                                         Case{{3, 48, 4, 5, 3}, 12, true, 0.2, true},
                                         Case{{1, 16, 13, 17, 11}, 1, false, 1.0, true}));

TEST(NormActivation, MatchesHandComputedValue)
{
  // Every channel c is 1, 2, 3, 6 times c + 1: mean 3, variance 3.5 after scaling; scale 2, shift
  // 1, slope 0.5.
  const Tensor pattern =
      torch::tensor({1.0, 2.0, 3.0, 6.0}, torch::kDouble).reshape({1, 1, 1, 2, 2});
  const Tensor input = pattern * torch::arange(1, 17, torch::kDouble).reshape({1, 16, 1, 1, 1});
  const Tensor output = NormActivation(input,
                                       torch::full({16}, 2.0, torch::kDouble),
                                       torch::full({16}, 1.0, torch::kDouble),
                                       {},
                                       {16, 0.5, 0.0});
  const double s = 2.0 / std::sqrt(3.5);
  const Tensor expected =
      torch::tensor({0.5 * (1 - 2 * s), 0.5 * (1 - s), 1.0, 1 + 3 * s}, torch::kDouble);
  for (int channel = 0; channel < 16; ++channel)
  {
    EXPECT_TRUE(torch::allclose(output[0][channel].flatten(), expected, 1e-12, 1e-12)) << channel;
  }
}

TEST(NormActivation, GradientMatchesFiniteDifference)
{
  const Inputs in = Draw({2, 16, 1, 2, 2}, torch::kDouble, true);
  const NormActivationOptions options{2, 0.3, 1e-5};
  torch::manual_seed(3);
  const Tensor direction = torch::randn(in.input.sizes(), torch::kDouble);
  const auto value = [&]
  {
    const torch::NoGradGuard guard;
    return (NormActivation(in.input, in.weight, in.bias, in.residual, options) * direction)
        .sum()
        .item<double>();
  };
  const std::vector<Tensor> leaves{in.input, in.weight, in.bias, in.residual};
  const auto gradients = torch::autograd::grad(
      {(NormActivation(in.input, in.weight, in.bias, in.residual, options) * direction).sum()},
      leaves);
  for (std::size_t l = 0; l < leaves.size(); ++l)
  {
    auto flat = leaves[l].detach().flatten();
    for (std::int64_t i = 0; i < flat.numel(); ++i)
    {
      const double kept = flat[i].item<double>();
      constexpr double step = 1e-6;
      flat[i] = kept + step;
      const double above = value();
      flat[i] = kept - step;
      const double below = value();
      flat[i] = kept;
      EXPECT_NEAR(gradients[l].flatten()[i].item<double>(), (above - below) / (2 * step), 2e-6)
          << l << ' ' << i;
    }
  }
}

TEST(NormActivation, SameBitsWithOneAndTwoThreads)
{
  const int before = at::get_num_threads();
  for (const bool channelsLast : {false, true})
  {
    const Inputs in = Draw({3, 16, 15, 19, 17}, torch::kFloat, true, channelsLast);
    at::set_num_threads(1);
    const auto one = ValueAndGradients(in, {16, 0.01, 1e-5}, NormActivation);
    at::set_num_threads(2);
    const auto two = ValueAndGradients(in, {16, 0.01, 1e-5}, NormActivation);
    at::set_num_threads(before);
    for (std::size_t i = 0; i < one.size(); ++i)
    {
      EXPECT_TRUE(torch::equal(one[i], two[i])) << "item " << i;
    }
  }
}

TEST(NormActivation, KeepsPrecisionFarFromZero)
{
  torch::manual_seed(5);
  const Tensor input = torch::randn({1, 16, 8, 8, 8}) + 1e4;
  const Tensor output =
      NormActivation(input, torch::ones({16}), torch::zeros({16}), {}, {16, 1.0, 1e-5});
  const Tensor exact = torch::group_norm(input.to(torch::kDouble), 16);
  EXPECT_LT((output - exact).abs().max().item<double>(),
            2e-3); // input itself is only known to 1e-3
}

TEST(NormActivation, ConstantInputGivesTheShift)
{
  const Tensor output = NormActivation(torch::full({1, 16, 2, 2, 2}, 3.0F),
                                       torch::ones({16}),
                                       torch::full({16}, 0.25F),
                                       {},
                                       {16, 0.01, 1e-5});
  EXPECT_TRUE(torch::allclose(output, torch::full_like(output, 0.25)));
}

TEST(NormActivation, NonFiniteInputStaysVisible)
{
  Tensor input = torch::randn({1, 16, 3, 3, 3});
  input[0][1][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  const Tensor output =
      NormActivation(input, torch::ones({16}), torch::zeros({16}), {}, {16, 0.01, 1e-5});
  EXPECT_TRUE(torch::isfinite(output[0][0]).all().item<bool>());
  EXPECT_TRUE(torch::isnan(output[0][1]).any().item<bool>());
}

/** Channels that fill no whole vectors go through LibTorch: one sum over float is rounded once. */
TEST(NormActivation, OddChannelCountsInBFloat16AreRoundedOnce)
{
  torch::manual_seed(9);
  const Tensor input = torch::randn({2, 6, 3, 4, 5}).to(torch::kBFloat16);
  const Tensor weight = torch::rand({6}) + 0.5;
  const Tensor bias = torch::randn({6});
  const NormActivationOptions options{3, 0.1, 1e-5};
  const Tensor exact = torch::leaky_relu(
      torch::group_norm(
          input.to(torch::kDouble), 3, weight.to(torch::kDouble), bias.to(torch::kDouble)),
      0.1);
  const Tensor ours = NormActivation(input, weight, bias, {}, options);
  EXPECT_EQ(ours.scalar_type(), torch::kBFloat16);
  const Tensor halfStep = exact.abs() / 256 + 1e-6; // of eight significant bits
  EXPECT_TRUE(((ours.to(torch::kDouble) - exact).abs() <= halfStep).all().item<bool>());
}

TEST(NormActivation, RefusesGroupsThatDoNotDivideTheChannels)
{
  EXPECT_THROW(
      NormActivation(torch::randn({1, 6, 2, 2, 2}), torch::ones({6}), torch::zeros({6}), {}, {4}),
      sulcus::UsageError);
}

} // namespace
