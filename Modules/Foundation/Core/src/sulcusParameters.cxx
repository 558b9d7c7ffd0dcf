#include "sulcusParameters.h"

#include "sulcusError.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <type_traits>

namespace sulcus
{
namespace
{

template <typename T>
constexpr bool isList = false;
template <typename T>
constexpr bool isList<std::vector<T>> = true;

std::vector<std::string>
SplitAtCommas(const std::string & text)
{
  std::vector<std::string> parts;
  if (text.empty())
  {
    return parts;
  }
  std::size_t begin = 0;
  while (true)
  {
    const std::size_t end = text.find(',', begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos)
    {
      return parts;
    }
    begin = end + 1;
  }
}

template <typename T>
std::string
ToText(const T & value)
{
  if constexpr (std::is_same_v<T, bool>)
  {
    return value ? "true" : "false";
  }
  else if constexpr (std::is_same_v<T, std::string>)
  {
    return value;
  }
  else if constexpr (isList<T>)
  {
    std::string joined;
    for (const auto & element : value)
    {
      joined += (joined.empty() ? "" : ",") + ToText(element);
    }
    return joined;
  }
  else
  {
    return fmt::format("{}", value);
  }
}

template <typename T>
bool
ParseText(const std::string & text, T & value)
{
  if constexpr (std::is_same_v<T, std::string>)
  {
    value = text;
    return true;
  }
  else if constexpr (std::is_same_v<T, bool>)
  {
    value = text == "true" || text == "1" || text == "yes" || text == "on";
    return value || text == "false" || text == "0" || text == "no" || text == "off";
  }
  else if constexpr (isList<T>)
  {
    T parsed;
    for (const auto & part : SplitAtCommas(text))
    {
      typename T::value_type element{};
      if (!ParseText(part, element))
      {
        return false;
      }
      parsed.push_back(element);
    }
    value = std::move(parsed);
    return true;
  }
  else
  {
    const char * begin = text.data() + (!text.empty() && text[0] == '+' ? 1 : 0);
    const auto [end, status] = std::from_chars(begin, text.data() + text.size(), value);
    return status == std::errc() && end == text.data() + text.size();
  }
}

template <typename T>
bool
ParseJson(const nlohmann::json & json, T & value)
{
  if constexpr (std::is_same_v<T, bool>)
  {
    return json.is_boolean() && (value = json.get<bool>(), true);
  }
  else if constexpr (std::is_same_v<T, std::string>)
  {
    return json.is_string() && (value = json.get<std::string>(), true);
  }
  else if constexpr (isList<T>)
  {
    if (!json.is_array())
    {
      return false;
    }
    T parsed(json.size());
    for (std::size_t i = 0; i < json.size(); ++i)
    {
      if (!ParseJson(json[i], parsed[i]))
      {
        return false;
      }
    }
    value = std::move(parsed);
    return true;
  }
  else if constexpr (std::is_same_v<T, double>)
  {
    return json.is_number() && (value = json.get<double>(), true);
  }
  else
  {
    if (!json.is_number_integer() ||
        (json.is_number_unsigned() &&
         json.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) ||
        (!json.is_number_unsigned() &&
         (std::is_unsigned_v<T> ||
          json.get<std::int64_t>() < static_cast<std::int64_t>(std::numeric_limits<T>::min()))))
    {
      return false;
    }
    value = json.get<T>();
    return true;
  }
}

} // namespace

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

std::optional<std::string>
NearestName(std::string_view name, const std::vector<std::string> & candidates)
{
  std::optional<std::string> nearest;
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto & candidate : candidates)
  {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= name.size(); ++i)
    {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j)
      {
        const std::size_t substituted = diagonal + (name[i - 1] != candidate[j - 1]);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
      }
    }
    if (row.back() < best)
    {
      best = row.back();
      nearest = candidate;
    }
  }
  return nearest;
}

std::string
SuggestName(std::string_view name, const std::vector<std::string> & candidates)
{
  if (const auto nearest = NearestName(name, candidates))
  {
    return Message("did you mean '", *nearest, "'?");
  }
  std::string known;
  for (const auto & candidate : candidates)
  {
    known += (known.empty() ? "" : ", ") + candidate;
  }
  return Message("known: ", known.size() > 160 ? known.substr(0, 157) + "..." : known);
}

} // namespace sulcus
