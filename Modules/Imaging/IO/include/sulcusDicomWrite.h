#pragma once

#include <sulcusImages.h>
#include <sulcusSegmentInfo.h>

#include <cstdint>
#include <optional>
#include <string>

namespace sulcus
{

struct DicomWriteOptions
{
  bool overwrite = false;
  bool deidentify = false; ///< keep nothing of the patient: PS3.15 Annex E, basic profile
  std::string
      secret; ///< key of the UID hash in de-identified files; empty: a random one, used once
  std::string sourceSeries; ///< which series of the source (see ReadOptions)
  /** Which volume of the series its slices are referenced of, counted from 0; empty: of all. */
  std::optional<std::uint64_t> sourceVolume;
};

/** Writes a label map as a binary DICOM SEG that belongs to the study of `sourcePath` (the DICOM
 * series it was made from): one frame for every slice a segment touches, bits packed as PS3.5 asks
 * whatever the matrix, references to the source instance of each slice. Segments not described in
 * `info` get a default; segment numbers are 1, 2, … in the order of label values, as DICOM demands.
 * The file is decoded again by our reader and compared before it gets its name. No clock, host or
 * path goes into it: the same input gives the same bytes. \returns its SHA-256. \throws
 * OutputError; InputError, GeometryError, UsageError about the source */
std::string
WriteDicomSegmentation(const std::string & path,
                       const LabelImage * labels,
                       const SegmentationInfo & info,
                       const std::string & sourcePath,
                       const DicomWriteOptions & options = {});

} // namespace sulcus
