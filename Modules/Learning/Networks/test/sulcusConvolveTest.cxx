#include "sulcusConvolve.h"

#include "sulcusConvolution.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <functional>

namespace sulcus
{
namespace
{

struct Gradients
{
  torch::Tensor output, input, weight;
};

double
Difference(const torch::Tensor & a, const torch::Tensor & b)
{
  const auto reference = b.to(torch::kDouble);
  return ((a.to(torch::kDouble) - reference).norm() / reference.norm()).item<double>();
}

/** What `operation` gives for both number formats from the same rounded values. */
void
ExpectAlike(
    const std::function<torch::Tensor(const torch::Tensor &, const torch::Tensor &)> & operation,
    const torch::Tensor & input,
    const torch::Tensor & weight)
{
  const auto run = [&](torch::ScalarType type)
  {
    const auto rounded = [&](const torch::Tensor & tensor)
    { return tensor.to(torch::kBFloat16).to(type).detach().requires_grad_(); };
    auto x = rounded(ChannelsLast(input));
    auto w = rounded(weight);
    const auto y = operation(x, w);
    torch::manual_seed(5);
    y.backward(torch::randn(y.sizes()).to(torch::kBFloat16).to(type));
    return Gradients{y.detach(), x.grad(), w.grad()};
  };
  const auto half = run(torch::kBFloat16);
  const auto exact = run(torch::kFloat);
  EXPECT_LT(Difference(half.output, exact.output), 0.01);
  EXPECT_LT(Difference(half.input, exact.input), 0.01);
  EXPECT_LT(Difference(half.weight, exact.weight), 0.01);
}

using Operation = std::function<torch::Tensor(
    const torch::Tensor &, const torch::Tensor &, const torch::Tensor &)>;

/** Output and gradients in single precision against those in double. \param values input, weight
 * and, if there is one, bias. */
void
ExpectAsInDouble(const Operation & operation, const std::vector<torch::Tensor> & values)
{
  const auto run = [&](torch::ScalarType type)
  {
    std::vector<torch::Tensor> leaves;
    for (const auto & value : values)
    {
      auto leaf = value.to(type);
      leaves.push_back((value.dim() == 5 ? ChannelsLast(leaf) : leaf).detach().requires_grad_());
    }
    const auto y = operation(leaves[0], leaves[1], leaves.size() > 2 ? leaves[2] : torch::Tensor());
    const auto position = torch::arange(y.numel(), torch::kDouble).view(y.sizes());
    y.backward(torch::sin(position).to(type));
    std::vector<torch::Tensor> made{y.detach()};
    for (const auto & leaf : leaves)
    {
      made.push_back(leaf.grad());
    }
    return made;
  };
  const auto single = run(torch::kFloat);
  const auto exact = run(torch::kDouble);
  for (std::size_t i = 0; i < exact.size(); ++i)
  {
    ASSERT_EQ(single[i].sizes(), exact[i].sizes());
    EXPECT_LT(Difference(single[i], exact[i]), 1e-5) << "value " << i;
  }
}

} // namespace

/** Sizes at which LibTorch's own bf16 gradient is NaN or ends the process on a machine with AMX. */
TEST(Convolve, GradientsOfThinSlabsAreThoseOfSinglePrecision)
{
  struct Case
  {
    std::int64_t channels;
    std::vector<std::int64_t> size;
    Triple kernel, stride;
  };
  torch::manual_seed(1);
  for (const auto & c : {Case{32, {4, 64, 64}, {1, 3, 3}, {1, 1, 1}},
                         Case{16, {4, 128, 128}, {1, 3, 3}, {1, 1, 1}},
                         Case{32, {6, 64, 72}, {3, 3, 3}, {1, 1, 1}},
                         Case{32, {5, 80, 64}, {3, 3, 3}, {2, 2, 2}},
                         Case{32, {4, 80, 64}, {3, 3, 3}, {2, 2, 2}},
                         Case{128, {1, 32, 32}, {3, 3, 3}, {1, 1, 1}},
                         Case{32, {3, 64, 64}, {3, 1, 3}, {1, 2, 1}}})
  {
    ASSERT_TRUE(IsThinSlab({2, c.channels, c.size[0], c.size[1], c.size[2]}, c.channels));
    const auto input = torch::randn({2, c.channels, c.size[0], c.size[1], c.size[2]});
    const auto weight =
        0.05 * torch::randn({c.channels, c.channels, c.kernel[0], c.kernel[1], c.kernel[2]});
    const Triple padding{c.kernel[0] / 2, c.kernel[1] / 2, c.kernel[2] / 2};
    ExpectAlike([&](const auto & x, const auto & w)
                { return Convolve(x, w, {}, c.stride, padding); },
                input,
                weight);
  }
}

TEST(Convolve, GradientsOfThinUpsamplingAreThoseOfSinglePrecision)
{
  torch::manual_seed(2);
  for (const Triple & stride : {Triple{1, 2, 2}, Triple{2, 2, 2}, Triple{2, 1, 3}})
  {
    ExpectAlike([&](const auto & x, const auto & w) { return ConvolveTransposed(x, w, stride); },
                torch::randn({2, 64, 3, 48, 40}),
                0.1 * torch::randn({64, 32, stride[0], stride[1], stride[2]}));
  }
}

TEST(Convolve, BiasIsAddedAndLearns)
{
  torch::manual_seed(3);
  const auto bias = torch::randn({32}).to(torch::kBFloat16).requires_grad_();
  const auto input = ChannelsLast(torch::randn({1, 32, 4, 64, 64}).to(torch::kBFloat16));
  const auto weight = torch::zeros({32, 32, 3, 3, 3}, torch::kBFloat16).requires_grad_();
  const auto made = Convolve(input, weight, bias, {1, 1, 1}, {1, 1, 1});
  EXPECT_TRUE(torch::equal(made.detach(), bias.detach().view({1, -1, 1, 1, 1}).expand_as(made)));
  made.select(1, 7).sum().backward();
  EXPECT_EQ(bias.grad()[7].item<float>(), 4 * 64 * 64);
  EXPECT_EQ(bias.grad()[8].item<float>(), 0);
}

/** LibTorch in double precision is the independent reference: there it never asks oneDNN. */
TEST(Convolve, SmallMapsInSinglePrecisionAreThoseOfDouble)
{
  struct Case
  {
    std::vector<std::int64_t> size;
    Triple kernel, stride;
  };
  torch::manual_seed(4);
  for (const auto & c : {Case{{5, 7, 6}, {3, 3, 3}, {1, 1, 1}},
                         Case{{4, 9, 11}, {1, 3, 3}, {1, 2, 2}},
                         Case{{6, 5, 8}, {3, 3, 3}, {2, 2, 2}},
                         Case{{1, 2, 3}, {3, 1, 5}, {1, 1, 1}}})
  {
    const auto input = torch::randn({1, 24, c.size[0], c.size[1], c.size[2]}, torch::kDouble);
    const auto weight =
        torch::randn({40, 24, c.kernel[0], c.kernel[1], c.kernel[2]}, torch::kDouble);
    const auto bias = torch::randn({40}, torch::kDouble);
    const Triple padding{c.kernel[0] / 2, c.kernel[1] / 2, c.kernel[2] / 2};
    ExpectAsInDouble([&](const auto & x, const auto & w, const auto & b)
                     { return Convolve(x, w, b, c.stride, padding); },
                     {input, weight, bias});
    ExpectAsInDouble([&](const auto & x, const auto & w, const auto &)
                     { return Convolve(x, w, {}, c.stride, padding); },
                     {input, weight});
  }
}

TEST(Convolve, SmallUpsamplingInSinglePrecisionIsThatOfDouble)
{
  torch::manual_seed(6);
  for (const Triple & stride : {Triple{2, 2, 2}, Triple{1, 2, 2}, Triple{3, 1, 2}})
  {
    ExpectAsInDouble([&](const auto & x, const auto & w, const auto &)
                     { return ConvolveTransposed(x, w, stride); },
                     {torch::randn({1, 24, 3, 5, 4}, torch::kDouble),
                      torch::randn({24, 10, stride[0], stride[1], stride[2]}, torch::kDouble)});
  }
}

TEST(Convolve, FrozenWeightsAndNoGradientStayPossibleForSmallMaps)
{
  torch::manual_seed(7);
  auto input = ChannelsLast(torch::randn({1, 8, 4, 5, 6})).requires_grad_();
  const auto weight = torch::randn({8, 8, 3, 3, 3});
  Convolve(input, weight, {}, {1, 1, 1}, {1, 1, 1}).sum().backward();
  EXPECT_EQ(input.grad().sizes(), input.sizes());
  EXPECT_FALSE(weight.grad().defined());
  const torch::NoGradGuard noGradient;
  EXPECT_FALSE(Convolve(input, weight, {}, {1, 1, 1}, {1, 1, 1}).requires_grad());
}

TEST(Convolve, ThickOrSmallMapsAreLibTorchs)
{
  EXPECT_FALSE(IsThinSlab({2, 16, 40, 56, 40}, 16));
  EXPECT_FALSE(IsThinSlab({2, 128, 4, 20, 20}, 128));
  EXPECT_FALSE(IsThinSlab({1, 16, 96, 96, 96}, 16));
  EXPECT_TRUE(IsThinSlab({2, 16, 8, 160, 160}, 16));
}

} // namespace sulcus
