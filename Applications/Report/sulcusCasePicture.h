#pragma once

#include "sulcusStudyReport.h"

namespace sulcus
{

/** Slices of a case in three planes: the segmentation filled, the reference outlined in white; a
 * case whose segmentation is missing shows the reference alone. \throws as ReadImage, ReadLabels
 * and DrawMosaic */
std::vector<std::byte>
CasePicture(const ReportedCase & reported);

} // namespace sulcus
