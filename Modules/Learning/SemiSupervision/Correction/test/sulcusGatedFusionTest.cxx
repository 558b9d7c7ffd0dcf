#include "sulcusGatedFusion.h"

#include <sulcusError.h>
#include <sulcusPrecision.h>

#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cmath>

namespace sulcus
{
namespace
{

/** One channel, one voxel: only the centre taps act. */
class ScalarGate
{
public:
  ScalarGate(std::array<double, 2> reset,
             std::array<double, 2> select,
             std::array<double, 2> output)
      : m_Gate(1, Triple{3, 3, 3}, GateKind::Full)
  {
    m_Gate->to(torch::kDouble);
    const torch::NoGradGuard noGradient;
    m_Gate->gateWeight.zero_();
    m_Gate->candidateWeight.zero_();
    for (int i = 0; i < 2; ++i)
    {
      m_Gate->gateWeight[0][i][1][1][1] = reset[i];
      m_Gate->gateWeight[1][i][1][1][1] = select[i];
      m_Gate->candidateWeight[0][i][1][1][1] = output[i];
    }
  }

  void
  SelectBias(double value)
  {
    const torch::NoGradGuard noGradient;
    m_Gate->gateBias[1] = value;
  }

  double
  operator()(double e, double h)
  {
    const auto voxel = [](double value) {
      return torch::full({1, 1, 1, 1, 1}, value, torch::kDouble);
    };
    return m_Gate->forward(voxel(e), voxel(h)).item<double>();
  }

private:
  GatedFusion m_Gate;
};

TEST(GatedFusion, T1ScalarByHand)
{
  ScalarGate gate({1, 1}, {0.5, -1}, {1, 2});
  EXPECT_NEAR(gate(2, -1), 0.7121714802, 1e-9);
}

TEST(GatedFusion, T2Limits)
{
  ScalarGate closed({0, 0}, {0, 0}, {0, 0});
  EXPECT_DOUBLE_EQ(closed(2, -1), 1.0); // all weights 0: e/2
  ScalarGate negative({0, 0}, {0, 0}, {-1, 1});
  EXPECT_DOUBLE_EQ(negative(2, -1), 1.0); // candidate ReLU(-2 - 0.5) = 0
  ScalarGate gate({1, 1}, {0, 0}, {1, 2});
  gate.SelectBias(-30);
  EXPECT_NEAR(gate(2, -1), 2.0, 1e-9); // g = e
  gate.SelectBias(30);
  EXPECT_NEAR(gate(2, -1), 2 - 2 / (1 + std::exp(-1.0)), 1e-9); // g = c
}

TEST(GatedFusion, ParameterCountsOfTheSpecification)
{
  const auto count = [](std::int64_t c, const Triple & kernel, GateKind kind)
  {
    std::int64_t sum = 0;
    for (const auto & parameter : GatedFusion(c, kernel, kind)->parameters())
    {
      sum += parameter.numel();
    }
    return sum;
  };
  for (const std::int64_t c : {8, 32})
  {
    EXPECT_EQ(count(c, {3, 3, 3}, GateKind::Full), 3 * (2 * c * c * 27 + c));
    EXPECT_EQ(count(c, {1, 3, 3}, GateKind::Full), 3 * (2 * c * c * 9 + c));
  }
  // The formula at 512 channels, as published and in three dimensions.
  EXPECT_EQ(3 * (2 * 512 * 512 * 9 + 512), 14157312);
  EXPECT_EQ(3 * (2 * 512 * 512 * 27 + 512), 42468864);
  const std::int64_t c = 128;
  const std::int64_t b = 32;
  EXPECT_EQ(count(c, {3, 3, 3}, GateKind::Factorised),
            6 * b * c + 5 * b * b * 27 + 5 * b * c + 3 * c);
  EXPECT_EQ(count(c, {3, 3, 3}, GateKind::Concatenate), 2 * c * c + c);
  EXPECT_EQ(count(c, {3, 3, 3}, GateKind::Add), 0);
}

TEST(GatedFusion, WeightsStartOrthogonalAndBiasesAtZero)
{
  torch::manual_seed(4);
  const GatedFusion gate(8, Triple{3, 3, 3}, GateKind::Full);
  EXPECT_EQ(gate->gateBias.abs().sum().item<double>(), 0.0);
  EXPECT_EQ(gate->candidateBias.abs().sum().item<double>(), 0.0);
  const auto unit = torch::eye(8);
  for (const auto & weight :
       {gate->gateWeight.narrow(0, 0, 8), gate->gateWeight.narrow(0, 8, 8), gate->candidateWeight})
  {
    const auto rows = weight.flatten(1);
    EXPECT_LT((rows.mm(rows.t()) - unit).abs().max().item<double>(), 1e-5);
  }
}

/** A factorised gate is the full one whose kernels are the products of its factors. */
TEST(GatedFusion, FactorisedIsAFullGateOfLowRank)
{
  torch::manual_seed(5);
  const std::int64_t c = 16;
  const std::int64_t b = 8;
  GatedFusion factorised(c, Triple{3, 3, 3}, GateKind::Factorised);
  GatedFusion full(c, Triple{3, 3, 3}, GateKind::Full);
  const auto factor = factorised->named_parameters();
  const torch::NoGradGuard noGradient;
  const auto matrix = [&](const char * name) { return factor[name].flatten(1); };
  const auto reduceGates =
      torch::cat({matrix("reduceState").narrow(0, 0, 2 * b), matrix("reduceInput")}, 1);
  const auto reduceCandidate =
      torch::cat({matrix("reduceState").narrow(0, 2 * b, b), matrix("reduceReset")}, 1);
  full->gateWeight.copy_(torch::einsum("om,mnzyx,ni->oizyx",
                                       {matrix("gateExpand"), factor["gateSpatial"], reduceGates}));
  full->candidateWeight.copy_(
      torch::einsum("om,mnzyx,ni->oizyx",
                    {matrix("candidateExpand"), factor["candidateSpatial"], reduceCandidate}));
  const auto e = torch::randn({2, c, 5, 6, 7});
  const auto h = torch::randn({2, c, 5, 6, 7});
  EXPECT_LT((factorised(e, h) - full(e, h)).abs().max().item<double>(), 1e-4);
}

TEST(GatedFusion, EveryKindKeepsShapeAndGivesGradientsInBothNumberFormats)
{
  for (const auto & name : GateKindNames())
  {
    for (const auto precision : {Precision::Float32, Precision::BFloat16})
    {
      GatedFusion gate(16, Triple{1, 3, 3}, GateKindOf(name));
      auto e = torch::randn({1, 16, 4, 5, 6}).requires_grad_();
      auto h = torch::randn({1, 16, 4, 5, 6}).requires_grad_();
      torch::Tensor g;
      {
        const AutocastScope autocast(precision, torch::kCPU);
        const auto type = precision == Precision::BFloat16 ? torch::kBFloat16 : torch::kFloat;
        g = gate(e.to(type), h.to(type));
      }
      EXPECT_EQ(g.sizes(), e.sizes());
      g.to(torch::kFloat).square().sum().backward();
      EXPECT_GT(e.grad().abs().sum().item<double>(), 0.0) << name;
      EXPECT_GT(h.grad().abs().sum().item<double>(), 0.0) << name;
      for (const auto & item : gate->named_parameters())
      {
        ASSERT_TRUE(item.value().grad().defined()) << name << " " << item.key();
        EXPECT_GT(item.value().grad().abs().sum().item<double>(), 0.0) << name << " " << item.key();
      }
    }
  }
  EXPECT_THROW(GateKindOf("ful"), UsageError);
  GatedFusion gate(16, Triple{3, 3, 3}, GateKind::Add);
  EXPECT_THROW(gate(torch::zeros({1, 16, 2, 2, 2}), torch::zeros({1, 16, 2, 2, 3})), UsageError);
}

} // namespace
} // namespace sulcus
