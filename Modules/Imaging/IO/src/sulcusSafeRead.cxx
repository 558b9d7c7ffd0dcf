#include "sulcusSafeRead.h"

#include "sulcusDicomRead.h"
#include "sulcusWantedSegments.h"
#include <sulcusThreads.h>
#include <sulcusVolumeFile.h>

#include <algorithm>

namespace sulcus
{

namespace
{

/** The volume asked for. \throws GeometryError where a choice is needed, UsageError where it does
 * not exist. */
std::uint64_t
ChooseVolume(const VolumeHeader & header, const ReadOptions & options, const std::string & path)
{
  if (header.volumes == 1 && !options.volume)
  {
    return 0;
  }
  if (!options.volume)
  {
    throw GeometryError(Message(path,
                                ": holds ",
                                header.volumes,
                                " volumes where one is needed; choose one with --volume"));
  }
  if (*options.volume >= header.volumes)
  {
    throw UsageError(Message(path,
                             ": volume ",
                             *options.volume,
                             " asked for, the file has ",
                             header.volumes,
                             " (counted from 0)"));
  }
  return *options.volume;
}

void
RequireScalar(const VolumeHeader & header, const std::string & path)
{
  if (header.components > 1)
  {
    throw GeometryError(
        Message(path, ": has ", header.components, " values a voxel where one is needed"));
  }
}

template <typename TImage>
typename TImage::Pointer
EmptyImage(const VolumeHeader & header)
{
  auto image = TImage::New();
  SetGrid(image, GridOf(header));
  return image;
}

template <typename TPixel>
std::span<TPixel>
BufferOf(itk::Image<TPixel, ImageDimension> * image)
{
  image->Allocate();
  return {image->GetBufferPointer(), image->GetLargestPossibleRegion().GetNumberOfPixels()};
}

/** Layer after layer into one map; segment i becomes label i + 1. */
LabelImage::Pointer
FlattenLayers(const VolumeFile & file,
              std::vector<SegmentInfo> & segments,
              const std::string & path)
{
  auto image = EmptyImage<LabelImage>(file.header);
  const auto target = BufferOf(image.GetPointer());
  std::fill(target.begin(), target.end(), std::uint16_t{0});
  std::vector<std::uint16_t> layer(target.size());
  for (std::uint64_t number = 0; number < file.header.components; ++number)
  {
    DecodeLabels(file, 0, number, layer, path);
    std::vector<std::uint16_t> newLabel(65536, 0);
    for (std::size_t i = 0; i < segments.size(); ++i)
    {
      if (segments[i].layer == number)
      {
        newLabel[segments[i].labelValue] = static_cast<std::uint16_t>(i + 1);
      }
    }
    for (std::size_t voxel = 0; voxel < layer.size(); ++voxel)
    {
      const auto label = newLabel[layer[voxel]];
      if (label != 0 && target[voxel] != 0)
      {
        throw GeometryError(Message(path,
                                    ": segments '",
                                    segments[target[voxel] - 1].name,
                                    "' and '",
                                    segments[label - 1].name,
                                    "' overlap, which one label map cannot hold"));
      }
      target[voxel] = label != 0 ? label : target[voxel];
    }
  }
  for (std::size_t i = 0; i < segments.size(); ++i)
  {
    segments[i].labelValue = static_cast<std::uint16_t>(i + 1);
    segments[i].layer = 0;
  }
  return image;
}

/** Leaves the labels of these segments alone. */
void
EraseOthers(std::span<std::uint16_t> labels, const std::vector<SegmentInfo> & segments)
{
  std::vector<bool> kept(65536, false);
  for (const auto & segment : segments)
  {
    kept[segment.labelValue] = true;
  }
  for (auto & label : labels)
  {
    label = kept[label] ? label : std::uint16_t{0};
  }
}

} // namespace

ImageGrid
GridOf(const VolumeHeader & header)
{
  std::array<double, 12> values{};
  ImageGrid::Base::SizeType size;
  for (unsigned int row = 0; row < 3; ++row)
  {
    size[row] = header.size[row];
    for (unsigned int column = 0; column < 4; ++column)
    {
      values[4 * row + column] = header.lpsFromIndex[row][column];
    }
  }
  return GridFromAffine(Affine(values), size);
}

Loaded<FloatImage>
ReadImage(const std::string & path, const ReadOptions & options)
{
  if (IsDicomPath(path))
  {
    return ReadDicomImage(path, options);
  }
  auto file = ReadVolumeFile(path, options);
  const auto volume = ChooseVolume(file.header, options, path);
  if (options.component == 0)
  {
    RequireScalar(file.header, path);
  }
  Loaded<FloatImage> result;
  result.image = EmptyImage<FloatImage>(file.header);
  DecodeFloats(file, volume, options.component, BufferOf(result.image.GetPointer()), options, path);
  result.warnings = file.header.warnings;
  result.header = std::move(file.header);
  return result;
}

LoadedSegmentation
ReadSegmentation(const std::string & path, const ReadOptions & options)
{
  if (IsDicomPath(path))
  {
    return ReadDicomSegmentation(path, options);
  }
  auto file = ReadVolumeFile(path, options);
  auto segments = SegmentsFromFields(file.header.fields, path);
  KeepWanted(segments, options, path);
  LoadedSegmentation result;
  if (segments.empty() || file.header.components == 1)
  {
    RequireScalar(file.header, path);
    const auto volume = ChooseVolume(file.header, options, path);
    result.image = EmptyImage<LabelImage>(file.header);
    const auto labels = BufferOf(result.image.GetPointer());
    DecodeLabels(file, volume, 0, labels, path);
    if (!options.only.empty())
    {
      EraseOthers(labels, segments);
    }
  }
  else
  {
    result.image = FlattenLayers(file, segments, path);
    file.header.warnings.push_back(Message(
        file.header.components, " layers of segments are flattened; labels are numbered anew"));
  }
  result.info.segments = std::move(segments);
  result.warnings = file.header.warnings;
  result.header = std::move(file.header);
  return result;
}

Loaded<LabelImage>
ReadLabels(const std::string & path, const ReadOptions & options)
{
  if (IsDicomPath(path))
  {
    return ReadDicomSegmentation(path, options);
  }
  if (!options.only.empty())
  {
    return ReadSegmentation(path, options);
  }
  auto file = ReadVolumeFile(path, options);
  if (file.header.components > 1 && !SegmentsFromFields(file.header.fields, path).empty())
  {
    return ReadSegmentation(path, options);
  }
  const auto volume = ChooseVolume(file.header, options, path);
  RequireScalar(file.header, path);
  Loaded<LabelImage> result;
  result.image = EmptyImage<LabelImage>(file.header);
  DecodeLabels(file, volume, 0, BufferOf(result.image.GetPointer()), path);
  result.warnings = file.header.warnings;
  result.header = std::move(file.header);
  return result;
}

Loaded<VectorImage>
ReadVector(const std::string & path, const ReadOptions & options)
{
  if (IsDicomPath(path))
  {
    return ReadDicomVector(path, options);
  }
  auto file = ReadVolumeFile(path, options);
  Loaded<VectorImage> result;
  result.image = EmptyImage<VectorImage>(file.header);
  const auto count = file.header.components * file.header.volumes;
  result.image->SetVectorLength(static_cast<unsigned int>(count));
  result.image->Allocate();
  std::vector<float> plane(file.header.VoxelCount());
  float * const target = result.image->GetBufferPointer();
  for (std::uint64_t part = 0; part < count; ++part)
  {
    DecodeFloats(
        file, part / file.header.components, part % file.header.components, plane, options, path);
    for (std::size_t voxel = 0; voxel < plane.size(); ++voxel)
    {
      target[voxel * count + part] = plane[voxel];
    }
  }
  result.warnings = file.header.warnings;
  result.header = std::move(file.header);
  return result;
}

ImageInformation
ReadHeader(const std::string & path, const ReadOptions & options)
{
  if (IsDicomPath(path))
  {
    const auto loaded = ReadDicomVector(path, options);
    return {loaded.header, GridOf(loaded.header)};
  }
  ImageInformation information;
  information.header = ReadVolumeHeader(path, options);
  information.grid = GridOf(information.header);
  return information;
}

} // namespace sulcus
