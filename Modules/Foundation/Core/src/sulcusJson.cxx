#include "sulcusJson.h"

#include "sulcusAtomicFile.h"
#include "sulcusError.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

namespace sulcus
{
namespace
{

constexpr std::size_t largestText = 16'000'000;
constexpr int deepestLevel = 64;

/** Refuses what nlohmann's parser would accept: duplicate keys and deep nesting. */
class StrictEvents
{
public:
  explicit StrictEvents(std::string_view origin) : m_Origin(origin)
  {
  }

  bool
  operator()(int depth, nlohmann::json::parse_event_t event, nlohmann::json & parsed)
  {
    using Event = nlohmann::json::parse_event_t;
    if (depth >= deepestLevel && event != Event::value)
    {
      throw UsageError(Message(m_Origin, ": nested deeper than ", deepestLevel, " levels"));
    }
    if (event == Event::object_start)
    {
      m_Keys.emplace_back();
    }
    else if (event == Event::object_end)
    {
      m_Keys.pop_back();
    }
    else if (event == Event::key && !m_Keys.back().insert(parsed.get<std::string>()).second)
    {
      throw UsageError(Message(m_Origin, ": key '", parsed.get<std::string>(), "' appears twice"));
    }
    return true;
  }

private:
  std::string_view m_Origin;
  std::vector<std::set<std::string>> m_Keys;
};

} // namespace

nlohmann::json
ParseJson(std::string_view text, std::string_view origin)
{
  if (text.size() > largestText)
  {
    throw UsageError(Message(origin, ": ", text.size(), " bytes of JSON, at most ", largestText));
  }
  // The parser recurses only through its own explicit stack, so depth is bounded by the callback.
  StrictEvents events(origin);
  try
  {
    return nlohmann::json::parse(text, std::ref(events));
  }
  catch (const nlohmann::json::parse_error & error)
  {
    const auto upTo = text.substr(0, std::min(error.byte, text.size()));
    const auto line = 1 + std::count(upTo.begin(), upTo.end(), '\n');
    throw UsageError(Message(origin, ": not valid JSON near line ", line));
  }
  catch (const nlohmann::json::out_of_range &) // thrown for numbers such as 1e999 alone
  {
    throw UsageError(Message(origin, ": a number is too large to be stored"));
  }
}

nlohmann::json
ReadJsonFile(const std::filesystem::path & path)
{
  return ParseJson(ReadTextFile(path, largestText), path.string());
}

} // namespace sulcus
