#include "sulcusDeclaredLabels.h"

#include <sulcusError.h>
#include <sulcusJson.h>
#include <sulcusParameters.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <set>

namespace sulcus
{
namespace
{

using Json = nlohmann::json;

std::optional<std::int64_t>
WholeNumber(const std::string & text)
{
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
  {
    return std::nullopt;
  }
  return value;
}

std::uint16_t
LabelValue(const Json & json, const std::string & name, const std::string & origin)
{
  if (!json.is_number_integer() || json.get<std::int64_t>() < 0 || json.get<std::int64_t>() > 65535)
  {
    throw UsageError(Message(origin,
                             ": label '",
                             name,
                             "': expected a whole number from 0 to 65535, got ",
                             json.dump()));
  }
  return json.get<std::uint16_t>();
}

/** One declared entry: its name and its label values. */
struct Entry
{
  std::string name;
  std::vector<std::uint16_t> values;
};

std::vector<Entry>
EntriesOfPlan(const Json & list, const std::string & origin)
{
  std::vector<Entry> entries;
  for (const auto & item : list)
  {
    if (!item.is_object() || !item.contains("name") || !item["name"].is_string() ||
        !item.contains("value"))
    {
      throw UsageError(
          Message(origin, ": labels: expected objects with 'value' and 'name', got ", item.dump()));
    }
    const auto name = item["name"].get<std::string>();
    entries.push_back({name, {LabelValue(item["value"], name, origin)}});
  }
  return entries;
}

std::vector<Entry>
EntriesOfDataset(const Json & object, const std::string & origin)
{
  std::vector<Entry> entries;
  for (const auto & [key, value] : object.items())
  {
    if (value.is_string()) // Decathlon: number as text → name
    {
      const auto number = WholeNumber(key);
      if (!number)
      {
        throw UsageError(Message(origin, ": labels: '", key, "' is no label value"));
      }
      const auto name = value.get<std::string>();
      entries.push_back({name, {LabelValue(*number, name, origin)}});
      continue;
    }
    Entry entry{key, {}};
    for (const auto & one : value.is_array() ? value : Json::array({value}))
    {
      entry.values.push_back(LabelValue(one, key, origin));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

void
AddEntry(DeclaredLabels & labels, const Entry & entry, const std::string & origin)
{
  labels.values.insert(labels.values.end(), entry.values.begin(), entry.values.end());
  if (entry.name == "ignore" && entry.values.size() == 1)
  {
    labels.ignored = entry.values.front();
    return;
  }
  if (entry.values == std::vector<std::uint16_t>{0})
  {
    return;
  }
  if (entry.values.empty())
  {
    throw UsageError(Message(origin, ": label '", entry.name, "' has no value"));
  }
  for (const auto & structure : labels.structures)
  {
    if (structure.name == entry.name)
    {
      throw UsageError(Message(origin, ": two labels are named '", entry.name, "'"));
    }
  }
  labels.structures.push_back({entry.name, entry.values});
}

void
SortValues(DeclaredLabels & labels)
{
  labels.values.push_back(0);
  std::sort(labels.values.begin(), labels.values.end());
  labels.values.erase(std::unique(labels.values.begin(), labels.values.end()), labels.values.end());
}

std::string
Joined(const std::vector<std::uint16_t> & values)
{
  std::string text;
  for (const auto value : values)
  {
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  }
  return text;
}

std::vector<std::uint16_t>
ValuesOfPart(const DeclaredLabels & labels, const std::string & part, const std::string & region)
{
  std::vector<std::string> names;
  for (const auto & structure : labels.structures)
  {
    if (structure.name == part)
    {
      return structure.values;
    }
    names.push_back(structure.name);
  }
  const auto number = WholeNumber(part);
  if (!number)
  {
    throw UsageError(Message(
        "region '", region, "': unknown structure '", part, "'; ", SuggestName(part, names)));
  }
  const auto known = std::find(labels.values.begin(), labels.values.end(), *number);
  if (known == labels.values.end() || *number == 0)
  {
    throw UsageError(Message("region '",
                             region,
                             "': label ",
                             *number,
                             " is not declared; declared: ",
                             Joined(labels.values)));
  }
  return {*known};
}

} // namespace

DeclaredLabels
DeclaredLabelsFromJson(const Json & json, const std::string & origin)
{
  const bool hasLabels = json.is_object() && json.contains("labels");
  if (!hasLabels || !(json["labels"].is_array() || json["labels"].is_object()))
  {
    throw UsageError(Message(origin, ": expected an object or a list named 'labels'"));
  }
  const auto & list = json["labels"];
  auto entries = list.is_array() ? EntriesOfPlan(list, origin) : EntriesOfDataset(list, origin);
  std::stable_sort(entries.begin(),
                   entries.end(),
                   [](const Entry & a, const Entry & b) { return a.values < b.values; });
  DeclaredLabels labels;
  for (const auto & entry : entries)
  {
    AddEntry(labels, entry, origin);
  }
  if (labels.structures.empty())
  {
    throw UsageError(Message(origin, ": labels name nothing but the background"));
  }
  SortValues(labels);
  return labels;
}

DeclaredLabels
ReadDeclaredLabels(const std::filesystem::path & path)
{
  return DeclaredLabelsFromJson(ReadJsonFile(path), path.string());
}

DeclaredLabels
DeclareFound(const std::vector<std::uint16_t> & values)
{
  DeclaredLabels labels;
  labels.values = values;
  SortValues(labels);
  for (const auto value : labels.values)
  {
    if (value != 0)
    {
      labels.structures.push_back({"label_" + std::to_string(value), {value}});
    }
  }
  return labels;
}

void
AddRegion(DeclaredLabels & labels, const std::string & region)
{
  const auto equals = region.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == region.size())
  {
    throw UsageError(Message("region '", region, "': expected name=part+part, e.g. whole=1+2"));
  }
  Structure structure{region.substr(0, equals), {}};
  for (const auto & known : labels.structures)
  {
    if (known.name == structure.name)
    {
      throw UsageError(Message("region '", region, "': the name '", structure.name, "' is in use"));
    }
  }
  for (std::size_t begin = equals + 1; begin <= region.size();)
  {
    const auto end = std::min(region.find('+', begin), region.size());
    const auto values = ValuesOfPart(labels, region.substr(begin, end - begin), region);
    structure.values.insert(structure.values.end(), values.begin(), values.end());
    begin = end + 1;
  }
  labels.structures.push_back(std::move(structure));
}

void
RequireDeclared(const Confusion & confusion,
                const DeclaredLabels & labels,
                const std::string & referencePath,
                const std::string & predictionPath)
{
  const auto undeclared = [&](std::uint16_t label)
  { return !std::binary_search(labels.values.begin(), labels.values.end(), label); };
  std::map<std::uint16_t, std::uint64_t> inReference;
  std::map<std::uint16_t, std::uint64_t> inPrediction;
  for (const auto & [pair, count] : confusion.Pairs())
  {
    if (undeclared(pair.first))
    {
      inReference[pair.first] += count;
    }
    if (undeclared(pair.second))
    {
      inPrediction[pair.second] += count;
    }
  }
  const auto refuse = [&](const auto & found, const std::string & path)
  {
    if (!found.empty())
    {
      throw InputError(Message(path,
                               ": label ",
                               found.begin()->first,
                               " (",
                               found.begin()->second,
                               " voxels) is not declared; declared: ",
                               Joined(labels.values)));
    }
  };
  refuse(inReference, referencePath);
  refuse(inPrediction, predictionPath);
}

} // namespace sulcus
