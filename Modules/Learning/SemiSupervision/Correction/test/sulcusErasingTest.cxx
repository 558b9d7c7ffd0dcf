#include "sulcusErasing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace sulcus
{
namespace
{

constexpr std::array<double, 3> anisotropic{3.0, 0.9, 1.0}; // z, y, x

torch::Tensor
BoxMask(std::vector<std::int64_t> size, std::array<std::int64_t, 6> box)
{
  auto mask = torch::zeros({1, 1, size[0], size[1], size[2]}, torch::kBool);
  mask.slice(2, box[0], box[3]).slice(3, box[1], box[4]).slice(4, box[2], box[5]).fill_(true);
  return mask;
}

TEST(Erasing, DilationIsMillimetresAlongEachAxis)
{
  const auto radius = RadiusInVoxels(2.0, anisotropic);
  EXPECT_EQ(radius, (std::array<std::int64_t, 3>{1, 3, 2}));
  EXPECT_EQ(RadiusInVoxels(2.0, {1.0000001, 2.0, 0.9999999}),
            (std::array<std::int64_t, 3>{2, 1, 2}));
  EXPECT_EQ(RadiusInVoxels(0.0, anisotropic), (std::array<std::int64_t, 3>{0, 0, 0}));
  const auto grown = Dilate(BoxMask({9, 11, 12}, {4, 5, 6, 5, 6, 7}), radius);
  EXPECT_TRUE(torch::equal(grown, BoxMask({9, 11, 12}, {3, 2, 4, 6, 9, 9})));
}

TEST(Erasing, SmallComponentsGoAndTouchingCornersHoldTogether)
{
  auto mask = torch::zeros({2, 1, 6, 6, 6}, torch::kBool);
  mask[0][0][0][0][0] = true; // alone
  mask[0][0][2][2][2] = true; // these three touch at corners
  mask[0][0][3][3][3] = true;
  mask[0][0][4][4][4] = true;
  mask[1][0][5][5][5] = true; // another sample
  const auto kept = DropSmallComponents(mask, 3);
  EXPECT_EQ(kept.sum().item<int>(), 3);
  EXPECT_TRUE(kept[0][0][3][3][3].item<bool>());
  EXPECT_EQ(DropSmallComponents(mask, 4).sum().item<int>(), 0);
  EXPECT_TRUE(torch::equal(DropSmallComponents(mask, 1), mask));
  EXPECT_EQ(mask.sum().item<int>(), 5) << "the input was changed";
}

TEST(Erasing, APredictionThatCoversEverythingIsLimited)
{
  const auto all =
      torch::ones({1, 2, 10, 12, 14}) * torch::tensor({0.0, 1.0}).view({1, 2, 1, 1, 1});
  EraseOptions options;
  std::set<std::int64_t> places;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
  {
    const auto mask = MakeErasedMask(all, {{1, 1, 1}}, options, RandomEngine(seed));
    const auto share = mask.to(torch::kFloat).mean().item<double>();
    EXPECT_LE(share, 0.6);
    EXPECT_GT(share, 0.3);
    places.insert(mask.nonzero()[0][4].item<std::int64_t>());
  }
  EXPECT_GT(places.size(), 1U) << "the box does not move";
  const auto again = MakeErasedMask(all, {{1, 1, 1}}, options, RandomEngine(3));
  EXPECT_TRUE(torch::equal(again, MakeErasedMask(all, {{1, 1, 1}}, options, RandomEngine(3))));
}

TEST(Erasing, ThresholdIsStrictAndNothingPredictedErasesNothing)
{
  auto probability = torch::full({1, 2, 4, 4, 4}, 0.5);
  EXPECT_FALSE(PredictedMask(probability, 0.5).any().item<bool>());
  probability[0][0][1][1][1] = 0.49;
  EXPECT_EQ(PredictedMask(probability, 0.5).sum().item<int>(), 1);
  EraseOptions options;
  options.smallestComponentInMm3 = 2; // one voxel of 1 mm³ is less
  EXPECT_FALSE(
      MakeErasedMask(probability, {{1, 1, 1}}, options, RandomEngine(1)).any().item<bool>());
  options.smallestComponentInMm3 = 1;
  options.dilationInMm = 1;
  EXPECT_EQ(MakeErasedMask(probability, {{1, 1, 1}}, options, RandomEngine(1)).sum().item<int>(),
            27);
}

TEST(Erasing, OneStructureIsDrawnByTheRootOfItsVolume)
{
  // class 1: 64 voxels, class 2: 4 voxels -> drawn 1/8 : 1/2 = 1 : 4
  auto probability = torch::zeros({1, 3, 8, 8, 8});
  probability.select(1, 0).fill_(1.0);
  probability[0][0].slice(0, 0, 4).slice(1, 0, 4).slice(2, 0, 4).zero_();
  probability[0][1].slice(0, 0, 4).slice(1, 0, 4).slice(2, 0, 4).fill_(1.0);
  probability[0][0][7][7].slice(0, 0, 4).zero_();
  probability[0][2][7][7].slice(0, 0, 4).fill_(1.0);
  int small = 0;
  RandomEngine random(2);
  for (int draw = 0; draw < 500; ++draw)
  {
    const auto voxels = OneClassMask(probability, 0.5, random).sum().item<int>();
    ASSERT_TRUE(voxels == 64 || voxels == 4);
    small += voxels == 4 ? 1 : 0;
  }
  EXPECT_NEAR(small, 400, 4 * std::sqrt(500 * 0.8 * 0.2));
}

TEST(Erasing, CuboidHasItsEdgesInMillimetresAndLiesOnTissue)
{
  auto image = torch::zeros({1, 40, 60, 60});
  image.slice(1, 15, 25).slice(2, 20, 40).slice(3, 20, 40).fill_(1.0);
  for (std::uint64_t seed = 0; seed < 30; ++seed)
  {
    RandomEngine random(seed);
    const auto mask = RandomCuboid(image, anisotropic, random);
    const auto places = mask[0].nonzero();
    const auto extent = std::get<0>(places.max(0)) - std::get<0>(places.min(0)) + 1;
    for (int axis = 0; axis < 3; ++axis)
    {
      const double mm = extent[axis].item<double>() * anisotropic[axis];
      EXPECT_GE(mm, 10.0 - anisotropic[axis]);
      EXPECT_LE(mm, 30.0 + anisotropic[axis]);
    }
    EXPECT_EQ(places.size(0), extent.prod().item<std::int64_t>()) << "not a box";
    EXPECT_TRUE(mask.logical_and(image > 0.5).any().item<bool>());
  }
  RandomEngine random(1);
  EXPECT_FALSE(RandomCuboid(torch::ones({1, 8, 8, 8}), {1, 1, 1}, random).any().item<bool>());
}

TEST(Erasing, FillHasTheMomentsOfTheShellAndNothingElseMoves)
{
  torch::manual_seed(3);
  auto image = torch::randn({1, 2, 30, 30, 30});
  const auto mask = BoxMask({30, 30, 30}, {8, 8, 8, 22, 22, 22});
  const auto around = Dilate(mask, {5, 5, 5}).logical_and(mask.logical_not());
  image.narrow(1, 0, 1).masked_fill_(around, 3.0); // a shell without spread
  const auto inShell = image.select(1, 1).masked_select(around[0]);
  const auto filled = FillErased(image, mask, torch::randn_like(image), {{1, 1, 1}}, {});
  const auto outside = mask.logical_not();
  EXPECT_TRUE(torch::equal(filled.masked_select(outside), image.masked_select(outside)));
  EXPECT_TRUE(filled.narrow(1, 0, 1).masked_select(mask).eq(3.0).all().item<bool>());
  const auto inside = filled.select(1, 1).masked_select(mask[0]);
  EXPECT_NEAR(inside.mean().item<double>(), inShell.mean().item<double>(), 0.1);
  EXPECT_NEAR(inside.std().item<double>(), inShell.std().item<double>(), 0.1);
  EraseOptions zero;
  zero.shellFill = false;
  EXPECT_EQ(
      FillErased(image, mask, {}, {{1, 1, 1}}, zero).masked_select(mask).abs().sum().item<double>(),
      0.0);
}

TEST(Erasing, T5CompositeKeepsWhatIsOutsideToTheBit)
{
  const auto image = torch::randn({1, 2, 5, 6, 7}) * 1e3; // far outside [0, 1]
  const auto repainted = torch::randn_like(image);
  const auto mask = BoxMask({5, 6, 7}, {1, 1, 1, 4, 5, 6});
  const auto result = Composite(image, repainted, mask);
  EXPECT_TRUE(torch::equal(result, torch::where(mask.expand_as(image), repainted, image)));
  // A prediction of exactly one half erases nothing: the output is the image everywhere.
  const auto half = PredictedMask(torch::full({1, 2, 5, 6, 7}, 0.5), 0.5);
  EXPECT_TRUE(torch::equal(Composite(image, repainted, half), image));
}

} // namespace
} // namespace sulcus
