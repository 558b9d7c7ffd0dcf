#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** One image to segment: a file for each channel. */
struct SegmentCase
{
  std::string id; ///< file name without ending and channel number
  std::vector<std::string> channels;
};

/** The cases that the inputs name, each with `channels` files, in the order given; folders sorted
 * by name.
 *
 * An input is an image file, a folder of image files, or a list (.txt, .tsv): one case a line, its
 * channels separated by tabs, relative to the list's folder; empty lines and lines that begin with
 * # are skipped. In folders, and among several files of a model with several channels,
 * `<case>_0000.nii.gz`, `<case>_0001.nii.gz`, … are the channels of one case. \throws InputError
 * for a path that does not exist or a folder without images; UsageError for a case with another
 * number of channels or two cases of one id. */
std::vector<SegmentCase>
ListSegmentCases(const std::vector<std::string> & inputs, std::size_t channels);

/** Whether the name ends in an image format's ending. */
bool
HasImageEnding(const std::filesystem::path & path);

/** The file name without image ending. */
std::string
StemOf(const std::filesystem::path & path);

} // namespace sulcus
