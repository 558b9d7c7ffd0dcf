#pragma once

#include <sulcusImageGrid.h>
#include <sulcusImages.h>

#include <cstdint>
#include <span>

namespace sulcus
{

/** Intensity above which a voxel counts as tissue: a tenth of the way from the 2nd percentile of
 * all voxels to the 98th percentile of those brighter than the darkest (the robust range of brain
 * extraction, Smith 2002, section 2.1). Voxels that are not finite are left out. */
double
ForegroundThreshold(std::span<const float> values);

/** 1 where the image is brighter than ForegroundThreshold; all 1 where nothing is, e.g. for a
 * constant image. */
MaskImage::Pointer
ForegroundMask(const FloatImage * image);

/** An index box [start, start + size) counted from the first voxel of an image. */
struct IndexBox
{
  itk::Offset<3> start{{0, 0, 0}};
  itk::Size<3> size{{0, 0, 0}};
};

/** The box of a mask's non-zero voxels. Along each axis a plane counts if at least `smallestShare`
 * of its voxels (and at least one) are set, so that specks of noise do not widen the box. Of an
 * empty mask: the whole image. */
IndexBox
MaskBox(const MaskImage * mask, double smallestShare = 0.0);
IndexBox
MaskBox(const LabelImage * labels);

/** Share of a plane's voxels for MaskBox on a mask made by ForegroundMask. */
inline constexpr double ForegroundPlaneShare = 1e-3;

/** Grows by a margin in mm, rounded up to voxels, and stays inside the grid. */
IndexBox
Grown(const IndexBox & box, double marginInMm, const ImageGrid & grid);

/** The smallest box around both. */
IndexBox
Joined(const IndexBox & a, const IndexBox & b);

} // namespace sulcus
