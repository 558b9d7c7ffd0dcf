#pragma once

#include "sulcusDicomScan.h"
#include "sulcusParcel.h"

#include <string>

namespace sulcus
{

/** Header field of a parcel that carries the meaning of labels as dcmqi's JSON. */
inline constexpr const char * LabelMeaningsField = "segmentation";

/** Sets a voxel that no other label has. \throws GeometryError where segments overlap */
void
Paint(float & target, float label, const std::string & path);

/** The closed contours of a structure set (RTSTRUCT) as labels 1, 2, … on a grid, those of
 * `options.only` if it names any: a voxel belongs to a region if its centre is inside an odd number
 * of its contours. \throws InputError for a damaged contour; GeometryError for one that lies
 * between slices, and where regions overlap */
Parcel
DrawStructures(const DicomSeriesFiles & series,
               const VolumeHeader & grid,
               const ReadOptions & options);

} // namespace sulcus
