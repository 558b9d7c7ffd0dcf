#pragma once

#include "sulcusIntensityAugmentation.h"
#include "sulcusSpatialAugmentation.h"

#include <torch/types.h>

#include <string>
#include <vector>

namespace sulcus
{

/** What may happen to a training patch. */
struct AugmentationOptions
{
  SpatialRange spatial;
  IntensityRange intensity;
  bool voteLabels = true; ///< labels by trilinear vote instead of the nearest voxel
};

void
Describe(Parameters & visit, AugmentationOptions & o);

/** Named settings: "none"; "full" for supervised training; "weak" (flips and mild geometry, no
 * intensity); "strong-intensity" (no geometry); "contrastive" (views of section 10 of our
 * contrastive method page); "contrastive-published" (brightness, contrast and clip of Chaitanya et
 * al. 2020, no geometry) and "contrastive-published-crop" (with their crop of stage 1). \throws
 * UsageError naming the known ones. */
AugmentationOptions
NamedAugmentation(const std::string & name);
std::vector<std::string>
AugmentationNames();

/** Everything drawn for one patch; applying it again gives the same patch. */
struct DrawnAugmentation
{
  DrawnSpatial spatial;
  DrawnIntensity intensity;
};

DrawnAugmentation
DrawAugmentation(const AugmentationOptions & options,
                 int channels,
                 const std::array<std::int64_t, 3> & patchSize,
                 const std::array<double, 3> & spacingInMm,
                 RandomEngine & random);

/** The spatial part on a float tensor [C, z, y, x] on its own grid: trilinear, on the tensor's
 * device. \throws UsageError for another shape or type. */
torch::Tensor
ApplySpatial(const torch::Tensor & image,
             const DrawnSpatial & drawn,
             const std::array<double, 3> & spacingInMm,
             const BorderRule & border);

/** The intensity part on a float tensor [C, z, y, x]; returns a new one. */
torch::Tensor
ApplyIntensity(const torch::Tensor & image,
               const DrawnIntensity & drawn,
               const std::array<double, 3> & spacingInMm);

} // namespace sulcus
