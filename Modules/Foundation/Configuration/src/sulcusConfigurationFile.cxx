#include "sulcusConfigurationFile.h"

#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusJson.h>

#include <nlohmann/json.hpp>

#define TOML_EXCEPTIONS 1
#include <cmath>
#include <toml++/toml.h>

namespace sulcus
{
namespace
{

constexpr std::size_t largestText = 16'000'000;
constexpr int deepestLevel = 64;

/** Refuses dotted keys of absurd depth before the parser builds, and later destroys, a table for
 * every dot by recursion. */
void
RequireShallowKeys(std::string_view text, std::string_view origin)
{
  int dots = 0;
  for (const char c : text)
  {
    const bool separates = c == ',' || c == '=' || c == '[' || c == ']' || c == '{' || c == '}' ||
                           c == '\n' || c == '#';
    dots = separates ? 0 : dots + (c == '.' ? 1 : 0);
    if (dots > deepestLevel)
    {
      throw UsageError(Message(origin, ": more than ", deepestLevel, " dots in one key or text"));
    }
  }
}

nlohmann::json
ToJson(const toml::node & node, std::string_view origin, int depth)
{
  const auto line = node.source().begin.line;
  if (depth > deepestLevel)
  {
    throw UsageError(Message(origin, ": nested deeper than ", deepestLevel, " levels"));
  }
  switch (node.type())
  {
  case toml::node_type::table:
  {
    auto object = nlohmann::json::object();
    for (const auto & [key, value] : *node.as_table())
    {
      object[std::string(key.str())] = ToJson(value, origin, depth + 1);
    }
    return object;
  }
  case toml::node_type::array:
  {
    auto array = nlohmann::json::array();
    for (const auto & value : *node.as_array())
    {
      array.push_back(ToJson(value, origin, depth + 1));
    }
    return array;
  }
  case toml::node_type::string:
    return node.as_string()->get();
  case toml::node_type::integer:
    return node.as_integer()->get();
  case toml::node_type::boolean:
    return node.as_boolean()->get();
  case toml::node_type::floating_point:
    if (std::isfinite(node.as_floating_point()->get()))
    {
      return node.as_floating_point()->get();
    }
    throw UsageError(Message(origin, ": line ", line, ": a number is not finite"));
  default:
    throw UsageError(
        Message(origin, ": line ", line, ": dates and times are no settings; quote a text"));
  }
}

} // namespace

nlohmann::json
ParseToml(std::string_view text, std::string_view origin)
{
  if (text.size() > largestText)
  {
    throw UsageError(Message(origin, ": ", text.size(), " bytes of TOML, at most ", largestText));
  }
  RequireShallowKeys(text, origin);
  try
  {
    return ToJson(toml::parse(text, origin), origin, 1);
  }
  catch (const toml::parse_error & error)
  {
    throw UsageError(Message(origin,
                             ": not valid TOML in line ",
                             error.source().begin.line,
                             ": ",
                             std::string(error.description())));
  }
}

nlohmann::json
ReadConfigurationFile(const std::filesystem::path & path)
{
  return path.extension() == ".toml" ? ParseToml(ReadTextFile(path, largestText), path.string())
                                     : ReadJsonFile(path);
}

} // namespace sulcus
