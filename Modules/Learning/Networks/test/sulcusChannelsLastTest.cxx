#include <sulcusConvolution.h>
#include <sulcusNormActivation.h>
#include <sulcusResidualBlock.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

namespace
{

using namespace sulcus;
using torch::Tensor;

TEST(ChannelsLast, StridesAreThoseOfTheLayoutEvenForOneChannel)
{
  const Tensor map = torch::randn({2, 1, 3, 4, 5});
  const Tensor turned = ChannelsLast(map);
  EXPECT_EQ(turned.strides().vec(), (std::vector<std::int64_t>{60, 1, 20, 5, 1}));
  EXPECT_TRUE(torch::equal(turned, map));
  const Tensor many = ChannelsLast(torch::randn({2, 6, 3, 4, 5}));
  EXPECT_EQ(many.stride(1), 1);
  EXPECT_EQ(ChannelsLast(many).data_ptr(), many.data_ptr());
}

TEST(ChannelsLast, PointwiseConvolutionIsTheConvolution)
{
  torch::manual_seed(1);
  for (const bool channelsLast : {false, true})
  {
    Tensor input = torch::randn({2, 6, 3, 5, 4}, torch::kDouble);
    input = (channelsLast ? ChannelsLast(input) : input).detach().requires_grad_(true);
    const Tensor weight = torch::randn({4, 6, 1, 1, 1}, torch::kDouble).requires_grad_(true);
    const Tensor bias = torch::randn({4}, torch::kDouble).requires_grad_(true);
    const Tensor ours = PointwiseConvolution(input, weight, bias);
    const Tensor theirs = torch::conv3d(input, weight, bias);
    EXPECT_TRUE(torch::allclose(ours, theirs, 1e-12, 1e-12));
    EXPECT_EQ(ours.stride(1), 1);
    const Tensor direction = torch::randn(ours.sizes(), torch::kDouble);
    const auto a = torch::autograd::grad({ours}, {input, weight, bias}, {direction});
    const auto b = torch::autograd::grad({theirs}, {input, weight, bias}, {direction});
    for (std::size_t i = 0; i < a.size(); ++i)
    {
      EXPECT_TRUE(torch::allclose(a[i], b[i], 1e-10, 1e-10)) << i;
    }
  }
}

/** Odd axes, anisotropic strides, an axis shorter than the stride; every block in both layouts and
 * with LibTorch's own operations. */
TEST(ChannelsLast, ResidualBlockIsTheSameInEveryLayout)
{
  for (const Triple & stride : {Triple{1, 1, 1}, Triple{2, 2, 2}, Triple{1, 2, 3}})
  {
    torch::manual_seed(2);
    ResidualBlock block(16, 32, Triple{3, 3, 1}, stride, 4, 0.0);
    block->to(torch::kDouble);
    const Tensor image = torch::randn({2, 16, 1, 7, 9}, torch::kDouble).requires_grad_(true);
    std::vector<Tensor> inputs{image};
    for (const auto & parameter : block->parameters())
    {
      inputs.push_back(parameter);
    }
    const Tensor ours = block(image);
    torch::manual_seed(3);
    const Tensor direction = torch::randn(ours.sizes(), torch::kDouble);
    const auto gradients = torch::autograd::grad({ours}, inputs, {direction});
    const ReferenceKernels reference;
    const Tensor theirs = block(image);
    const auto expected = torch::autograd::grad({theirs}, inputs, {direction});
    EXPECT_TRUE(torch::allclose(ours, theirs, 1e-9, 1e-9));
    for (std::size_t i = 0; i < inputs.size(); ++i)
    {
      EXPECT_TRUE(torch::allclose(gradients[i], expected[i], 1e-8, 1e-8)) << i;
    }
  }
}

TEST(ChannelsLast, BFloat16PoolingIsTheFloatResultRounded)
{
  torch::manual_seed(4);
  ResidualBlock block(16, 16, Triple{3, 3, 3}, Triple{2, 2, 2}, 0, 0.0);
  block->to(torch::kBFloat16);
  for (auto & item : block->named_parameters())
  {
    if (item.key().find("Norm") != std::string::npos)
    {
      item.value().set_data(item.value().to(torch::kFloat));
    }
  }
  const Tensor image = torch::randn({1, 16, 5, 6, 7}).to(torch::kBFloat16);
  const Tensor output = block(image);
  EXPECT_EQ(output.scalar_type(), torch::kBFloat16);
  EXPECT_EQ(output.sizes().vec(), (std::vector<std::int64_t>{1, 16, 3, 3, 4}));
  block->to(torch::kFloat);
  EXPECT_LT((output.to(torch::kFloat) - block(image.to(torch::kFloat))).abs().max().item<float>(),
            0.1F);
}

} // namespace
