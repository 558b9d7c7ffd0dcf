#include "sulcusSpatialSample.h"
#include <sulcusError.h>

#include <gtest/gtest.h>

#include <cmath>

namespace
{

using namespace sulcus;
using namespace sulcus::spatial_sample;

TEST(SamplePatch, PlainPieceIsCopiedExactly)
{
  const Volume volume({9, 11, 14});
  const Size size{4, 5, 6};
  Patch patch(size);
  // Voxels 3…6, 2…6, 7…12: the centre of a patch of even size lies between voxels.
  const auto map = MakeResampleMap({}, size, {2.5, 0.7, 0.9}, {4.5, 4.0, 9.5});
  SamplePatch(volume.view, map, LabelRule::LinearVote, {}, patch.target);
  for (std::int64_t z = 0, at = 0; z < 4; ++z)
  {
    for (std::int64_t y = 0; y < 5; ++y)
    {
      for (std::int64_t x = 0; x < 6; ++x, ++at)
      {
        const auto from = static_cast<std::size_t>(((z + 3) * 11 + y + 2) * 14 + x + 7);
        const auto to = static_cast<std::size_t>(at);
        ASSERT_EQ(patch.image[to], volume.image[from]);
        ASSERT_EQ(patch.image[Voxels(size) + to], volume.image[Voxels(volume.view.size) + from]);
        ASSERT_EQ(patch.label[to], volume.label[from]);
        ASSERT_EQ(patch.weight[to], volume.weight[from]);
        ASSERT_TRUE(patch.observed[to]);
      }
    }
  }
}

TEST(SamplePatch, FlipsAreExactAlongTheNamedAxis)
{
  const Volume volume({5, 6, 7});
  const Size size = volume.view.size;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    DrawnSpatial drawn;
    drawn.flip[axis] = true;
    Patch patch(size);
    SamplePatch(volume.view,
                MakeResampleMap(drawn, size, {3, 0.7, 1.1}, {2, 2.5, 3}),
                LabelRule::LinearVote,
                {},
                patch.target);
    for (std::int64_t z = 0, at = 0; z < 5; ++z)
    {
      for (std::int64_t y = 0; y < 6; ++y)
      {
        for (std::int64_t x = 0; x < 7; ++x, ++at)
        {
          const auto fz = axis == 0 ? 4 - z : z;
          const auto fy = axis == 1 ? 5 - y : y;
          const auto fx = axis == 2 ? 6 - x : x;
          const auto from = static_cast<std::size_t>((fz * 6 + fy) * 7 + fx);
          ASSERT_EQ(patch.image[static_cast<std::size_t>(at)], volume.image[from]);
          ASSERT_EQ(patch.label[static_cast<std::size_t>(at)], volume.label[from]);
        }
      }
    }
  }
}

TEST(SamplePatch, LinearImageIsReproducedUnderEveryTransform)
{
  const Volume volume({40, 60, 70});
  const Size size{12, 20, 16};
  const Triple spacing{2.2, 0.8, 1.0};
  for (std::uint64_t seed = 0; seed < 8; ++seed)
  {
    const auto map =
        MakeResampleMap(DrawEverything(size, spacing, seed), size, spacing, {19.25, 30.5, 33.0});
    Patch patch(size);
    SamplePatch(volume.view, map, LabelRule::Nearest, {}, patch.target);
    for (std::int64_t z = 0, at = 0; z < size[0]; ++z)
    {
      for (std::int64_t y = 0; y < size[1]; ++y)
      {
        for (std::int64_t x = 0; x < size[2]; ++x, ++at)
        {
          const auto p =
              map({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)});
          ASSERT_NEAR(
              patch.image[static_cast<std::size_t>(at)], Volume::Ramp(p[0], p[1], p[2]), 2e-4);
          const auto nearest =
              (std::llround(p[2]) * 60 + std::llround(p[1])) * 70 + std::llround(p[0]);
          const bool isTie = std::abs(p[0] - std::floor(p[0]) - 0.5) < 1e-4 ||
                             std::abs(p[1] - std::floor(p[1]) - 0.5) < 1e-4 ||
                             std::abs(p[2] - std::floor(p[2]) - 0.5) < 1e-4;
          ASSERT_TRUE(isTie || patch.label[static_cast<std::size_t>(at)] ==
                                   volume.label[static_cast<std::size_t>(nearest)]);
        }
      }
    }
  }
}

TEST(SamplePatch, VotedLabelIsTheArgmaxOfTheSoftLabel)
{
  const Volume volume({14, 20, 24});
  const Size size{12, 16, 20};
  const Triple spacing{1.5, 0.8, 1.0};
  std::size_t borderVoxels = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed)
  {
    const auto map =
        MakeResampleMap(DrawEverything(size, spacing, seed), size, spacing, {7, 10, 12});
    Patch patch(size);
    SamplePatch(volume.view, map, LabelRule::LinearVote, {}, patch.target);
    for (std::size_t at = 0; at < Voxels(size); ++at)
    {
      const std::array<float, 3> soft{patch.softLabel[at],
                                      patch.softLabel[Voxels(size) + at],
                                      patch.softLabel[2 * Voxels(size) + at]};
      ASSERT_NEAR(soft[0] + soft[1] + soft[2], 1.0f, 1e-5f);
      const float best = *std::max_element(soft.begin(), soft.end());
      ASSERT_NEAR(soft[static_cast<std::size_t>(patch.label[at])], best, 1e-5f);
      borderVoxels += best < 0.999f ? 1 : 0;
    }
  }
  EXPECT_GT(borderVoxels, 500u);
}

TEST(SamplePatch, OutsideTheVolumeFollowsTheBorderRule)
{
  const Volume volume({6, 6, 6});
  const Size size{10, 6, 6};
  const auto map =
      MakeResampleMap({}, size, {1, 1, 1}, {2.5, 2.5, 2.5}); // two slices too many at either end
  for (const bool replicate : {true, false})
  {
    for (const bool observed : {true, false})
    {
      Patch patch(size);
      SamplePatch(
          volume.view, map, LabelRule::LinearVote, {replicate, -7.0f, observed}, patch.target);
      EXPECT_EQ(patch.image[14], replicate ? volume.image[14] : -7.0f);
      EXPECT_EQ(patch.image[9 * 36 + 14], replicate ? volume.image[5 * 36 + 14] : -7.0f);
      EXPECT_EQ(patch.image[2 * 36 + 14], volume.image[14]);
      EXPECT_EQ(patch.label[14], 0);
      EXPECT_EQ(patch.softLabel[14], 1.0f);
      EXPECT_EQ(patch.observed[14], observed);
      EXPECT_TRUE(patch.observed[2 * 36 + 14]);
      EXPECT_EQ(patch.weight[14], 1.0f);
    }
  }
}

TEST(SamplePatch, UnknownVoxelsStayUnknownAndTakeNoPartInTheVote)
{
  Volume volume({6, 6, 6});
  std::fill(volume.label.begin(), volume.label.end(), std::uint8_t{0});
  volume.label[100] = 2; // one scribbled voxel; everything else is unknown
  std::fill(volume.observed.begin(), volume.observed.end(), std::uint8_t{0});
  volume.observed[100] = 1;
  volume.view.observed = volume.observed;
  DrawnSpatial drawn;
  drawn.translationInMm = {0.3, -0.2, 0.1};
  Patch patch(volume.view.size);
  SamplePatch(volume.view,
              MakeResampleMap(drawn, volume.view.size, {1, 1, 1}, {2.5, 2.5, 2.5}),
              LabelRule::LinearVote,
              {},
              patch.target);
  for (std::size_t at = 0; at < 216; ++at)
  {
    ASSERT_EQ(patch.observed[at], at == 100);
    ASSERT_EQ(patch.label[at], at == 100 ? 2 : 0);
  }
}

TEST(SamplePatch, SingleSlicesAndSingleVoxelsWork)
{
  const Volume volume({1, 5, 1});
  const Size size{1, 3, 1};
  Patch patch(size);
  const auto drawn = DrawEverything(size, {5, 1, 1}, 3);
  SamplePatch(volume.view,
              MakeResampleMap(drawn, size, {5, 1, 1}, {0, 2, 0}),
              LabelRule::LinearVote,
              {},
              patch.target);
  for (const float value : patch.image)
  {
    EXPECT_TRUE(std::isfinite(value));
  }
}

TEST(SamplePatch, WrongSpansAreRefused)
{
  const Volume volume({4, 4, 4});
  Patch patch({3, 3, 3});
  patch.target.image = patch.target.image.first(27);
  EXPECT_THROW(SamplePatch(volume.view,
                           MakeResampleMap({}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}),
                           LabelRule::Nearest,
                           {},
                           patch.target),
               UsageError);
}

} // namespace
