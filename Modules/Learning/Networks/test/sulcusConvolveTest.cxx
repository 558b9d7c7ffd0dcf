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

TEST(Convolve, ThickOrSmallMapsAreLibTorchs)
{
  EXPECT_FALSE(IsThinSlab({2, 16, 40, 56, 40}, 16));
  EXPECT_FALSE(IsThinSlab({2, 128, 4, 20, 20}, 128));
  EXPECT_FALSE(IsThinSlab({1, 16, 96, 96, 96}, 16));
  EXPECT_TRUE(IsThinSlab({2, 16, 8, 160, 160}, 16));
}

} // namespace sulcus
