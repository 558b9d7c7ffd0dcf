#include "sulcusNiftiHeader.h"

#include "sulcusByteOrder.h"
#include "sulcusNiftiFields.h"
#include "sulcusVolumeGeometry.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sulcus
{

namespace
{

class FieldReader
{
public:
  FieldReader(ByteView bytes, bool bigEndian) : m_Bytes(bytes), m_BigEndian(bigEndian)
  {
  }

  template <typename T>
  T
  Get(std::size_t offset) const
  {
    return LoadNumber<T>(m_Bytes, offset, m_BigEndian);
  }

  /** `count` consecutive numbers of type T starting at `offset`. */
  template <typename T, typename TArray>
  void
  Fill(TArray & target, std::size_t offset) const
  {
    for (std::size_t i = 0; i < target.size(); ++i)
    {
      target[i] = static_cast<typename TArray::value_type>(Get<T>(offset + i * sizeof(T)));
    }
  }

private:
  ByteView m_Bytes;
  bool m_BigEndian;
};

bool
MagicIs(ByteView bytes, std::size_t offset, std::string_view magic)
{
  return std::memcmp(bytes.data() + offset, magic.data(), magic.size()) == 0;
}

NiftiFields
LoadVersion1(ByteView bytes, bool bigEndian, std::string_view path)
{
  NiftiFields fields;
  fields.bigEndian = bigEndian;
  fields.separateVoxels = MagicIs(bytes, 344, std::string_view("ni1\0", 4));
  if (!fields.separateVoxels && !MagicIs(bytes, 344, std::string_view("n+1\0", 4)))
  {
    throw InputError(Message(path,
                             ": is Analyze 7.5 or damaged NIfTI (magic is neither n+1 nor ni1); "
                             "Analyze does not say which side is left"));
  }
  const FieldReader reader(bytes, bigEndian);
  reader.Fill<std::int16_t>(fields.dim, 40);
  fields.intentCode = reader.Get<std::int16_t>(68);
  fields.datatype = reader.Get<std::int16_t>(70);
  fields.bitpix = reader.Get<std::int16_t>(72);
  reader.Fill<float>(fields.pixdim, 76);
  fields.voxOffset = reader.Get<float>(108);
  fields.slope = reader.Get<float>(112);
  fields.intercept = reader.Get<float>(116);
  fields.units = reader.Get<std::uint8_t>(123);
  fields.qformCode = reader.Get<std::int16_t>(252);
  fields.sformCode = reader.Get<std::int16_t>(254);
  reader.Fill<float>(fields.quaternion, 256);
  reader.Fill<float>(fields.qoffset, 268);
  for (std::size_t row = 0; row < 3; ++row)
  {
    reader.Fill<float>(fields.sform[row], 280 + 16 * row);
  }
  return fields;
}

NiftiFields
LoadVersion2(ByteView bytes, bool bigEndian, std::string_view path)
{
  NiftiFields fields;
  fields.version2 = true;
  fields.bigEndian = bigEndian;
  fields.separateVoxels = MagicIs(bytes, 4, std::string_view("ni2\0\r\n\x1a\n", 8));
  if (!fields.separateVoxels && !MagicIs(bytes, 4, std::string_view("n+2\0\r\n\x1a\n", 8)))
  {
    throw InputError(Message(path, ": NIfTI-2 magic is damaged"));
  }
  const FieldReader reader(bytes, bigEndian);
  fields.datatype = reader.Get<std::int16_t>(12);
  fields.bitpix = reader.Get<std::int16_t>(14);
  reader.Fill<std::int64_t>(fields.dim, 16);
  reader.Fill<double>(fields.pixdim, 104);
  fields.voxOffset = static_cast<double>(reader.Get<std::int64_t>(168));
  fields.slope = reader.Get<double>(176);
  fields.intercept = reader.Get<double>(184);
  fields.qformCode = reader.Get<std::int32_t>(344);
  fields.sformCode = reader.Get<std::int32_t>(348);
  reader.Fill<double>(fields.quaternion, 352);
  reader.Fill<double>(fields.qoffset, 376);
  for (std::size_t row = 0; row < 3; ++row)
  {
    reader.Fill<double>(fields.sform[row], 400 + 32 * row);
  }
  fields.units = reader.Get<std::int32_t>(500) & 0xff;
  fields.intentCode = reader.Get<std::int32_t>(504);
  return fields;
}

void
SetType(const NiftiFields & fields, VolumeHeader & header, std::string_view path)
{
  switch (fields.datatype)
  {
  case 2:
    header.voxelType = VoxelType::UInt8;
    break;
  case 4:
    header.voxelType = VoxelType::Int16;
    break;
  case 8:
    header.voxelType = VoxelType::Int32;
    break;
  case 16:
    header.voxelType = VoxelType::Float32;
    break;
  case 64:
    header.voxelType = VoxelType::Float64;
    break;
  case 256:
    header.voxelType = VoxelType::Int8;
    break;
  case 512:
    header.voxelType = VoxelType::UInt16;
    break;
  case 768:
    header.voxelType = VoxelType::UInt32;
    break;
  case 1024:
    header.voxelType = VoxelType::Int64;
    break;
  case 1280:
    header.voxelType = VoxelType::UInt64;
    break;
  case 32:
  case 1792:
  case 2048:
    throw InputError(Message(path, ": complex voxels are not supported; store the magnitude"));
  case 128:
  case 2304:
    throw InputError(
        Message(path, ": colour (RGB) voxels are not supported; need one value a voxel"));
  default:
    throw InputError(Message(path, ": voxel type ", fields.datatype, " is not supported"));
  }
  if (fields.bitpix != static_cast<int>(8 * SizeOf(header.voxelType)))
  {
    throw InputError(Message(path,
                             ": bitpix is ",
                             fields.bitpix,
                             ", but ",
                             NameOf(header.voxelType),
                             " needs ",
                             8 * SizeOf(header.voxelType)));
  }
}

void
SetSize(const NiftiFields & fields, VolumeHeader & header, std::string_view path)
{
  const auto rank = fields.dim[0];
  if (rank < 1 || rank > 7)
  {
    throw InputError(Message(path, ": dim[0] is ", rank, " (need 1 to 7)"));
  }
  std::array<std::uint64_t, 8> extent{};
  extent.fill(1);
  for (int axis = 1; axis <= rank; ++axis)
  {
    if (fields.dim[axis] < 1)
    {
      throw InputError(
          Message(path, ": dim[", axis, "] is ", fields.dim[axis], " (need at least 1)"));
    }
    extent[axis] = static_cast<std::uint64_t>(fields.dim[axis]);
  }
  std::copy_n(extent.begin() + 1, 3, header.size.begin());
  const bool vector = fields.intentCode >= 1003 && fields.intentCode <= 1011 && extent[4] == 1;
  header.components = vector ? extent[5] : 1;
  header.volumes = extent[4];
  for (const int axis : {5, 6, 7})
  {
    if (!(vector && axis == 5) && !MultiplyChecked(header.volumes, extent[axis], header.volumes))
    {
      throw InputError(Message(path, ": the sizes multiply to more than 64 bits"));
    }
  }
}

void
SetOffset(const NiftiFields & fields, VolumeHeader & header, std::string_view path)
{
  const double smallest =
      fields.separateVoxels ? 0.0 : (fields.version2 ? Nifti2HeaderBytes : Nifti1HeaderBytes) + 4.0;
  const double offset = fields.voxOffset;
  if (!(offset >= smallest && offset <= 9e15) || offset != std::floor(offset))
  {
    throw InputError(
        Message(path, ": vox_offset is ", offset, " (need a whole number from ", smallest, ")"));
  }
  header.dataOffset = static_cast<std::uint64_t>(offset);
}

void
SetScaling(const NiftiFields & fields, VolumeHeader & header, std::string_view path)
{
  if (fields.slope == 0.0)
  {
    return;
  }
  if (std::isnan(fields.slope) && (std::isnan(fields.intercept) || fields.intercept == 0.0))
  {
    header.warnings.emplace_back("scl_slope is not a number: voxels are taken as they are stored");
    return;
  }
  if (!std::isfinite(fields.slope) || !std::isfinite(fields.intercept))
  {
    throw InputError(Message(path,
                             ": scl_slope ",
                             fields.slope,
                             " and scl_inter ",
                             fields.intercept,
                             " must be finite"));
  }
  header.slope = fields.slope;
  header.intercept = fields.intercept;
}

} // namespace

std::size_t
NiftiHeaderBytes(ByteView start)
{
  if (start.size() < 4)
  {
    return 0;
  }
  for (const bool bigEndian : {false, true})
  {
    const auto length = LoadNumber<std::uint32_t>(start, 0, bigEndian);
    if (length == Nifti1HeaderBytes || length == Nifti2HeaderBytes)
    {
      return length;
    }
  }
  return 0;
}

NiftiHeader
ParseNiftiHeader(ByteView bytes, const VolumeReadOptions & options, std::string_view path)
{
  const auto length = NiftiHeaderBytes(bytes);
  if (length == 0 || bytes.size() < length)
  {
    throw InputError(Message(path, ": is not NIfTI, or shorter than its header"));
  }
  const bool bigEndian = LoadNumber<std::uint32_t>(bytes, 0, false) != length;
  const auto fields = length == Nifti2HeaderBytes ? LoadVersion2(bytes, bigEndian, path)
                                                  : LoadVersion1(bytes, bigEndian, path);
  NiftiHeader result;
  result.separateVoxels = fields.separateVoxels;
  auto & header = result.volume;
  header.format = FileFormat::Nifti;
  header.formatName = fields.version2 ? "NIfTI-2" : "NIfTI-1";
  header.bigEndian = bigEndian;
  SetSize(fields, header, path);
  SetType(fields, header, path);
  CheckSize(header, options, path);
  SetOffset(fields, header, path);
  SetScaling(fields, header, path);
  SetNiftiGeometry(fields, header, options, path);
  return result;
}

void
CheckNiftiExtensions(ByteView extensions, bool bigEndian, std::string_view path)
{
  if (extensions.size() < 4 || extensions[0] == std::byte{0})
  {
    return;
  }
  auto rest = extensions.subspan(4);
  while (rest.size() >= 8)
  {
    const auto size = LoadNumber<std::int32_t>(rest, 0, bigEndian);
    if (size == 0)
    {
      return; // padding
    }
    if (size < 16 || size % 16 != 0 || static_cast<std::uint64_t>(size) > rest.size())
    {
      throw InputError(Message(path,
                               ": a header extension claims ",
                               size,
                               " bytes (need a multiple of 16 up to ",
                               rest.size(),
                               ")"));
    }
    rest = rest.subspan(static_cast<std::size_t>(size));
  }
}

} // namespace sulcus
