#include "sulcusProgramSchema.h"

#include <sulcusError.h>
#include <sulcusJson.h>
#include <sulcusParameters.h>
#include <sulcusProcess.h>

#include <algorithm>
#include <sstream>

namespace sulcus
{
namespace
{

bool
HasType(const nlohmann::json & value, const std::string & type)
{
  return (type == "integer" && value.is_number_integer()) ||
         (type == "number" && value.is_number()) || (type == "boolean" && value.is_boolean()) ||
         (type == "string" && value.is_string());
}

void
CheckScalar(const nlohmann::json & value, const nlohmann::json & schema, const std::string & where)
{
  const auto type = schema.value("type", std::string());
  if (!HasType(value, type))
  {
    throw UsageError(
        Message(where, "=", value.dump().substr(0, 60), ", need a value of type ", type));
  }
  if (schema.contains("enum") && value.is_string())
  {
    const auto choices = schema.at("enum").get<std::vector<std::string>>();
    const auto text = value.get<std::string>();
    if (std::find(choices.begin(), choices.end(), text) == choices.end())
    {
      throw UsageError(Message(where, "=", text, "; ", SuggestName(text, choices)));
    }
  }
  const bool low = value.is_number() && schema.contains("minimum") &&
                   value.get<double>() < schema.at("minimum").get<double>();
  const bool high = value.is_number() && schema.contains("maximum") &&
                    value.get<double>() > schema.at("maximum").get<double>();
  if (low || high)
  {
    throw UsageError(Message(where,
                             "=",
                             value.dump(),
                             ", need ",
                             low ? "at least " : "at most ",
                             schema.at(low ? "minimum" : "maximum").dump()));
  }
}

/** A list as it is typed: one value, or texts or numbers separated by commas. */
nlohmann::ordered_json
AsList(const nlohmann::ordered_json & value, const nlohmann::json & itemSchema)
{
  if (value.is_array())
  {
    return value;
  }
  if (!value.is_string())
  {
    return nlohmann::ordered_json::array({value});
  }
  auto list = nlohmann::ordered_json::array();
  std::istringstream parts(value.get<std::string>());
  for (std::string part; std::getline(parts, part, ',');)
  {
    const auto number = nlohmann::ordered_json::parse(part, nullptr, false);
    const bool isText = itemSchema.value("type", std::string()) == "string";
    list.push_back(isText || number.is_discarded() ? nlohmann::ordered_json(part) : number);
  }
  return list;
}

} // namespace

ProgramSchema::ProgramSchema(const std::filesystem::path & programs, const std::string & verb)
    : m_Verb(verb)
{
  std::string text;
  ProcessOptions process;
  process.program = programs / ("sulcus-" + verb);
  process.arguments = {"--json_schema"};
  process.onLine = [&](const std::string & line)
  {
    text += line + "\n";
    return true;
  };
  const auto result = RunProcess(process);
  if (result.status != 0)
  {
    throw RuntimeError(
        Message("sulcus-", verb, " does not describe itself: status ", result.status));
  }
  m_Properties = ParseJson(text, "sulcus-" + verb + " --json_schema").at("properties");
}

std::vector<std::string>
ProgramSchema::ChoicesOf(const std::string & parameter) const
{
  return m_Properties.at(parameter).at("enum").get<std::vector<std::string>>();
}

nlohmann::ordered_json
ProgramSchema::Checked(const nlohmann::ordered_json & settings,
                       const std::set<std::string> & reserved,
                       const std::string & origin) const
{
  auto checked = nlohmann::ordered_json::object();
  std::vector<std::string> names;
  for (const auto & [name, schema] : m_Properties.items())
  {
    if (!reserved.contains(name))
    {
      names.push_back(name);
    }
  }
  for (const auto & [name, value] : settings.items())
  {
    const auto where = origin + "." + name;
    if (reserved.contains(name))
    {
      throw UsageError(Message(where, ": the study sets this itself"));
    }
    if (!m_Properties.contains(name))
    {
      throw UsageError(
          Message(where, ": sulcus-", m_Verb, " has no such setting; ", SuggestName(name, names)));
    }
    const auto & schema = m_Properties.at(name);
    if (schema.value("type", std::string()) != "array")
    {
      CheckScalar(value, schema, where);
      checked[name] = value;
      continue;
    }
    checked[name] = AsList(value, schema.at("items"));
    for (const auto & item : checked[name])
    {
      CheckScalar(item, schema.at("items"), where);
    }
  }
  return checked;
}

} // namespace sulcus
