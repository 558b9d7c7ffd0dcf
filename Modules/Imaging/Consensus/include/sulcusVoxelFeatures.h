#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sulcus
{

/** Low-level features of chosen voxels, each robustly standardised over the volume (median and
 * MAD), row by row. */
struct FeatureMatrix
{
  std::vector<std::string> names;
  std::vector<float> values; ///< names.size() a voxel, in the order the voxels were asked for
};

/** Standardised images that neighbours are compared by (pair terms). */
struct PairFeatures
{
  std::vector<float> intensity;
  std::vector<float> texture;
  std::vector<float> curvature;
};

/** An image region as plain numbers, x fastest. */
struct ImageBlock
{
  std::array<std::size_t, 3> size{};
  std::array<double, 3> spacingInMm{1.0, 1.0, 1.0};
  std::span<const float> values;
};

/** At scales of 1, 2 and 4 mm: smoothed intensity, local mean, standard deviation, skewness,
 * kurtosis, gradient magnitude, the three Hessian eigenvalues (ascending), texture energy, entropy
 * of the local histogram, mean curvature of iso-intensity surfaces and its entropy; once: position
 * in the block along each axis (0 … 1) and the share of the volume that is darker. Windows are
 * boxes of radius two scales. 43 features; all 0 for a constant image.
 *
 * Time and memory linear in the block; one feature image exists at a time beside the result. */
FeatureMatrix
ComputeVoxelFeatures(const ImageBlock & block, std::span<const std::uint32_t> voxels);

/** Intensity, texture energy and mean curvature at 1 mm for every voxel of the block, standardised.
 */
PairFeatures
ComputePairFeatures(const ImageBlock & block);

/** Mean curvature ½ div(∇I/|∇I|) of iso-intensity surfaces after smoothing, in 1/mm; +1/R on a
 * sphere of radius R when the image grows outwards. 0 where the gradient vanishes. */
std::vector<float>
MeanCurvature(const ImageBlock & block, double scaleInMm);

} // namespace sulcus
