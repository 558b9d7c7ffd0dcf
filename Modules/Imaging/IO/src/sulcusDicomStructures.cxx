#include "sulcusDicomStructures.h"

#include "sulcusWantedSegments.h"
#include <sulcusAffine.h>
#include <sulcusDicomText.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace sulcus
{

namespace
{

constexpr double LargestIndex = 1e6;

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

} // namespace

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
DrawStructures(const DicomSeriesFiles & series,
               const VolumeHeader & grid,
               const ReadOptions & options)
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
  std::vector<std::string> known;
  const auto characterSet = file.Data().Text(dicom::SpecificCharacterSet);
  for (const auto & roi : file.Data().Items(dicom::StructureSetRoiSequence))
  {
    known.push_back(Utf8FromDicom(roi.Text(dicom::RoiName), characterSet));
    names[roi.Text(dicom::RoiNumber)] = known.back();
  }
  RequireKnown(options, known, path);
  SegmentationInfo info;
  std::size_t outside = 0;
  std::size_t open = 0;
  for (const auto & roi : file.Data().Items(dicom::RoiContourSequence))
  {
    const auto name = names[roi.Text(dicom::ReferencedRoiNumber)];
    if (!IsWanted(options, name))
    {
      continue;
    }
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
    segment.name = name;
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
  header.fields.emplace_back(LabelMeaningsField, ToSegmentationJson(info));
  return parcel;
}

} // namespace sulcus
