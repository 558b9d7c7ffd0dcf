#include "sulcusNrrdFields.h"
#include "sulcusTextHeader.h"
#include "sulcusVolumeGeometry.h"
#include <sulcusError.h>

#include <algorithm>
#include <array>
#include <optional>

namespace sulcus
{

namespace
{

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
  const auto name = LowerCase(space);
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
RequireMillimetres(const NrrdFields & fields, const std::string & path)
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
SetUnknownGeometry(const NrrdFields & fields,
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

} // namespace

std::string
LowerCase(std::string_view text)
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

const std::string &
RequireNrrdField(const NrrdFields & fields, const std::string & name, const std::string & path)
{
  const auto found = fields.find(name);
  if (found == fields.end())
  {
    throw InputError(Message(path, ": NRRD field '", name, "' is missing"));
  }
  return found->second;
}

void
SetNrrdGeometry(const NrrdFields & fields,
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
  const auto origin = ParseVector(RequireNrrdField(fields, "space origin", path), path);
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

} // namespace sulcus
