#include "sulcusGlobalContrastLoss.h"
#include "sulcusLocalContrastLoss.h"
#include <sulcusError.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cmath>

using namespace sulcus;

namespace
{

struct Layout
{
  std::int64_t volumes, partitions, views;
};

/** Sample numbering volume-major, then partition, then view. */
ContrastSamples
SamplesOf(const Layout & layout)
{
  std::vector<std::int64_t> image, volume, view, partition;
  for (std::int64_t m = 0; m < layout.volumes; ++m)
  {
    for (std::int64_t s = 0; s < layout.partitions; ++s)
    {
      for (std::int64_t v = 0; v < layout.views; ++v)
      {
        image.push_back(m * layout.partitions + s);
        volume.push_back(m);
        partition.push_back(s);
        view.push_back(v);
      }
    }
  }
  const auto tensor = [](std::vector<std::int64_t> & ids)
  { return torch::tensor(ids, torch::kLong); };
  return {tensor(image), tensor(volume), tensor(view), tensor(partition), {}};
}

GlobalContrastOptions
Options(GlobalStrategy strategy, double temperature, bool allViewPairs = false)
{
  GlobalContrastOptions options;
  options.strategy = strategy;
  options.temperature = temperature;
  options.allViewPairs = allViewPairs;
  return options;
}

double
LossOf(const torch::Tensor & embeddings,
       const ContrastSamples & samples,
       const GlobalContrastOptions & options)
{
  return GlobalContrastLoss(embeddings, samples, options).loss.item<double>();
}

/** m = 2, S = 2, V = 2; partition s at the s-th unit vector; volume 1 turned by the angle. */
torch::Tensor
TwoPartitionClusters(double degrees)
{
  std::vector<double> rows;
  for (int volume = 0; volume < 2; ++volume)
  {
    for (int partition = 0; partition < 2; ++partition)
    {
      const double angle = (90.0 * partition + (volume == 1 ? degrees : 0.0)) * M_PI / 180;
      for (int view = 0; view < 2; ++view)
      {
        rows.push_back(std::cos(angle));
        rows.push_back(std::sin(angle));
      }
    }
  }
  return torch::tensor(rows, torch::kDouble).view({8, 2});
}

TEST(GlobalContrastLoss, T1PerfectPartitionClusters)
{
  const auto samples = SamplesOf({2, 2, 2});
  const auto z = TwoPartitionClusters(0);
  const double e[3][3] = {{1.0, 2.9954557913, 1.8096648831},
                          {0.5, 2.5290110130, 0.8653058060},
                          {0.1, 2.1973456402, 0.0003631665}};
  for (const auto & [temperature, random, domain] : e)
  {
    EXPECT_NEAR(LossOf(z, samples, Options(GlobalStrategy::Random, temperature)), random, 1e-9);
    EXPECT_NEAR(
        LossOf(z, samples, Options(GlobalStrategy::DomainNegatives, temperature)), domain, 1e-9);
    EXPECT_NEAR(LossOf(z, samples, Options(GlobalStrategy::Domain, temperature)), domain, 1e-9);
    EXPECT_NEAR(
        LossOf(z, samples, Options(GlobalStrategy::Domain, temperature, true)), domain, 1e-9);
  }
}

TEST(GlobalContrastLoss, T2SecondPatientRotated)
{
  const auto samples = SamplesOf({2, 2, 2});
  const auto z = TwoPartitionClusters(30);
  EXPECT_NEAR(LossOf(z, samples, Options(GlobalStrategy::Random, 1.0)), 2.9161022715, 1e-9);
  EXPECT_NEAR(
      LossOf(z, samples, Options(GlobalStrategy::DomainNegatives, 1.0)), 1.8616558466, 1e-9);
  EXPECT_NEAR(LossOf(z, samples, Options(GlobalStrategy::Domain, 1.0, true)), 1.9718665978, 1e-9);
  EXPECT_NEAR(LossOf(z, samples, Options(GlobalStrategy::Domain, 1.0)), 1.9443139100, 1e-9);
  EXPECT_NEAR(LossOf(z, samples, Options(GlobalStrategy::Random, 0.1)), 0.8513700878, 1e-9);
  EXPECT_NEAR(
      LossOf(z, samples, Options(GlobalStrategy::DomainNegatives, 0.1)), 0.0135668977, 1e-9);
  EXPECT_NEAR(LossOf(z, samples, Options(GlobalStrategy::Domain, 0.1, true)), 0.0384227250, 1e-9);
  EXPECT_NEAR(LossOf(z, samples, Options(GlobalStrategy::Domain, 0.1)), 0.0322087682, 1e-9);
}

TEST(GlobalContrastLoss, T3OnePartitionGivesZeroLossAndGradient)
{
  for (const auto strategy : {GlobalStrategy::DomainNegatives, GlobalStrategy::Domain})
  {
    auto z = torch::randn({6, 4}, torch::kDouble).requires_grad_();
    const auto result = GlobalContrastLoss(z, SamplesOf({3, 1, 2}), Options(strategy, 0.1));
    result.loss.backward();
    EXPECT_EQ(result.loss.item<double>(), 0.0);
    EXPECT_EQ(z.grad().abs().max().item<double>(), 0.0);
    EXPECT_GT(result.skippedAnchors, 0);
  }
}

TEST(GlobalContrastLoss, T4CountsOfPairs)
{
  for (const auto & [m, s, v] :
       {Layout{3, 4, 3}, Layout{3, 4, 2}, Layout{2, 4, 2}, Layout{2, 2, 2}})
  {
    const auto samples = SamplesOf({m, s, v});
    const auto count = [](const torch::Tensor & mask) { return mask.sum().item<std::int64_t>(); };
    const auto random = SelectPairs(samples, Options(GlobalStrategy::Random, 1));
    const auto negatives = SelectPairs(samples, Options(GlobalStrategy::DomainNegatives, 1));
    const auto matched = SelectPairs(samples, Options(GlobalStrategy::Domain, 1));
    const auto all = SelectPairs(samples, Options(GlobalStrategy::Domain, 1, true));
    EXPECT_EQ(count(random.negatives[0]), m * s * v - v);
    EXPECT_EQ(count(negatives.negatives[0]), m * (s - 1) * v);
    EXPECT_EQ(count(random.positives), m * s * v * (v - 1));
    EXPECT_EQ(count(negatives.positives), m * s * v * (v - 1));
    EXPECT_EQ(count(matched.positives), m * s * v * (v - 1) + m * (m - 1) * s * v);
    EXPECT_EQ(count(all.positives), m * s * v * (m * v - 1));
    EXPECT_TRUE(torch::equal(matched.negatives, negatives.negatives));
  }
}

TEST(GlobalContrastLoss, SoftRuleAtPartitionCentresIsTheHardRule)
{
  auto samples = SamplesOf({3, 4, 2});
  auto options = Options(GlobalStrategy::Domain, 0.1);
  const auto hard = SelectPairs(samples, options);
  samples.position = (samples.partition.to(torch::kDouble) + 0.5) / 4;
  const auto soft = SelectPairs(samples, options);
  EXPECT_TRUE(torch::equal(hard.positives, soft.positives));
  EXPECT_TRUE(torch::equal(hard.negatives, soft.negatives));
}

TEST(GlobalContrastLoss, SoftRuleIgnoresTheDistancesBetween)
{
  auto samples = SamplesOf({2, 1, 1});
  samples.position = torch::tensor({0.30, 0.45}, torch::kDouble);
  const auto pairs = SelectPairs(samples, Options(GlobalStrategy::Domain, 0.1));
  EXPECT_FALSE(pairs.positives.any().item<bool>());
  EXPECT_FALSE(pairs.negatives.any().item<bool>());
}

TEST(GlobalContrastLoss, T9InvariantToOrderScaleAndNames)
{
  torch::manual_seed(1);
  const auto samples = SamplesOf({3, 4, 2});
  const auto z = torch::randn({24, 16}, torch::kDouble);
  for (const auto strategy :
       {GlobalStrategy::Random, GlobalStrategy::DomainNegatives, GlobalStrategy::Domain})
  {
    const auto options = Options(strategy, 0.2);
    const double loss = LossOf(z, samples, options);
    const auto order = torch::randperm(24);
    const ContrastSamples shuffled{samples.image.index({order}),
                                   samples.volume.index({order}),
                                   samples.view.index({order}),
                                   samples.partition.index({order}),
                                   {}};
    EXPECT_NEAR(LossOf(z.index({order}), shuffled, options), loss, 1e-9);
    EXPECT_NEAR(
        LossOf(z * torch::rand({24, 1}, torch::kDouble).add(0.1), samples, options), loss, 1e-9);
    auto renamed = samples;
    renamed.partition = 3 - samples.partition;
    renamed.view = 1 - samples.view;
    EXPECT_NEAR(LossOf(z, renamed, options), loss, 1e-9);
    auto reversed = samples;
    reversed.partition =
        torch::where(samples.volume == 0, 3 - samples.partition, samples.partition);
    if (strategy != GlobalStrategy::Random)
    {
      EXPECT_GT(std::abs(LossOf(z, reversed, options) - loss), 1e-4);
    }
  }
}

/** The formula read aloud, loop by loop. */
double
ReferenceLoss(const torch::Tensor & z, const ContrastPairs & pairs, double temperature)
{
  const auto unit = z / z.norm(2, 1, true);
  const auto s = unit.matmul(unit.t()) / temperature;
  double sum = 0;
  std::int64_t ordered = 0;
  for (std::int64_t a = 0; a < z.size(0); ++a)
  {
    for (std::int64_t b = 0; b < z.size(0); ++b)
    {
      if (!pairs.positives[a][b].item<bool>())
      {
        continue;
      }
      double denominator = std::exp(s[a][b].item<double>());
      for (std::int64_t n = 0; n < z.size(0); ++n)
      {
        denominator += pairs.negatives[a][n].item<bool>() ? std::exp(s[a][n].item<double>()) : 0.0;
      }
      sum += std::log(denominator) - s[a][b].item<double>();
      ++ordered;
    }
  }
  return sum / (static_cast<double>(ordered) / 2);
}

TEST(GlobalContrastLoss, T10EqualsTheLoopReferenceAndItsDifferences)
{
  torch::manual_seed(2);
  const auto samples = SamplesOf({3, 4, 2});
  auto z = torch::randn({24, 16}, torch::kDouble).requires_grad_();
  for (const auto strategy :
       {GlobalStrategy::Random, GlobalStrategy::DomainNegatives, GlobalStrategy::Domain})
  {
    const auto options = Options(strategy, 0.3);
    const auto loss = GlobalContrastLoss(z, samples, options).loss;
    EXPECT_NEAR(
        loss.item<double>(), ReferenceLoss(z.detach(), SelectPairs(samples, options), 0.3), 1e-9);
    const auto gradient = torch::autograd::grad({loss}, {z})[0];
    const double step = 1e-5;
    for (const auto & [row, column] : {std::pair{0, 0}, std::pair{7, 3}, std::pair{23, 15}})
    {
      auto moved = z.detach().clone();
      moved[row][column] += step;
      const double above = LossOf(moved, samples, options);
      moved[row][column] -= 2 * step;
      EXPECT_NEAR((above - LossOf(moved, samples, options)) / (2 * step),
                  gradient[row][column].item<double>(),
                  1e-6);
    }
  }
}

TEST(GlobalContrastLoss, CollapseGivesLogOfOnePlusNegatives)
{
  const auto samples = SamplesOf({2, 4, 2});
  const auto z = torch::ones({16, 8});
  EXPECT_NEAR(LossOf(z, samples, Options(GlobalStrategy::Domain, 0.07)), 2 * std::log(13.0), 1e-5);
}

TEST(GlobalContrastLoss, ZeroVectorAndTinyTemperatureStayFinite)
{
  auto z = torch::randn({8, 4});
  z[0].zero_();
  z.requires_grad_();
  const auto result =
      GlobalContrastLoss(z, SamplesOf({2, 2, 2}), Options(GlobalStrategy::Domain, 0.005));
  result.loss.backward();
  EXPECT_TRUE(std::isfinite(result.loss.item<double>()));
  EXPECT_TRUE(torch::isfinite(z.grad()).all().item<bool>());
  EXPECT_THROW(GlobalContrastLoss(z, SamplesOf({2, 2, 2}), Options(GlobalStrategy::Domain, 0.0)),
               UsageError);
  EXPECT_THROW(GlobalContrastLoss(z, SamplesOf({2, 2, 3}), Options(GlobalStrategy::Domain, 0.1)),
               UsageError);
}

torch::Tensor
Regions(const std::vector<double> & rows)
{
  return torch::tensor(rows, torch::kDouble).view({1, -1, 2});
}

double
LocalLoss(const torch::Tensor & a, const torch::Tensor & b, double temperature, bool both)
{
  return LocalContrastLoss(a, b, {{1}, {0}}, {temperature, both}).item<double>();
}

TEST(LocalContrastLoss, T5TwoRegions)
{
  const auto f = Regions({1, 0, 0, 1});
  EXPECT_NEAR(LocalLoss(f, f, 1.0, false), 0.3132616875, 1e-9);
  EXPECT_NEAR(LocalLoss(f, f, 1.0, true), 0.5514447139, 1e-9);
  EXPECT_NEAR(LocalLoss(f, f, 0.1, false), 4.5398899e-5, 1e-11);
  EXPECT_NEAR(LocalLoss(f, f, 0.1, true), 9.0795737e-5, 1e-11);
}

TEST(LocalContrastLoss, T6NonTrivialRegions)
{
  const auto a = Regions({1, 0, 0.6, 0.8});
  const auto b = Regions({0.8, 0.6, 0, 1});
  EXPECT_NEAR(LocalLoss(a, b, 1.0, false), 0.5737222195, 1e-9);
  EXPECT_NEAR(LocalLoss(a, b, 1.0, true), 0.9574737647, 1e-9);
  EXPECT_NEAR(LocalLoss(a, b, 0.1, false), 0.8921180736, 1e-9);
  EXPECT_NEAR(LocalLoss(a, b, 0.1, true), 0.9668017297, 1e-9);
  EXPECT_NEAR(LocalLoss(b, a, 0.1, true), 0.9668017297, 1e-9);
}

TEST(LocalContrastLoss, T7ConstantFeatures)
{
  const auto constantWith = [](std::int64_t listed, std::int64_t regions, bool both)
  {
    std::vector<std::vector<std::int64_t>> negatives(static_cast<std::size_t>(regions));
    for (std::int64_t u = 0; u < regions; ++u)
    {
      for (std::int64_t k = 1; k <= listed; ++k)
      {
        negatives[static_cast<std::size_t>(u)].push_back((u + k) % regions);
      }
    }
    const auto f = torch::ones({2, regions, 5}, torch::kDouble);
    return LocalContrastLoss(f, f, negatives, {0.1, both}).item<double>();
  };
  EXPECT_NEAR(constantWith(5, 13, false), 1.7917594692, 1e-9);
  EXPECT_NEAR(constantWith(5, 13, true), 2.3978952728, 1e-9);
  EXPECT_NEAR(constantWith(4, 13, true), 2.1972245773, 1e-9);
  EXPECT_NEAR(constantWith(34, 35, false), 3.5553480615, 1e-9);
  EXPECT_NEAR(constantWith(34, 35, true), 4.2341065046, 1e-9);
}

TEST(RegionLattice, HasThirtyFiveRegionsWithDisjointNearNegatives)
{
  const auto lattice = MakeRegionLattice({24, 20, 16}, {1, 1, 1});
  ASSERT_EQ(lattice.corners.size(), 35U);
  for (std::size_t u = 0; u < 35; ++u)
  {
    EXPECT_EQ(lattice.negatives[u].size(), 10U);
    for (const auto other : lattice.negatives[u])
    {
      bool disjoint = false;
      for (int axis = 0; axis < 3; ++axis)
      {
        disjoint =
            disjoint || std::abs(lattice.corners[u][axis] -
                                 lattice.corners[static_cast<std::size_t>(other)][axis]) >= 3;
      }
      EXPECT_TRUE(disjoint);
    }
  }
}

TEST(RegionLattice, NearnessIsInMillimetres)
{
  // From the corner region of a map with very thick slices, the nearest negative lies in the same
  // slices.
  const auto lattice = MakeRegionLattice({20, 20, 20}, {10, 1, 1});
  EXPECT_EQ(lattice.corners[static_cast<std::size_t>(lattice.negatives[0][0])][0],
            lattice.corners[0][0]);
}

TEST(RegionLattice, ThinAxisCollapsesAndTinyMapIsRefused)
{
  const auto lattice = MakeRegionLattice({5, 20, 20}, {5, 1, 1});
  EXPECT_EQ(lattice.corners.size(), 13U); // the published 2-D lattice: 3 x 3 and 2 x 2
  EXPECT_EQ(lattice.corners[0][0], 1);
  EXPECT_THROW(MakeRegionLattice({2, 20, 20}, {1, 1, 1}), UsageError);
  EXPECT_THROW(MakeRegionLattice({5, 5, 5}, {1, 1, 1}), UsageError);
}

TEST(GatherRegions, TakesTheVoxelsOfEachRegion)
{
  const auto map = torch::arange(2 * 9 * 10 * 11).to(torch::kDouble).view({1, 2, 9, 10, 11});
  const auto lattice = MakeRegionLattice({9, 10, 11}, {1, 1, 1});
  const auto regions = GatherRegions(map, lattice);
  const auto & corner = lattice.corners[20];
  EXPECT_EQ(regions.size(2), 2 * 27);
  EXPECT_EQ(regions[0][20][0].item<double>(),
            static_cast<double>((corner[0] * 10 + corner[1]) * 11 + corner[2]));
  EXPECT_EQ(regions[0][20][53].item<double>(),
            static_cast<double>(990 + ((corner[0] + 2) * 10 + corner[1] + 2) * 11 + corner[2] + 2));
}

} // namespace
