#pragma once

#include "sulcusStudyReport.h"
#include <sulcusSegmentInfo.h>

namespace sulcus
{

/** The labels of the study's plan by name, in the default colours of their values; nothing where
 * there is no plan. \throws UsageError for a damaged plan */
std::vector<SegmentInfo>
NamedLabels(const std::filesystem::path & study);

/** Slices of a case in three planes: the segmentation filled, the reference outlined in white; a
 * case whose segmentation is missing shows the reference alone. \throws as ReadImage, ReadLabels
 * and DrawMosaic */
std::vector<std::byte>
CasePicture(const ReportedCase & reported, const std::vector<SegmentInfo> & labels);

} // namespace sulcus
