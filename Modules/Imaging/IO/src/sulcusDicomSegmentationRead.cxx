#include "sulcusDicomRead.h"
#include "sulcusDicomScan.h"
#include "sulcusDicomVolume.h"
#include "sulcusLabColor.h"
#include "sulcusParcel.h"
#include "sulcusWorker.h"
#include <sulcusVolumeGeometry.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace sulcus
{

namespace
{

using Kind = DicomSeriesSummary::Kind;

constexpr const char * SegmentationField = "segmentation";
constexpr double LargestIndex = 1e6;

CodedConcept
ConceptOf(const DicomDataset & item, DicomTag sequence, const CodedConcept & fallback)
{
  const auto * const code = item.Item(sequence);
  return code == nullptr
             ? fallback
             : CodedConcept{code->Text(0x00080102), code->Text(0x00080100), code->Text(0x00080104)};
}

std::vector<SegmentInfo>
SegmentsOf(const DicomFile & file)
{
  std::vector<SegmentInfo> segments;
  for (const auto & item : file.Data().Items(dicom::SegmentSequence))
  {
    const auto number = item.Word(dicom::SegmentNumber);
    if (!number)
    {
      throw InputError(Message(file.Path(), ": a segment has no number"));
    }
    auto segment = DefaultSegment(*number);
    segment.name = item.Text(dicom::SegmentLabel);
    segment.description = item.Text(dicom::SegmentDescription);
    segment.algorithmType = item.Text(dicom::SegmentAlgorithmType);
    segment.algorithmName = item.Text(dicom::SegmentAlgorithmName);
    segment.category = ConceptOf(item, dicom::SegmentedPropertyCategory, segment.category);
    segment.type = ConceptOf(item, dicom::SegmentedPropertyType, segment.type);
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

void
Paint(float & target, float label, const std::string & path)
{
  if (target != 0.0F && target != label)
  {
    throw GeometryError(Message(
        path, ": segments ", target, " and ", label, " overlap, which one label map cannot hold"));
  }
  target = label;
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
    source.Copy(frame.frame, plane);
    float * const target = parcel.values.data() + grid.SliceOf(frame) * planeSize;
    for (std::size_t i = 0; i < plane.size(); ++i)
    {
      if (labelMap ? plane[i] != 0.0 : plane[i] >= threshold)
      {
        Paint(target[i],
              labelMap ? static_cast<float>(plane[i]) : static_cast<float>(frame.segments.front()),
              path);
      }
    }
  }
  SegmentationInfo info;
  info.seriesDescription = series.summary.description;
  info.segments = SegmentsOf(file);
  std::erase_if(info.segments, [](const auto & s) { return s.labelValue == 0; });
  header.fields.emplace_back(SegmentationField, ToSegmentationJson(info));
  return parcel;
}

/** Points of a contour in continuous index coordinates of the reference grid. */
struct Polygon
{
  std::vector<std::array<double, 2>> points;
  std::uint64_t slice = 0;
};

Matrix4
InverseOf(const Matrix4 & m)
{
  std::array<double, 12> values{};
  for (std::size_t i = 0; i < 12; ++i)
  {
    values[i] = m[i / 4][i % 4];
  }
  const auto inverse = Affine(values).Inverse().RowMajor();
  Matrix4 result{};
  for (std::size_t i = 0; i < 12; ++i)
  {
    result[i / 4][i % 4] = inverse[i];
  }
  result[3] = {0, 0, 0, 1};
  return result;
}

std::optional<Polygon>
PolygonOf(const std::vector<double> & data,
          const Matrix4 & indexFromLps,
          const VolumeHeader & header,
          const std::string & path)
{
  Polygon polygon;
  double lowest = 0.0;
  double highest = 0.0;
  for (std::size_t at = 0; at + 3 <= data.size(); at += 3)
  {
    std::array<double, 3> index{};
    for (std::size_t row = 0; row < 3; ++row)
    {
      index[row] = indexFromLps[row][0] * data[at] + indexFromLps[row][1] * data[at + 1] +
                   indexFromLps[row][2] * data[at + 2] + indexFromLps[row][3];
      if (!(std::abs(index[row]) <= LargestIndex))
      {
        throw GeometryError(Message(path, ": a contour point lies absurdly far from the image"));
      }
    }
    lowest = at == 0 ? index[2] : std::min(lowest, index[2]);
    highest = at == 0 ? index[2] : std::max(highest, index[2]);
    polygon.points.push_back({index[0], index[1]});
  }
  const double slice = std::round(0.5 * (lowest + highest));
  if (highest - slice > 0.45 || slice - lowest > 0.45)
  {
    throw GeometryError(
        Message(path, ": a contour does not lie in a slice of the reference image"));
  }
  if (slice < 0.0 || slice >= static_cast<double>(header.size[2]))
  {
    return std::nullopt;
  }
  polygon.slice = static_cast<std::uint64_t>(slice);
  return polygon;
}

/** Toggles the voxels whose centre is inside (even-odd rule), so that inner contours cut holes. */
void
Toggle(const Polygon & polygon, const VolumeHeader & header, std::vector<std::uint8_t> & mask)
{
  const auto & p = polygon.points;
  for (std::uint64_t y = 0; y < header.size[1]; ++y)
  {
    std::vector<double> crossings;
    const auto fy = static_cast<double>(y);
    for (std::size_t i = 0; i < p.size(); ++i)
    {
      const auto & a = p[i];
      const auto & b = p[(i + 1) % p.size()];
      if ((a[1] <= fy) != (b[1] <= fy))
      {
        crossings.push_back(a[0] + (fy - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
      }
    }
    std::sort(crossings.begin(), crossings.end());
    auto * const line = mask.data() + (polygon.slice * header.size[1] + y) * header.size[0];
    for (std::size_t i = 0; i + 1 < crossings.size(); i += 2)
    {
      const double from = std::max(0.0, std::ceil(crossings[i]));
      const double to = std::min(static_cast<double>(header.size[0]), std::ceil(crossings[i + 1]));
      for (double x = from; x < to; x += 1.0)
      {
        line[static_cast<std::size_t>(x)] ^= 1U;
      }
    }
  }
}

Parcel
DrawStructures(const DicomSeriesFiles & series, const VolumeHeader & grid)
{
  if (series.paths.size() != 1)
  {
    throw UsageError(
        Message(series.paths.front(), ": its series holds several structure sets; name one file"));
  }
  const auto & path = series.paths.front();
  const DicomFile file(ReadWholeFile(path), path);
  Parcel parcel;
  auto & header = parcel.header;
  header.size = grid.size;
  header.lpsFromIndex = grid.lpsFromIndex;
  header.voxelType = VoxelType::UInt16;
  parcel.values.assign(header.VoxelCount(), 0.0F);
  const auto indexFromLps = InverseOf(grid.lpsFromIndex);
  std::map<std::string, std::string> names; // by ROI number
  for (const auto & roi : file.Data().Items(dicom::StructureSetRoiSequence))
  {
    names[roi.Text(dicom::RoiNumber)] = roi.Text(dicom::RoiName);
  }
  SegmentationInfo info;
  std::size_t outside = 0;
  std::size_t open = 0;
  for (const auto & roi : file.Data().Items(dicom::RoiContourSequence))
  {
    std::vector<std::uint8_t> mask(parcel.values.size(), 0);
    bool drawn = false;
    for (const auto & contour : roi.Items(dicom::ContourSequence))
    {
      if (contour.Text(dicom::ContourGeometricType) != "CLOSED_PLANAR")
      {
        ++open;
        continue;
      }
      const auto data = contour.Decimals(dicom::ContourData);
      if (data.size() < 9 || data.size() % 3 != 0)
      {
        throw InputError(Message(path, ": a closed contour has no three points"));
      }
      const auto polygon = PolygonOf(data, indexFromLps, header, path);
      outside += polygon ? 0 : 1;
      if (polygon)
      {
        Toggle(*polygon, header, mask);
        drawn = true;
      }
    }
    if (!drawn)
    {
      continue;
    }
    auto segment = DefaultSegment(static_cast<std::uint16_t>(info.segments.size() + 1));
    segment.name = names[roi.Text(dicom::ReferencedRoiNumber)];
    const auto color = roi.Decimals(dicom::RoiDisplayColor);
    for (std::size_t i = 0; i < 3 && color.size() == 3; ++i)
    {
      segment.color[i] = static_cast<std::uint8_t>(std::clamp(color[i], 0.0, 255.0));
    }
    for (std::size_t i = 0; i < mask.size(); ++i)
    {
      if (mask[i] != 0)
      {
        Paint(parcel.values[i], segment.labelValue, path);
      }
    }
    info.segments.push_back(std::move(segment));
  }
  if (outside > 0)
  {
    header.warnings.push_back(Message(outside, " contours lie outside the reference image"));
  }
  if (open > 0)
  {
    header.warnings.push_back(Message(open, " contours enclose nothing (points, open lines)"));
  }
  header.fields.emplace_back(SegmentationField, ToSegmentationJson(info));
  return parcel;
}

} // namespace

LoadedSegmentation
ReadDicomSegmentation(const std::string & path, const ReadOptions & options)
{
  std::optional<VolumeHeader> reference;
  if (!options.reference.empty())
  {
    auto plain = options;
    plain.reference.clear();
    plain.series.clear();
    reference = ReadHeader(options.reference, plain).header;
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
        return Pack(DrawStructures(series, *reference));
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
    if (key == SegmentationField)
    {
      result.info = ParseSegmentationJson(value, path);
    }
  }
  parcel.header.fields.clear();
  result.warnings = parcel.header.warnings;
  result.header = std::move(parcel.header);
  return result;
}

} // namespace sulcus
