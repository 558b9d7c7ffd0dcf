#include "sulcusSurfaceDistance.h"

#include "sulcusDistanceTransform.h"
#include "sulcusSurfelTable.h"
#include <sulcusError.h>
#include <sulcusRandomEngine.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace sulcus
{
namespace
{

using Size = std::array<std::size_t, 3>;
using Spacing = std::array<double, 3>;

TEST(SurfelTable, KnownCells)
{
  const Spacing spacing{2.0, 3.0, 5.0};
  const auto areas = SurfelAreas(spacing);
  EXPECT_EQ(areas[0], 0.0);
  EXPECT_EQ(areas[255], 0.0);
  // A flat face: the four voxels with dz = 0.
  EXPECT_DOUBLE_EQ(areas[0b00001111], 2.0 * 3.0);
  EXPECT_DOUBLE_EQ(areas[0b00110011], 2.0 * 5.0);
  EXPECT_DOUBLE_EQ(areas[0b01010101], 3.0 * 5.0);
  // One voxel: half the parallelogram of two edges of the cut corner (1, 1.5, 2.5).
  const double corner = 0.5 * std::sqrt(1.5 * 1.5 * 2.5 * 2.5 + 1.0 * 2.5 * 2.5 + 1.0 * 1.5 * 1.5);
  for (unsigned int c = 0; c < 8; ++c)
  {
    EXPECT_NEAR(areas[1U << c], corner, 1e-12);
  }
  // Two voxels side by side along x: a band of length 2 across the half edges in y and z.
  EXPECT_NEAR(areas[0b00000011], 2.0 * std::hypot(1.5, 2.5), 1e-12);
  // Opposite corners are cut off one by one.
  EXPECT_NEAR(areas[0b10000001], 2.0 * corner, 1e-12);
  EXPECT_NEAR(areas[0b01101001], 4.0 * corner, 1e-12);
}

TEST(SurfelTable, InsideAndOutsideAreAlike)
{
  const auto areas = SurfelAreas({0.7, 1.3, 2.9});
  for (unsigned int code = 0; code < 256; ++code)
  {
    EXPECT_DOUBLE_EQ(areas[code], areas[255 - code]) << code;
    EXPECT_TRUE(code == 0 || code == 255 || areas[code] > 0.0);
  }
}

/** Moves the bits of a code as the corners of the cell move. */
unsigned int
Moved(unsigned int code, const std::array<unsigned int, 3> & axes, unsigned int flips)
{
  unsigned int moved = 0;
  for (unsigned int c = 0; c < 8; ++c)
  {
    unsigned int target = 0;
    for (unsigned int a = 0; a < 3; ++a)
    {
      target |= ((c ^ flips) >> axes[a] & 1U) << a;
    }
    moved |= (code >> c & 1U) << target;
  }
  return moved;
}

TEST(SurfelTable, FollowsAll48SymmetriesOfTheCell)
{
  const Spacing spacing{0.7, 1.3, 2.9};
  const auto areas = SurfelAreas(spacing);
  std::array<unsigned int, 3> axes{0, 1, 2};
  do
  {
    const auto movedAreas = SurfelAreas({spacing[axes[0]], spacing[axes[1]], spacing[axes[2]]});
    for (unsigned int flips = 0; flips < 8; ++flips)
    {
      for (unsigned int code = 0; code < 256; ++code)
      {
        EXPECT_NEAR(areas[code], movedAreas[Moved(code, axes, flips)], 1e-12) << code;
      }
    }
  } while (std::next_permutation(axes.begin(), axes.end()));
}

TEST(SurfelTable, ContoursByHand)
{
  const auto lengths = ContourLengths(3.0, 4.0);
  EXPECT_DOUBLE_EQ(lengths[0b0001], 2.5);
  EXPECT_DOUBLE_EQ(lengths[0b0011], 3.0);
  EXPECT_DOUBLE_EQ(lengths[0b0101], 4.0);
  EXPECT_DOUBLE_EQ(lengths[0b0110], 5.0);
  EXPECT_DOUBLE_EQ(lengths[0b0111], 2.5);
  EXPECT_EQ(lengths[0], 0.0);
  EXPECT_EQ(lengths[15], 0.0);
}

double
BruteForce(const std::vector<std::uint8_t> & sources,
           const Size & size,
           const Spacing & spacing,
           std::size_t at)
{
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < sources.size(); ++i)
  {
    if (sources[i])
    {
      const auto delta = [&](std::size_t a, std::size_t b, double step)
      { return (static_cast<double>(a) - static_cast<double>(b)) * step; };
      const double x = delta(i % size[0], at % size[0], spacing[0]);
      const double y = delta(i / size[0] % size[1], at / size[0] % size[1], spacing[1]);
      const double z = delta(i / (size[0] * size[1]), at / (size[0] * size[1]), spacing[2]);
      best = std::min(best, x * x + y * y + z * z);
    }
  }
  return best;
}

TEST(DistanceTransform, EqualsBruteForce)
{
  RandomEngine random(17);
  for (int trial = 0; trial < 300; ++trial)
  {
    Size size;
    Spacing spacing;
    for (std::size_t a = 0; a < 3; ++a)
    {
      size[a] = static_cast<std::size_t>(random.Integer(1, 9));
      spacing[a] = random.Chance(0.3) ? 1.0 : std::exp(random.Uniform(-2.0, 2.0));
    }
    std::vector<std::uint8_t> sources(size[0] * size[1] * size[2]);
    const double density = random.Uniform(0.0, 0.3);
    for (auto & source : sources)
    {
      source = random.Chance(density) ? static_cast<std::uint8_t>(random.Integer(1, 255)) : 0;
    }
    const auto squared = SquaredDistances(sources, size, spacing);
    for (std::size_t i = 0; i < sources.size(); ++i)
    {
      const double expected = BruteForce(sources, size, spacing, i);
      if (std::isinf(expected))
      {
        EXPECT_EQ(squared[i], expected);
      }
      else
      {
        EXPECT_NEAR(squared[i], expected, 1e-12 * (1.0 + expected));
      }
    }
  }
}

MaskPair
RandomMasks(RandomEngine & random)
{
  MaskPair masks;
  for (std::size_t a = 0; a < 3; ++a)
  {
    masks.size[a] = static_cast<std::size_t>(random.Integer(1, 7));
    masks.spacingInMm[a] = random.Uniform(0.3, 3.0);
  }
  masks.voxels.resize(masks.VoxelCount());
  const double density = random.Uniform(0.1, 0.9);
  for (auto & voxel : masks.voxels)
  {
    voxel = static_cast<std::uint8_t>(random.Chance(density) + 2 * random.Chance(density));
  }
  return masks;
}

/** Corners with unlike voxels around them, straight from the definition. */
std::vector<std::array<double, 3>>
CornersOfSurface(const MaskPair & masks, std::uint8_t bit)
{
  std::vector<std::array<double, 3>> corners;
  const auto [nx, ny, nz] = masks.size;
  for (std::size_t z = 0; z <= nz; ++z)
  {
    for (std::size_t y = 0; y <= ny; ++y)
    {
      for (std::size_t x = 0; x <= nx; ++x)
      {
        int inside = 0;
        for (std::size_t n = 0; n < 8; ++n)
        {
          const std::size_t vx = x - (n & 1);
          const std::size_t vy = y - (n >> 1 & 1);
          const std::size_t vz = z - (n >> 2 & 1);
          inside += vx < nx && vy < ny && vz < nz && (masks.voxels[vx + nx * (vy + ny * vz)] & bit);
        }
        if (inside > 0 && inside < 8)
        {
          corners.push_back({static_cast<double>(x) * masks.spacingInMm[0],
                             static_cast<double>(y) * masks.spacingInMm[1],
                             static_cast<double>(z) * masks.spacingInMm[2]});
        }
      }
    }
  }
  return corners;
}

std::vector<std::array<double, 3>>
BorderOf(const MaskPair & masks, std::uint8_t bit)
{
  std::vector<std::array<double, 3>> border;
  const auto [nx, ny, nz] = masks.size;
  const auto inside = [&, nx = nx, ny = ny, nz = nz](std::size_t x, std::size_t y, std::size_t z)
  { return x < nx && y < ny && z < nz && (masks.voxels[x + nx * (y + ny * z)] & bit); };
  for (std::size_t i = 0; i < masks.voxels.size(); ++i)
  {
    const std::size_t x = i % nx;
    const std::size_t y = i / nx % ny;
    const std::size_t z = i / (nx * ny);
    const bool deep = inside(x - 1, y, z) && inside(x + 1, y, z) && inside(x, y - 1, z) &&
                      inside(x, y + 1, z) && inside(x, y, z - 1) && inside(x, y, z + 1);
    if (inside(x, y, z) && !deep)
    {
      border.push_back({static_cast<double>(x) * masks.spacingInMm[0],
                        static_cast<double>(y) * masks.spacingInMm[1],
                        static_cast<double>(z) * masks.spacingInMm[2]});
    }
  }
  return border;
}

std::vector<double>
Nearest(const std::vector<std::array<double, 3>> & from,
        const std::vector<std::array<double, 3>> & to)
{
  std::vector<double> distances;
  for (const auto & a : from)
  {
    double best = std::numeric_limits<double>::infinity();
    for (const auto & b : to)
    {
      best = std::min(best, std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
    }
    distances.push_back(best);
  }
  std::sort(distances.begin(), distances.end());
  return distances;
}

void
ExpectDistances(const std::vector<SurfaceElement> & found, const std::vector<double> & expected)
{
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
  {
    if (std::isinf(expected[i]))
    {
      EXPECT_EQ(found[i].distanceInMm, expected[i]);
    }
    else
    {
      EXPECT_NEAR(found[i].distanceInMm, expected[i], 1e-9);
    }
  }
}

TEST(SurfaceDistance, EqualsBruteForceOnRandomMasks)
{
  RandomEngine random(23);
  for (int trial = 0; trial < 200; ++trial)
  {
    const auto masks = RandomMasks(random);
    const auto surfels = ComputeSurfaceDistances(masks);
    const auto reference = CornersOfSurface(masks, MaskPair::Reference);
    const auto prediction = CornersOfSurface(masks, MaskPair::Prediction);
    ExpectDistances(surfels.referenceToPrediction, Nearest(reference, prediction));
    ExpectDistances(surfels.predictionToReference, Nearest(prediction, reference));
    const auto borders = ComputeSurfaceDistances(masks, SurfaceDefinition::BorderVoxels);
    const auto referenceBorder = BorderOf(masks, MaskPair::Reference);
    const auto predictionBorder = BorderOf(masks, MaskPair::Prediction);
    ExpectDistances(borders.referenceToPrediction, Nearest(referenceBorder, predictionBorder));
    ExpectDistances(borders.predictionToReference, Nearest(predictionBorder, referenceBorder));
  }
}

/** A ball of radius r and one of radius r + shift around the same centre. */
MaskPair
ConcentricBalls(double radius, double shift, const Spacing & spacing)
{
  MaskPair masks;
  masks.spacingInMm = spacing;
  const double reach = radius + std::max(0.0, shift) + 3.0;
  for (std::size_t a = 0; a < 3; ++a)
  {
    masks.size[a] = static_cast<std::size_t>(2.0 * reach / spacing[a]) + 1;
  }
  masks.voxels.resize(masks.VoxelCount());
  for (std::size_t i = 0; i < masks.voxels.size(); ++i)
  {
    const double x = static_cast<double>(i % masks.size[0]) * spacing[0] - reach;
    const double y = static_cast<double>(i / masks.size[0] % masks.size[1]) * spacing[1] - reach;
    const double z = static_cast<double>(i / (masks.size[0] * masks.size[1])) * spacing[2] - reach;
    const double distance = std::hypot(x, y, z);
    masks.voxels[i] = (distance <= radius ? MaskPair::Reference : 0) |
                      (distance <= radius + shift ? MaskPair::Prediction : 0);
  }
  return masks;
}

TEST(SurfaceDistance, ConcentricBallsAreAsFarApartAsTheirRadii)
{
  for (const Spacing & spacing : {Spacing{0.5, 0.5, 0.5}, Spacing{0.4, 0.6, 0.9}})
  {
    const auto distances = ComputeSurfaceDistances(ConcentricBalls(12.0, 3.0, spacing));
    // Corners on both sides of each surface are elements, so the nearest one is up to half a voxel
    // nearer.
    const double step = *std::max_element(spacing.begin(), spacing.end());
    EXPECT_LT(MeanSurfaceDistance(distances), 3.0);
    EXPECT_GT(MeanSurfaceDistance(distances), 3.0 - 0.6 * step);
    EXPECT_NEAR(HausdorffDistance(distances), 3.0, 0.9);
    EXPECT_EQ(SurfaceDice(distances, 1.5), 0.0);
    EXPECT_EQ(SurfaceDice(distances, 4.0), 1.0);
    double area = 0.0;
    for (const auto & element : distances.referenceToPrediction)
    {
      area += element.weight;
    }
    // Marching cubes of a binary ball overestimates the area by its facets, by less than a sixth.
    const double exact = 4.0 * std::numbers::pi * 144.0;
    EXPECT_GT(area, exact);
    EXPECT_LT(area, exact * 7.0 / 6.0);
  }
}

TEST(SurfaceDistance, FlatPlatesByHand)
{
  // Reference x in [0, 3], prediction x in [0, 5] of a 10 x 1 x 1 row, spacing 2 mm along x: the
  // far end corners are 4 mm apart, the near ends coincide.
  MaskPair masks;
  masks.size = {10, 1, 1};
  masks.spacingInMm = {2.0, 1.0, 1.0};
  masks.voxels = {3, 3, 3, 3, 2, 2, 0, 0, 0, 0};
  const auto borders = ComputeSurfaceDistances(masks, SurfaceDefinition::BorderVoxels);
  // A row one voxel thick is all border: distances 0 0 0 0 and 0 0 0 0 2 4.
  EXPECT_DOUBLE_EQ(MeanDistance(borders.referenceToPrediction), 0.0);
  EXPECT_DOUBLE_EQ(MeanDistance(borders.predictionToReference), 1.0);
  EXPECT_DOUBLE_EQ(MeanSurfaceDistance(borders), 0.5);
  EXPECT_DOUBLE_EQ(HausdorffDistance(borders), 4.0);
  // Pooled: eight times 0, then 2 and 4; 95 % lies 0.55 of the way from the ninth to the tenth.
  EXPECT_NEAR(HausdorffDistance(borders, 95.0), 2.0 + 0.55 * 2.0, 1e-12);
  EXPECT_DOUBLE_EQ(SurfaceDice(borders, 2.0), 0.9);
  EXPECT_DOUBLE_EQ(HausdorffDistance(ComputeSurfaceDistances(masks)), 4.0);
}

TEST(SurfaceDistance, SymmetryAndIdentity)
{
  RandomEngine random(31);
  for (int trial = 0; trial < 50; ++trial)
  {
    const auto masks = RandomMasks(random);
    auto swapped = masks;
    for (auto & voxel : swapped.voxels)
    {
      voxel = static_cast<std::uint8_t>((voxel & 1U) << 1 | voxel >> 1);
    }
    for (const auto definition : {SurfaceDefinition::Surfels, SurfaceDefinition::BorderVoxels})
    {
      const auto distances = ComputeSurfaceDistances(masks, definition);
      const auto other = ComputeSurfaceDistances(swapped, definition);
      EXPECT_EQ(HausdorffDistance(distances), HausdorffDistance(other));
      EXPECT_LE(HausdorffDistance(distances, 95.0), HausdorffDistance(distances));
    }
    auto same = masks;
    for (auto & voxel : same.voxels)
    {
      voxel = (voxel & 1U) ? 3 : 0;
    }
    same.voxels[0] = 3;
    EXPECT_EQ(HausdorffDistance(ComputeSurfaceDistances(same)), 0.0);
    EXPECT_EQ(SurfaceDice(ComputeSurfaceDistances(same), 0.0), 1.0);
  }
}

TEST(SurfaceDistance, SpacingOfSinglePrecisionStaysWithinTolerance)
{
  MaskPair masks;
  masks.size = {2, 1, 1};
  masks.spacingInMm = {static_cast<double>(0.2F) * 5.0, 1.0, 1.0}; // 1.0000000149
  masks.voxels = {1, 2};
  EXPECT_EQ(SurfaceDice(ComputeSurfaceDistances(masks), 1.0), 1.0);
}

TEST(SurfaceDistance, SameBitsForAnyThreadCount)
{
  const auto masks = ConcentricBalls(9.0, 2.0, {0.7, 0.9, 1.1});
  const int before = GetThreadCount();
  SetThreadCount(1);
  const auto one = ComputeSurfaceDistances(masks);
  SetThreadCount(3);
  const auto three = ComputeSurfaceDistances(masks);
  SetThreadCount(before);
  EXPECT_EQ(MeanSurfaceDistance(one), MeanSurfaceDistance(three));
  EXPECT_EQ(HausdorffDistance(one, 95.0), HausdorffDistance(three, 95.0));
}

TEST(SurfaceDistance, MisuseIsRefused)
{
  MaskPair masks;
  masks.size = {1, 1, 2};
  masks.voxels = {1, 2};
  EXPECT_THROW(ComputeSurfaceDistances(masks, SurfaceDefinition::Contours), UsageError);
  EXPECT_THROW(SurfaceDefinitionFromName("surfel"), UsageError);
  EXPECT_TRUE(ComputeSurfaceDistances({}).referenceToPrediction.empty());
}

} // namespace
} // namespace sulcus
