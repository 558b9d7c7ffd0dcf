#pragma once

#include "sulcusVolumeHeader.h"

#include <string_view>

namespace sulcus
{

inline constexpr double SmallestSpacingInMm = 0.01;
inline constexpr double LargestSpacingInMm = 50.0;

/** Checks the size: every axis 1 … 2^31 - 1, the product and the byte count representable and
 * within the budget. \throws InputError, ResourceError */
void
CheckSize(const VolumeHeader & header, const VolumeReadOptions & options, std::string_view path);

/** Checks `header.lpsFromIndex` and makes its axes exactly orthogonal.
 *
 * Refused: values that are not finite or larger than 10 m, an axis shorter than 0.01 mm or longer
 * than 50 mm, a singular matrix, a shear. A shear below 1e-4 (rounded cosines) is always removed
 * and, where a corner moves more than 1e-3 mm, reported; a larger one only with `fixNonOrthogonal`,
 * which takes the nearest rotation (polar decomposition, Higham 1986), keeps the centre of the
 * volume and states the largest corner movement in mm. \throws GeometryError */
void
CheckGeometry(VolumeHeader & header, const VolumeReadOptions & options, std::string_view path);

/** Largest distance in mm between the eight corners under two matrices; infinity where not finite.
 */
double
CornerDistance(const Matrix4 & a, const Matrix4 & b, const std::array<std::uint64_t, 3> & size);

/** Negates the first two rows: RAS to LPS and back. */
Matrix4
FlipRasLps(const Matrix4 & matrix);

} // namespace sulcus
