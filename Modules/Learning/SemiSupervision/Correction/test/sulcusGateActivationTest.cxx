#include "sulcusGateActivation.h"

#include <sulcusDevice.h>
#include <sulcusNormActivation.h>

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace sulcus
{
namespace
{

using torch::Tensor;

struct Result
{
  Tensor value;
  std::vector<Tensor> gradients;
};

/** Value and gradients of a reset followed by a blend of leaves in the given type; the gates are
 * halves of one tensor, as in use. */
Result
RunGates(const std::vector<Tensor> & values, torch::ScalarType type, bool reference)
{
  std::vector<Tensor> leaves;
  for (const auto & value : values)
  {
    leaves.push_back(value.to(type).detach().clone().requires_grad_());
  }
  const auto gates = leaves[0].chunk(2, 1);
  Result result;
  const auto run = [&] { return BlendGate(leaves[1], gates[1], ResetGate(gates[0], leaves[2])); };
  if (reference)
  {
    const ReferenceKernels own;
    result.value = run();
  }
  else
  {
    result.value = run();
  }
  torch::manual_seed(3);
  result.value.backward(torch::randn(result.value.sizes()).to(type));
  for (const auto & leaf : leaves)
  {
    result.gradients.push_back(leaf.grad());
  }
  return result;
}

std::vector<Tensor>
Values(std::int64_t channels, std::vector<std::int64_t> size)
{
  torch::manual_seed(5);
  return {3 * torch::randn({2, 2 * channels, size[0], size[1], size[2]}),
          torch::randn({2, channels, size[0], size[1], size[2]}),
          torch::randn({2, channels, size[0], size[1], size[2]})};
}

TEST(GateActivation, KernelsEqualTheReference)
{
  for (const auto & size :
       std::vector<std::vector<std::int64_t>>{{1, 2, 1}, {3, 5, 7}, {33, 32, 31}})
  {
    const auto values = Values(16, size);
    const auto found = RunGates(values, torch::kFloat, false);
    const auto expected = RunGates(values, torch::kFloat, true);
    EXPECT_LT((found.value - expected.value).abs().max().item<double>(), 2e-6);
    const auto rounded = RunGates(values, torch::kBFloat16, false);
    EXPECT_EQ(rounded.value.scalar_type(), torch::kBFloat16);
    EXPECT_LT((rounded.value.to(torch::kFloat) - expected.value).abs().max().item<double>(), 0.1);
    for (std::size_t i = 0; i < values.size(); ++i)
    {
      EXPECT_LT((found.gradients[i] - expected.gradients[i]).abs().max().item<double>(), 5e-6) << i;
      const auto error = (rounded.gradients[i].to(torch::kFloat) - expected.gradients[i]).norm();
      EXPECT_LT((error / expected.gradients[i].norm().clamp_min(1e-3)).item<double>(), 0.05) << i;
    }
  }
}

TEST(GateActivation, LogisticIsAccurateOverItsWholeRange)
{
  const auto gate = torch::linspace(-100, 100, 4000).view({1, 1, 1, 1, 4000});
  const auto one = torch::ones_like(gate);
  const auto expected = gate.to(torch::kDouble).sigmoid();
  EXPECT_LT((ResetGate(gate, one).to(torch::kDouble) - expected).abs().max().item<double>(), 3e-7);
}

TEST(GateActivation, NotANumberStaysOne)
{
  auto gate = torch::zeros({1, 1, 1, 1, 16});
  gate[0][0][0][0][1] = std::numeric_limits<float>::quiet_NaN();
  const auto one = torch::ones_like(gate);
  for (const auto & value : {ResetGate(gate, one),
                             BlendGate(one, gate, one + 1),
                             BlendGate(gate, one, one),
                             BlendGate(one, one, gate)})
  {
    const auto isNan = value.isnan().flatten();
    EXPECT_TRUE(isNan[1].item<bool>());
    EXPECT_EQ(isNan.sum().item<int>(), 1);
  }
}

TEST(GateActivation, SameBitsForAnyNumberOfThreads)
{
  const auto values = Values(16, {20, 21, 22});
  const int before = at::get_num_threads();
  SetTorchThreads(1);
  const auto one = RunGates(values, torch::kFloat, false);
  SetTorchThreads(3);
  const auto three = RunGates(values, torch::kFloat, false);
  SetTorchThreads(before);
  EXPECT_TRUE(torch::equal(one.value, three.value));
  for (std::size_t i = 0; i < values.size(); ++i)
  {
    EXPECT_TRUE(torch::equal(one.gradients[i], three.gradients[i]));
  }
}

TEST(GateActivation, DoubleGradientMatchesFiniteDifferences)
{
  const auto values = Values(1, {2, 3, 2});
  const auto exact = RunGates(values, torch::kDouble, false);
  torch::manual_seed(3);
  const auto upstream = torch::randn(exact.value.sizes()).to(torch::kDouble);
  for (std::size_t i = 0; i < values.size(); ++i)
  {
    for (std::int64_t v = 0; v < values[i].numel(); v += 5)
    {
      const auto shifted = [&](double by)
      {
        std::vector<Tensor> moved;
        for (const auto & value : values)
        {
          moved.push_back(value.to(torch::kDouble));
        }
        moved[i] = moved[i].clone();
        moved[i].view({-1})[v] += by;
        return (RunGates(moved, torch::kDouble, false).value.detach() * upstream)
            .sum()
            .item<double>();
      };
      EXPECT_NEAR((shifted(1e-6) - shifted(-1e-6)) / 2e-6,
                  exact.gradients[i].flatten()[v].item<double>(),
                  1e-6);
    }
  }
}

} // namespace
} // namespace sulcus
