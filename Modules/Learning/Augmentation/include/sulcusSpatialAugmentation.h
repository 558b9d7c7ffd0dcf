#pragma once

#include "sulcusResampling.h"
#include <sulcusRandomEngine.h>

#include <array>
#include <cstdint>

namespace sulcus
{

class Parameters;

/** What spatial transforms may be drawn. Angles and lengths hold in millimetres whatever the
 * spacing. */
struct SpatialRange
{
  double rotationProbability = 0.8;
  double rotationInDegrees = 30.0; ///< largest angle about each axis
  double throughPlaneFactor =
      0.5; ///< on angles that tilt an axis coarser than twice the finest, and on its displacement
  double scaleProbability = 0.8;
  double smallestScale = 0.65; ///< below 1 the object appears smaller
  double largestScale = 1.5;
  double anisotropicScale = 0.2; ///< largest relative difference between axes
  double shearProbability = 0.0;
  double shear = 0.1;           ///< largest tangent of the angle
  double translationInMm = 0.0; ///< largest shift along each axis
  double elasticProbability = 0.7;
  double elasticInMm = 8.0;                             ///< largest displacement of a control point
  double elasticSpacingInMm = 20.0;                     ///< distance of control points
  double flipProbability = 0.5;                         ///< along each allowed axis
  std::array<bool, 3> flipAllowed{false, false, false}; ///< z, y, x; from Plan::flipAllowed

  /** No change at all. */
  static SpatialRange
  Nothing();
};

void
Describe(Parameters & visit, SpatialRange & o);

/** One drawn transform, independent of where the patch lies. In millimetres relative to the patch's
 * centre along the grid's axes x, y, z: source = matrix · flip · (patch offset + displacement) +
 * translation. */
struct DrawnSpatial
{
  std::array<bool, 3> flip{};                              ///< z, y, x
  std::array<double, 9> matrix{1, 0, 0, 0, 1, 0, 0, 0, 1}; ///< row-major
  std::array<double, 3> translationInMm{};
  SmoothGrid displacementInMm; ///< over the patch, components x, y, z; empty: none

  bool
  IsIdentity() const;
};

/** Draws rotation, scale, shear, translation, flips and a deformation whose control points move at
 * most 0.22 of their distance, so that it never folds and can be inverted by iteration. \param
 * spacingInMm z, y, x \throws UsageError for a range that is empty or negative. */
DrawnSpatial
DrawSpatial(const SpatialRange & range,
            const std::array<std::int64_t, 3> & patchSize,
            const std::array<double, 3> & spacingInMm,
            RandomEngine & random);

/** Joins crop and transform: where each patch voxel comes from in a volume of this spacing, the
 * patch's centre being at a position (z, y, x voxels, integers at voxel centres). */
ResampleMap
MakeResampleMap(const DrawnSpatial & drawn,
                const std::array<std::int64_t, 3> & patchSize,
                const std::array<double, 3> & spacingInMm,
                const std::array<double, 3> & centre);

/** The map back: where each voxel of the unaugmented patch lies in the augmented one. Exact for
 * affine transforms and flips; a deformation is inverted voxel by voxel. Returns positions [3 (x,
 * y, z), z, y, x] in patch voxels. */
std::vector<float>
UndoPositions(const DrawnSpatial & drawn,
              const std::array<std::int64_t, 3> & patchSize,
              const std::array<double, 3> & spacingInMm);

/** An augmented patch brought back onto the unaugmented grid by trilinear interpolation; what never
 * was inside the augmented patch becomes `valueOutside`. Flips alone are undone exactly. [channels,
 * z, y, x] both. */
void
UndoSpatial(const DrawnSpatial & drawn,
            const std::array<std::int64_t, 3> & patchSize,
            const std::array<double, 3> & spacingInMm,
            std::span<const float> augmented,
            float valueOutside,
            std::span<float> restored);

} // namespace sulcus
