#include "sulcusDicomScan.h"

#include "sulcusDicomVolume.h"
#include <sulcusDicomText.h>
#include <sulcusError.h>

#include <algorithm>
#include <filesystem>

namespace sulcus
{

namespace
{

using Kind = DicomSeriesSummary::Kind;

constexpr std::size_t LargestFileCount = 200000;

std::vector<std::string>
FilesUnder(const std::string & path)
{
  namespace fs = std::filesystem;
  if (!fs::is_directory(path))
  {
    return {path};
  }
  std::vector<std::string> files;
  for (const auto & entry : fs::recursive_directory_iterator(path))
  {
    if (entry.is_regular_file() && entry.path().filename() != "DICOMDIR" &&
        !entry.path().filename().string().starts_with('.'))
    {
      files.push_back(entry.path().string());
    }
    if (files.size() > LargestFileCount)
    {
      throw ResourceError(Message(path, ": holds more than ", LargestFileCount, " files"));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Kind
KindOf(const DicomFile & file)
{
  const auto sopClass = file.Data().Text(dicom::SopClassUid);
  if (sopClass == "1.2.840.10008.5.1.4.1.1.66.4" || sopClass == "1.2.840.10008.5.1.4.1.1.66.7")
  {
    return Kind::Segmentation;
  }
  if (sopClass == "1.2.840.10008.5.1.4.1.1.481.3")
  {
    return Kind::Structures;
  }
  return file.Data().Find(dicom::PixelData) != nullptr ? Kind::Image : Kind::Other;
}

std::string
ContrastOf(const DicomDataset & data)
{
  std::string text;
  const auto add = [&](const char * name, const std::string & value)
  {
    if (!value.empty())
    {
      text += (text.empty() ? "" : ", ") + std::string(name) + " " + value;
    }
  };
  add("TE", data.Text(dicom::EchoTime));
  add("TR", data.Text(0x00180080));
  add("TI", data.Text(0x00180082));
  add("flip", data.Text(0x00181314));
  add("sequence", data.Text(0x00180020));
  return text;
}

DicomSeriesFiles &
SeriesFor(DicomScan & scan, const DicomFile & file, Kind kind)
{
  const auto & data = file.Data();
  const auto uid = data.Text(dicom::SeriesInstanceUid);
  for (auto & series : scan.series)
  {
    if (series.summary.uid == uid && series.summary.kind == kind)
    {
      return series;
    }
  }
  auto & series = scan.series.emplace_back();
  series.summary.kind = kind;
  series.summary.uid = uid;
  series.summary.number = data.Text(dicom::SeriesNumber);
  series.summary.modality = data.Text(dicom::Modality);
  series.summary.description =
      Utf8FromDicom(data.Text(dicom::SeriesDescription), data.Text(dicom::SpecificCharacterSet));
  series.summary.contrast = ContrastOf(data);
  series.patient = data.Text(dicom::PatientId) + "\n" + data.Text(dicom::PatientName);
  return series;
}

void
NoteProblem(DicomSeriesFiles & series, ExitCode code, const std::string & text)
{
  if (series.geometryProblem.empty())
  {
    series.geometryProblem = text;
    series.problemCode = code;
  }
}

/** The pixel data can hold what the header claims, so that nothing is allocated for a lie; and
 * uncompressed ones hold no more than that (less than a row of padding is granted), or the header
 * states another matrix than was stored. Compressed pixels are granted a generous factor; the codec
 * checks them exactly. \throws InputError */
void
RequirePlausiblePixels(const DicomFile & file, const DicomPixelFormat & format)
{
  constexpr std::uint64_t largestCompression = 5000;
  const auto * const element = file.Data().Find(dicom::PixelData);
  const std::uint64_t stored = element->value.size();
  std::uint64_t present = stored;
  for (const auto & fragment : element->fragments)
  {
    present += fragment.size() * largestCompression;
  }
  const auto rowBits = std::uint64_t{format.columns} * format.bitsAllocated;
  const auto needed = (rowBits * format.rows * format.frames + 7) / 8;
  if (present < needed || (element->fragments.empty() && stored > needed + rowBits / 8 + 1))
  {
    throw InputError(
        Message(file.Path(),
                present < needed ? ": pixel data are cut (" : ": pixel data are too long (",
                stored,
                " bytes, the header claims ",
                needed,
                ")"));
  }
}

void
AddImage(DicomSeriesFiles & series, const DicomFile & file)
{
  try
  {
    const auto format = PixelFormatOf(file);
    RequirePlausiblePixels(file, format);
    if (series.rows == 0)
    {
      series.rows = format.rows;
      series.columns = format.columns;
    }
    if (format.rows != series.rows || format.columns != series.columns)
    {
      NoteProblem(series,
                  ExitCode::GeometryRefused,
                  Message(file.Path(),
                          ": has ",
                          format.columns,
                          " x ",
                          format.rows,
                          " pixels, other files of its series ",
                          series.columns,
                          " x ",
                          series.rows));
    }
    const auto frames = FramesOf(file, series.paths.size());
    series.frames.insert(series.frames.end(), frames.begin(), frames.end());
  }
  catch (const Error & error)
  {
    NoteProblem(series, error.Code(), error.what());
  }
  if (file.Data().Text(dicom::BurnedInAnnotation) == "YES")
  {
    series.burnedIn = "YES";
  }
  const auto patient =
      file.Data().Text(dicom::PatientId) + "\n" + file.Data().Text(dicom::PatientName);
  if (patient != series.patient)
  {
    NoteProblem(
        series, ExitCode::GeometryRefused, Message(file.Path(), ": its series mixes two patients"));
  }
}

void
AddFile(DicomScan & scan, const std::string & path)
{
  const auto start = ReadFileStart(path, 132);
  if (!LooksLikeDicom(start))
  {
    return;
  }
  const bool preamble =
      std::string_view(reinterpret_cast<const char *>(start.data()) + 128, 4) == "DICM";
  try
  {
    const DicomFile file(ReadWholeFile(path), path);
    const auto kind = KindOf(file);
    auto & series = SeriesFor(scan, file, kind);
    if (kind == Kind::Image)
    {
      AddImage(series, file);
    }
    series.paths.push_back(path);
  }
  catch (const InputError & error)
  {
    if (preamble) // without one it may well be something else
    {
      scan.damaged.emplace_back(error.what());
    }
  }
}

bool
NumberLess(const DicomSeriesFiles & a, const DicomSeriesFiles & b)
{
  const auto x = std::strtol(a.summary.number.c_str(), nullptr, 10);
  const auto y = std::strtol(b.summary.number.c_str(), nullptr, 10);
  return x != y ? x < y : a.summary.uid < b.summary.uid;
}

std::string
ListText(const std::vector<const DicomSeriesFiles *> & series)
{
  std::string text;
  for (std::size_t i = 0; i < series.size() && i < 8; ++i)
  {
    text += Message(i == 0 ? "" : "; ",
                    "number ",
                    series[i]->summary.number,
                    " (",
                    series[i]->summary.modality,
                    ", ",
                    series[i]->paths.size(),
                    " files)");
  }
  return series.size() > 8 ? text + "; …" : text;
}

bool
Matches(const DicomSeriesFiles & series, std::size_t place, const std::string & wanted)
{
  return wanted == series.summary.uid || wanted == series.summary.number ||
         wanted == Message("#", place + 1);
}

} // namespace

SeriesPath
SplitSeriesPath(const std::string & text)
{
  namespace fs = std::filesystem;
  for (auto at = text.find('#'); at != std::string::npos && !fs::exists(text);
       at = text.find('#', at + 1))
  {
    if (at + 1 < text.size() && fs::is_directory(text.substr(0, at)))
    {
      return {text.substr(0, at), text.substr(at + 1)};
    }
  }
  return {text, {}};
}

DicomScan
ScanDicom(const std::string & path)
{
  DicomScan scan;
  for (const auto & file : FilesUnder(SplitSeriesPath(path).path))
  {
    AddFile(scan, file);
  }
  if (scan.series.empty() && scan.damaged.empty())
  {
    throw InputError(Message(path, ": holds no DICOM file"));
  }
  std::sort(scan.series.begin(), scan.series.end(), NumberLess);
  return scan;
}

const DicomSeriesFiles &
ChooseSeries(const DicomScan & scan,
             Kind kind,
             const ReadOptions & options,
             const std::string & path)
{
  if (!scan.damaged.empty())
  {
    throw InputError(scan.damaged.front());
  }
  const auto named = SplitSeriesPath(path);
  const auto & wanted = named.series.empty() ? options.series : named.series;
  std::vector<const DicomSeriesFiles *> candidates;
  std::vector<const DicomSeriesFiles *> chosen;
  for (std::size_t place = 0; place < scan.series.size(); ++place)
  {
    const auto & series = scan.series[place];
    const bool segmentation = kind == Kind::Segmentation && series.summary.kind == Kind::Structures;
    if (series.summary.kind != kind && !segmentation)
    {
      continue;
    }
    candidates.push_back(&series);
    if (wanted.empty() || Matches(series, place, wanted))
    {
      chosen.push_back(&series);
    }
  }
  const char * const what = kind == Kind::Image ? "image" : "segmentation";
  if (candidates.empty())
  {
    throw InputError(Message(path, ": holds no DICOM ", what));
  }
  if (chosen.empty())
  {
    throw UsageError(
        Message(named.path, ": no series is '", wanted, "'; there are ", ListText(candidates)));
  }
  if (chosen.size() > 1)
  {
    throw UsageError(Message(path,
                             ": holds ",
                             chosen.size(),
                             " series; choose one with --series, or in a table as folder#number: ",
                             ListText(chosen)));
  }
  return *chosen.front();
}

} // namespace sulcus
