#include "sulcusFiniteDifference.h"
#include <sulcusError.h>
#include <sulcusLocalContrastLoss.h>
#include <sulcusRegionSampling.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <gtest/gtest.h>

#include <cmath>

using namespace sulcus;

namespace
{

using Negatives = std::vector<std::vector<std::int64_t>>;

const Negatives fourRegions{{2, 3}, {3}, {0, 1}, {0}};

/** The formula read aloud: mean over counted directed terms. */
double
Reference(const torch::Tensor & maps,
          const torch::Tensor & usable,
          const MapPairs & pairs,
          const LocalContrastOptions & options)
{
  const auto unit = maps / maps.norm(2, -1, true);
  const auto similarity = [&](std::int64_t m, std::int64_t u, std::int64_t n, std::int64_t v)
  { return std::exp((unit[m][u] * unit[n][v]).sum().item<double>() / options.temperature); };
  const auto shown = [&](std::int64_t m, std::int64_t u)
  { return !usable.defined() || usable[m][u].item<bool>(); };
  double sum = 0;
  int terms = 0;
  for (std::int64_t p = 0; p < pairs.anchor.size(0); ++p)
  {
    const auto a = pairs.anchor[p].item<std::int64_t>();
    const auto b = pairs.other[p].item<std::int64_t>();
    for (std::int64_t u = 0; u < maps.size(1); ++u)
    {
      if (!shown(a, u) || !shown(b, u) ||
          (pairs.counted.defined() && !pairs.counted[p][u].item<bool>()))
      {
        continue;
      }
      ++terms;
      const double positive = similarity(a, u, b, u);
      double denominator = positive;
      for (const auto v : fourRegions[static_cast<std::size_t>(u)])
      {
        denominator += shown(b, v) ? similarity(a, u, b, v) : 0.0;
        denominator += options.negativesFromBothViews && shown(a, v) ? similarity(a, u, a, v) : 0.0;
      }
      sum += std::log(denominator / positive);
    }
  }
  return sum / terms;
}

TEST(LocalContrastLoss, T9InvariantToOrderScaleAndViews)
{
  torch::manual_seed(1);
  const auto a = torch::randn({3, 4, 6}, torch::kDouble);
  const auto b = torch::randn({3, 4, 6}, torch::kDouble);
  for (const bool both : {false, true})
  {
    const LocalContrastOptions options{0.2, both};
    const auto loss = [&](const torch::Tensor & x, const torch::Tensor & y)
    { return LocalContrastLoss(x, y, fourRegions, options).item<double>(); };
    const double value = loss(a, b);
    const auto order = torch::randperm(3);
    EXPECT_NEAR(loss(b, a), value, 1e-9);
    EXPECT_NEAR(loss(a.index({order}), b.index({order})), value, 1e-9);
    EXPECT_NEAR(loss(a * (torch::rand({3, 4, 1}, torch::kDouble) + 0.1), b), value, 1e-9);
  }
}

TEST(LocalContrastLoss, T10EqualsTheLoopReferenceAndItsDifferences)
{
  torch::manual_seed(2);
  const auto maps = torch::randn({8, 4, 5}, torch::kDouble);
  const auto volume = torch::tensor({0, 0, 1, 1}, torch::kLong);
  const auto partition = torch::tensor({0, 1, 0, 1}, torch::kLong);
  auto usable = torch::ones({8, 4}, torch::kBool);
  usable[5][2] = false;
  usable[6][0] = false;
  for (const bool both : {false, true})
  {
    const LocalContrastOptions options{0.3, both};
    auto pairs = PairsAcrossVolumes(volume, partition);
    for (const bool gated : {false, true})
    {
      pairs.counted = gated ? torch::rand({pairs.anchor.size(0), 4}) > 0.4 : torch::Tensor();
      const auto loss = [&](const torch::Tensor & x)
      { return LocalContrastLoss(x, usable, pairs, fourRegions, options).loss; };
      EXPECT_NEAR(loss(maps).item<double>(), Reference(maps, usable, pairs, options), 1e-9);
      ExpectGradientMatchesFiniteDifference(loss, maps);
    }
  }
}

TEST(LocalContrastLoss, PairsAcrossVolumesAreEqualViewsOfOnePartition)
{
  const auto pairs = PairsAcrossVolumes(torch::tensor({7, 7, 9}, torch::kLong),
                                        torch::tensor({0, 1, 1}, torch::kLong));
  // Views of one image in both directions, then images 1 and 2 in both directions, view by view.
  EXPECT_TRUE(torch::equal(pairs.anchor, torch::tensor({0, 1, 2, 3, 4, 5, 1, 2, 4, 5})));
  EXPECT_TRUE(torch::equal(pairs.other, torch::tensor({3, 4, 5, 0, 1, 2, 2, 1, 5, 4})));
}

TEST(LocalContrastLoss, RegionsWithoutRivalsContributeNothingAndAreCounted)
{
  auto maps = torch::randn({2, 2, 3}, torch::kDouble).requires_grad_();
  auto usable = torch::ones({2, 2}, torch::kBool);
  usable[1][1] = false;
  const auto result = LocalContrastLoss(maps, usable, PairsOfViews(1), {{1}, {0}}, {0.1, false});
  EXPECT_EQ(result.terms, 2);        // region 0 in both directions
  EXPECT_EQ(result.withoutRival, 1); // map 1 does not show the only rival of map 0's region
  result.loss.backward();
  EXPECT_TRUE(torch::isfinite(maps.grad()).all().item<bool>());
  const auto nothing = LocalContrastLoss(
      maps, torch::zeros({2, 2}, torch::kBool), PairsOfViews(1), {{1}, {0}}, {0.1, true});
  EXPECT_EQ(nothing.terms, 0);
  EXPECT_EQ(nothing.loss.item<double>(), 0.0);
}

TEST(LocalContrastLoss, HalfTypesAndZeroVectorsStayFinite)
{
  auto maps = torch::randn({2, 4, 3}).to(torch::kBFloat16);
  maps[0][0].zero_();
  maps.requires_grad_();
  const auto loss = LocalContrastLoss(maps, {}, PairsOfViews(1), fourRegions, {0.01, true}).loss;
  EXPECT_EQ(loss.scalar_type(), torch::kFloat);
  loss.backward();
  EXPECT_TRUE(torch::isfinite(maps.grad()).all().item<bool>());
}

TEST(RegionCorrelation, IsPearsonsAndZeroForConstants)
{
  const auto a = torch::tensor({1.0, 2.0, 3.0, 4.0}).view({1, 4});
  EXPECT_NEAR(RegionCorrelation(a, 3 * a + 7).item<double>(), 1.0, 1e-12);
  EXPECT_NEAR(RegionCorrelation(a, -a).item<double>(), -1.0, 1e-12);
  EXPECT_EQ(RegionCorrelation(a, torch::ones({1, 4})).item<double>(), 0.0);
  const auto b = torch::tensor({2.0, 1.0, 4.0, 3.0}).view({1, 4});
  EXPECT_NEAR(RegionCorrelation(a, b).item<double>(), 0.6, 1e-7);
}

torch::Tensor
Shift(double x, double y, double z)
{
  return torch::tensor({1., 0., 0., x, 0., 1., 0., y, 0., 0., 1., z}, torch::kDouble)
      .view({1, 3, 4});
}

TEST(SampleRegions, IdentityIsGatheringToRounding)
{
  torch::manual_seed(3);
  const auto map = torch::randn({1, 3, 9, 10, 11}, torch::kDouble);
  const auto lattice = MakeRegionLattice({9, 10, 11}, {1, 1, 1});
  const auto sampled = SampleRegions(map, lattice, Shift(0, 0, 0), {18, 20, 44});
  EXPECT_TRUE(sampled.inside.all().item<bool>());
  EXPECT_LT((sampled.values - GatherRegions(map, lattice)).abs().max().item<double>(), 1e-9);
}

TEST(SampleRegions, FollowsTheCorrespondenceThroughStrides)
{
  torch::manual_seed(4);
  const auto map = torch::randn({1, 2, 9, 10, 11}, torch::kDouble);
  const auto lattice = MakeRegionLattice({9, 10, 11}, {1, 1, 1});
  // One feature voxel along x is 4 input voxels, one along z is 2.
  const auto sampled = SampleRegions(map, lattice, Shift(4, 0, -2), {18, 20, 44});
  const auto moved = map.roll({1, -1}, {2, 4}); // z by +1, x by -1: what the shifted view shows
  const auto expected = GatherRegions(moved, lattice);
  int inside = 0;
  for (std::size_t u = 0; u < lattice.corners.size(); ++u)
  {
    const auto i = static_cast<std::int64_t>(u);
    const bool fits = lattice.corners[u][0] >= 1 && lattice.corners[u][2] + 3 + 1 <= 11;
    EXPECT_EQ(sampled.inside[0][i].item<bool>(), fits) << u;
    if (fits)
    {
      ++inside;
      EXPECT_LT((sampled.values[0][i] - expected[0][i]).abs().max().item<double>(), 1e-9);
    }
  }
  EXPECT_GT(inside, 5);
}

TEST(SampleRegions, LinearMapsAreReproducedUnderAnObliqueCorrespondence)
{
  // Map value = 2x - y + 3z in feature voxels; regions land where the affine says.
  const auto x = torch::arange(12, torch::kDouble).view({1, 1, 1, 1, 12});
  const auto y = torch::arange(12, torch::kDouble).view({1, 1, 1, 12, 1});
  const auto z = torch::arange(12, torch::kDouble).view({1, 1, 12, 1, 1});
  auto map = (2 * x - y + 3 * z).contiguous().requires_grad_();
  const auto lattice = MakeRegionLattice({12, 12, 12}, {1, 1, 1});
  const auto affine =
      torch::tensor({0.9, 0.1, 0.0, 1.0, -0.1, 0.9, 0.05, 2.0, 0.0, -0.05, 0.95, 1.0},
                    torch::kDouble)
          .view({1, 3, 4});
  const auto sampled = SampleRegions(map, lattice, affine, {24, 24, 24});
  const auto inFeature = [](double feature) { return (feature + 0.5) * 2 - 0.5; };
  int inside = 0;
  for (std::size_t u = 0; u < lattice.corners.size(); ++u)
  {
    const auto i = static_cast<std::int64_t>(u);
    if (!sampled.inside[0][i].item<bool>())
    {
      continue;
    }
    ++inside;
    const auto & corner = lattice.corners[u];
    const double px = inFeature(static_cast<double>(corner[2]));
    const double py = inFeature(static_cast<double>(corner[1]));
    const double pz = inFeature(static_cast<double>(corner[0]));
    const double qx = (0.9 * px + 0.1 * py + 1.0 + 0.5) / 2 - 0.5;
    const double qy = (-0.1 * px + 0.9 * py + 0.05 * pz + 2.0 + 0.5) / 2 - 0.5;
    const double qz = (-0.05 * py + 0.95 * pz + 1.0 + 0.5) / 2 - 0.5;
    EXPECT_NEAR(sampled.values[0][i][0].item<double>(), 2 * qx - qy + 3 * qz, 1e-9) << u;
  }
  EXPECT_GT(inside, 10);
  sampled.values.sum().backward();
  EXPECT_GT(map.grad().abs().sum().item<double>(), 0.0);
}

TEST(RegionsOnImage, CoverTheInputVoxelsOfTheirFeatures)
{
  const auto lattice = MakeRegionLattice({9, 10, 12}, {1, 1, 1});
  const auto onImage = RegionsOnImage(lattice, {9, 10, 12}, {18, 20, 48});
  EXPECT_EQ(onImage.edge, (std::array<std::int64_t, 3>{6, 6, 12}));
  EXPECT_EQ(onImage.corners.back()[2], 4 * lattice.corners.back()[2]);
}

} // namespace
