#pragma once

#include <sulcusImageGrid.h>
#include <sulcusImages.h>
#include <sulcusSegmentInfo.h>
#include <sulcusVolumeHeader.h>

#include <optional>
#include <string>
#include <vector>

namespace sulcus
{

/** Every choice that reading would otherwise guess (see also `VolumeReadOptions`). */
struct ReadOptions : VolumeReadOptions
{
  std::optional<std::uint64_t>
      volume; ///< which volume of a 4-D file, counted from 0; a 4-D file is refused without
  std::uint64_t component = 0; ///< which component of a vector file, for scalar reading
  /** Which series of a DICOM folder: UID, series number, or "#2" for the second listed. A path can
   * name it instead (`folder#4`), and wins. */
  std::string series;
  bool resampleIrregular = false; ///< put tilted or unevenly spaced DICOM slices on a regular grid
  /** Image whose grid an RTSTRUCT is drawn on, and a DICOM SEG is put on: by itself that has only
   * the slices with something in them. Of a folder with several series, the one referred to. */
  std::string reference;
  /** Names of the segments or structures to read; empty: all. Where some overlap this chooses. */
  std::vector<std::string> only;
};

/** Size, geometry, type and warnings of a file, without its voxels. */
struct ImageInformation
{
  VolumeHeader header;
  ImageGrid grid;
};

/** A value with what was guessed on the way. */
template <typename TImage>
struct Loaded
{
  typename TImage::Pointer image;
  VolumeHeader header;
  std::vector<std::string> warnings; ///< one line each, for log and report
};

/** The one door in: open, tell the format from the content, check the header with our own parser,
 * check the size against the memory budget, read to the end with checksums, refuse NaN and Inf,
 * check the geometry. \throws InputError (damaged file), GeometryError (unusable or doubtful place
 * in space), ResourceError, each with the path in front. */
Loaded<FloatImage>
ReadImage(const std::string & path, const ReadOptions & options = {});

/** Whole numbers from 0 to 65535 only. \throws InputError also for anything that is no label map.
 */
Loaded<LabelImage>
ReadLabels(const std::string & path, const ReadOptions & options = {});

/** A label map with what its labels mean, where the file says so (`.seg.nrrd`; layers are
 * flattened). \throws InputError as ReadLabels; GeometryError where segments overlap, which one
 * label map cannot hold. */
struct LoadedSegmentation : Loaded<LabelImage>
{
  SegmentationInfo info;
};

LoadedSegmentation
ReadSegmentation(const std::string & path, const ReadOptions & options = {});

/** All components and all volumes of a file as the components of one image (volume major). */
Loaded<VectorImage>
ReadVector(const std::string & path, const ReadOptions & options = {});

/** Header checks only; a damaged voxel part is not seen. */
ImageInformation
ReadHeader(const std::string & path, const ReadOptions & options = {});

/** The grid of a checked header. */
ImageGrid
GridOf(const VolumeHeader & header);

} // namespace sulcus
