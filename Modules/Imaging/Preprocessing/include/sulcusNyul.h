#pragma once

#include "sulcusIntensityMap.h"

#include <vector>

namespace sulcus
{

/** Standardisation of MRI intensities by histogram landmarks (Nyúl, Udupa and Zhang, "New variants
 * of a method of MRI scale standardization", IEEE TMI 2000): percentiles 1, 10, 20, …, 90, 99 of
 * every image are moved onto a common standard scale, linearly in between and beyond. */

/** Percentiles whose values are the landmarks of an image. */
const std::vector<double> &
NyulPercentiles();

/** The standard scale of a group of images: each image's landmarks are moved linearly so that its
 * outermost ones come to 0 and 1, then averaged (section II-B; the paper's s1 and s2 are 0 and 1
 * here). \param landmarksOfImages values at NyulPercentiles() of each image, inside its foreground
 * \throws UsageError without an image, for a wrong number of landmarks, or for an image whose
 * outermost landmarks are equal. */
std::vector<double>
LearnNyulScale(const std::vector<std::vector<double>> & landmarksOfImages);

/** The map of one image onto a standard scale. Landmarks that coincide in the image are joined into
 * their mean. \throws UsageError for a wrong number of landmarks or a standard scale that descends.
 */
IntensityMap
NyulMap(const std::vector<double> & landmarks, const std::vector<double> & standardScale);

} // namespace sulcus
