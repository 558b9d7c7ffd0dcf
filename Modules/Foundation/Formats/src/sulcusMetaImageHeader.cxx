#include "sulcusTextHeader.h"
#include "sulcusTextVolumeHeaders.h"
#include "sulcusVolumeGeometry.h"
#include <sulcusError.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

namespace sulcus
{

namespace
{

using Fields = std::map<std::string, std::string, std::less<>>;

bool
IsKnown(std::string_view key)
{
  static const std::set<std::string_view> known = {"ObjectType",
                                                   "ObjectSubType",
                                                   "NDims",
                                                   "Name",
                                                   "ID",
                                                   "ParentID",
                                                   "Comment",
                                                   "TransformType",
                                                   "CompressedData",
                                                   "CompressedDataSize",
                                                   "BinaryData",
                                                   "BinaryDataByteOrderMSB",
                                                   "ElementByteOrderMSB",
                                                   "Color",
                                                   "TransformMatrix",
                                                   "Rotation",
                                                   "Orientation",
                                                   "Offset",
                                                   "Position",
                                                   "Origin",
                                                   "CenterOfRotation",
                                                   "AnatomicalOrientation",
                                                   "DistanceUnits",
                                                   "ElementSpacing",
                                                   "ElementSize",
                                                   "DimSize",
                                                   "HeaderSize",
                                                   "Modality",
                                                   "SequenceID",
                                                   "ElementMin",
                                                   "ElementMax",
                                                   "ElementNumberOfChannels",
                                                   "ElementType",
                                                   "ElementDataFile",
                                                   "CompressionLevel"};
  return known.contains(key);
}

/** Dictionary entries that ITK and SimpleITK copy into the header: "0010|0010" and "ITK_…". */
bool
IsDictionaryEntry(std::string_view key)
{
  if (key.starts_with("ITK_"))
  {
    return true;
  }
  return key.size() == 9 && key[4] == '|' &&
         std::all_of(key.begin(),
                     key.end(),
                     [](unsigned char c) { return c == '|' || std::isxdigit(c) != 0; });
}

struct MetaText
{
  Fields fields;
  std::size_t ignored = 0;
  std::size_t dataOffset = 0;
};

MetaText
ReadText(ByteView file, const std::string & path)
{
  TextHeader text(file, path);
  MetaText result;
  while (!text.AtEnd())
  {
    const auto line = text.NextLine();
    if (line.empty())
    {
      continue;
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
    {
      throw InputError(Message(path, ": a MetaImage header line has no '='"));
    }
    const std::string key(Trimmed(line.substr(0, equals)));
    if (IsDictionaryEntry(key))
    {
      ++result.ignored;
      continue;
    }
    if (!IsKnown(key))
    {
      throw InputError(Message(path, ": unknown MetaImage key '", key, "'"));
    }
    if (!result.fields.emplace(key, Trimmed(line.substr(equals + 1))).second)
    {
      throw InputError(Message(path, ": MetaImage key '", key, "' appears twice"));
    }
    if (key == "ElementDataFile")
    {
      result.dataOffset = text.Position();
      return result;
    }
  }
  throw InputError(Message(path, ": MetaImage header has no ElementDataFile"));
}

/** Value of the first of several spellings, or nullptr; two spellings at once are refused. */
const std::string *
Find(const Fields & fields, std::initializer_list<std::string_view> keys, const std::string & path)
{
  const std::string * result = nullptr;
  for (const auto key : keys)
  {
    if (const auto found = fields.find(key); found != fields.end())
    {
      if (result != nullptr)
      {
        throw InputError(
            Message(path, ": MetaImage key '", key, "' appears twice, under another name"));
      }
      result = &found->second;
    }
  }
  return result;
}

bool
Flag(const Fields & fields,
     std::initializer_list<std::string_view> keys,
     bool whenAbsent,
     const std::string & path)
{
  const auto * const text = Find(fields, keys, path);
  if (text == nullptr)
  {
    return whenAbsent;
  }
  if (*text == "True" || *text == "true" || *text == "1")
  {
    return true;
  }
  if (*text == "False" || *text == "false" || *text == "0")
  {
    return false;
  }
  throw InputError(
      Message(path, ": MetaImage ", *keys.begin(), " = ", *text, " (need True or False)"));
}

template <typename T>
std::vector<T>
RequireNumbers(const Fields & fields,
               std::initializer_list<std::string_view> keys,
               std::size_t count,
               const std::string & path)
{
  const auto * const text = Find(fields, keys, path);
  if (text == nullptr)
  {
    throw InputError(Message(path, ": MetaImage ", *keys.begin(), " is missing"));
  }
  const auto values = ParseNumbers<T>(*text);
  if (!values || values->size() != count)
  {
    throw InputError(Message(path, ": MetaImage ", *keys.begin(), " needs ", count, " numbers"));
  }
  return *values;
}

VoxelType
TypeOf(const std::string & name, const std::string & path)
{
  static const std::map<std::string, VoxelType, std::less<>> types = {
      {"MET_CHAR", VoxelType::Int8},
      {"MET_UCHAR", VoxelType::UInt8},
      {"MET_SHORT", VoxelType::Int16},
      {"MET_USHORT", VoxelType::UInt16},
      {"MET_INT", VoxelType::Int32},
      {"MET_UINT", VoxelType::UInt32},
      {"MET_LONG_LONG", VoxelType::Int64},
      {"MET_ULONG_LONG", VoxelType::UInt64},
      {"MET_FLOAT", VoxelType::Float32},
      {"MET_DOUBLE", VoxelType::Float64}};
  const auto found = types.find(name);
  if (found == types.end())
  {
    throw InputError(Message(path, ": MetaImage ElementType ", name, " is not supported"));
  }
  return found->second;
}

void
SetGeometry(const Fields & fields,
            std::size_t rank,
            VolumeHeader & header,
            const VolumeReadOptions & options,
            const std::string & path)
{
  const auto spacing =
      RequireNumbers<double>(fields, {"ElementSpacing", "ElementSize"}, rank, path);
  if (const auto * const units = Find(fields, {"DistanceUnits"}, path);
      units != nullptr && *units != "mm" && *units != "?" && *units != "um" && *units != "cm")
  {
    throw GeometryError(Message(path, ": DistanceUnits = ", *units, " is not understood"));
  }
  else if (units != nullptr && (*units == "um" || *units == "cm"))
  {
    throw GeometryError(Message(path, ": DistanceUnits = ", *units, " (need mm)"));
  }
  std::vector<double> matrix(rank * rank, 0.0);
  std::vector<double> offset(rank, 0.0);
  const auto matrixKeys = {std::string_view("TransformMatrix"),
                           std::string_view("Rotation"),
                           std::string_view("Orientation")};
  const auto offsetKeys = {
      std::string_view("Offset"), std::string_view("Position"), std::string_view("Origin")};
  const bool present =
      Find(fields, matrixKeys, path) != nullptr && Find(fields, offsetKeys, path) != nullptr;
  if (present)
  {
    matrix = RequireNumbers<double>(fields, matrixKeys, rank * rank, path);
    offset = RequireNumbers<double>(fields, offsetKeys, rank, path);
    header.geometrySource = "TransformMatrix";
  }
  else if (options.allowMissingGeometry)
  {
    for (std::size_t axis = 0; axis < rank; ++axis)
    {
      matrix[axis * rank + axis] = 1.0;
    }
    header.geometrySource = "assumption";
    header.warnings.emplace_back(
        "no geometry: placed at the origin with LPS axes, left and right are a guess");
  }
  else
  {
    throw GeometryError(Message(
        path,
        ": has no geometry (TransformMatrix or Offset is missing), so left and right are unknown"));
  }
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    for (std::size_t row = 0; row < 3; ++row)
    {
      header.lpsFromIndex[row][axis] = matrix[axis * rank + row] * spacing[axis];
    }
    header.lpsFromIndex[axis][3] = offset[axis];
    if (!(spacing[axis] > 0.0))
    {
      throw GeometryError(
          Message(path, ": ElementSpacing is ", spacing[axis], " (spacing must be above 0)"));
    }
  }
  header.lpsFromIndex[3] = {0, 0, 0, 1};
}

void
SetData(const MetaText & text, ParsedHeader & parsed, const std::string & path)
{
  const auto & fields = text.fields;
  if (!Flag(fields, {"BinaryData"}, true, path))
  {
    throw InputError(Message(path, ": MetaImage voxels in text form are not supported"));
  }
  parsed.header.bigEndian =
      Flag(fields, {"BinaryDataByteOrderMSB", "ElementByteOrderMSB"}, false, path);
  parsed.packing = Flag(fields, {"CompressedData"}, false, path) ? Packing::Zlib : Packing::Raw;
  if (const auto * const size = Find(fields, {"CompressedDataSize"}, path))
  {
    const auto bytes = ParseNumber<std::uint64_t>(*size);
    if (!bytes || *bytes == 0)
    {
      throw InputError(Message(path, ": CompressedDataSize = ", *size, " is no size"));
    }
    parsed.packedBytes = *bytes;
  }
  if (const auto * const skip = Find(fields, {"HeaderSize"}, path); skip != nullptr && *skip != "0")
  {
    throw InputError(Message(path, ": MetaImage HeaderSize is not supported"));
  }
  const auto & file = fields.at("ElementDataFile");
  if (file == "LOCAL" || file == "Local" || file == "local")
  {
    parsed.header.dataOffset = text.dataOffset;
    return;
  }
  if (file.starts_with("LIST") || !IsPlainFileName(file))
  {
    throw InputError(
        Message(path, ": ElementDataFile must be LOCAL or one plain name in the same folder"));
  }
  parsed.header.dataPath = SiblingPath(path, file);
}

} // namespace

ParsedHeader
ParseMetaImageHeader(ByteView file, const VolumeReadOptions & options, const std::string & path)
{
  const auto text = ReadText(file, path);
  const auto & fields = text.fields;
  ParsedHeader parsed;
  auto & header = parsed.header;
  header.format = FileFormat::MetaImage;
  header.formatName = "MetaImage";
  if (const auto * const type = Find(fields, {"ObjectType"}, path);
      type != nullptr && *type != "Image")
  {
    throw InputError(Message(path, ": MetaImage ObjectType ", *type, " (need Image)"));
  }
  const auto rank = RequireNumbers<std::uint32_t>(fields, {"NDims"}, 1, path)[0];
  if (rank != 3 && rank != 4)
  {
    throw GeometryError(Message(path, ": MetaImage NDims is ", rank, " (need 3 or 4)"));
  }
  const auto sizes = RequireNumbers<std::uint64_t>(fields, {"DimSize"}, rank, path);
  std::copy_n(sizes.begin(), 3, header.size.begin());
  header.volumes = rank == 4 ? sizes[3] : 1;
  if (Find(fields, {"ElementNumberOfChannels"}, path) != nullptr)
  {
    header.components =
        RequireNumbers<std::uint64_t>(fields, {"ElementNumberOfChannels"}, 1, path)[0];
    header.interleaved = true;
  }
  const auto * const type = Find(fields, {"ElementType"}, path);
  header.voxelType = TypeOf(type == nullptr ? "(none)" : *type, path);
  if (text.ignored > 0)
  {
    header.warnings.push_back(
        Message(text.ignored, " dictionary entries in the header are ignored"));
  }
  CheckSize(header, options, path);
  SetGeometry(fields, rank, header, options, path);
  CheckGeometry(header, options, path);
  SetData(text, parsed, path);
  return parsed;
}

std::string
BuildMetaImageHeader(const VolumeHeader & header)
{
  static constexpr std::string_view types[] = {"MET_CHAR",
                                               "MET_UCHAR",
                                               "MET_SHORT",
                                               "MET_USHORT",
                                               "MET_INT",
                                               "MET_UINT",
                                               "MET_LONG_LONG",
                                               "MET_ULONG_LONG",
                                               "MET_FLOAT",
                                               "MET_DOUBLE"};
  std::ostringstream text;
  text.precision(17);
  const auto & m = header.lpsFromIndex;
  std::array<double, 3> spacing{};
  text << "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
       << "CompressedData = False\nTransformMatrix =";
  for (int axis = 0; axis < 3; ++axis)
  {
    spacing[axis] = std::hypot(m[0][axis], m[1][axis], m[2][axis]);
    for (int row = 0; row < 3; ++row)
    {
      text << ' ' << m[row][axis] / spacing[axis];
    }
  }
  text << "\nOffset = " << m[0][3] << ' ' << m[1][3] << ' ' << m[2][3]
       << "\nCenterOfRotation = 0 0 0\n"
       << "ElementSpacing = " << spacing[0] << ' ' << spacing[1] << ' ' << spacing[2]
       << "\nDimSize = " << header.size[0] << ' ' << header.size[1] << ' ' << header.size[2]
       << '\n';
  if (header.components * header.volumes > 1)
  {
    text << "ElementNumberOfChannels = " << header.components * header.volumes << '\n';
  }
  text << "ElementType = " << types[static_cast<int>(header.voxelType)]
       << "\nElementDataFile = LOCAL\n";
  return text.str();
}

} // namespace sulcus
