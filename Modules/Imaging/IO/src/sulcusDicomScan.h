#pragma once

#include "sulcusDicomFrames.h"
#include "sulcusDicomRead.h"

#include <string>
#include <vector>

namespace sulcus
{

/** The files of one series and, for images, all their frames. */
struct DicomSeriesFiles
{
  DicomSeriesSummary summary;
  std::vector<std::string> paths;
  std::vector<DicomFrame> frames;
  std::string patient; ///< only ever compared
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  std::string burnedIn;
  std::string geometryProblem; ///< of its frames, with the path
  ExitCode problemCode = ExitCode::GeometryRefused;
};

struct DicomScan
{
  std::vector<DicomSeriesFiles> series;
  std::vector<std::string>
      damaged; ///< files that call themselves DICOM but cannot be parsed: the message
};

/** Parses every DICOM file under a path; what is not DICOM is left out. To be called in the worker.
 */
DicomScan
ScanDicom(const std::string & path);

/** The series of a kind that the options choose.
 * \throws InputError for damaged files, UsageError where the choice is open or matches nothing. */
const DicomSeriesFiles &
ChooseSeries(const DicomScan & scan,
             DicomSeriesSummary::Kind kind,
             const ReadOptions & options,
             const std::string & path);

} // namespace sulcus
