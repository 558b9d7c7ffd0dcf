#pragma once

#include "sulcusVoxelFeatures.h"

#include <vector>

namespace sulcus::detail
{

/** Gaussian smoothing with a standard deviation in mm; the border is repeated. */
std::vector<float>
Smooth(const ImageBlock & block, double sigmaInMm);

/** Mean over a box of the given radius in mm (at least one voxel where the radius reaches half a
 * voxel), cut at the border of the block. */
std::vector<float>
BoxMean(const ImageBlock & block, double radiusInMm);

/** First and second derivatives by central differences, per mm; one-sided at the border. */
struct Derivatives
{
  float x = 0, y = 0, z = 0, xx = 0, yy = 0, zz = 0, xy = 0, xz = 0, yz = 0;
};
Derivatives
DerivativesAt(const ImageBlock & block, std::size_t x, std::size_t y, std::size_t z);

/** Eigenvalues of a symmetric 3 x 3 matrix, ascending. */
std::array<float, 3>
Eigenvalues(const Derivatives & d);

/** (value - median) / (1.4826 MAD); falls back to the standard deviation where the MAD is 0;
 * constant gives 0. */
void
Standardise(std::vector<float> & values);

} // namespace sulcus::detail
