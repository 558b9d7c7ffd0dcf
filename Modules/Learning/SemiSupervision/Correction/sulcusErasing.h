#pragma once

#include <sulcusRandomEngine.h>

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <vector>

namespace sulcus
{

// Masks are bool [N, 1, z, y, x], true where a voxel is erased. Spacings and sizes are z, y, x.

struct EraseOptions
{
  double threshold = 0.5; ///< a voxel is erased where 1 − p(background) exceeds it
  bool oneClass = false;  ///< erase one structure a sample, drawn with probability ∝ 1/√volume
  double dilationInMm = 2.0;          ///< ⌈mm / spacing⌉ voxels along each axis
  double smallestComponentInMm3 = 10; ///< smaller ones are not erased
  double largestFraction = 0.6;       ///< of the patch; more is cut to a random box
  bool shellFill = true;              ///< mean and spread of the surroundings; else the value 0
  double shellInMm = 5.0;             ///< thickness of these surroundings
};

/** 1[1 − p_0 > threshold]. \param probability [N, K, z, y, x] */
torch::Tensor
PredictedMask(const torch::Tensor & probability, double threshold);

/** For each sample the mask of one structure, drawn with probability ∝ 1/√volume among those with a
 * voxel above the threshold. */
torch::Tensor
OneClassMask(const torch::Tensor & probability, double threshold, RandomEngine & random);

/** Grown by so many voxels along each axis (a box). */
torch::Tensor
Dilate(const torch::Tensor & mask, const std::array<std::int64_t, 3> & radius);

/** ⌈mm / spacing⌉ along each axis, 0 for 0 mm. */
std::array<std::int64_t, 3>
RadiusInVoxels(double mm, const std::array<double, 3> & spacingInMm);

/** Without the 26-connected components of fewer than `smallest` voxels. */
torch::Tensor
DropSmallComponents(const torch::Tensor & mask, std::int64_t smallest);

/** Samples that erase more than `largestFraction` keep only what lies in a random box of that share
 * of the patch: an image is never erased altogether. */
torch::Tensor
LimitErased(const torch::Tensor & mask, double largestFraction, RandomEngine & random);

/** A box with edges of 10 to 30 mm centred on tissue: a voxel brighter than a tenth of the first
 * channel's range. \param image [C, z, y, x] of one sample. Returns [1, z, y, x]; all false for an
 * image without contrast. */
torch::Tensor
RandomCuboid(const torch::Tensor & image,
             const std::array<double, 3> & spacingInMm,
             RandomEngine & random);

/** Threshold, components, dilation and limit in this order. \param probability of the coarse
 * prediction [N, K, z, y, x]. \param spacingInMm one a sample. */
torch::Tensor
MakeErasedMask(const torch::Tensor & probability,
               const std::vector<std::array<double, 3>> & spacingInMm,
               const EraseOptions & options,
               const RandomEngine & random);

/** The image with its erased voxels filled; all others are the same to the bit.
 *
 * Shell: every channel of a sample gets mean + standard deviation · noise of the voxels within
 * `shellInMm` about its mask. \param noise standard normal, like the image. */
torch::Tensor
FillErased(const torch::Tensor & image,
           const torch::Tensor & mask,
           const torch::Tensor & noise,
           const std::vector<std::array<double, 3>> & spacingInMm,
           const EraseOptions & options);

/** The repainted image inside the mask; outside, the image to the bit. */
torch::Tensor
Composite(const torch::Tensor & image, const torch::Tensor & repainted, const torch::Tensor & mask);

} // namespace sulcus
