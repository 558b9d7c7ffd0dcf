#include "sulcusNrrdFields.h"
#include "sulcusTextHeader.h"
#include "sulcusTextVolumeHeaders.h"
#include "sulcusVolumeGeometry.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace sulcus
{

namespace
{

/** One spelling a field. */
std::string
CanonicalName(const std::string & name)
{
  static const std::map<std::string, std::string, std::less<>> spellings = {
      {"datafile", "data file"},
      {"lineskip", "line skip"},
      {"byteskip", "byte skip"},
      {"centers", "centerings"},
      {"sampleunits", "sample units"},
      {"oldmin", "old min"},
      {"oldmax", "old max"},
      {"axismins", "axis mins"},
      {"axismaxs", "axis maxs"}};
  const auto found = spellings.find(name);
  return found == spellings.end() ? name : found->second;
}

bool
IsKnown(const std::string & name)
{
  static const std::set<std::string, std::less<>> known = {"content",
                                                           "number",
                                                           "type",
                                                           "block size",
                                                           "dimension",
                                                           "sizes",
                                                           "spacings",
                                                           "thicknesses",
                                                           "axis mins",
                                                           "axis maxs",
                                                           "centerings",
                                                           "labels",
                                                           "units",
                                                           "min",
                                                           "max",
                                                           "old min",
                                                           "old max",
                                                           "data file",
                                                           "endian",
                                                           "encoding",
                                                           "line skip",
                                                           "byte skip",
                                                           "kinds",
                                                           "space",
                                                           "sample units",
                                                           "space dimension",
                                                           "space units",
                                                           "space origin",
                                                           "space directions",
                                                           "measurement frame"};
  return known.contains(name);
}

struct NrrdText
{
  NrrdFields fields;
  std::vector<std::pair<std::string, std::string>> pairs;
  std::size_t dataOffset = 0;
};

NrrdText
ReadText(ByteView file, const std::string & path)
{
  TextHeader text(file, path);
  const auto magic = text.NextLine();
  if (magic.size() != 8 || !magic.starts_with("NRRD000") || magic[7] < '1' || magic[7] > '5')
  {
    throw InputError(Message(path, ": is not NRRD version 1 to 5"));
  }
  NrrdText result;
  while (!text.AtEnd())
  {
    const auto line = text.NextLine();
    if (line.empty())
    {
      break;
    }
    if (line.front() == '#')
    {
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon + 1 >= line.size())
    {
      throw InputError(Message(path, ": a header line is neither field nor key/value pair"));
    }
    if (line[colon + 1] == '=')
    {
      const std::string key(line.substr(0, colon));
      if (std::any_of(result.pairs.begin(),
                      result.pairs.end(),
                      [&](const auto & p) { return p.first == key; }))
      {
        throw InputError(Message(path, ": key '", key, "' appears twice"));
      }
      result.pairs.emplace_back(key, line.substr(colon + 2));
      continue;
    }
    const auto name = CanonicalName(LowerCase(Trimmed(line.substr(0, colon))));
    if (!IsKnown(name))
    {
      throw InputError(Message(path, ": unknown NRRD field '", name, "'"));
    }
    if (!result.fields.emplace(name, Trimmed(line.substr(colon + 1))).second)
    {
      throw InputError(Message(path, ": NRRD field '", name, "' appears twice"));
    }
  }
  result.dataOffset = text.Position();
  return result;
}

VoxelType
TypeOf(const std::string & name, const std::string & path)
{
  static const std::map<std::string, VoxelType, std::less<>> types = {
      {"signed char", VoxelType::Int8},
      {"int8", VoxelType::Int8},
      {"int8_t", VoxelType::Int8},
      {"uchar", VoxelType::UInt8},
      {"unsigned char", VoxelType::UInt8},
      {"uint8", VoxelType::UInt8},
      {"uint8_t", VoxelType::UInt8},
      {"short", VoxelType::Int16},
      {"short int", VoxelType::Int16},
      {"signed short", VoxelType::Int16},
      {"signed short int", VoxelType::Int16},
      {"int16", VoxelType::Int16},
      {"int16_t", VoxelType::Int16},
      {"ushort", VoxelType::UInt16},
      {"unsigned short", VoxelType::UInt16},
      {"unsigned short int", VoxelType::UInt16},
      {"uint16", VoxelType::UInt16},
      {"uint16_t", VoxelType::UInt16},
      {"int", VoxelType::Int32},
      {"signed int", VoxelType::Int32},
      {"int32", VoxelType::Int32},
      {"int32_t", VoxelType::Int32},
      {"uint", VoxelType::UInt32},
      {"unsigned int", VoxelType::UInt32},
      {"uint32", VoxelType::UInt32},
      {"uint32_t", VoxelType::UInt32},
      {"longlong", VoxelType::Int64},
      {"long long", VoxelType::Int64},
      {"long long int", VoxelType::Int64},
      {"signed long long", VoxelType::Int64},
      {"signed long long int", VoxelType::Int64},
      {"int64", VoxelType::Int64},
      {"int64_t", VoxelType::Int64},
      {"ulonglong", VoxelType::UInt64},
      {"unsigned long long", VoxelType::UInt64},
      {"unsigned long long int", VoxelType::UInt64},
      {"uint64", VoxelType::UInt64},
      {"uint64_t", VoxelType::UInt64},
      {"float", VoxelType::Float32},
      {"double", VoxelType::Float64}};
  const auto found = types.find(LowerCase(name));
  if (found == types.end())
  {
    throw InputError(Message(path, ": NRRD type '", name, "' is not supported"));
  }
  return found->second;
}

void
SetData(const NrrdText & text, ParsedHeader & parsed, const std::string & path)
{
  const auto encoding = LowerCase(RequireNrrdField(text.fields, "encoding", path));
  if (encoding == "gzip" || encoding == "gz")
  {
    parsed.packing = Packing::Gzip;
  }
  else if (encoding != "raw")
  {
    throw InputError(
        Message(path, ": NRRD encoding '", encoding, "' is not supported (need raw or gzip)"));
  }
  parsed.header.gzipped = parsed.packing == Packing::Gzip;
  if (SizeOf(parsed.header.voxelType) > 1)
  {
    const auto endian = LowerCase(RequireNrrdField(text.fields, "endian", path));
    if (endian != "little" && endian != "big")
    {
      throw InputError(Message(path, ": NRRD endian '", endian, "' (need little or big)"));
    }
    parsed.header.bigEndian = endian == "big";
  }
  for (const std::string name : {"line skip", "byte skip"})
  {
    const auto found = text.fields.find(name);
    if (found != text.fields.end() && found->second != "0")
    {
      throw InputError(Message(path, ": NRRD '", name, "' is not supported"));
    }
  }
  const auto file = text.fields.find("data file");
  if (file == text.fields.end())
  {
    parsed.header.dataOffset = text.dataOffset;
    return;
  }
  if (file->second == "LIST" || file->second.starts_with("LIST ") ||
      !IsPlainFileName(file->second) || SplitWords(file->second).size() > 1)
  {
    throw InputError(Message(path, ": data file must be one plain name in the same folder"));
  }
  parsed.header.dataPath = SiblingPath(path, file->second);
}

} // namespace

ParsedHeader
ParseNrrdHeader(ByteView file, const VolumeReadOptions & options, const std::string & path)
{
  const auto text = ReadText(file, path);
  ParsedHeader parsed;
  auto & header = parsed.header;
  header.format = FileFormat::Nrrd;
  header.formatName = "NRRD";
  header.voxelType = TypeOf(RequireNrrdField(text.fields, "type", path), path);
  const auto dimension = ParseNumber<int>(RequireNrrdField(text.fields, "dimension", path));
  const auto sizes = ParseNumbers<std::uint64_t>(RequireNrrdField(text.fields, "sizes", path));
  if (!dimension || !sizes || sizes->size() != static_cast<std::size_t>(*dimension) ||
      *dimension < 3)
  {
    throw InputError(
        Message(path, ": NRRD dimension and sizes do not fit together (need 3 or 4 axes)"));
  }
  SetNrrdGeometry(text.fields, *sizes, header, options, path);
  CheckSize(header, options, path);
  CheckGeometry(header, options, path);
  SetData(text, parsed, path);
  header.fields = text.pairs;
  return parsed;
}

} // namespace sulcus
