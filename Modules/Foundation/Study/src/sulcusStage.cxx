#include "sulcusStage.h"

#include <sulcusError.h>

#include <algorithm>

namespace sulcus
{
namespace
{

nlohmann::ordered_json
ToJson(const std::vector<HashedPath> & entries)
{
  auto array = nlohmann::ordered_json::array();
  for (const auto & entry : entries)
  {
    array.push_back(sulcus::ToJson(entry));
  }
  return array;
}

std::vector<HashedPath>
EntriesFromJson(const nlohmann::json & json, const std::string & origin)
{
  std::vector<HashedPath> entries;
  for (const auto & entry : json)
  {
    entries.push_back(HashedPathFromJson(entry, origin));
  }
  return entries;
}

} // namespace

nlohmann::ordered_json
ToJson(const StageRecord & record)
{
  return {{"stage", record.stage},
          {"program", record.program},
          {"status", record.status},
          {"exit_status", record.exitStatus},
          {"seconds", record.seconds},
          {"peak_memory_bytes", record.peakMemoryInBytes},
          {"threads", record.threads},
          {"key", record.key},
          {"settings", record.settings},
          {"edited", record.edited},
          {"warnings", record.warnings},
          {"inputs", ToJson(record.inputs)},
          {"outputs", ToJson(record.outputs)}};
}

StageRecord
StageRecordFromJson(const nlohmann::json & json, const std::string & origin)
{
  try
  {
    StageRecord record;
    record.stage = json.at("stage").get<std::string>();
    record.program = json.at("program").get<std::string>();
    record.status = json.at("status").get<std::string>();
    record.exitStatus = json.at("exit_status").get<int>();
    record.seconds = json.at("seconds").get<double>();
    record.peakMemoryInBytes = json.at("peak_memory_bytes").get<std::uint64_t>();
    record.threads = json.at("threads").get<int>();
    record.key = json.at("key").get<std::string>();
    record.settings = json.at("settings");
    record.edited = json.at("edited").get<bool>();
    record.warnings = json.at("warnings").get<std::vector<std::string>>();
    record.inputs = EntriesFromJson(json.at("inputs"), origin);
    record.outputs = EntriesFromJson(json.at("outputs"), origin);
    return record;
  }
  catch (const nlohmann::json::exception &)
  {
    throw InputError(Message(origin, ": not a stage of a study's manifest"));
  }
}

std::string
FileNameOf(const std::string & stageName)
{
  std::string name = stageName;
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

} // namespace sulcus
