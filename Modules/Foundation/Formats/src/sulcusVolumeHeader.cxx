#include "sulcusVolumeHeader.h"

namespace sulcus
{

std::size_t
SizeOf(VoxelType type)
{
  switch (type)
  {
  case VoxelType::Int8:
  case VoxelType::UInt8:
    return 1;
  case VoxelType::Int16:
  case VoxelType::UInt16:
    return 2;
  case VoxelType::Int32:
  case VoxelType::UInt32:
  case VoxelType::Float32:
    return 4;
  default:
    return 8;
  }
}

bool
IsFloatingPoint(VoxelType type)
{
  return type == VoxelType::Float32 || type == VoxelType::Float64;
}

std::string_view
NameOf(VoxelType type)
{
  static constexpr std::string_view names[] = {"int8",
                                               "uint8",
                                               "int16",
                                               "uint16",
                                               "int32",
                                               "uint32",
                                               "int64",
                                               "uint64",
                                               "float32",
                                               "float64"};
  return names[static_cast<int>(type)];
}

std::string_view
NameOf(FileFormat format)
{
  static constexpr std::string_view names[] = {
      "unknown format", "NIfTI", "NRRD", "MetaImage", "MGZ", "DICOM"};
  return names[static_cast<int>(format)];
}

bool
MultiplyChecked(std::uint64_t a, std::uint64_t b, std::uint64_t & product)
{
  return !__builtin_mul_overflow(a, b, &product);
}

std::uint64_t
VolumeHeader::VoxelCount() const
{
  return size[0] * size[1] * size[2];
}

std::uint64_t
VolumeHeader::ValueCount() const
{
  return VoxelCount() * components * volumes;
}

std::uint64_t
VolumeHeader::DataBytes() const
{
  return ValueCount() * SizeOf(voxelType);
}

} // namespace sulcus
