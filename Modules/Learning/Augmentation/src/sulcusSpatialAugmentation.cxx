#include "sulcusSpatialAugmentation.h"

#include <sulcusError.h>
#include <sulcusParameters.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace sulcus
{
namespace
{

using Matrix = std::array<double, 9>;

/** Of a control point, in control intervals. The derivative of a cubic B-spline is at most 1.5
 * times the largest control value an interval; three axes of 0.22 stay below 1, so that the
 * deformation is a contraction away from the identity. */
constexpr double steepestDisplacement = 0.22;

Matrix
Times(const Matrix & a, const Matrix & b)
{
  Matrix product{};
  for (std::size_t row = 0; row < 3; ++row)
  {
    for (std::size_t column = 0; column < 3; ++column)
    {
      for (std::size_t k = 0; k < 3; ++k)
      {
        product[3 * row + column] += a[3 * row + k] * b[3 * k + column];
      }
    }
  }
  return product;
}

/** Rotation about axis 0 = x, 1 = y, 2 = z. */
Matrix
Rotation(std::size_t axis, double radians)
{
  Matrix matrix{1, 0, 0, 0, 1, 0, 0, 0, 1};
  const std::size_t i = (axis + 1) % 3;
  const std::size_t j = (axis + 2) % 3;
  matrix[3 * i + i] = matrix[3 * j + j] = std::cos(radians);
  matrix[3 * i + j] = -std::sin(radians);
  matrix[3 * j + i] = std::sin(radians);
  return matrix;
}

void
CheckRange(const SpatialRange & range)
{
  const auto require = [](bool holds, const char * what)
  {
    if (!holds)
    {
      throw UsageError(Message("spatial augmentation: ", what));
    }
  };
  for (const double p : {range.rotationProbability,
                         range.scaleProbability,
                         range.shearProbability,
                         range.elasticProbability,
                         range.flipProbability})
  {
    require(p >= 0 && p <= 1, "a probability is not between 0 and 1");
  }
  require(range.rotationInDegrees >= 0 && range.rotationInDegrees <= 180,
          "the angle is not between 0 and 180 degrees");
  require(range.smallestScale > 0 && range.smallestScale <= range.largestScale,
          "the scales are empty or not positive");
  require(range.anisotropicScale >= 0 && range.anisotropicScale < 1,
          "the difference of scales is not between 0 and 1");
  require(range.shear >= 0 && range.shear < 1, "the shear is not between 0 and 1");
  require(range.translationInMm >= 0 && range.elasticInMm >= 0, "a length is negative");
  require(range.elasticSpacingInMm > 0, "the distance of control points is not positive");
  require(range.throughPlaneFactor >= 0 && range.throughPlaneFactor <= 1,
          "the through-plane factor is not between 0 and 1");
}

/** Whether each axis (x, y, z) is coarser than twice the finest. */
std::array<bool, 3>
CoarseAxes(const std::array<double, 3> & spacingInMm)
{
  const double finest = *std::min_element(spacingInMm.begin(), spacingInMm.end());
  return {spacingInMm[2] > 2 * finest, spacingInMm[1] > 2 * finest, spacingInMm[0] > 2 * finest};
}

Matrix
DrawLinearPart(const SpatialRange & range,
               const std::array<bool, 3> & coarse,
               RandomEngine & random)
{
  Matrix matrix{1, 0, 0, 0, 1, 0, 0, 0, 1};
  if (random.Chance(range.rotationProbability) && range.rotationInDegrees > 0)
  {
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const bool tiltsCoarseAxis = coarse[(axis + 1) % 3] || coarse[(axis + 2) % 3];
      const double limit =
          range.rotationInDegrees * (tiltsCoarseAxis ? range.throughPlaneFactor : 1.0);
      matrix =
          Times(Rotation(axis, random.Uniform(-limit, limit) * std::numbers::pi / 180.0), matrix);
    }
  }
  if (random.Chance(range.shearProbability) && range.shear > 0)
  {
    Matrix shear{1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (const std::size_t entry : {1, 2, 5})
    {
      shear[entry] = random.Uniform(-range.shear, range.shear);
    }
    matrix = Times(matrix, shear);
  }
  if (random.Chance(range.scaleProbability))
  {
    const double common =
        std::exp(random.Uniform(std::log(range.smallestScale), std::log(range.largestScale)));
    Matrix scale{};
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const double own = 1.0 + random.Uniform(-0.5, 0.5) * range.anisotropicScale;
      scale[3 * axis + axis] = 1.0 / (common * own);
    }
    matrix = Times(matrix, scale);
  }
  return matrix;
}

SmoothGrid
DrawDisplacement(const SpatialRange & range,
                 const std::array<std::int64_t, 3> & patchSize,
                 const std::array<double, 3> & spacingInMm,
                 const std::array<bool, 3> & coarse,
                 RandomEngine & random)
{
  auto grid = SmoothGrid::WithSpacing(patchSize, spacingInMm, range.elasticSpacingInMm, 3);
  const auto interval = grid.IntervalInVoxels();
  double smallestInterval = std::numeric_limits<double>::infinity();
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    smallestInterval = patchSize[axis] > 1
                           ? std::min(smallestInterval, interval[axis] * spacingInMm[axis])
                           : smallestInterval;
  }
  const auto perComponent = grid.values.size() / 3;
  for (std::size_t component = 0; component < 3; ++component) // x, y, z
  {
    const bool isFlat = patchSize[2 - component] == 1; // nothing to move within a single slice
    const double limit =
        std::min(range.elasticInMm * (coarse[component] ? range.throughPlaneFactor : 1.0),
                 steepestDisplacement * smallestInterval);
    for (std::size_t i = 0; i < perComponent; ++i)
    {
      const double drawn = random.Uniform(-1.0, 1.0);
      grid.values[component * perComponent + i] = isFlat ? 0.0f : static_cast<float>(drawn * limit);
    }
  }
  return grid;
}

std::array<double, 3>
PatchCentre(const std::array<std::int64_t, 3> & patchSize)
{
  return {0.5 * static_cast<double>(patchSize[0] - 1),
          0.5 * static_cast<double>(patchSize[1] - 1),
          0.5 * static_cast<double>(patchSize[2] - 1)};
}

} // namespace

SpatialRange
SpatialRange::Nothing()
{
  SpatialRange range;
  range.rotationProbability = range.scaleProbability = range.shearProbability = 0.0;
  range.elasticProbability = range.flipProbability = range.translationInMm = 0.0;
  return range;
}

void
Describe(Parameters & visit, SpatialRange & o)
{
  visit("rotation_probability", o.rotationProbability, "How often a patch is rotated.").Range(0, 1);
  visit("rotation_deg", o.rotationInDegrees, "Largest angle about each axis.").Range(0, 180);
  visit("through_plane_factor",
        o.throughPlaneFactor,
        "Factor on angles and displacements along thick slices.")
      .Range(0, 1);
  visit("scale_probability", o.scaleProbability, "How often a patch is scaled.").Range(0, 1);
  visit("smallest_scale", o.smallestScale, "Smallest scale; below 1 objects shrink.")
      .Range(0.1, 10);
  visit("largest_scale", o.largestScale, "Largest scale.").Range(0.1, 10);
  visit(
      "anisotropic_scale", o.anisotropicScale, "Largest relative difference of scale between axes.")
      .Range(0, 0.9);
  visit("shear_probability", o.shearProbability, "How often a patch is sheared.").Range(0, 1);
  visit("shear", o.shear, "Largest shear, the tangent of its angle.").Range(0, 0.9);
  visit("translation_mm", o.translationInMm, "Largest shift along each axis.").Range(0);
  visit("elastic_probability", o.elasticProbability, "How often a patch is deformed.").Range(0, 1);
  visit("elastic_mm", o.elasticInMm, "Largest displacement of a control point.").Range(0);
  visit("elastic_spacing_mm", o.elasticSpacingInMm, "Distance of the control points.").Range(0.1);
  visit("flip_probability",
        o.flipProbability,
        "How often an axis is mirrored where the plan allows it.")
      .Range(0, 1);
}

bool
DrawnSpatial::IsIdentity() const
{
  return flip == std::array<bool, 3>{} && matrix == DrawnSpatial{}.matrix &&
         translationInMm == std::array<double, 3>{} && displacementInMm.IsEmpty();
}

DrawnSpatial
DrawSpatial(const SpatialRange & range,
            const std::array<std::int64_t, 3> & patchSize,
            const std::array<double, 3> & spacingInMm,
            RandomEngine & random)
{
  CheckRange(range);
  const auto coarse = CoarseAxes(spacingInMm);
  DrawnSpatial drawn;
  drawn.matrix = DrawLinearPart(range, coarse, random);
  for (auto & shift : drawn.translationInMm)
  {
    shift = range.translationInMm > 0
                ? random.Uniform(-range.translationInMm, range.translationInMm)
                : 0.0;
  }
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    drawn.flip[axis] = range.flipAllowed[axis] && random.Chance(range.flipProbability);
  }
  if (random.Chance(range.elasticProbability) && range.elasticInMm > 0)
  {
    drawn.displacementInMm = DrawDisplacement(range, patchSize, spacingInMm, coarse, random);
  }
  return drawn;
}

ResampleMap
MakeResampleMap(const DrawnSpatial & drawn,
                const std::array<std::int64_t, 3> & patchSize,
                const std::array<double, 3> & spacingInMm,
                const std::array<double, 3> & centre)
{
  const auto patchCentre = PatchCentre(patchSize);
  std::array<double, 12> values{};
  for (std::size_t row = 0; row < 3; ++row) // x, y, z
  {
    const double spacing = spacingInMm[2 - row];
    values[4 * row + 3] = centre[2 - row] + drawn.translationInMm[row] / spacing;
    for (std::size_t column = 0; column < 3; ++column)
    {
      const double sign = drawn.flip[2 - column] ? -1.0 : 1.0;
      // s·a/s is exactly a for a on the diagonal, so that crops and flips stay exact.
      const double entry =
          sign * (drawn.matrix[3 * row + column] * spacingInMm[2 - column] / spacing);
      values[4 * row + column] = entry;
      values[4 * row + 3] -= entry * patchCentre[2 - column];
    }
  }
  ResampleMap map;
  map.sourceFromPatch = Affine(values);
  map.displacement = drawn.displacementInMm;
  // The spline is linear in its controls, so the matrix may act on them instead of on every voxel.
  const auto perComponent = map.displacement.values.size() / 3;
  for (std::size_t i = 0; i < perComponent; ++i)
  {
    for (std::size_t row = 0; row < 3; ++row)
    {
      double sum = 0.0;
      for (std::size_t column = 0; column < 3; ++column)
      {
        sum += values[4 * row + column] * drawn.displacementInMm.values[column * perComponent + i] /
               spacingInMm[2 - column];
      }
      map.displacement.values[row * perComponent + i] = static_cast<float>(sum);
    }
  }
  return map;
}

std::vector<float>
UndoPositions(const DrawnSpatial & drawn,
              const std::array<std::int64_t, 3> & patchSize,
              const std::array<double, 3> & spacingInMm)
{
  const auto map = MakeResampleMap(drawn, patchSize, spacingInMm, PatchCentre(patchSize));
  const auto voxels = static_cast<std::size_t>(patchSize[0] * patchSize[1] * patchSize[2]);
  std::vector<float> positions(3 * voxels);
  std::size_t at = 0;
  for (std::int64_t z = 0; z < patchSize[0]; ++z)
  {
    for (std::int64_t y = 0; y < patchSize[1]; ++y)
    {
      for (std::int64_t x = 0; x < patchSize[2]; ++x, ++at)
      {
        const auto point =
            map.Invert({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)});
        for (std::size_t axis = 0; axis < 3; ++axis)
        {
          positions[axis * voxels + at] = static_cast<float>(point[axis]);
        }
      }
    }
  }
  return positions;
}

void
UndoSpatial(const DrawnSpatial & drawn,
            const std::array<std::int64_t, 3> & patchSize,
            const std::array<double, 3> & spacingInMm,
            std::span<const float> augmented,
            float valueOutside,
            std::span<float> restored)
{
  const auto voxels = static_cast<std::size_t>(patchSize[0] * patchSize[1] * patchSize[2]);
  if (augmented.size() != restored.size() || voxels == 0 || augmented.size() % voxels != 0)
  {
    throw UsageError(Message("undoing a transform: ",
                             augmented.size(),
                             " and ",
                             restored.size(),
                             " values for a patch of ",
                             voxels));
  }
  const auto positions = UndoPositions(drawn, patchSize, spacingInMm);
  SampleAtPositions(augmented, patchSize, positions, {false, valueOutside, false}, restored);
}

} // namespace sulcus
