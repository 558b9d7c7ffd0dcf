#include "sulcusSegmentInfo.h"

#include "sulcusTextHeader.h"
#include <sulcusError.h>
#include <sulcusJson.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace sulcus
{

namespace
{

using nlohmann::json;

/** One line without control characters, so that no text can start a field of its own. */
std::string
OneLine(std::string text)
{
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }, ' ');
  return text;
}

std::string
TextOf(const json & object, const std::string & key, const std::string & fallback)
{
  return object.contains(key) ? OneLine(object.at(key).get<std::string>()) : fallback;
}

CodedConcept
ConceptOf(const json & object, const std::string & key, const CodedConcept & fallback)
{
  if (!object.contains(key))
  {
    return fallback;
  }
  const auto & code = object.at(key);
  return {TextOf(code, "CodingSchemeDesignator", ""),
          TextOf(code, "CodeValue", ""),
          TextOf(code, "CodeMeaning", "")};
}

SegmentInfo
SegmentOf(const json & object)
{
  const int label = object.at("labelID").get<int>();
  if (label < 1 || label > 65535)
  {
    throw UsageError(Message("labelID ", label, " (need 1 to 65535)"));
  }
  auto segment = DefaultSegment(static_cast<std::uint16_t>(label));
  segment.category = ConceptOf(object, "SegmentedPropertyCategoryCodeSequence", segment.category);
  segment.type = ConceptOf(object, "SegmentedPropertyTypeCodeSequence", segment.type);
  segment.description = TextOf(object, "SegmentDescription", "");
  segment.name = TextOf(object,
                        "SegmentLabel",
                        segment.description.empty() ? segment.type.meaning : segment.description);
  segment.algorithmType = TextOf(object, "SegmentAlgorithmType", segment.algorithmType);
  segment.algorithmName = TextOf(object, "SegmentAlgorithmName", segment.algorithmName);
  if (segment.algorithmType != "AUTOMATIC" && segment.algorithmType != "SEMIAUTOMATIC" &&
      segment.algorithmType != "MANUAL")
  {
    throw UsageError(Message("SegmentAlgorithmType ", segment.algorithmType, " is unknown"));
  }
  if (object.contains("recommendedDisplayRGBValue"))
  {
    const auto values = object.at("recommendedDisplayRGBValue").get<std::vector<int>>();
    if (values.size() != 3 ||
        std::any_of(values.begin(), values.end(), [](int v) { return v < 0 || v > 255; }))
    {
      throw UsageError("recommendedDisplayRGBValue needs three numbers from 0 to 255");
    }
    std::copy(values.begin(), values.end(), segment.color.begin());
  }
  return segment;
}

json
JsonOf(const CodedConcept & code)
{
  return {{"CodingSchemeDesignator", code.scheme},
          {"CodeValue", code.value},
          {"CodeMeaning", code.meaning}};
}

std::string
TerminologyText(const CodedConcept & code)
{
  return code.scheme + "^" + code.value + "^" + code.meaning;
}

std::vector<std::string>
SplitAt(const std::string & text, char separator)
{
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (true)
  {
    const auto end = text.find(separator, start);
    parts.push_back(text.substr(start, end == std::string::npos ? end : end - start));
    if (end == std::string::npos)
    {
      return parts;
    }
    start = end + 1;
  }
}

/** "scheme^code^meaning"; empty parts leave the default. */
void
SetConcept(const std::string & text, CodedConcept & code)
{
  const auto parts = SplitAt(text, '^');
  if (parts.size() == 3 && !parts[1].empty())
  {
    code = {parts[0], parts[1], parts[2]};
  }
}

void
SetTags(const std::string & tags, SegmentInfo & segment)
{
  constexpr std::string_view key = "TerminologyEntry:";
  for (const auto & tag : SplitAt(tags, '|'))
  {
    if (!tag.starts_with(key))
    {
      continue;
    }
    const auto parts = SplitAt(tag.substr(key.size()), '~');
    if (parts.size() >= 3)
    {
      SetConcept(parts[1], segment.category);
      SetConcept(parts[2], segment.type);
    }
  }
}

void
SetColor(const std::string & text, SegmentInfo & segment, const std::string & path)
{
  const auto values = ParseNumbers<double>(text);
  if (!values || values->size() != 3)
  {
    throw InputError(Message(path, ": a segment colour needs three numbers"));
  }
  for (std::size_t i = 0; i < 3; ++i)
  {
    if (!((*values)[i] >= 0.0 && (*values)[i] <= 1.0))
    {
      throw InputError(Message(path, ": a segment colour is outside 0 to 1"));
    }
    segment.color[i] = static_cast<std::uint8_t>(std::lround((*values)[i] * 255.0));
  }
}

template <typename T>
T
RequireNumber(const std::string & text, const std::string & name, const std::string & path)
{
  const auto value = ParseNumber<T>(text);
  if (!value)
  {
    throw InputError(
        Message(path, ": segment field ", name, " is '", text, "', no number in range"));
  }
  return *value;
}

void
SetField(SegmentInfo & segment,
         const std::string & name,
         const std::string & value,
         const std::string & path)
{
  if (name == "Name")
  {
    segment.name = value;
  }
  else if (name == "Color")
  {
    SetColor(value, segment, path);
  }
  else if (name == "LabelValue")
  {
    segment.labelValue = RequireNumber<std::uint16_t>(value, name, path);
  }
  else if (name == "Layer")
  {
    segment.layer = RequireNumber<std::uint32_t>(value, name, path);
  }
  else if (name == "Tags")
  {
    SetTags(value, segment);
  }
}

} // namespace

SegmentInfo
DefaultSegment(std::uint16_t labelValue)
{
  // Hues a golden angle apart stay distinguishable however many there are.
  SegmentInfo segment;
  segment.labelValue = labelValue;
  segment.name = Message("Segment ", labelValue);
  const double hue = std::fmod(labelValue * 0.61803398875, 1.0) * 6.0;
  for (int i = 0; i < 3; ++i)
  {
    const double ramp = std::abs(std::fmod(hue + (6 - 2 * i), 6.0) - 3.0) - 1.0;
    segment.color[i] = static_cast<std::uint8_t>(60 + 180 * std::clamp(ramp, 0.0, 1.0));
  }
  return segment;
}

SegmentationInfo
ParseSegmentationJson(const std::string & text, const std::string & origin)
{
  const auto root = ParseJson(text, origin);
  try
  {
    SegmentationInfo info;
    info.seriesDescription = TextOf(root, "SeriesDescription", info.seriesDescription);
    info.contentLabel = TextOf(root, "ContentLabel", info.contentLabel);
    std::set<std::uint16_t> seen;
    for (const auto & list : root.at("segmentAttributes"))
    {
      for (const auto & object : list)
      {
        info.segments.push_back(SegmentOf(object));
        if (!seen.insert(info.segments.back().labelValue).second)
        {
          throw UsageError(Message("labelID ", info.segments.back().labelValue, " appears twice"));
        }
      }
    }
    return info;
  }
  catch (const UsageError & error)
  {
    throw UsageError(Message(origin, ": ", error.what()));
  }
  catch (const json::exception & error)
  {
    throw UsageError(Message(origin, ": not the segmentation JSON of dcmqi (", error.what(), ")"));
  }
}

std::string
ToSegmentationJson(const SegmentationInfo & info)
{
  auto segments = json::array();
  for (const auto & segment : info.segments)
  {
    segments.push_back({{"labelID", segment.labelValue},
                        {"SegmentLabel", segment.name},
                        {"SegmentDescription", segment.description},
                        {"SegmentAlgorithmType", segment.algorithmType},
                        {"SegmentAlgorithmName", segment.algorithmName},
                        {"SegmentedPropertyCategoryCodeSequence", JsonOf(segment.category)},
                        {"SegmentedPropertyTypeCodeSequence", JsonOf(segment.type)},
                        {"recommendedDisplayRGBValue", segment.color}});
  }
  const json root = {{"SeriesDescription", info.seriesDescription},
                     {"ContentLabel", info.contentLabel},
                     {"segmentAttributes", json::array({segments})}};
  return root.dump(2) + "\n";
}

std::vector<SegmentInfo>
SegmentsFromFields(const std::vector<std::pair<std::string, std::string>> & fields,
                   const std::string & path)
{
  std::map<std::uint32_t, SegmentInfo> segments;
  for (const auto & [key, value] : fields)
  {
    const auto underscore = key.find('_');
    if (!key.starts_with("Segment") || underscore == std::string::npos || underscore < 8)
    {
      continue;
    }
    const auto number = ParseNumber<std::uint32_t>(std::string_view(key).substr(7, underscore - 7));
    if (!number)
    {
      continue;
    }
    const auto [place, isNew] = segments.try_emplace(*number);
    if (isNew)
    {
      place->second = DefaultSegment(static_cast<std::uint16_t>(std::min(*number + 1, 65535U)));
    }
    SetField(place->second, key.substr(underscore + 1), value, path);
  }
  std::vector<SegmentInfo> result;
  for (auto & [number, segment] : segments)
  {
    result.push_back(std::move(segment));
  }
  return result;
}

std::vector<std::pair<std::string, std::string>>
FieldsOfSegments(const std::vector<SegmentInfo> & segments,
                 const std::array<std::uint64_t, 3> & size)
{
  std::vector<std::pair<std::string, std::string>> fields;
  for (std::size_t i = 0; i < segments.size(); ++i)
  {
    const auto & segment = segments[i];
    const auto add = [&](const std::string & name, const std::string & value)
    { fields.emplace_back(Message("Segment", i, "_", name), OneLine(value)); };
    add("Color",
        Message(segment.color[0] / 255.0,
                ' ',
                segment.color[1] / 255.0,
                ' ',
                segment.color[2] / 255.0));
    add("ColorAutoGenerated", "0");
    add("Extent", Message("0 ", size[0] - 1, " 0 ", size[1] - 1, " 0 ", size[2] - 1));
    add("ID", Message("Segment_", segment.labelValue));
    add("LabelValue", Message(segment.labelValue));
    add("Layer", "0");
    add("Name", segment.name);
    add("NameAutoGenerated", "0");
    add("Tags",
        Message("TerminologyEntry:Segmentation category and type - 3D Slicer General Anatomy list~",
                TerminologyText(segment.category),
                '~',
                TerminologyText(segment.type),
                "~^^~Anatomic codes - DICOM master list~^^~^^|"));
  }
  fields.emplace_back("Segmentation_ContainedRepresentationNames", "Binary labelmap|");
  fields.emplace_back("Segmentation_ConversionParameters", "");
  fields.emplace_back("Segmentation_ReferenceImageExtentOffset", "0 0 0");
  fields.emplace_back("Segmentation_SourceRepresentation", "Binary labelmap");
  return fields;
}

} // namespace sulcus
