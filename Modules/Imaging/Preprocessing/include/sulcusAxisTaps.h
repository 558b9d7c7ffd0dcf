#pragma once

#include <cstddef>
#include <vector>

namespace sulcus
{

/** How a value between voxels is made. */
enum class Interpolation
{
  Nearest,
  Linear,
  CubicBSpline ///< interpolating cubic B-spline; needs BSplineCoefficients along the axis unless it
               ///< is averaged down
};

/** Resampling along one axis as a table: output o = Σ weights[o·count + t] · input[first[o] + t].
 * All taps lie inside the input; what the kernel wants beyond the edge is folded back (mirrored for
 * the B-spline, the edge voxel else). */
struct AxisTaps
{
  std::size_t count = 0;          ///< taps of one output voxel
  std::vector<std::size_t> first; ///< one an output voxel
  std::vector<float> weights;
  std::size_t insideBegin =
      0; ///< output voxels [insideBegin, insideEnd) lie within half a voxel of the input
  std::size_t insideEnd = 0;
  bool identity = false;          ///< every output voxel is the input voxel of the same index
  bool needsCoefficients = false; ///< taps act on B-spline coefficients instead of voxel values
};

/** One axis of a resampling.
 *  \param scale,offset input position of output voxel o is offset + scale · o; positions within
 * 1e-6 of a voxel centre are that centre \param antialias    where |scale| > 1, average: the
 * triangle (Linear) or the Keys cubic (CubicBSpline; Keys 1981, a = −1/2) stretched by |scale|.
 * Nearest is never averaged. */
AxisTaps
MakeAxisTaps(std::size_t inputSize,
             std::size_t outputSize,
             double scale,
             double offset,
             Interpolation interpolation,
             bool antialias);

/** Weights of a triangle of half-width `widthInVoxels` on the grid itself: the smoothing before an
 * oblique resampling. */
AxisTaps
MakeSmoothingTaps(std::size_t size, double widthInVoxels);

/** Turns `lines` neighbouring lines of samples into the coefficients of the cubic B-spline through
 * them, mirrored at both ends (Unser, Aldroubi and Eden 1993, part II, section III). Sample i of
 * line l is values[i·stride + l]. */
void
BSplineCoefficients(float * values, std::size_t length, std::size_t stride, std::size_t lines);

/** The four weights of the uniform cubic B-spline at distance t ∈ [0, 1) behind the second. */
void
CubicBSplineWeights(double t, double weights[4]);

/** An index folded back into [0, size) by mirroring at the first and last sample. */
std::size_t
MirroredIndex(std::ptrdiff_t index, std::size_t size);

} // namespace sulcus
