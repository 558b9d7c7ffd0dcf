#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace sulcus
{

/** One image to segment: a file, or a folder with a DICOM series (`folder#<series>` of several),
 * for each channel. */
struct SegmentCase
{
  std::string id; ///< name of file or folder without ending and channel number
  std::vector<std::string> channels;
  std::optional<std::array<double, 3>> spacingInMm; ///< x, y, z; replaces a lost one
};

/** The cases that the inputs name, each with `channels` images, in the order given; folders sorted
 * by name.
 *
 * An input is an image file, a folder of image files, a folder without any (then it is one DICOM
 * series), or a list (.txt, .tsv): one case a line, its channels separated by tabs, relative to the
 * list's folder (or, under a heading, in the columns image or image_<channel> beside the column
 * case; a column spacing replaces a lost one); empty lines and lines that begin with # are skipped.
 * In folders, and among several files of a model with several channels, `<case>_0000.nii.gz`,
 * `<case>_0001.nii.gz`, … are the channels of one case. \throws InputError for a path that does not
 * exist; UsageError for a case with another number of channels or two cases of one id. */
std::vector<SegmentCase>
ListSegmentCases(const std::vector<std::string> & inputs, std::size_t channels);

} // namespace sulcus
