#include <sulcusError.h>
#include <sulcusSpatialAugmentation.h>

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

namespace
{

using namespace sulcus;
using Size = std::array<std::int64_t, 3>;
using Triple = std::array<double, 3>;

std::size_t
Voxels(const Size & size)
{
  return static_cast<std::size_t>(size[0] * size[1] * size[2]);
}

/** A volume with a linear ramp as image, so that every interpolated value is known, and an
 * ellipsoid as label. */
struct Volume
{
  explicit Volume(const Size & size)
      : image(2 * Voxels(size)), label(Voxels(size)), softLabel(3 * Voxels(size)),
        weight(Voxels(size)), observed(Voxels(size), 1)
  {
    std::size_t at = 0;
    for (std::int64_t z = 0; z < size[0]; ++z)
    {
      for (std::int64_t y = 0; y < size[1]; ++y)
      {
        for (std::int64_t x = 0; x < size[2]; ++x, ++at)
        {
          image[at] = Ramp(static_cast<double>(x), static_cast<double>(y), static_cast<double>(z));
          image[Voxels(size) + at] = 100.0f - image[at];
          const auto ellipse = [&](double i, std::int64_t n) {
            return std::pow((i - 0.5 * static_cast<double>(n - 1)) / (0.4 * static_cast<double>(n)),
                            2);
          };
          const double radius = ellipse(static_cast<double>(x), size[2]) +
                                ellipse(static_cast<double>(y), size[1]) +
                                ellipse(static_cast<double>(z), size[0]);
          label[at] = radius < 0.3 ? 2 : radius < 1.0 ? 1 : 0;
          softLabel[label[at] * Voxels(size) + at] = 1.0f;
          weight[at] = 0.5f + 0.01f * static_cast<float>(x);
        }
      }
    }
    view.size = size;
    view.channels = 2;
    view.classes = 3;
    view.image = image;
    view.label = label;
    view.softLabel = softLabel;
    view.weight = weight;
  }

  static float
  Ramp(double x, double y, double z)
  {
    return static_cast<float>(3.0 + x - 2.0 * y + 0.5 * z);
  }

  std::vector<float> image;
  std::vector<std::uint8_t> label;
  std::vector<float> softLabel;
  std::vector<float> weight;
  std::vector<std::uint8_t> observed;
  VolumeView view;
};

struct Patch
{
  explicit Patch(const Size & size)
      : image(2 * Voxels(size)), label(Voxels(size), -1), softLabel(3 * Voxels(size)),
        weight(Voxels(size)), observed(new bool[Voxels(size)])
  {
    target.size = size;
    target.image = image;
    target.label = label;
    target.softLabel = softLabel;
    target.weight = weight;
    target.observed = {observed.get(), Voxels(size)};
  }

  std::vector<float> image;
  std::vector<std::int64_t> label;
  std::vector<float> softLabel;
  std::vector<float> weight;
  std::unique_ptr<bool[]> observed;
  PatchTarget target;
};

DrawnSpatial
DrawEverything(const Size & patch, const Triple & spacing, std::uint64_t seed)
{
  SpatialRange range;
  range.rotationProbability = range.scaleProbability = range.shearProbability =
      range.elasticProbability = 1.0;
  range.translationInMm = 3.0;
  range.rotationInDegrees = 30.0;
  range.flipAllowed = {true, false, true};
  RandomEngine random(seed);
  return DrawSpatial(range, patch, spacing, random);
}

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
