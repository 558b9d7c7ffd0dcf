#include "sulcusDicomGroups.h"

#include <sulcusError.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

namespace sulcus
{

Vector3
NormalOf(const DicomFrame & frame)
{
  return Cross(frame.rowDirection, frame.columnDirection);
}

std::vector<double>
PlacesOf(const std::vector<DicomFrame> & frames, const Vector3 & normal)
{
  std::vector<double> places;
  for (const auto & frame : frames)
  {
    places.push_back(Dot(frame.position, normal));
  }
  std::sort(places.begin(), places.end());
  return places;
}

namespace
{

using Key = std::function<std::string(const DicomFrame &)>;

struct NamedKey
{
  std::string name;
  Key key;
};

/** What may tell volumes apart, the most telling first. */
const std::vector<NamedKey> &
Keys()
{
  static const std::vector<NamedKey> keys = {
      {"echo time", [](const auto & f) { return f.echo; }},
      {"b-value", [](const auto & f) { return f.diffusion; }},
      {"stack", [](const auto & f) { return f.stack; }},
      {"time point", [](const auto & f) { return f.temporal; }},
      {"image type", [](const auto & f) { return f.frameType; }},
      {"trigger time", [](const auto & f) { return f.trigger; }},
      {"acquisition", [](const auto & f) { return f.acquisition; }}};
  return keys;
}

/** Order of numbers where both are, else of text. */
bool
KeyLess(const std::string & a, const std::string & b)
{
  char * endA = nullptr;
  char * endB = nullptr;
  const double x = std::strtod(a.c_str(), &endA);
  const double y = std::strtod(b.c_str(), &endB);
  const bool numbers = endA != a.c_str() && endB != b.c_str();
  return numbers && x != y ? x < y : a < b;
}

DicomGroups
Split(const DicomGroups & groups, const NamedKey & named)
{
  DicomGroups result;
  for (const auto & [name, frames] : groups)
  {
    std::vector<std::pair<std::string, std::vector<DicomFrame>>> parts;
    for (const auto & frame : frames)
    {
      const auto key = named.key(frame);
      auto part =
          std::find_if(parts.begin(), parts.end(), [&](const auto & p) { return p.first == key; });
      if (part == parts.end())
      {
        parts.emplace_back(key, std::vector<DicomFrame>());
        part = parts.end() - 1;
      }
      part->second.push_back(frame);
    }
    std::stable_sort(parts.begin(),
                     parts.end(),
                     [](const auto & a, const auto & b) { return KeyLess(a.first, b.first); });
    for (auto & [key, part] : parts)
    {
      const auto text = parts.size() > 1 ? Message(named.name, " ", key) : std::string();
      result.emplace_back(name.empty() || text.empty() ? name + text : name + ", " + text,
                          std::move(part));
    }
  }
  return result;
}

bool
AllDistinct(const DicomGroups & groups, const Vector3 & normal)
{
  for (const auto & [name, frames] : groups)
  {
    const auto places = PlacesOf(frames, normal);
    for (std::size_t i = 1; i < places.size(); ++i)
    {
      if (places[i] - places[i - 1] <= SamePositionInMm)
      {
        return false;
      }
    }
  }
  return true;
}

bool
EqualCounts(const DicomGroups & groups)
{
  return std::all_of(groups.begin(),
                     groups.end(),
                     [&](const auto & g)
                     { return g.second.size() == groups.front().second.size(); });
}

} // namespace

DicomGroups
SplitIntoVolumes(std::vector<DicomFrame> frames, const std::string & path)
{
  const auto normal = NormalOf(frames.front());
  DicomGroups groups{{std::string(), std::move(frames)}};
  for (std::size_t i = 0; i < 2; ++i)
  {
    groups = Split(groups, Keys()[i]);
  }
  for (std::size_t i = 2; i < Keys().size() && !AllDistinct(groups, normal); ++i)
  {
    auto finer = Split(groups, Keys()[i]);
    if (finer.size() > groups.size() && EqualCounts(finer))
    {
      groups = std::move(finer);
    }
  }
  if (!EqualCounts(groups))
  {
    throw GeometryError(Message(path,
                                ": slices are mixed: '",
                                groups.front().first,
                                "' has ",
                                groups.front().second.size(),
                                " slices, '",
                                groups.back().first,
                                "' has ",
                                groups.back().second.size()));
  }
  if (!AllDistinct(groups, normal))
  {
    throw GeometryError(
        Message(path, ": two slices are at the same place (a slice is there twice)"));
  }
  return groups;
}

} // namespace sulcus
