#pragma once

#include <sulcusImageGrid.h>
#include <sulcusImages.h>

#include <string>

namespace sulcus
{

/** The labels on another grid whose voxels coincide with theirs: axes may be exchanged and turned
 * round, and the grid may be larger (a DICOM SEG holds only the slices with something in them).
 * Nothing is interpolated. \throws GeometryError where voxel centres differ by more than 0.02 mm,
 * or a labelled voxel lies outside the grid */
LabelImage::Pointer
PlaceOnGrid(const LabelImage * labels, const ImageGrid & grid, const std::string & path);

} // namespace sulcus
