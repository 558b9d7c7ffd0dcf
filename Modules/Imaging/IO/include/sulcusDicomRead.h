#pragma once

#include "sulcusSafeRead.h"

#include <string>
#include <vector>

namespace sulcus
{

/** What one series of a folder is. */
struct DicomSeriesSummary
{
  enum class Kind
  {
    Image,
    Segmentation,
    Structures,
    Other
  };

  Kind kind = Kind::Other;
  std::string uid;
  std::string number;
  std::string modality;
  std::string description;
  std::string contrast; ///< echo, repetition and inversion time, b-values: what is stated
  std::size_t files = 0;
  std::vector<std::string> volumes; ///< of a readable image series: the names of its volumes
  std::string geometry;             ///< of a readable image series, in one line
  std::string problem;              ///< why it cannot be read; empty if it can
};

/** A DICOM folder and one of its series, as a manifest can name them in one text:
 * `folder#<series>`, where `<series>` is what `ReadOptions::series` takes (`scans/anna#4`,
 * `scans/anna#1.2.840.113619`, `scans/anna##2` for the second listed). */
struct SeriesPath
{
  std::string path;
  std::string series; ///< empty: not named
};

/** Splits `folder#<series>` where what stands before a `#` is a folder and the whole is no file or
 * folder itself; anything else is a plain path. Every reader of this module takes such texts. */
SeriesPath
SplitSeriesPath(const std::string & text);

/** Whether a path is a folder, names a series of one, or a file whose content is DICOM. \throws
 * InputError if it cannot be opened */
bool
IsDicomPath(const std::string & path);

/** Every series under a folder (or of one file), sorted by number, then UID. Files are parsed in a
 * worker process. \throws InputError if there is no DICOM file at all */
std::vector<DicomSeriesSummary>
ListDicomSeries(const std::string & path, const ReadOptions & options = {});

/** Field of the header of an image read from DICOM: what the scanner calls the series, as UTF-8. */
inline constexpr const char * SeriesDescriptionField = "series_description";

/** One image series as one volume. `options.series` (see ReadOptions) chooses
 * where there are several. The place of every slice is verified; see MakeStacks for what is
 * refused. \throws InputError, GeometryError, UsageError, ResourceError */
Loaded<FloatImage>
ReadDicomImage(const std::string & path, const ReadOptions & options = {});

/** All volumes of a series as components. */
Loaded<VectorImage>
ReadDicomVector(const std::string & path, const ReadOptions & options = {});

/** A DICOM SEG (binary, fractional at one half, or label map) on its own grid or that of
 * `options.reference`, or an RTSTRUCT drawn on `options.reference`. \throws as ReadDicomImage;
 * GeometryError where segments overlap */
LoadedSegmentation
ReadDicomSegmentation(const std::string & path, const ReadOptions & options = {});

} // namespace sulcus
