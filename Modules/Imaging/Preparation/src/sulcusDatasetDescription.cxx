#include "sulcusDatasetListing.h"
#include <sulcusError.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sulcus
{

namespace
{

bool
IsWholeNumber(const std::string & text)
{
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos &&
         text.size() < 10;
}

const nlohmann::json *
FindKey(const nlohmann::json & json, const std::vector<std::string> & names)
{
  for (const auto & name : names)
  {
    if (const auto found = json.find(name); found != json.end())
    {
      return &*found;
    }
  }
  return nullptr;
}

/** {"0": "T1", "1": "T2"} or ["T1", "T2"]. */
std::vector<std::string>
ReadChannels(const nlohmann::json & json, const std::string & origin)
{
  std::vector<std::string> channels;
  if (json.is_array())
  {
    for (const auto & entry : json)
    {
      if (!entry.is_string())
      {
        throw UsageError(Message(origin, ": a channel name is not a text"));
      }
      channels.push_back(entry.get<std::string>());
    }
    return channels;
  }
  for (std::size_t i = 0; json.is_object() && i < json.size(); ++i)
  {
    const auto found = json.find(std::to_string(i));
    if (found == json.end() || !found->is_string())
    {
      throw UsageError(Message(
          origin, ": channels must be numbered 0 to ", json.size() - 1, ", ", i, " is missing"));
    }
    channels.push_back(found->get<std::string>());
  }
  return channels;
}

/** {"0": "background"} or {"background": 0}. A label named "ignore" means unknown. */
void
ReadLabelNames(const nlohmann::json & json,
               const std::string & origin,
               DatasetDescription & description)
{
  if (!json.is_object())
  {
    throw UsageError(Message(origin, ": 'labels' must be an object"));
  }
  for (const auto & [key, value] : json.items())
  {
    LabelDefinition label;
    if (value.is_number_integer())
    {
      label = {value.get<std::int64_t>(), key};
    }
    else if (value.is_string() && IsWholeNumber(key))
    {
      label = {std::stoll(key), value.get<std::string>()};
    }
    else
    {
      throw UsageError(Message(origin,
                               ": label '",
                               key,
                               "' needs one whole number as its value; regions of several labels "
                               "are not supported"));
    }
    if (label.name == "ignore")
    {
      description.unknownLabel = label.value;
    }
    else
    {
      description.labels.push_back(label);
    }
  }
  std::sort(description.labels.begin(),
            description.labels.end(),
            [](const auto & a, const auto & b) { return a.value < b.value; });
  if (description.labels.empty() || description.labels.front().value != 0)
  {
    throw UsageError(Message(origin, ": 'labels' has no background (value 0)"));
  }
}

} // namespace

DatasetDescription
DescriptionFromJson(const nlohmann::json & json, const std::string & origin)
{
  if (!json.is_object())
  {
    throw UsageError(Message(origin, ": not an object"));
  }
  DatasetDescription description;
  description.name = json.value("name", std::string());
  if (const auto * channels = FindKey(json, {"channel_names", "modality"}))
  {
    description.channels = ReadChannels(*channels, origin);
  }
  if (const auto * labels = FindKey(json, {"labels"}))
  {
    ReadLabelNames(*labels, origin, description);
  }
  if (const auto * ending = FindKey(json, {"file_ending"});
      ending != nullptr && ending->is_string())
  {
    description.fileEnding = ending->get<std::string>();
  }
  if (const auto * value = FindKey(json, {"annotator_unknown_label"});
      value != nullptr && value->is_number_integer())
  {
    description.annotatorUnknownLabel = value->get<std::int64_t>();
  }
  return description;
}

void
ApplyDescription(const DatasetDescription & description, Dataset & dataset)
{
  dataset.name = description.name.empty() ? dataset.name : description.name;
  dataset.channels = description.channels;
  dataset.labels = description.labels;
  dataset.unknownLabel = description.unknownLabel;
  dataset.annotatorUnknownLabel = description.annotatorUnknownLabel;
}

} // namespace sulcus
