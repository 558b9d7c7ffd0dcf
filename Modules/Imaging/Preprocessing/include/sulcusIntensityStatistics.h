#pragma once

#include <sulcusImages.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

/** What normalisation needs to know about the voxels of a tissue mask. Independent of the number of
 * threads. */
struct IntensityStatistics
{
  std::size_t count = 0;     ///< voxels looked at
  std::size_t notFinite = 0; ///< of them NaN or infinite; left out of everything below
  double mean = 0.0;
  double standardDeviation = 0.0; ///< of the population (divided by the count)
  float minimum = 0.0F;
  float maximum = 0.0F;
  std::vector<double> percentiles; ///< as asked for
};

/** \param values,mask equally long; an empty mask means every voxel
 *  \param percentiles in [0, 100], exact: linear between the two order statistics around (n − 1) ·
 * p / 100 Without a finite voxel in the mask every number is 0. Two passes, three with percentiles;
 * extra memory 256 KiB a thread and percentile. \throws UsageError for a percentile outside [0,
 * 100] or a mask of another length. */
IntensityStatistics
MeasureIntensities(std::span<const float> values,
                   std::span<const std::uint8_t> mask,
                   const std::vector<double> & percentiles = {});

IntensityStatistics
MeasureIntensities(const FloatImage * image,
                   const MaskImage * mask,
                   const std::vector<double> & percentiles = {});

} // namespace sulcus
