#include "sulcusAtomicWrite.h"

#include <sulcusByteSource.h>
#include <sulcusGzipWriter.h>
#include <sulcusImageGrid.h>
#include <sulcusNiftiHeader.h>

#include <algorithm>
#include <span>

namespace sulcus
{

namespace
{

enum class OutputFormat
{
  Nifti,
  NiftiGzip
};

OutputFormat
FormatOf(const std::string & path)
{
  const auto endsWith = [&](std::string_view end) { return path.ends_with(end); };
  if (endsWith(".nii.gz"))
  {
    return OutputFormat::NiftiGzip;
  }
  if (endsWith(".nii"))
  {
    return OutputFormat::Nifti;
  }
  throw UsageError(Message(path, ": unknown ending (need .nii or .nii.gz)"));
}

VolumeHeader
HeaderFor(const ImageGrid & grid, VoxelType type)
{
  VolumeHeader header;
  header.voxelType = type;
  const auto affine = AffineOf(grid).RowMajor();
  for (std::size_t row = 0; row < 3; ++row)
  {
    header.size[row] = grid.size[row];
    std::copy_n(
        affine.begin() + static_cast<std::ptrdiff_t>(4 * row), 4, header.lpsFromIndex[row].begin());
  }
  header.lpsFromIndex[3] = {0, 0, 0, 1};
  return header;
}

std::string
Write(const std::string & path,
      const VolumeHeader & header,
      std::span<const std::byte> voxels,
      const WriteOptions & options)
{
  const auto format = FormatOf(path);
  AtomicFile file(path, options.overwrite ? Overwrite::Allow : Overwrite::Refuse);
  const auto start = BuildNiftiHeader(header);
  if (format == OutputFormat::NiftiGzip)
  {
    WriteGzip({start, voxels}, options.compressionLevel, [&](ByteView part) { file.Write(part); });
  }
  else
  {
    file.Write(start);
    file.Write(voxels);
  }
  return file.Commit();
}

template <typename TPixel>
std::span<const TPixel>
PixelsOf(const itk::Image<TPixel, ImageDimension> * image)
{
  const auto & region = image->GetLargestPossibleRegion();
  if (image->GetBufferedRegion() != region)
  {
    throw RuntimeError("an image is written whose buffer does not hold all of it");
  }
  return {image->GetBufferPointer(), region.GetNumberOfPixels()};
}

} // namespace

void
RequireWritableFormat(const std::string & path)
{
  FormatOf(path);
}

std::string
WriteImage(const std::string & path, const FloatImage * image, const WriteOptions & options)
{
  return Write(path,
               HeaderFor(GridOf(image), VoxelType::Float32),
               std::as_bytes(PixelsOf<float>(image)),
               options);
}

std::string
WriteImage(const std::string & path, const MaskImage * image, const WriteOptions & options)
{
  return Write(path,
               HeaderFor(GridOf(image), VoxelType::UInt8),
               std::as_bytes(PixelsOf<std::uint8_t>(image)),
               options);
}

std::string
WriteImage(const std::string & path, const LabelImage * image, const WriteOptions & options)
{
  const auto pixels = PixelsOf<std::uint16_t>(image);
  const auto large = std::any_of(pixels.begin(), pixels.end(), [](auto v) { return v > 255; });
  if (large)
  {
    return Write(path, HeaderFor(GridOf(image), VoxelType::UInt16), std::as_bytes(pixels), options);
  }
  const std::vector<std::uint8_t> narrow(pixels.begin(), pixels.end());
  return Write(
      path, HeaderFor(GridOf(image), VoxelType::UInt8), std::as_bytes(std::span(narrow)), options);
}

std::string
WriteImage(const std::string & path, const VectorImage * image, const WriteOptions & options)
{
  const auto count = image->GetNumberOfComponentsPerPixel();
  const auto voxels = image->GetLargestPossibleRegion().GetNumberOfPixels();
  auto header = HeaderFor(GridOf(image), VoxelType::Float32);
  header.volumes = count;
  std::vector<float> planar(voxels * count);
  const float * const source = image->GetBufferPointer();
  for (std::size_t voxel = 0; voxel < voxels; ++voxel)
  {
    for (std::size_t part = 0; part < count; ++part)
    {
      planar[part * voxels + voxel] = source[voxel * count + part];
    }
  }
  return Write(path, header, std::as_bytes(std::span(planar)), options);
}

} // namespace sulcus
