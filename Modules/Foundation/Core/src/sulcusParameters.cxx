#include "sulcusParameters.h"

#include "sulcusError.h"
#include "sulcusParameterValue.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{

using namespace parameter_value;

Parameter::Parameter(std::string name, Target target, std::string help, std::string group)
    : m_Name(std::move(name)), m_Target(target), m_Help(std::move(help)), m_Group(std::move(group)),
      m_DefaultText(ValueText())
{
}

Parameter &
Parameter::Choices(std::vector<std::string> choices)
{
  m_Choices = std::move(choices);
  return *this;
}

Parameter &
Parameter::Range(double low, double high)
{
  m_Range = {low, high};
  return *this;
}

Parameter &
Parameter::Kind(ParameterKind kind)
{
  m_Kind = kind;
  return *this;
}

Parameter &
Parameter::Required()
{
  m_Required = true;
  return *this;
}

Parameter &
Parameter::Positional()
{
  m_Positional = true;
  return *this;
}

Parameter &
Parameter::Short(char letter)
{
  m_Short = letter;
  return *this;
}

Parameter &
Parameter::Advanced()
{
  m_Advanced = true;
  return *this;
}

bool
Parameter::IsFlag() const
{
  return std::holds_alternative<bool *>(m_Target);
}

bool
Parameter::IsList() const
{
  return std::visit(
      [](const auto * value) { return isList<std::remove_cvref_t<decltype(*value)>>; }, m_Target);
}

std::string
Parameter::TypeName() const
{
  return std::visit(
      [](const auto * value) -> std::string
      {
        using T = std::remove_cvref_t<decltype(*value)>;
        if constexpr (std::is_same_v<T, bool>)
        {
          return "flag";
        }
        else if constexpr (std::is_same_v<T, std::string>)
        {
          return "text";
        }
        else if constexpr (std::is_same_v<T, std::vector<std::string>>)
        {
          return "texts";
        }
        else if constexpr (std::is_same_v<T, std::vector<double>>)
        {
          return "numbers";
        }
        else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>)
        {
          return "integers";
        }
        else
        {
          return std::is_same_v<T, double> ? "number" : "integer";
        }
      },
      m_Target);
}

std::string
Parameter::ValueText() const
{
  return std::visit([](const auto * value) { return ToText(*value); }, m_Target);
}

void
Parameter::SetText(const std::string & text) const
{
  const bool parsed =
      std::visit([&text](auto * value) { return ParseText(text, *value); }, m_Target);
  if (!parsed)
  {
    throw UsageError(Message("--",
                             m_Name,
                             ": '",
                             text,
                             "' is not ",
                             IsList() ? "a comma-separated list of " : "a valid ",
                             TypeName()));
  }
  CheckAccepted();
}

void
Parameter::SetTexts(const std::vector<std::string> & texts) const
{
  if (m_Kind != ParameterKind::Plain &&
      std::holds_alternative<std::vector<std::string> *>(m_Target))
  {
    *std::get<std::vector<std::string> *>(m_Target) = texts;
  }
  else if (IsList())
  {
    SetText(ToText(texts));
  }
  else
  {
    SetText(texts.back());
  }
}

nlohmann::json
Parameter::ToJson() const
{
  return std::visit([](const auto * value) { return nlohmann::json(*value); }, m_Target);
}

void
Parameter::SetJson(const nlohmann::json & json) const
{
  const bool parsed =
      std::visit([&json](auto * value) { return ParseJson(json, *value); }, m_Target);
  if (!parsed)
  {
    throw UsageError(
        Message(m_Name, ": expected ", TypeName(), ", found ", json.dump().substr(0, 60)));
  }
  CheckAccepted();
}

void
Parameter::CheckAccepted() const
{
  const auto checkNumber = [this](double number)
  {
    if (!std::isfinite(number) ||
        (m_Range && (number < m_Range->first || number > m_Range->second)))
    {
      const auto [low, high] = m_Range.value_or(std::pair{-INFINITY, INFINITY});
      throw UsageError(Message("--", m_Name, ": ", number, " is outside [", low, ", ", high, "]"));
    }
  };
  const auto checkText = [this](const std::string & text)
  {
    if (!m_Choices.empty() &&
        std::find(m_Choices.begin(), m_Choices.end(), text) == m_Choices.end())
    {
      throw UsageError(
          Message("--", m_Name, ": unknown value '", text, "'; ", SuggestName(text, m_Choices)));
    }
  };
  std::visit(
      [&](const auto * value)
      {
        using T = std::remove_cvref_t<decltype(*value)>;
        if constexpr (std::is_same_v<T, std::string>)
        {
          checkText(*value);
        }
        else if constexpr (std::is_same_v<T, std::vector<std::string>>)
        {
          std::for_each(value->begin(), value->end(), checkText);
        }
        else if constexpr (isList<T>)
        {
          std::for_each(value->begin(), value->end(), checkNumber);
        }
        else if constexpr (!std::is_same_v<T, bool>)
        {
          checkNumber(static_cast<double>(*value));
        }
      },
      m_Target);
}

Parameter &
Parameters::operator()(std::string name, Parameter::Target target, std::string help)
{
  if (Find(name) != nullptr)
  {
    throw RuntimeError(Message("parameter '", name, "' is described twice"));
  }
  return m_Parameters.emplace_back(std::move(name), target, std::move(help), m_Group);
}

void
Parameters::Group(std::string title)
{
  m_Group = std::move(title);
}

const Parameter *
Parameters::Find(std::string_view name) const
{
  std::string wanted(name);
  std::replace(wanted.begin(), wanted.end(), '-', '_');
  const auto found = std::find_if(m_Parameters.begin(),
                                  m_Parameters.end(),
                                  [&](const Parameter & p) { return p.Name() == wanted; });
  return found == m_Parameters.end() ? nullptr : &*found;
}

const Parameter &
Parameters::Require(std::string_view name, std::string_view origin) const
{
  if (const auto * found = Find(name))
  {
    return *found;
  }
  std::vector<std::string> names;
  for (const auto & parameter : m_Parameters)
  {
    names.push_back(parameter.Name());
  }
  throw UsageError(Message(origin, ": unknown option '", name, "'; ", SuggestName(name, names)));
}

nlohmann::ordered_json
Parameters::ToJson() const
{
  auto object = nlohmann::ordered_json::object();
  for (const auto & parameter : m_Parameters)
  {
    object[parameter.Name()] = parameter.ToJson();
  }
  return object;
}

void
Parameters::SetJson(const nlohmann::json & object, std::string_view origin) const
{
  if (!object.is_object())
  {
    throw UsageError(
        Message(origin, ": expected an object of settings, found ", object.type_name()));
  }
  for (const auto & [key, value] : object.items())
  {
    Require(key, origin).SetJson(value);
  }
}

} // namespace sulcus
