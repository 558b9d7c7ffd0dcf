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

} // namespace sulcus
