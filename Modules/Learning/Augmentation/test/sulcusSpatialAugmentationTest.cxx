#include "sulcusSpatialSample.h"
#include <sulcusError.h>

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace
{

using namespace sulcus;
using namespace sulcus::spatial_sample;

TEST(DrawSpatial, IsRepeatableAndRespectsItsRange)
{
  const Size size{20, 40, 40};
  const auto a = DrawEverything(size, {1, 1, 1}, 5);
  const auto b = DrawEverything(size, {1, 1, 1}, 5);
  EXPECT_EQ(a.matrix, b.matrix);
  EXPECT_EQ(a.displacementInMm.values, b.displacementInMm.values);
  EXPECT_NE(a.matrix, DrawEverything(size, {1, 1, 1}, 6).matrix);
  bool flippedY = false;
  bool flippedX = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
  {
    flippedY = flippedY || DrawEverything(size, {1, 1, 1}, seed).flip[1];
    flippedX = flippedX || DrawEverything(size, {1, 1, 1}, seed).flip[2];
  }
  EXPECT_FALSE(flippedY); // the plan does not allow it
  EXPECT_TRUE(flippedX);
  RandomEngine random(1);
  EXPECT_TRUE(DrawSpatial(SpatialRange::Nothing(), size, {1, 1, 1}, random).IsIdentity());
  SpatialRange bad;
  bad.smallestScale = 2.0;
  EXPECT_THROW(DrawSpatial(bad, size, {1, 1, 1}, random), UsageError);
}

TEST(DrawSpatial, RotationsArePureInMillimetresWhateverTheSpacing)
{
  SpatialRange range = SpatialRange::Nothing();
  range.rotationProbability = 1.0;
  range.rotationInDegrees = 40.0;
  const Size size{9, 21, 17};
  const Triple spacing{3.0, 0.6, 1.1};
  for (std::uint64_t seed = 0; seed < 20; ++seed)
  {
    RandomEngine random(seed);
    const auto map =
        MakeResampleMap(DrawSpatial(range, size, spacing, random), size, spacing, {4, 10, 8});
    const auto distance = [&](const Affine::Point & a, const Affine::Point & b)
    {
      return std::hypot(
          (a[0] - b[0]) * spacing[2], (a[1] - b[1]) * spacing[1], (a[2] - b[2]) * spacing[0]);
    };
    const Affine::Point p{1, 2, 3};
    const Affine::Point q{14, 19, 5};
    EXPECT_NEAR(distance(map(p), map(q)), distance(p, q), 1e-9);
    EXPECT_NEAR(distance(map({8, 10, 4}), {8, 10, 4}), 0.0, 1e-9); // about the centre
  }
}

TEST(DrawSpatial, ThickSlicesAreTiltedLess)
{
  SpatialRange range = SpatialRange::Nothing();
  range.rotationProbability = 1.0;
  range.rotationInDegrees = 10.0;
  const Size size{10, 20, 20};
  double largestTilt = 0.0;
  double largestTurn = 0.0;
  for (std::uint64_t seed = 0; seed < 200; ++seed)
  {
    RandomEngine random(seed);
    const auto matrix = DrawSpatial(range, size, {5, 1, 1}, random).matrix;
    largestTilt = std::max(largestTilt, std::acos(matrix[8]) * 180.0 / std::numbers::pi);
    largestTurn = std::max(largestTurn,
                           std::abs(std::atan2(matrix[3], matrix[0])) * 180.0 / std::numbers::pi);
  }
  EXPECT_LT(largestTilt, 7.1); // two angles of at most 5 degrees
  EXPECT_GT(largestTurn, 8.0);
}

TEST(UndoSpatial, EveryDrawnTransformCanBeInverted)
{
  const Size size{10, 24, 30};
  const Triple spacing{3, 1, 0.8};
  SpatialRange range;
  range.rotationProbability = range.scaleProbability = range.shearProbability =
      range.elasticProbability = 1.0;
  range.elasticInMm = 100.0; // as far as control points may go
  range.elasticSpacingInMm = 6.0;
  range.throughPlaneFactor = 1.0;
  for (std::uint64_t seed = 0; seed < 30; ++seed)
  {
    RandomEngine random(seed);
    const auto map = MakeResampleMap(
        DrawSpatial(range, size, spacing, random), size, spacing, {4.5, 11.5, 14.5});
    for (const Affine::Point p :
         {Affine::Point{3, 5, 2}, Affine::Point{20.5, 11, 6.25}, Affine::Point{28, 22, 9}})
    {
      const auto back = map.Invert(map(p));
      for (std::size_t axis = 0; axis < 3; ++axis)
      {
        EXPECT_NEAR(back[axis], p[axis], 1e-5);
      }
    }
  }
}

TEST(UndoSpatial, RestoresASmoothImageInsideAndFlipsExactly)
{
  const Volume volume({16, 24, 20});
  const Size size = volume.view.size;
  const Triple spacing{1.4, 0.9, 1.0};
  DrawnSpatial flip;
  flip.flip = {true, true, false};
  for (const auto & drawn : {flip, DrawEverything(size, spacing, 2)})
  {
    Patch patch(size);
    SamplePatch(volume.view,
                MakeResampleMap(drawn, size, spacing, {7.5, 11.5, 9.5}),
                LabelRule::Nearest,
                {false, -1e9f, false},
                patch.target);
    std::vector<float> restored(patch.image.size());
    UndoSpatial(drawn, size, spacing, patch.image, -1e9f, restored);
    // Half a voxel beyond the edge still counts as inside, with the edge's value: stay clear of it.
    const auto positions = UndoPositions(drawn, size, spacing);
    const auto isInner = [&](std::size_t i)
    {
      const auto at = static_cast<std::int64_t>(i);
      const Size p{at / (size[1] * size[2]), at / size[2] % size[1], at % size[2]};
      bool inside = true;
      for (std::size_t axis = 0; axis < 3; ++axis)
      {
        const float there = positions[(2 - axis) * Voxels(size) + i];
        inside = inside && p[axis] > 2 && p[axis] < size[axis] - 3 && there >= 0.0f &&
                 there <= static_cast<float>(size[axis] - 1);
      }
      return inside;
    };
    std::size_t compared = 0;
    for (std::size_t i = 0; i < Voxels(size); ++i)
    {
      const bool isExact = drawn.displacementInMm.IsEmpty();
      if (restored[i] > -60.0f &&
          (isExact || isInner(i))) // not reached by the filling from outside
      {
        ASSERT_NEAR(restored[i], volume.image[i], isExact ? 0.0 : 0.2);
        ++compared;
      }
    }
    EXPECT_GT(compared, Voxels(size) / 8);
  }
}

TEST(SmoothGrid, RowsAgreeWithPointsAndConstantsAreKept)
{
  auto grid = SmoothGrid::WithSpacing({7, 12, 33}, {2, 1, 1}, 5.0, 2);
  RandomEngine random(4);
  for (auto & value : grid.values)
  {
    value = static_cast<float>(random.Uniform(-1, 1));
  }
  SmoothGridRows rows(grid);
  for (const std::int64_t z : {0, 3, 6})
  {
    const auto row = rows.Row(z, 5);
    for (std::int64_t x = 0; x < 33; ++x)
    {
      std::array<double, 2> expected{};
      grid.At({static_cast<double>(z), 5.0, static_cast<double>(x)}, expected);
      EXPECT_NEAR(row[static_cast<std::size_t>(x)], expected[0], 1e-6);
      EXPECT_NEAR(row[static_cast<std::size_t>(33 + x)], expected[1], 1e-6);
    }
  }
  std::fill(grid.values.begin(), grid.values.end(), 0.25f);
  SmoothGridRows constant(grid);
  for (const float value : constant.Row(2, 2))
  {
    EXPECT_NEAR(value, 0.25f, 1e-6f);
  }
}

} // namespace
