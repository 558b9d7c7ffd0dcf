#include "sulcusNiftiHeader.h"

#include "sulcusByteOrder.h"
#include "sulcusVolumeGeometry.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sulcus
{

namespace
{

/** The fields of either version, in the widest type, nothing checked yet. */
struct NiftiFields
{
  bool version2 = false;
  bool bigEndian = false;
  bool separateVoxels = false;
  std::array<std::int64_t, 8> dim{};
  int datatype = 0;
  int bitpix = 0;
  int intentCode = 0;
  std::array<double, 8> pixdim{};
  double voxOffset = 0.0;
  double slope = 0.0;
  double intercept = 0.0;
  int units = 0;
  int qformCode = 0;
  int sformCode = 0;
  std::array<double, 3> quaternion{};
  std::array<double, 3> qoffset{};
  std::array<std::array<double, 4>, 3> sform{};
};

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

double
MillimetresPerUnit(const NiftiFields & fields, VolumeHeader & header)
{
  switch (fields.units & 7)
  {
  case 1:
    header.warnings.emplace_back("lengths are in metres: converted to mm");
    return 1000.0;
  case 3:
    header.warnings.emplace_back("lengths are in micrometres: converted to mm");
    return 0.001;
  case 2:
    return 1.0;
  default:
    header.warnings.emplace_back("no unit of length: taken as mm");
    return 1.0;
  }
}

void
RequireSpacing(const NiftiFields & fields, double unit, std::string_view path)
{
  for (int axis = 1; axis <= 3; ++axis)
  {
    const double spacing = fields.pixdim[axis] * unit;
    if (axis <= fields.dim[0] && !(spacing >= SmallestSpacingInMm && spacing <= LargestSpacingInMm))
    {
      throw GeometryError(Message(path,
                                  ": pixdim[",
                                  axis,
                                  "] is ",
                                  fields.pixdim[axis],
                                  " (spacing must be ",
                                  SmallestSpacingInMm,
                                  " to ",
                                  LargestSpacingInMm,
                                  " mm)"));
    }
  }
}

double
SpacingOf(const NiftiFields & fields, int axis)
{
  return axis < fields.dim[0] ? fields.pixdim[axis + 1] : 1.0;
}

/** RAS matrix of the quaternion (nifti1.h, "method 2"). */
Matrix4
QformMatrix(const NiftiFields & fields, std::string_view path)
{
  double b = fields.quaternion[0];
  double c = fields.quaternion[1];
  double d = fields.quaternion[2];
  const double square = b * b + c * c + d * d;
  if (!(square <= 1.0 + 1e-4))
  {
    throw GeometryError(Message(
        path, ": the quaternion of qform is not of unit length (b^2+c^2+d^2 = ", square, ")"));
  }
  double a = 0.0;
  if (square > 1.0)
  {
    const double scale = 1.0 / std::sqrt(square);
    b *= scale;
    c *= scale;
    d *= scale;
  }
  else
  {
    a = std::sqrt(1.0 - square);
  }
  const double rotation[3][3] = {
      {a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)},
      {2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)},
      {2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c}};
  const double qfac = fields.pixdim[0] < 0.0 ? -1.0 : 1.0;
  Matrix4 matrix{};
  for (int row = 0; row < 3; ++row)
  {
    for (int axis = 0; axis < 3; ++axis)
    {
      matrix[row][axis] = rotation[row][axis] * SpacingOf(fields, axis) * (axis == 2 ? qfac : 1.0);
    }
    matrix[row][3] = fields.qoffset[row];
  }
  matrix[3] = {0, 0, 0, 1};
  return matrix;
}

Matrix4
SformMatrix(const NiftiFields & fields)
{
  Matrix4 matrix{};
  std::copy(fields.sform.begin(), fields.sform.end(), matrix.begin());
  matrix[3] = {0, 0, 0, 1};
  return matrix;
}

bool
PreferSform(const NiftiFields & fields, NiftiTransform choice)
{
  switch (choice)
  {
  case NiftiTransform::QForm:
    return false;
  case NiftiTransform::Itk:
    return fields.sformCode == 1;
  default:
    return true;
  }
}

/** Rounded quaternions and matrices differ a little; a twentieth of a voxel is no conflict. */
bool
Conflict(const NiftiFields & fields, double distance)
{
  const double smallest =
      std::min({SpacingOf(fields, 0), SpacingOf(fields, 1), SpacingOf(fields, 2)});
  return !(distance <= 0.05 * smallest);
}

Matrix4
ChooseMatrix(const NiftiFields & fields,
             VolumeHeader & header,
             const VolumeReadOptions & options,
             std::string_view path)
{
  const bool hasQform = fields.qformCode > 0;
  const bool hasSform = fields.sformCode > 0;
  if (!hasQform && !hasSform)
  {
    throw GeometryError(Message(
        path,
        ": has no geometry (qform_code and sform_code are 0), so left and right are unknown"));
  }
  if (!(hasQform && hasSform))
  {
    header.geometrySource = hasSform ? "sform" : "qform";
    return hasSform ? SformMatrix(fields) : QformMatrix(fields, path);
  }
  const auto sform = SformMatrix(fields);
  const auto qform = QformMatrix(fields, path);
  const bool useSform = PreferSform(fields, options.niftiTransform);
  header.geometrySource = useSform ? "sform" : "qform";
  const double distance = CornerDistance(sform, qform, header.size);
  if (Conflict(fields, distance))
  {
    const auto text = Message("sform (code ",
                              fields.sformCode,
                              ") and qform (code ",
                              fields.qformCode,
                              ") place a corner ",
                              distance,
                              " mm apart");
    if (options.niftiTransform == NiftiTransform::Refuse)
    {
      throw GeometryError(Message(path, ": ", text, "; choose one with --nifti-xform"));
    }
    header.warnings.push_back(Message(text, ": ", header.geometrySource, " is used"));
  }
  return useSform ? sform : qform;
}

void
SetGeometry(const NiftiFields & fields,
            VolumeHeader & header,
            const VolumeReadOptions & options,
            std::string_view path)
{
  const double unit = MillimetresPerUnit(fields, header);
  RequireSpacing(fields, unit, path);
  Matrix4 ras{};
  if (fields.qformCode <= 0 && fields.sformCode <= 0 && options.allowMissingGeometry)
  {
    header.geometrySource = "assumption";
    header.warnings.emplace_back(
        "no geometry: placed at the origin with LPS axes, left and right are a guess");
    for (int axis = 0; axis < 3; ++axis)
    {
      ras[axis][axis] = (axis == 2 ? 1.0 : -1.0) * SpacingOf(fields, axis);
    }
  }
  else
  {
    ras = ChooseMatrix(fields, header, options, path);
  }
  for (int row = 0; row < 3; ++row)
  {
    for (double & value : ras[row])
    {
      value *= unit;
    }
  }
  ras[3] = {0, 0, 0, 1};
  header.lpsFromIndex = FlipRasLps(ras);
  CheckGeometry(header, options, path);
  for (int axis = 0; axis < 3 && header.geometrySource == "sform"; ++axis)
  {
    const double length = std::hypot(ras[0][axis], ras[1][axis], ras[2][axis]);
    const double pixdim = SpacingOf(fields, axis) * unit;
    if (std::abs(length - pixdim) > 0.01 * length)
    {
      header.warnings.push_back(Message(
          "pixdim says ", pixdim, " mm for axis ", axis, ", sform ", length, " mm: sform is used"));
    }
  }
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
  SetGeometry(fields, header, options, path);
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
