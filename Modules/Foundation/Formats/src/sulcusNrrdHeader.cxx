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

using Fields = std::map<std::string, std::string, std::less<>>;

std::string
Lower(std::string_view text)
{
  std::string lower(text);
  std::transform(lower.begin(),
                 lower.end(),
                 lower.begin(),
                 [](unsigned char c) {
                   return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
                 });
  return lower;
}

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
  Fields fields;
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
    const auto name = CanonicalName(Lower(Trimmed(line.substr(0, colon))));
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

const std::string &
Require(const Fields & fields, const std::string & name, const std::string & path)
{
  const auto found = fields.find(name);
  if (found == fields.end())
  {
    throw InputError(Message(path, ": NRRD field '", name, "' is missing"));
  }
  return found->second;
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
  const auto found = types.find(Lower(name));
  if (found == types.end())
  {
    throw InputError(Message(path, ": NRRD type '", name, "' is not supported"));
  }
  return found->second;
}

/** The vector "(a,b,c)". */
std::array<double, 3>
ParseVector(std::string_view text, const std::string & path)
{
  std::array<double, 3> vector{};
  std::string inner(Trimmed(text));
  const bool bracketed = inner.size() >= 2 && inner.front() == '(' && inner.back() == ')';
  if (bracketed)
  {
    inner = inner.substr(1, inner.size() - 2);
    std::replace(inner.begin(), inner.end(), ',', ' ');
    if (const auto values = ParseNumbers<double>(inner); values && values->size() == 3)
    {
      std::copy(values->begin(), values->end(), vector.begin());
      return vector;
    }
  }
  throw InputError(Message(path, ": '", inner, "' is not a vector of three numbers"));
}

/** The entries of `space directions`: vectors, or nothing for an axis that is not in space. */
std::vector<std::optional<std::array<double, 3>>>
ParseDirections(std::string_view text, const std::string & path)
{
  std::vector<std::optional<std::array<double, 3>>> directions;
  for (text = Trimmed(text); !text.empty(); text = Trimmed(text))
  {
    if (text.starts_with("none"))
    {
      directions.emplace_back();
      text.remove_prefix(4);
      continue;
    }
    const auto end = text.find(')');
    if (end == std::string_view::npos)
    {
      throw InputError(Message(path, ": 'space directions' is damaged"));
    }
    directions.emplace_back(ParseVector(text.substr(0, end + 1), path));
    text.remove_prefix(end + 1);
  }
  return directions;
}

/** Signs that turn the file's space into LPS; nothing where the space does not name body
 * directions. */
std::optional<std::array<double, 3>>
SignsOfSpace(const std::string & space)
{
  const auto name = Lower(space);
  if (name == "left-posterior-superior" || name == "lps")
  {
    return std::array<double, 3>{1, 1, 1};
  }
  if (name == "right-anterior-superior" || name == "ras")
  {
    return std::array<double, 3>{-1, -1, 1};
  }
  if (name == "left-anterior-superior" || name == "las")
  {
    return std::array<double, 3>{1, -1, 1};
  }
  return std::nullopt;
}

void
RequireMillimetres(const Fields & fields, const std::string & path)
{
  const auto found = fields.find("space units");
  if (found == fields.end())
  {
    return;
  }
  auto text = found->second;
  std::replace(text.begin(), text.end(), '"', ' ');
  for (const auto word : SplitWords(text))
  {
    if (word != "mm" && word != "millimeter" && word != "millimeters")
    {
      throw GeometryError(Message(path, ": space unit '", std::string(word), "' (need mm)"));
    }
  }
}

/** Which of the axes are in space; checked to be three neighbours, with at most one other before or
 * after. */
std::size_t
FirstSpatialAxis(const std::vector<std::uint64_t> & sizes,
                 const std::vector<bool> & spatial,
                 VolumeHeader & header,
                 const std::string & path)
{
  const auto count = std::count(spatial.begin(), spatial.end(), true);
  if (count != 3 || sizes.size() > 4)
  {
    throw GeometryError(Message(
        path, ": has ", count, " axes in space of ", sizes.size(), " (need 3 of at most 4)"));
  }
  if (sizes.size() == 3)
  {
    return 0;
  }
  if (!spatial[0])
  {
    header.components = sizes[0];
    header.interleaved = true;
    return 1;
  }
  if (!spatial[3])
  {
    header.volumes = sizes[3];
    return 0;
  }
  throw GeometryError(Message(path, ": an axis that is not in space lies between two that are"));
}

void
SetUnknownGeometry(const Fields & fields,
                   const std::vector<std::uint64_t> & sizes,
                   VolumeHeader & header,
                   const VolumeReadOptions & options,
                   const std::string & path)
{
  if (!options.allowMissingGeometry || sizes.size() != 3)
  {
    throw GeometryError(Message(path,
                                ": has no geometry (no 'space' that names body directions), so "
                                "left and right are unknown"));
  }
  std::copy(sizes.begin(), sizes.end(), header.size.begin());
  const auto found = fields.find("spacings");
  const auto spacings = found == fields.end() ? std::nullopt : ParseNumbers<double>(found->second);
  if (!spacings || spacings->size() != 3)
  {
    throw GeometryError(Message(path, ": has no spacing"));
  }
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    header.lpsFromIndex[axis][axis] = (*spacings)[axis];
  }
  header.geometrySource = "assumption";
  header.warnings.emplace_back(
      "no geometry: placed at the origin with LPS axes, left and right are a guess");
}

void
SetGeometry(const Fields & fields,
            const std::vector<std::uint64_t> & sizes,
            VolumeHeader & header,
            const VolumeReadOptions & options,
            const std::string & path)
{
  const auto space = fields.find("space");
  const auto directionText = fields.find("space directions");
  const auto signs = space == fields.end() ? std::nullopt : SignsOfSpace(space->second);
  header.lpsFromIndex[3] = {0, 0, 0, 1};
  if (!signs || directionText == fields.end())
  {
    SetUnknownGeometry(fields, sizes, header, options, path);
    CheckGeometry(header, options, path);
    return;
  }
  RequireMillimetres(fields, path);
  const auto directions = ParseDirections(directionText->second, path);
  if (directions.size() != sizes.size())
  {
    throw InputError(
        Message(path, ": ", directions.size(), " space directions for ", sizes.size(), " axes"));
  }
  std::vector<bool> spatial;
  for (const auto & direction : directions)
  {
    spatial.push_back(direction.has_value());
  }
  const auto first = FirstSpatialAxis(sizes, spatial, header, path);
  const auto origin = ParseVector(Require(fields, "space origin", path), path);
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    header.size[axis] = sizes[first + axis];
    for (std::size_t row = 0; row < 3; ++row)
    {
      header.lpsFromIndex[row][axis] = (*signs)[row] * (*directions[first + axis])[row];
    }
    header.lpsFromIndex[axis][3] = (*signs)[axis] * origin[axis];
  }
  header.geometrySource = "space directions";
}

void
SetData(const NrrdText & text, ParsedHeader & parsed, const std::string & path)
{
  const auto encoding = Lower(Require(text.fields, "encoding", path));
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
    const auto endian = Lower(Require(text.fields, "endian", path));
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
  header.voxelType = TypeOf(Require(text.fields, "type", path), path);
  const auto dimension = ParseNumber<int>(Require(text.fields, "dimension", path));
  const auto sizes = ParseNumbers<std::uint64_t>(Require(text.fields, "sizes", path));
  if (!dimension || !sizes || sizes->size() != static_cast<std::size_t>(*dimension) ||
      *dimension < 3)
  {
    throw InputError(
        Message(path, ": NRRD dimension and sizes do not fit together (need 3 or 4 axes)"));
  }
  SetGeometry(text.fields, *sizes, header, options, path);
  CheckSize(header, options, path);
  CheckGeometry(header, options, path);
  SetData(text, parsed, path);
  header.fields = text.pairs;
  return parsed;
}

std::string
BuildNrrdHeader(const VolumeHeader & header, bool gzip)
{
  static constexpr std::string_view types[] = {
      "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float", "double"};
  std::ostringstream text;
  text.precision(17);
  const bool list = header.components * header.volumes > 1;
  const auto & m = header.lpsFromIndex;
  text << "NRRD0004\n"
       << "type: " << types[static_cast<int>(header.voxelType)] << "\n"
       << "dimension: " << (list ? 4 : 3) << "\n"
       << "space: left-posterior-superior\n"
       << "sizes: ";
  if (list)
  {
    text << header.components * header.volumes << ' ';
  }
  text << header.size[0] << ' ' << header.size[1] << ' ' << header.size[2] << "\nspace directions:";
  text << (list ? " none" : "");
  for (int axis = 0; axis < 3; ++axis)
  {
    text << " (" << m[0][axis] << ',' << m[1][axis] << ',' << m[2][axis] << ')';
  }
  text << "\nkinds:" << (list ? " list" : "") << " domain domain domain\n"
       << "endian: little\n"
       << "encoding: " << (gzip ? "gzip" : "raw") << "\n"
       << "space origin: (" << m[0][3] << ',' << m[1][3] << ',' << m[2][3] << ")\n";
  for (const auto & [key, value] : header.fields)
  {
    text << key << ":=" << value << '\n';
  }
  text << '\n';
  return text.str();
}

} // namespace sulcus
