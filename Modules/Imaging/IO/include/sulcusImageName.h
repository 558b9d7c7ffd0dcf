#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace sulcus
{

/** The ending of an image file's name, ".nii.gz" or ".seg.nrrd" as a whole; empty for any other
 * name. DICOM files have none: their names say nothing. */
std::string_view
ImageEnding(std::string_view fileName);

/** Whether a file of this name is an image, by its ending; hidden files are none. */
bool
HasImageName(const std::filesystem::path & path);

/** What a case is called after its file or folder: the last part of the path without image ending
 * or ".dcm", all of it where it has neither. "." and a slash at the end mean the folder itself. */
std::string
StemOf(const std::filesystem::path & path);

/** The case whose map of numbers is called so: "scan" of "scan_confidence", "scan_uncertainty",
 * "scan_probability_liver", "scan_weight", "scan_soft", "scan_flags" and the intermediate volumes
 * that sulcus-segment and sulcus-consensus write beside the label map; empty for any other stem. A
 * case may bear such a name by chance, so ask for the label map "scan" as well. */
std::string
CaseOfCompanion(const std::string & stem);

} // namespace sulcus
