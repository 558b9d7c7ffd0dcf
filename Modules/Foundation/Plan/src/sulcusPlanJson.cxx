#include "sulcusPlan.h"
#include <sulcusError.h>
#include <sulcusJson.h>
#include <sulcusParameters.h>

#include <nlohmann/json.hpp>

#include <set>
#include <type_traits>

namespace sulcus
{
namespace
{

template <typename T>
constexpr bool isVector = false;
template <typename T>
constexpr bool isVector<std::vector<T>> = true;
template <typename T>
constexpr bool isArray = false;
template <typename T, std::size_t VSize>
constexpr bool isArray<std::array<T, VSize>> = true;

/** Reads the keys of one JSON object and refuses those nobody asked for. Keys that are not there
 * keep their default. */
class ObjectReader
{
public:
  ObjectReader(const nlohmann::json & json, std::string where)
      : m_Json(json), m_Where(std::move(where))
  {
    if (!json.is_object())
    {
      throw UsageError(Message(m_Where, ": expected an object, got ", json.type_name()));
    }
  }

  template <typename T>
  void
  operator()(const char * key, T & value)
  {
    m_Known.emplace_back(key);
    const auto found = m_Json.find(key);
    if (found != m_Json.end())
    {
      Get(*found, value, m_Where + "." + key);
    }
  }

  void
  RefuseUnknown() const
  {
    for (const auto & [key, value] : m_Json.items())
    {
      if (std::find(m_Known.begin(), m_Known.end(), key) == m_Known.end())
      {
        throw UsageError(
            Message(m_Where, ": unknown key '", key, "'; ", SuggestName(key, m_Known)));
      }
    }
  }

private:
  [[noreturn]] static void
  RefuseType(const nlohmann::json & json, const std::string & where, const char * expected)
  {
    throw UsageError(Message(where, ": expected ", expected, ", got ", json.dump().substr(0, 60)));
  }

  template <typename T>
  static void
  Get(const nlohmann::json & json, T & value, const std::string & where);

  const nlohmann::json & m_Json;
  std::string m_Where;
  std::vector<std::string> m_Known;
};

/** Writes what ObjectReader reads. */
class ObjectWriter
{
public:
  template <typename T>
  void
  operator()(const char * key, const T & value)
  {
    json[key] = Put(value);
  }

  nlohmann::ordered_json json = nlohmann::ordered_json::object();

private:
  template <typename T>
  static nlohmann::ordered_json
  Put(const T & value);
};

// Each structure is described once, for both directions.
template <typename TVisitor, typename T>
requires std::is_same_v<std::remove_const_t<T>, LabelDefinition>
void
Visit(TVisitor & visit, T & o)
{
  visit("value", o.value);
  visit("name", o.name);
}

template <typename TVisitor, typename T>
requires std::is_same_v<std::remove_const_t<T>, NormalisationPlan>
void
Visit(TVisitor & visit, T & o)
{
  visit("kind", o.kind);
  visit("clip_low_percentile", o.clipLowPercentile);
  visit("clip_high_percentile", o.clipHighPercentile);
  visit("landmarks", o.landmarks);
}

template <typename TVisitor, typename T>
requires std::is_same_v<std::remove_const_t<T>, NetworkPlan>
void
Visit(TVisitor & visit, T & o)
{
  visit("kind", o.kind);
  visit("input_channels", o.inputChannels);
  visit("classes", o.classes);
  visit("widths", o.widths);
  visit("strides", o.strides);
  visit("kernels", o.kernels);
  visit("blocks_per_level", o.blocksPerLevel);
  visit("deep_supervision", o.deepSupervision);
  visit("norm_groups", o.normGroups);
  visit("dropout", o.dropout);
}

template <typename TVisitor, typename T>
requires std::is_same_v<std::remove_const_t<T>, ComponentRule>
void
Visit(TVisitor & visit, T & o)
{
  visit("keep_largest", o.keepLargest);
  visit("smallest_volume_mm3", o.smallestVolumeInMm3);
}

template <typename TVisitor, typename T>
requires std::is_same_v<std::remove_const_t<T>, InputContract>
void
Visit(TVisitor & visit, T & o)
{
  visit("smallest_spacing_mm", o.smallestSpacingInMm);
  visit("largest_spacing_mm", o.largestSpacingInMm);
  visit("smallest_extent_mm", o.smallestExtentInMm);
}

template <typename TVisitor, typename T>
requires std::is_same_v<std::remove_const_t<T>, Plan>
void
Visit(TVisitor & visit, T & o)
{
  visit("dataset", o.dataset);
  visit("channels", o.channels);
  visit("labels", o.labels);
  visit("orientation", o.orientation);
  visit("target_spacing_mm", o.targetSpacingInMm);
  visit("correct_bias_field", o.correctBiasField);
  visit("crop_to_foreground", o.cropToForeground);
  visit("crop_margin_mm", o.cropMarginInMm);
  visit("normalisation", o.normalisation);
  visit("network", o.network);
  visit("patch_size", o.patchSize);
  visit("batch_size", o.batchSize);
  visit("flip_allowed", o.flipAllowed);
  visit("component_rules", o.componentRules);
  visit("input_contract", o.inputContract);
}

template <typename T>
void
ObjectReader::Get(const nlohmann::json & json, T & value, const std::string & where)
{
  if constexpr (std::is_same_v<T, bool>)
  {
    if (!json.is_boolean())
    {
      RefuseType(json, where, "true or false");
    }
    value = json.get<bool>();
  }
  else if constexpr (std::is_integral_v<T>)
  {
    const bool fits = json.is_number_integer() &&
                      json.get<std::int64_t>() >= std::numeric_limits<T>::min() &&
                      json.get<std::int64_t>() <= std::numeric_limits<T>::max();
    if (!fits)
    {
      RefuseType(json, where, "an integer");
    }
    value = json.get<T>();
  }
  else if constexpr (std::is_floating_point_v<T>)
  {
    if (!json.is_number())
    {
      RefuseType(json, where, "a number");
    }
    value = json.get<T>();
  }
  else if constexpr (std::is_same_v<T, std::string>)
  {
    if (!json.is_string())
    {
      RefuseType(json, where, "a text");
    }
    value = json.get<std::string>();
  }
  else if constexpr (isVector<T> || isArray<T>)
  {
    if (!json.is_array())
    {
      RefuseType(json, where, "a list");
    }
    if constexpr (isVector<T>)
    {
      value.assign(json.size(), {});
    }
    if (json.size() != value.size())
    {
      throw UsageError(Message(where, ": expected ", value.size(), " values, got ", json.size()));
    }
    for (std::size_t i = 0; i < value.size(); ++i)
    {
      Get(json[i], value[i], Message(where, "[", i, "]"));
    }
  }
  else
  {
    ObjectReader reader(json, where);
    Visit(reader, value);
    reader.RefuseUnknown();
  }
}

template <typename T>
nlohmann::ordered_json
ObjectWriter::Put(const T & value)
{
  if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>)
  {
    return value;
  }
  else if constexpr (isVector<T> || isArray<T>)
  {
    auto list = nlohmann::ordered_json::array();
    for (const auto & item : value)
    {
      list.push_back(Put(item));
    }
    return list;
  }
  else
  {
    ObjectWriter writer;
    Visit(writer, value);
    return writer.json;
  }
}

} // namespace

nlohmann::ordered_json
PlanToJson(const Plan & plan)
{
  ObjectWriter writer;
  writer("schema_version", Plan::schemaVersion);
  Visit(writer, plan);
  return writer.json;
}

Plan
PlanFromJson(const nlohmann::json & json, const std::string & origin)
{
  Plan plan;
  int version = 0;
  ObjectReader reader(json, origin);
  reader("schema_version", version);
  Visit(reader, plan);
  reader.RefuseUnknown();
  if (version != Plan::schemaVersion)
  {
    throw UsageError(Message(origin,
                             ".schema_version: ",
                             version,
                             ", this program reads version ",
                             Plan::schemaVersion));
  }
  CheckPlan(plan, origin);
  return plan;
}

Plan
ReadPlan(const std::filesystem::path & path)
{
  return PlanFromJson(ReadJsonFile(path), path.string());
}

} // namespace sulcus
