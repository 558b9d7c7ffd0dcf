#include "sulcusAtomicWrite.h"

#include <sulcusByteSource.h>
#include <sulcusGzipWriter.h>
#include <sulcusImageGrid.h>
#include <sulcusNiftiHeader.h>
#include <sulcusTextVolumeHeaders.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <span>

namespace sulcus
{

namespace
{

enum class OutputFormat
{
  Nifti,
  NiftiGzip,
  Nrrd,
  SegNrrd,
  MetaImage,
  DicomSegmentation
};

OutputFormat
FormatOf(const std::string & path)
{
  static constexpr std::pair<std::string_view, OutputFormat> endings[] = {
      {".nii.gz", OutputFormat::NiftiGzip},
      {".nii", OutputFormat::Nifti},
      {".seg.nrrd", OutputFormat::SegNrrd},
      {".nrrd", OutputFormat::Nrrd},
      {".mha", OutputFormat::MetaImage},
      {".dcm", OutputFormat::DicomSegmentation}};
  for (const auto & [ending, format] : endings)
  {
    if (path.ends_with(ending))
    {
      return format;
    }
  }
  throw UsageError(
      Message(path, ": unknown ending (need .nii.gz, .nii, .nrrd, .seg.nrrd, .mha or .dcm)"));
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

Bytes
ToBytes(const std::string & text)
{
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Bytes
BuildHeader(OutputFormat format, const VolumeHeader & header)
{
  switch (format)
  {
  case OutputFormat::Nrrd:
  case OutputFormat::SegNrrd:
    return ToBytes(BuildNrrdHeader(header, true));
  case OutputFormat::MetaImage:
    return ToBytes(BuildMetaImageHeader(header));
  default:
    return BuildNiftiHeader(header);
  }
}

std::string
Write(const std::string & path,
      const VolumeHeader & header,
      std::span<const std::byte> voxels,
      const WriteOptions & options)
{
  const auto format = FormatOf(path);
  AtomicFile file(path, options.overwrite ? Overwrite::Allow : Overwrite::Refuse);
  const auto start = BuildHeader(format, header);
  const auto sink = [&](ByteView part) { file.Write(part); };
  switch (format)
  {
  case OutputFormat::NiftiGzip:
    WriteGzip({start, voxels}, options.compressionLevel, sink);
    break;
  case OutputFormat::Nrrd:
  case OutputFormat::SegNrrd:
    sink(start);
    WriteGzip({voxels}, options.compressionLevel, sink);
    break;
  default:
    sink(start);
    sink(voxels);
    break;
  }
  return file.Commit();
}

/** The labels that occur, each described by the caller or by default. */
std::vector<SegmentInfo>
CompleteSegments(std::span<const std::uint16_t> labels, const std::vector<SegmentInfo> & described)
{
  std::vector<bool> present(65536, false);
  for (const auto label : labels)
  {
    present[label] = true;
  }
  auto segments = described;
  for (const auto & segment : described)
  {
    present[segment.labelValue] = false;
  }
  for (std::size_t label = 1; label < present.size(); ++label)
  {
    if (present[label])
    {
      segments.push_back(DefaultSegment(static_cast<std::uint16_t>(label)));
    }
  }
  return segments;
}

void
RequireNoSegmentFormat(const std::string & path)
{
  const auto format = FormatOf(path);
  if (format == OutputFormat::SegNrrd || format == OutputFormat::DicomSegmentation)
  {
    throw UsageError(Message(path, ": this format is written for label maps only"));
  }
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

template <typename T>
std::optional<Bytes>
PackAs(std::span<const float> pixels)
{
  Bytes bytes(pixels.size() * sizeof(T));
  constexpr double low = static_cast<double>(std::numeric_limits<T>::lowest());
  constexpr double high = static_cast<double>(std::numeric_limits<T>::max());
  for (std::size_t i = 0; i < pixels.size(); ++i)
  {
    const double value = pixels[i];
    if (!(value >= low && value <= high && value == std::nearbyint(value)))
    {
      return std::nullopt;
    }
    const auto stored = static_cast<T>(value);
    std::memcpy(bytes.data() + i * sizeof(T), &stored, sizeof(T));
  }
  return bytes;
}

/** The values in an integer type, or nothing where that would change one. */
std::optional<Bytes>
PackExactly(std::span<const float> pixels, VoxelType type)
{
  switch (type)
  {
  case VoxelType::Int8:
    return PackAs<std::int8_t>(pixels);
  case VoxelType::UInt8:
    return PackAs<std::uint8_t>(pixels);
  case VoxelType::Int16:
    return PackAs<std::int16_t>(pixels);
  case VoxelType::UInt16:
    return PackAs<std::uint16_t>(pixels);
  default:
    return std::nullopt;
  }
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
  RequireNoSegmentFormat(path);
  const auto pixels = PixelsOf<float>(image);
  if (options.storedType)
  {
    if (const auto packed = PackExactly(pixels, *options.storedType))
    {
      return Write(path, HeaderFor(GridOf(image), *options.storedType), *packed, options);
    }
  }
  return Write(path, HeaderFor(GridOf(image), VoxelType::Float32), std::as_bytes(pixels), options);
}

std::string
WriteImage(const std::string & path, const MaskImage * image, const WriteOptions & options)
{
  const auto pixels = PixelsOf<std::uint8_t>(image);
  if (const auto format = FormatOf(path);
      format == OutputFormat::SegNrrd || format == OutputFormat::DicomSegmentation)
  {
    const auto labels = NewImage<LabelImage>(GridOf(image));
    std::copy(pixels.begin(), pixels.end(), labels->GetBufferPointer());
    return WriteImage(path, labels.GetPointer(), options);
  }
  return Write(path, HeaderFor(GridOf(image), VoxelType::UInt8), std::as_bytes(pixels), options);
}

std::string
WriteImage(const std::string & path, const LabelImage * image, const WriteOptions & options)
{
  if (FormatOf(path) == OutputFormat::DicomSegmentation)
  {
    if (options.dicomSource.empty())
    {
      throw UsageError(
          Message(path, ": a DICOM segmentation belongs to a DICOM series, and the input is none"));
    }
    auto dicom = options.dicom;
    dicom.overwrite = options.overwrite;
    SegmentationInfo info;
    info.segments = options.segments;
    return WriteDicomSegmentation(path, image, info, options.dicomSource, dicom);
  }
  const auto pixels = PixelsOf<std::uint16_t>(image);
  const auto large = std::any_of(pixels.begin(), pixels.end(), [](auto v) { return v > 255; });
  auto header = HeaderFor(GridOf(image), large ? VoxelType::UInt16 : VoxelType::UInt8);
  if (FormatOf(path) == OutputFormat::SegNrrd)
  {
    header.fields = FieldsOfSegments(CompleteSegments(pixels, options.segments), header.size);
  }
  if (large)
  {
    return Write(path, header, std::as_bytes(pixels), options);
  }
  const std::vector<std::uint8_t> narrow(pixels.begin(), pixels.end());
  return Write(path, header, std::as_bytes(std::span(narrow)), options);
}

std::string
WriteImage(const std::string & path, const VectorImage * image, const WriteOptions & options)
{
  RequireNoSegmentFormat(path);
  const auto count = image->GetNumberOfComponentsPerPixel();
  const auto voxels = image->GetLargestPossibleRegion().GetNumberOfPixels();
  auto header = HeaderFor(GridOf(image), VoxelType::Float32);
  header.volumes = count;
  const float * const source = image->GetBufferPointer();
  const auto format = FormatOf(path);
  if (format != OutputFormat::Nifti && format != OutputFormat::NiftiGzip)
  {
    return Write(path, header, std::as_bytes(std::span(source, voxels * count)), options);
  }
  std::vector<float> planar(voxels * count);
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
