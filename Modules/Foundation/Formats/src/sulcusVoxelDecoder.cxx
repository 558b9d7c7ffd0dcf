#include "sulcusByteOrder.h"
#include "sulcusVolumeFile.h"
#include <sulcusError.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

namespace sulcus
{

namespace
{

/** Where the values of one component of one volume lie among all values of the file. */
struct Layout
{
  std::uint64_t first = 0;
  std::uint64_t step = 1;
  std::uint64_t count = 0;
};

Layout
LayoutOf(const VolumeHeader & header, std::uint64_t volume, std::uint64_t component)
{
  const auto voxels = header.VoxelCount();
  if (header.interleaved)
  {
    return {volume * voxels * header.components + component, header.components, voxels};
  }
  return {(volume * header.components + component) * voxels, 1, voxels};
}

void
RequirePart(const VolumeFile & file,
            std::uint64_t volume,
            std::uint64_t component,
            std::size_t targetSize,
            const std::string & path)
{
  const auto & header = file.header;
  if (volume >= header.volumes || component >= header.components)
  {
    throw UsageError(Message(path,
                             ": volume ",
                             volume,
                             ", component ",
                             component,
                             " asked for; the file has ",
                             header.volumes,
                             " volumes of ",
                             header.components,
                             " components"));
  }
  if (targetSize != header.VoxelCount() || file.Voxels().size() != header.DataBytes())
  {
    throw RuntimeError(Message(path, ": voxel buffer of a wrong size"));
  }
}

template <typename TStored, bool VSwap>
TStored
LoadStored(const std::byte * from)
{
  typename UnsignedOfSize<sizeof(TStored)>::Type word;
  std::memcpy(&word, from, sizeof(word));
  if constexpr (VSwap)
  {
    word = SwapBytes(word);
  }
  return std::bit_cast<TStored>(word);
}

/** Calls `visit(std::type_identity<TStored>, std::bool_constant<swap>)` for the stored type. */
template <typename TVisitor>
auto
VisitStored(const VolumeHeader & header, TVisitor && visit)
{
  const bool swap = header.bigEndian != (std::endian::native == std::endian::big);
  const auto withOrder = [&]<typename T>(std::type_identity<T> type)
  { return swap ? visit(type, std::true_type{}) : visit(type, std::false_type{}); };
  switch (header.voxelType)
  {
  case VoxelType::Int8:
    return withOrder(std::type_identity<std::int8_t>{});
  case VoxelType::UInt8:
    return withOrder(std::type_identity<std::uint8_t>{});
  case VoxelType::Int16:
    return withOrder(std::type_identity<std::int16_t>{});
  case VoxelType::UInt16:
    return withOrder(std::type_identity<std::uint16_t>{});
  case VoxelType::Int32:
    return withOrder(std::type_identity<std::int32_t>{});
  case VoxelType::UInt32:
    return withOrder(std::type_identity<std::uint32_t>{});
  case VoxelType::Int64:
    return withOrder(std::type_identity<std::int64_t>{});
  case VoxelType::UInt64:
    return withOrder(std::type_identity<std::uint64_t>{});
  case VoxelType::Float32:
    return withOrder(std::type_identity<float>{});
  default:
    return withOrder(std::type_identity<double>{});
  }
}

/** Values `begin` to `end` of the layout. \returns how many results are not finite. */
template <typename TStored, bool VSwap>
std::uint64_t
ConvertRange(const VolumeFile & file,
             const Layout & layout,
             std::span<float> target,
             std::size_t begin,
             std::size_t end)
{
  const auto * const base = file.Voxels().data() + layout.first * sizeof(TStored);
  const std::uint64_t stride = layout.step * sizeof(TStored);
  const double slope = file.header.slope;
  const double intercept = file.header.intercept;
  const bool scaled = slope != 1.0 || intercept != 0.0;
  std::uint64_t nonFinite = 0;
  for (std::size_t i = begin; i < end; ++i)
  {
    const auto stored = LoadStored<TStored, VSwap>(base + i * stride);
    const float value = scaled ? static_cast<float>(static_cast<double>(stored) * slope + intercept)
                               : static_cast<float>(stored);
    nonFinite += std::abs(value) <= std::numeric_limits<float>::max() ? 0 : 1;
    target[i] = value;
  }
  return nonFinite;
}

/** \returns how many results are not finite; a count does not depend on the order of threads. */
template <typename TStored, bool VSwap>
std::uint64_t
Convert(const VolumeFile & file, const Layout & layout, std::span<float> target)
{
  constexpr std::size_t smallestPiece = std::size_t{1} << 18;
  std::atomic<std::uint64_t> nonFinite = 0;
  ParallelFor(
      layout.count,
      [&](std::size_t begin, std::size_t end)
      { nonFinite += ConvertRange<TStored, VSwap>(file, layout, target, begin, end); },
      smallestPiece);
  return nonFinite;
}

template <typename TStored, bool VSwap>
void
ConvertLabels(const VolumeFile & file,
              const Layout & layout,
              std::span<std::uint16_t> target,
              const std::string & path)
{
  const auto * const base = file.Voxels().data() + layout.first * sizeof(TStored);
  const std::uint64_t stride = layout.step * sizeof(TStored);
  const double slope = file.header.slope;
  const double intercept = file.header.intercept;
  for (std::uint64_t i = 0; i < layout.count; ++i)
  {
    const auto stored = LoadStored<TStored, VSwap>(base + i * stride);
    const double value = static_cast<double>(stored) * slope + intercept;
    const double whole = std::nearbyint(value);
    if (!(std::abs(value - whole) <= 1e-4 && whole >= 0.0 && whole <= 65535.0))
    {
      throw InputError(Message(path,
                               ": voxel ",
                               i,
                               " is ",
                               value,
                               ", which is no label (need whole numbers from 0 to 65535; "
                               "is this an image, or a label map that was interpolated?)"));
    }
    target[i] = static_cast<std::uint16_t>(whole);
  }
}

} // namespace

void
DecodeFloats(VolumeFile & file,
             std::uint64_t volume,
             std::uint64_t component,
             std::span<float> target,
             const VolumeReadOptions & options,
             const std::string & path)
{
  RequirePart(file, volume, component, target.size(), path);
  const auto layout = LayoutOf(file.header, volume, component);
  const auto nonFinite =
      VisitStored(file.header,
                  [&]<typename T, bool VSwap>(std::type_identity<T>, std::bool_constant<VSwap>)
                  { return Convert<T, VSwap>(file, layout, target); });
  if (nonFinite == 0)
  {
    return;
  }
  if (options.nonFinite == NonFinite::Refuse)
  {
    throw InputError(Message(path, ": ", nonFinite, " voxels are NaN or infinite"));
  }
  for (float & value : target)
  {
    value = std::isfinite(value) ? value : 0.0F;
  }
  file.header.warnings.push_back(Message(nonFinite, " voxels were NaN or infinite: set to 0"));
}

void
DecodeLabels(const VolumeFile & file,
             std::uint64_t volume,
             std::uint64_t component,
             std::span<std::uint16_t> target,
             const std::string & path)
{
  RequirePart(file, volume, component, target.size(), path);
  const auto layout = LayoutOf(file.header, volume, component);
  VisitStored(file.header,
              [&]<typename T, bool VSwap>(std::type_identity<T>, std::bool_constant<VSwap>)
              { ConvertLabels<T, VSwap>(file, layout, target, path); });
}

} // namespace sulcus
