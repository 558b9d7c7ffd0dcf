#pragma once

#include "sulcusDicomWrite.h"
#include <sulcusAtomicFile.h>
#include <sulcusImages.h>
#include <sulcusSegmentInfo.h>
#include <sulcusVolumeHeader.h>

#include <optional>
#include <string>
#include <vector>

namespace sulcus
{

struct WriteOptions
{
  bool overwrite = false;   ///< may an existing file be replaced
  int compressionLevel = 1; ///< 1 (fast) to 9, for the formats that compress
  /** Names and colours of labels, for `.seg.nrrd` and `.dcm`; missing ones get a default. */
  std::vector<SegmentInfo> segments;
  /** How a float image is stored; an integer type only if every value is a whole number in its
   * range. */
  std::optional<VoxelType> storedType;
  std::string dicomSource; ///< DICOM series that a `.dcm` segmentation belongs to
  DicomWriteOptions dicom; ///< for `.dcm`; its `overwrite` is not used
};

/** The one door out: the file is absent, old or complete, whatever happens, and has been read back
 * and compared.
 *
 * The ending of the name chooses the format: `.nii`, `.nii.gz`. Float images are stored as float32;
 * labels as uint8 where they fit, else uint16. Geometry survives within single precision. Nothing
 * but voxels and geometry is written. \returns the SHA-256 of the file in hexadecimal. \throws
 * OutputError; UsageError for an unknown ending. */
std::string
WriteImage(const std::string & path, const FloatImage * image, const WriteOptions & options = {});
std::string
WriteImage(const std::string & path, const LabelImage * image, const WriteOptions & options = {});
std::string
WriteImage(const std::string & path, const MaskImage * image, const WriteOptions & options = {});
std::string
WriteImage(const std::string & path, const VectorImage * image, const WriteOptions & options = {});

/** \throws UsageError unless the name ends in a format that can be written. Call before computing
 * anything. */
void
RequireWritableFormat(const std::string & path);

} // namespace sulcus
