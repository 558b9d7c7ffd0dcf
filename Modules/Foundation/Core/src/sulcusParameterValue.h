#pragma once

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

/** What a parameter's value looks like as text and as JSON. */
namespace sulcus::parameter_value
{

template <typename T>
inline constexpr bool isList = false;
template <typename T>
inline constexpr bool isList<std::vector<T>> = true;

inline std::vector<std::string>
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

/** As a command line has it; lists with commas. */
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

/** False, and the value as it was, for a text that is no T. Numbers take all of the text. */
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

/** The same for JSON; a number must be a whole one in range where T is. */
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

} // namespace sulcus::parameter_value
