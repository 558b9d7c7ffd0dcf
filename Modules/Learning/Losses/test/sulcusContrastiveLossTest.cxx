#include "sulcusFiniteDifference.h"
#include <sulcusContrastiveLoss.h>
#include <sulcusError.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdlib>
#include <fstream>

namespace
{

using sulcus::NtXentLoss;
using torch::Tensor;

Tensor
ToTensor(const nlohmann::json & rows)
{
  std::vector<Tensor> tensors;
  for (const auto & row : rows)
  {
    tensors.push_back(torch::tensor(row.get<std::vector<double>>(), torch::kDouble));
  }
  return torch::stack(tensors);
}

/** The definition, with the whole matrix at once. */
Tensor
Reference(const Tensor & first, const Tensor & second, double temperature)
{
  const Tensor joined = torch::cat({first, second});
  const Tensor unit = joined / joined.norm(2, {1}, true).clamp_min(1e-8);
  const std::int64_t count = joined.size(0);
  const Tensor similarity = (torch::mm(unit, unit.t()) / temperature)
                                .masked_fill(torch::eye(count).to(torch::kBool),
                                             -std::numeric_limits<double>::infinity());
  const Tensor partner = torch::arange(count).roll(count / 2);
  return -similarity.log_softmax(1).gather(1, partner.unsqueeze(1)).mean();
}

TEST(NtXentLoss, AgreesWithPublishedVectors)
{
  const char * folder = std::getenv("SULCUS_TEST_DATA");
  if (!folder)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  std::ifstream file(std::string(folder) + "/vectors/ntxent.json");
  ASSERT_TRUE(file.good());
  const auto vectors = nlohmann::json::parse(file);
  int checked = 0;
  for (const auto & [group, cases] : vectors.items())
  {
    if (!cases.is_array())
    {
      continue;
    }
    for (const auto & entry : cases)
    {
      if (!entry.contains("a") || !entry.contains("b"))
      {
        continue;
      }
      const double loss =
          NtXentLoss(ToTensor(entry["a"]), ToTensor(entry["b"]), entry["temperature"].get<double>())
              .item<double>();
      EXPECT_NEAR(loss, entry["loss"].get<double>(), group == "upstream" ? 1e-4 : 1e-8)
          << group << ' ' << checked;
      ++checked;
    }
  }
  EXPECT_GE(checked, 5);
}

TEST(NtXentLoss, ColinearEmbeddingsGiveTheLogarithmOfTheOthers)
{
  for (const int n : {1, 2, 7})
  {
    for (const double temperature : {0.01, 0.1, 1.0})
    {
      const Tensor z = torch::ones({n, 3}, torch::kDouble) * torch::arange(1, n + 1).unsqueeze(1);
      EXPECT_NEAR(NtXentLoss(z, 2 * z, temperature).item<double>(), std::log(2.0 * n - 1), 1e-9);
    }
  }
}

TEST(NtXentLoss, BlocksGiveTheDefinition)
{
  torch::manual_seed(1);
  const Tensor a = torch::randn({11, 6}, torch::kDouble);
  const Tensor b = torch::randn({11, 6}, torch::kDouble);
  for (const double temperature : {0.01, 0.1, 0.5})
  {
    const double expected = Reference(a, b, temperature).item<double>();
    for (const std::int64_t rows : {1, 4, 22, 512})
    {
      EXPECT_NEAR(
          NtXentLoss(a, b, temperature, rows).item<double>(), expected, 1e-9 * (1 + expected));
    }
  }
}

TEST(NtXentLoss, GradientMatchesFiniteDifferenceAndTheDefinition)
{
  torch::manual_seed(2);
  const Tensor a = torch::randn({5, 4}, torch::kDouble);
  const Tensor b = torch::randn({5, 4}, torch::kDouble);
  ExpectGradientMatchesFiniteDifference([&](const Tensor & x) { return NtXentLoss(x, b, 0.2, 3); },
                                        a);
  ExpectGradientMatchesFiniteDifference([&](const Tensor & x) { return NtXentLoss(a, x, 0.2, 3); },
                                        b);
  const Tensor leaf = a.clone().requires_grad_(true);
  const Tensor ours = torch::autograd::grad({NtXentLoss(leaf, b, 0.02, 4)}, {leaf})[0];
  const Tensor definition = torch::autograd::grad({Reference(leaf, b, 0.02)}, {leaf})[0];
  EXPECT_TRUE(torch::allclose(ours, definition, 1e-8, 1e-10));
}

TEST(NtXentLoss, ScaleOfAnEmbeddingDoesNotMatterAndViewsMaySwap)
{
  torch::manual_seed(3);
  const Tensor a = torch::randn({6, 5}, torch::kDouble);
  const Tensor b = torch::randn({6, 5}, torch::kDouble);
  const double value = NtXentLoss(a, b, 0.1).item<double>();
  EXPECT_NEAR(NtXentLoss(a * (torch::rand({6, 1}) + 0.1), b, 0.1).item<double>(), value, 1e-9);
  EXPECT_NEAR(NtXentLoss(b, a, 0.1).item<double>(), value, 1e-9);
  const Tensor order = torch::randperm(6);
  EXPECT_NEAR(NtXentLoss(a.index_select(0, order), b.index_select(0, order), 0.1).item<double>(),
              value,
              1e-9);
}

TEST(NtXentLoss, ZeroEmbeddingAndHalfTypesStayFinite)
{
  Tensor a = torch::randn({4, 8});
  a[2].zero_();
  const Tensor leaf = a.to(torch::kBFloat16).requires_grad_(true);
  const Tensor loss = NtXentLoss(leaf, torch::randn({4, 8}).to(torch::kBFloat16), 0.005);
  EXPECT_EQ(loss.scalar_type(), torch::kFloat);
  EXPECT_TRUE(std::isfinite(loss.item<double>()));
  EXPECT_TRUE(torch::isfinite(torch::autograd::grad({loss}, {leaf})[0]).all().item<bool>());
}

TEST(NtXentLoss, RefusesWrongShapesAndTemperatures)
{
  EXPECT_THROW(NtXentLoss(torch::randn({2, 3}), torch::randn({3, 3}), 0.1), sulcus::UsageError);
  EXPECT_THROW(NtXentLoss(torch::randn({0, 3}), torch::randn({0, 3}), 0.1), sulcus::UsageError);
  EXPECT_THROW(NtXentLoss(torch::randn({2, 3}), torch::randn({2, 3}), 0.0), sulcus::UsageError);
}

} // namespace
