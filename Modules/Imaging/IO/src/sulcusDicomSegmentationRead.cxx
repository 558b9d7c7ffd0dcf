#include "sulcusDicomRead.h"
#include "sulcusDicomScan.h"
#include "sulcusDicomStructures.h"
#include "sulcusDicomVolume.h"
#include "sulcusLabColor.h"
#include "sulcusLabelPlacement.h"
#include "sulcusParcel.h"
#include "sulcusWantedSegments.h"
#include "sulcusWorker.h"
#include <sulcusDicomText.h>
#include <sulcusVolumeGeometry.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <span>

namespace sulcus
{

namespace
{

using Kind = DicomSeriesSummary::Kind;

CodedConcept
ConceptOf(const DicomDataset & item,
          DicomTag sequence,
          const CodedConcept & fallback,
          const std::string & characterSet)
{
  const auto * const code = item.Item(sequence);
  const auto text = [&](DicomTag tag) { return Utf8FromDicom(code->Text(tag), characterSet); };
  return code == nullptr ? fallback
                         : CodedConcept{text(0x00080102), text(0x00080100), text(0x00080104)};
}

std::vector<SegmentInfo>
SegmentsOf(const DicomFile & file)
{
  std::vector<SegmentInfo> segments;
  const auto characterSet = file.Data().Text(dicom::SpecificCharacterSet);
  for (const auto & item : file.Data().Items(dicom::SegmentSequence))
  {
    const auto text = [&](DicomTag tag) { return Utf8FromDicom(item.Text(tag), characterSet); };
    const auto number = item.Word(dicom::SegmentNumber);
    if (!number)
    {
      throw InputError(Message(file.Path(), ": a segment has no number"));
    }
    auto segment = DefaultSegment(*number);
    segment.name = text(dicom::SegmentLabel);
    segment.description = text(dicom::SegmentDescription);
    segment.algorithmType = text(dicom::SegmentAlgorithmType);
    segment.algorithmName = text(dicom::SegmentAlgorithmName);
    segment.category =
        ConceptOf(item, dicom::SegmentedPropertyCategory, segment.category, characterSet);
    segment.type = ConceptOf(item, dicom::SegmentedPropertyType, segment.type, characterSet);
    if (const auto * const lab = item.Find(dicom::RecommendedDisplayCielab);
        lab != nullptr && lab->value.size() == 6)
    {
      std::array<std::uint16_t, 3> stored{};
      for (std::size_t i = 0; i < 3; ++i)
      {
        stored[i] =
            static_cast<std::uint16_t>(static_cast<unsigned int>(lab->value[2 * i]) |
                                       static_cast<unsigned int>(lab->value[2 * i + 1]) << 8U);
      }
      segment.color = RgbFromDicomLab(stored);
    }
    segments.push_back(std::move(segment));
  }
  return segments;
}

/** The distance of slices such that every gap is a whole number of it: segmentations leave empty
 * slices out. */
double
SliceDistance(const std::vector<double> & places,
              const DicomFrame & frame,
              const std::string & path)
{
  double smallest = 0.0;
  for (std::size_t i = 1; i < places.size(); ++i)
  {
    const double gap = places[i] - places[i - 1];
    smallest = smallest == 0.0 ? gap : std::min(smallest, gap);
  }
  for (const double candidate : {frame.sliceSpacing, smallest, frame.thickness})
  {
    const auto fits = [&](double place)
    {
      const double steps = (place - places.front()) / candidate;
      return std::abs(steps - std::round(steps)) * candidate <= std::max(0.01, 0.01 * candidate);
    };
    if (candidate > 0.0 && std::all_of(places.begin(), places.end(), fits))
    {
      return candidate;
    }
  }
  throw GeometryError(Message(path, ": the slices of the segmentation are not evenly spaced"));
}

std::vector<double>
DistinctPlaces(const std::vector<DicomFrame> & frames, const Vector3 & normal)
{
  std::vector<double> places;
  for (const auto & frame : frames)
  {
    places.push_back(Dot(frame.position, normal));
  }
  std::sort(places.begin(), places.end());
  std::vector<double> distinct;
  for (const double place : places)
  {
    if (distinct.empty() || place - distinct.back() > 0.01)
    {
      distinct.push_back(place);
    }
  }
  return distinct;
}

struct SegmentationGrid
{
  Vector3 normal{};
  double first = 0.0;
  double distance = 0.0;
  std::uint64_t slices = 0;

  std::uint64_t
  SliceOf(const DicomFrame & frame) const
  {
    return static_cast<std::uint64_t>(
        std::llround((Dot(frame.position, normal) - first) / distance));
  }
};

SegmentationGrid
MakeGrid(const std::vector<DicomFrame> & frames, VolumeHeader & header, const std::string & path)
{
  SegmentationGrid grid;
  const auto & any = frames.front();
  grid.normal = Cross(any.rowDirection, any.columnDirection);
  const auto places = DistinctPlaces(frames, grid.normal);
  grid.first = places.front();
  grid.distance = SliceDistance(places, any, path);
  const double slices = std::round((places.back() - places.front()) / grid.distance) + 1.0;
  if (!(slices <= 65535.0))
  {
    throw GeometryError(Message(path, ": the segmentation spans ", slices, " slices"));
  }
  grid.slices = static_cast<std::uint64_t>(slices);
  const auto lowest = std::find_if(
      frames.begin(), frames.end(), [&](const auto & f) { return grid.SliceOf(f) == 0; });
  for (std::size_t row = 0; row < 3; ++row)
  {
    header.lpsFromIndex[row] = {any.rowDirection[row] * any.columnSpacing,
                                any.columnDirection[row] * any.rowSpacing,
                                grid.normal[row] * grid.distance,
                                lowest->position[row]};
  }
  header.lpsFromIndex[3] = {0, 0, 0, 1};
  for (const auto & frame : frames)
  {
    const auto k = static_cast<double>(grid.SliceOf(frame));
    for (std::size_t row = 0; row < 3; ++row)
    {
      const double expected = lowest->position[row] + k * grid.normal[row] * grid.distance;
      if (std::abs(frame.position[row] - expected) > std::max(0.02, 0.02 * grid.distance))
      {
        throw GeometryError(Message(path, ": a frame of the segmentation is displaced sideways"));
      }
    }
  }
  return grid;
}

/** Threshold on stored values: 1 for bits, half of the largest for probabilities. */
double
ThresholdOf(const DicomFile & file, std::vector<std::string> & warnings)
{
  if (file.Data().Text(dicom::SegmentationType) != "FRACTIONAL")
  {
    return 1.0;
  }
  warnings.emplace_back(
      "a fractional segmentation: half of its largest value and more counts as inside");
  return 0.5 * file.Data().Word(dicom::MaximumFractionalValue).value_or(255);
}

Parcel
ReadSegments(const DicomSeriesFiles & series, const ReadOptions & options)
{
  if (series.paths.size() != 1)
  {
    throw UsageError(Message(series.paths.front(),
                             ": its series holds ",
                             series.paths.size(),
                             " segmentations; name one file"));
  }
  const auto & path = series.paths.front();
  const DicomFile file(ReadWholeFile(path), path);
  const auto frames = FramesOf(file, 0);
  const bool labelMap = file.Data().Text(dicom::SopClassUid) == "1.2.840.10008.5.1.4.1.1.66.7";
  SegmentationInfo info;
  info.seriesDescription = series.summary.description;
  info.segments = SegmentsOf(file);
  KeepWanted(info.segments, options, path);
  const auto isWanted = [&](double number)
  {
    return options.only.empty() ||
           std::any_of(info.segments.begin(),
                       info.segments.end(),
                       [&](const auto & s) { return s.labelValue == number; });
  };
  Parcel parcel;
  auto & header = parcel.header;
  const DicomPixels source(file);
  const auto grid = MakeGrid(frames, header, path);
  header.size = {source.Format().columns, source.Format().rows, grid.slices};
  CheckSize(header, options, path);
  header.voxelType = VoxelType::UInt16;
  const double threshold = ThresholdOf(file, header.warnings);
  const auto planeSize = header.size[0] * header.size[1];
  parcel.values.assign(planeSize * grid.slices, 0.0F);
  std::vector<double> plane;
  for (const auto & frame : frames)
  {
    if (!labelMap && frame.segments.size() != 1)
    {
      throw InputError(
          Message(path, ": frame ", frame.frame + 1, " does not say which segment it shows"));
    }
    if (!labelMap && !isWanted(frame.segments.front()))
    {
      continue;
    }
    source.Copy(frame.frame, plane);
    float * const target = parcel.values.data() + grid.SliceOf(frame) * planeSize;
    for (std::size_t i = 0; i < plane.size(); ++i)
    {
      if (labelMap ? plane[i] != 0.0 && isWanted(plane[i]) : plane[i] >= threshold)
      {
        Paint(target[i],
              labelMap ? static_cast<float>(plane[i]) : static_cast<float>(frame.segments.front()),
              path);
      }
    }
  }
  std::erase_if(info.segments, [](const auto & s) { return s.labelValue == 0; });
  header.fields.emplace_back(LabelMeaningsField, ToSegmentationJson(info));
  return parcel;
}

/** UID of the series that a segmentation or contours were made on; empty if they do not say. */
std::string
SourceSeriesOf(const DicomDataset & data)
{
  const auto * series = data.Item(0x00081115);
  if (const auto * const frame = data.Item(0x30060010); series == nullptr && frame != nullptr)
  {
    const auto * const study = frame->Item(0x30060012);
    series = study == nullptr ? nullptr : study->Item(0x30060014);
  }
  return series == nullptr ? std::string() : series->Text(dicom::SeriesInstanceUid);
}

/** The series of the reference folder that the segmentation was made on; empty if none of them is.
 */
std::string
ReferenceSeries(const std::string & path, const ReadOptions & options)
{
  if (!std::filesystem::is_directory(options.reference))
  {
    return {};
  }
  const auto answer = RunInWorker(
      [&]()
      {
        const auto scan = ScanDicom(path);
        const auto & file = ChooseSeries(scan, Kind::Segmentation, options, path).paths.front();
        const auto uid = SourceSeriesOf(DicomFile(ReadWholeFile(file), file).Data());
        const auto images = ScanDicom(options.reference).series;
        const bool isThere = std::any_of(
            images.begin(),
            images.end(),
            [&](const auto & s) { return s.summary.kind == Kind::Image && s.summary.uid == uid; });
        const auto bytes = std::as_bytes(std::span(uid));
        return isThere ? Bytes(bytes.begin(), bytes.end()) : Bytes();
      },
      path);
  return {reinterpret_cast<const char *>(answer.data()), answer.size()};
}

VolumeHeader
ReferenceHeader(const std::string & path, const ReadOptions & options)
{
  auto plain = options;
  plain.reference.clear();
  plain.series = ReferenceSeries(path, options);
  return ReadHeader(options.reference, plain).header;
}

} // namespace

LoadedSegmentation
ReadDicomSegmentation(const std::string & path, const ReadOptions & options)
{
  std::optional<VolumeHeader> reference;
  if (!options.reference.empty())
  {
    reference = ReferenceHeader(path, options);
  }
  const auto answer = RunInWorker(
      [&]()
      {
        const auto scan = ScanDicom(path);
        const auto & series = ChooseSeries(scan, Kind::Segmentation, options, path);
        if (series.summary.kind == Kind::Segmentation)
        {
          return Pack(ReadSegments(series, options));
        }
        if (!reference)
        {
          throw UsageError(Message(
              path, ": contours need the image they were drawn on; name it with --reference"));
        }
        return Pack(DrawStructures(series, *reference, options));
      },
      path);
  auto parcel = Unpack(answer, options, path);
  LoadedSegmentation result;
  result.image = LabelImage::New();
  SetGrid(result.image, GridOf(parcel.header));
  result.image->Allocate();
  std::transform(parcel.values.begin(),
                 parcel.values.end(),
                 result.image->GetBufferPointer(),
                 [](float v) { return static_cast<std::uint16_t>(std::clamp(v, 0.0F, 65535.0F)); });
  for (const auto & [key, value] : parcel.header.fields)
  {
    if (key == LabelMeaningsField)
    {
      result.info = ParseSegmentationJson(value, path);
    }
  }
  parcel.header.fields.clear();
  if (reference)
  {
    result.image = PlaceOnGrid(result.image, GridOf(*reference), path);
    parcel.header.size = reference->size;
    parcel.header.lpsFromIndex = reference->lpsFromIndex;
  }
  result.warnings = parcel.header.warnings;
  result.header = std::move(parcel.header);
  return result;
}

} // namespace sulcus
