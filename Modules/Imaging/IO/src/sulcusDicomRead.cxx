#include "sulcusDicomRead.h"

#include "sulcusDicomScan.h"
#include "sulcusDicomVolume.h"
#include "sulcusParcel.h"
#include "sulcusWorker.h"
#include <sulcusMemory.h>
#include <sulcusVolumeFile.h>
#include <sulcusVolumeGeometry.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

namespace sulcus
{

namespace
{

using nlohmann::json;
using Kind = DicomSeriesSummary::Kind;

VoxelType
TypeOf(const DicomPixelFormat & format)
{
  if (format.bitsAllocated <= 8)
  {
    return format.isSigned ? VoxelType::Int8 : VoxelType::UInt8;
  }
  if (format.bitsAllocated == 16)
  {
    return format.isSigned ? VoxelType::Int16 : VoxelType::UInt16;
  }
  return format.isSigned ? VoxelType::Int32 : VoxelType::UInt32;
}

/** Pixels of the stacks, file after file, so that each file is parsed and decompressed once. */
std::vector<StackPixels>
LoadPixels(const std::vector<DicomStack> & stacks, const DicomSeriesFiles & series, Parcel & parcel)
{
  const std::uint64_t planeSize = std::uint64_t{series.rows} * series.columns;
  std::vector<StackPixels> pixels(stacks.size());
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> users(series.paths.size());
  for (std::size_t s = 0; s < stacks.size(); ++s)
  {
    pixels[s].rows = series.rows;
    pixels[s].columns = series.columns;
    pixels[s].values.resize(planeSize * stacks[s].frames.size());
    for (std::size_t z = 0; z < stacks[s].frames.size(); ++z)
    {
      users[stacks[s].frames[z].file].emplace_back(s, z);
    }
  }
  std::vector<double> plane;
  bool lossy = false;
  for (std::size_t number = 0; number < users.size(); ++number)
  {
    if (users[number].empty())
    {
      continue;
    }
    const DicomFile file(ReadWholeFile(series.paths[number]), series.paths[number]);
    const DicomPixels source(file);
    parcel.header.voxelType = TypeOf(source.Format());
    lossy = lossy || source.IsLossy();
    for (const auto & [s, z] : users[number])
    {
      const auto & frame = stacks[s].frames[z];
      source.Copy(frame.frame, plane);
      auto * const target = pixels[s].values.data() + z * planeSize;
      std::transform(plane.begin(),
                     plane.end(),
                     target,
                     [&](double v)
                     { return static_cast<float>(v * frame.slope + frame.intercept); });
    }
  }
  if (lossy)
  {
    parcel.header.warnings.emplace_back("pixels went through a lossy compression");
  }
  return pixels;
}

std::vector<DicomStack>
ChosenStacks(std::vector<DicomStack> stacks,
             const ReadOptions & options,
             bool all,
             const std::string & path)
{
  if (all || (stacks.size() == 1 && !options.volume))
  {
    return stacks;
  }
  if (!options.volume)
  {
    throw GeometryError(Message(path,
                                ": holds ",
                                stacks.size(),
                                " volumes where one is needed ('",
                                stacks.front().name,
                                "' to '",
                                stacks.back().name,
                                "'); choose one with --volume"));
  }
  if (*options.volume >= stacks.size())
  {
    throw UsageError(Message(path,
                             ": volume ",
                             *options.volume,
                             " asked for, the series has ",
                             stacks.size(),
                             " (counted from 0)"));
  }
  return {stacks[*options.volume]};
}

void
RequireReadable(const DicomSeriesFiles & series)
{
  if (series.geometryProblem.empty())
  {
    return;
  }
  if (series.problemCode == ExitCode::DamagedInput)
  {
    throw InputError(series.geometryProblem);
  }
  throw GeometryError(series.geometryProblem);
}

Parcel
ReadSeries(const DicomSeriesFiles & series,
           const ReadOptions & options,
           bool all,
           const std::string & path)
{
  RequireReadable(series);
  Parcel parcel;
  auto & header = parcel.header;
  auto stacks =
      ChosenStacks(MakeStacks(series.frames, options, path, header.warnings), options, all, path);
  header.size = {series.columns, series.rows, stacks.front().frames.size()};
  header.volumes = stacks.size();
  header.voxelType = VoxelType::Float32;
  CheckSize(header, options, path);
  RequireMemory(2 * header.ValueCount() * sizeof(float), "the pixels of a DICOM series");
  auto pixels = LoadPixels(stacks, series, parcel);
  const auto frameCount = stacks.front().frames.size();
  for (std::size_t s = 0; s < stacks.size(); ++s)
  {
    if (stacks[s].irregular)
    {
      const auto outside = *std::min_element(pixels[s].values.begin(), pixels[s].values.end());
      ResampleStack(stacks[s], pixels[s], outside);
    }
    if (stacks[s].frames.size() != frameCount ||
        CornerDistance(stacks[s].lpsFromIndex, stacks.front().lpsFromIndex, header.size) > 0.01)
    {
      throw GeometryError(
          Message(path, ": its volumes are at different places; choose one with --volume"));
    }
    parcel.values.insert(parcel.values.end(), pixels[s].values.begin(), pixels[s].values.end());
    header.repairedResidualInMm = std::max(header.repairedResidualInMm, stacks[s].residualInMm);
  }
  const auto & first = pixels.front();
  header.size = {first.columns, first.rows, first.values.size() / (first.columns * first.rows)};
  header.lpsFromIndex = stacks.front().lpsFromIndex;
  if (!series.burnedIn.empty())
  {
    header.fields.emplace_back("burned_in_annotation", series.burnedIn);
  }
  if (!series.summary.description.empty())
  {
    header.fields.emplace_back(SeriesDescriptionField, series.summary.description);
  }
  return parcel;
}

Parcel
ReadInWorker(const std::string & path, const ReadOptions & options, bool all)
{
  const auto answer = RunInWorker(
      [&]()
      {
        const auto scan = ScanDicom(path);
        return Pack(ReadSeries(ChooseSeries(scan, Kind::Image, options, path), options, all, path));
      },
      path);
  return Unpack(answer, options, path);
}

json
ToJson(const DicomSeriesSummary & s)
{
  return {{"kind", static_cast<int>(s.kind)},
          {"uid", s.uid},
          {"number", s.number},
          {"modality", s.modality},
          {"description", s.description},
          {"contrast", s.contrast},
          {"files", s.files},
          {"volumes", s.volumes},
          {"geometry", s.geometry},
          {"problem", s.problem}};
}

DicomSeriesSummary
SummaryOf(const json & object)
{
  DicomSeriesSummary s;
  s.kind = static_cast<Kind>(object.at("kind").get<int>());
  s.uid = object.at("uid");
  s.number = object.at("number");
  s.modality = object.at("modality");
  s.description = object.at("description");
  s.contrast = object.at("contrast");
  s.files = object.at("files");
  s.volumes = object.at("volumes").get<std::vector<std::string>>();
  s.geometry = object.at("geometry");
  s.problem = object.at("problem");
  return s;
}

void
DescribeImage(DicomSeriesFiles & series, const ReadOptions & options, const std::string & path)
{
  try
  {
    RequireReadable(series);
    VolumeHeader header;
    const auto stacks = MakeStacks(series.frames, options, path, header.warnings);
    header.size = {series.columns, series.rows, stacks.front().frames.size()};
    header.lpsFromIndex = stacks.front().lpsFromIndex;
    header.geometrySource = "slice positions";
    if (!stacks.front().irregular)
    {
      CheckGeometry(header, options, path);
      series.summary.geometry = ToText(GridOf(header));
    }
    for (const auto & stack : stacks)
    {
      series.summary.volumes.push_back(stack.name);
    }
  }
  catch (const Error & error)
  {
    series.summary.problem = error.what();
  }
}

} // namespace

bool
IsDicomPath(const std::string & path)
{
  if (std::filesystem::is_directory(path) || !SplitSeriesPath(path).series.empty())
  {
    return true;
  }
  const auto start = ReadFileStart(path, 160);
  return SniffFormat(start) == FileFormat::Dicom ||
         (SniffFormat(start) == FileFormat::Unknown && LooksLikeDicom(start));
}

std::vector<DicomSeriesSummary>
ListDicomSeries(const std::string & path, const ReadOptions & options)
{
  const auto answer = RunInWorker(
      [&]()
      {
        auto scan = ScanDicom(path);
        auto list = json::array();
        for (auto & series : scan.series)
        {
          series.summary.files = series.paths.size();
          if (series.summary.kind == Kind::Image)
          {
            DescribeImage(series, options, path);
          }
          list.push_back(ToJson(series.summary));
        }
        for (const auto & message : scan.damaged)
        {
          DicomSeriesSummary damaged;
          damaged.files = 1;
          damaged.problem = message;
          list.push_back(ToJson(damaged));
        }
        const auto text = list.dump(-1, ' ', false, json::error_handler_t::replace);
        const auto bytes = std::as_bytes(std::span(text));
        return Bytes(bytes.begin(), bytes.end());
      },
      path);
  const auto * const text = reinterpret_cast<const char *>(answer.data());
  std::vector<DicomSeriesSummary> result;
  for (const auto & object : json::parse(text, text + answer.size()))
  {
    result.push_back(SummaryOf(object));
  }
  return result;
}

Loaded<FloatImage>
ReadDicomImage(const std::string & path, const ReadOptions & options)
{
  auto parcel = ReadInWorker(path, options, false);
  Loaded<FloatImage> result;
  result.image = FloatImage::New();
  SetGrid(result.image, GridOf(parcel.header));
  result.image->Allocate();
  std::copy(parcel.values.begin(), parcel.values.end(), result.image->GetBufferPointer());
  result.warnings = parcel.header.warnings;
  result.header = std::move(parcel.header);
  return result;
}

Loaded<VectorImage>
ReadDicomVector(const std::string & path, const ReadOptions & options)
{
  auto parcel = ReadInWorker(path, options, true);
  const auto count = parcel.header.volumes;
  const auto voxels = parcel.header.VoxelCount();
  Loaded<VectorImage> result;
  result.image = VectorImage::New();
  SetGrid(result.image, GridOf(parcel.header));
  result.image->SetVectorLength(static_cast<unsigned int>(count));
  result.image->Allocate();
  float * const target = result.image->GetBufferPointer();
  for (std::size_t part = 0; part < count; ++part)
  {
    for (std::size_t voxel = 0; voxel < voxels; ++voxel)
    {
      target[voxel * count + part] = parcel.values[part * voxels + voxel];
    }
  }
  result.warnings = parcel.header.warnings;
  result.header = std::move(parcel.header);
  return result;
}

} // namespace sulcus
