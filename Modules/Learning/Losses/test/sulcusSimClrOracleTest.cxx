#include <sulcusContrastiveLoss.h>
#include <sulcusError.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

// Worked values for Chen et al. 2020, checked by hand (T1 to T8). T9 and T10 are tests of Training,
// T11 and T12 of Pretraining.

namespace
{

using sulcus::NtXentLoss;
using torch::Tensor;

Tensor
Rows(const std::vector<double> & values, std::int64_t width)
{
  return torch::tensor(values, torch::kDouble).view({-1, width});
}

double
Loss(const Tensor & first, const Tensor & second, double temperature)
{
  return NtXentLoss(first, second, temperature).item<double>();
}

const Tensor
Cross()
{
  return Rows({1, 0, 0, 1}, 2);
}

TEST(SimClr, T1TwoOrthogonalPerfectPairs)
{
  EXPECT_NEAR(Loss(Cross(), Cross(), 1.0), 0.5514447139, 1e-9);
  EXPECT_NEAR(Loss(Cross(), Cross(), 0.5), 0.2395447662, 1e-9);
  EXPECT_NEAR(Loss(Cross(), Cross(), 0.1), 9.0795737e-5, 1e-11);
  EXPECT_NEAR(Loss(Cross(), Cross(), 0.07), 1.2497e-6, 1e-9);
}

TEST(SimClr, T2WorstCase)
{
  const auto swapped = Cross().flip(0);
  EXPECT_NEAR(Loss(Cross(), swapped, 1.0), 1.5514447139, 1e-9);
  EXPECT_NEAR(Loss(Cross(), swapped, 0.5), 2.2395447662, 1e-9);
  EXPECT_NEAR(Loss(Cross(), swapped, 0.1), 10.0000907957, 1e-9);
}

TEST(SimClr, T3Collapse)
{
  for (const auto & [n, expected] : {std::pair{2, 1.0986122887},
                                     std::pair{4, 1.9459101491},
                                     std::pair{8, 2.7080502011},
                                     std::pair{40, 4.3694478525}})
  {
    const auto equal = torch::ones({n, 5}, torch::kDouble);
    for (const double temperature : {0.05, 0.5, 3.0})
    {
      EXPECT_NEAR(Loss(equal, equal, temperature), expected, 1e-9);
    }
  }
}

TEST(SimClr, T4UnnormalisedInputAndItsGradient)
{
  auto z = Rows({3, 4, 0, 1, 2, 2, 0, 5, 0, 0, 0, -2}, 3).requires_grad_();
  const auto loss = [&](double temperature)
  { return NtXentLoss(z.narrow(0, 0, 2), z.narrow(0, 2, 2), temperature); };
  EXPECT_NEAR(loss(1.0).item<double>(), 1.3703089259, 1e-9);
  EXPECT_NEAR(loss(0.5).item<double>(), 1.7546977269, 1e-9);
  EXPECT_NEAR(loss(0.1).item<double>(), 5.6059100729, 1e-9);
  const auto gradient = torch::autograd::grad({loss(0.5)}, {z})[0];
  const auto expected = Rows({0.038494,
                              -0.028871,
                              0.008628,
                              -0.044178,
                              -0.010668,
                              0.032757,
                              -0.032580,
                              0,
                              0.001648,
                              -0.073498,
                              -0.064801,
                              0},
                             3);
  EXPECT_LT((gradient - expected).abs().max().item<double>(), 1e-6);
  EXPECT_LT((gradient * z.detach()).sum(1).abs().max().item<double>(), 1e-12);
}

TEST(SimClr, T5PartnersAreNamedNotGuessedFromTheLayout)
{
  const auto interleaved = Rows({1, 0, 1, 0, 0, 1, 0, 1}, 2);
  EXPECT_NEAR(
      Loss(interleaved.slice(0, 0, 4, 2), interleaved.slice(0, 1, 4, 2), 0.5), 0.2395447662, 1e-9);
  EXPECT_NEAR(
      Loss(interleaved.slice(0, 0, 2), interleaved.slice(0, 2, 4), 0.5), 2.2395447662, 1e-9);
}

TEST(SimClr, T6TheAnchorItselfIsMasked)
{
  EXPECT_GT(std::abs(Loss(Cross(), Cross(), 0.5) - 0.8200751916), 0.5);
}

TEST(SimClr, T7AntipodalNegatives)
{
  const auto u = Rows({1, 0, -1, 0}, 2);
  EXPECT_NEAR(Loss(u, u, 0.5), 0.0359762997, 1e-9);
}

TEST(SimClr, T8Invariance)
{
  torch::manual_seed(5);
  const auto a = torch::randn({6, 4}, torch::kDouble);
  const auto b = torch::randn({6, 4}, torch::kDouble);
  const double value = Loss(a, b, 0.2);
  const auto rotation = std::get<0>(torch::linalg_qr(torch::randn({4, 4}, torch::kDouble)));
  const auto order = torch::randperm(6);
  EXPECT_NEAR(Loss(a.matmul(rotation), b.matmul(rotation), 0.2), value, 1e-9);
  EXPECT_NEAR(Loss(a * (torch::rand({6, 1}, torch::kDouble) + 0.1), b, 0.2), value, 1e-9);
  EXPECT_NEAR(Loss(a.index({order}), b.index({order}), 0.2), value, 1e-9);
  EXPECT_NEAR(Loss(b, a, 0.2), value, 1e-9);
  EXPECT_EQ(Loss(a.narrow(0, 0, 1), b.narrow(0, 0, 1), 0.2), 0.0);
}

TEST(SimClr, TemperaturesThatAreNoPositiveNumberAreRefused)
{
  for (const double temperature : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
  {
    EXPECT_THROW(NtXentLoss(Cross(), Cross(), temperature), sulcus::UsageError);
  }
}

} // namespace
