#include "sulcusPreparedCaseJson.h"

#include <sulcusError.h>
#include <sulcusSha256.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

nlohmann::json
CaseToJson(const PreparedCase & entry)
{
  return {{"id", entry.id},
          {"subject", entry.subject},
          {"site", entry.site},
          {"split", entry.split},
          {"fold", entry.fold},
          {"size", entry.size},
          {"has_label", entry.hasLabel},
          {"has_soft_label", entry.hasSoftLabel},
          {"has_weight", entry.hasWeight},
          {"has_observed", entry.hasObserved},
          {"foreground", {{"begin", entry.foreground.begin}, {"end", entry.foreground.end}}},
          {"millimetre_from_voxel", entry.millimetreFromVoxel.RowMajor()},
          {"label_voxels", entry.labelVoxels},
          {"undo", entry.undo},
          {"file", entry.file},
          {"file_size", entry.fileSize},
          {"sha256", entry.sha256}};
}

PreparedCase
CaseFromJson(const nlohmann::json & json, const std::string & origin)
{
  PreparedCase entry;
  try
  {
    json.at("id").get_to(entry.id);
    json.at("subject").get_to(entry.subject);
    json.at("site").get_to(entry.site);
    json.at("split").get_to(entry.split);
    json.at("fold").get_to(entry.fold);
    json.at("size").get_to(entry.size);
    json.at("has_label").get_to(entry.hasLabel);
    json.at("has_soft_label").get_to(entry.hasSoftLabel);
    json.at("has_weight").get_to(entry.hasWeight);
    json.at("has_observed").get_to(entry.hasObserved);
    json.at("foreground").at("begin").get_to(entry.foreground.begin);
    json.at("foreground").at("end").get_to(entry.foreground.end);
    entry.millimetreFromVoxel =
        Affine(json.at("millimetre_from_voxel").get<std::array<double, 12>>());
    json.at("label_voxels").get_to(entry.labelVoxels);
    entry.undo = json.at("undo");
    json.at("file").get_to(entry.file);
    json.at("file_size").get_to(entry.fileSize);
    json.at("sha256").get_to(entry.sha256);
  }
  catch (const nlohmann::json::exception &)
  {
    throw ModelError(
        Message(origin, ": case '", entry.id, "': a field is missing or has another type"));
  }
  const std::string expectedFile = "cases/" + entry.id + ".safetensors";
  if (!IsPlainName(entry.id) || entry.file != expectedFile)
  {
    throw ModelError(Message(origin, ": case '", entry.id, "': its file is not ", expectedFile));
  }
  const auto isPositive = [](std::int64_t extent) { return extent > 0; };
  if (!std::all_of(entry.size.begin(), entry.size.end(), isPositive))
  {
    throw ModelError(Message(origin, ": case '", entry.id, "': its size is not positive"));
  }
  return entry;
}

std::string
CacheIdentity(const nlohmann::json & plan, const nlohmann::json & cases)
{
  return Sha256OfText(nlohmann::json{{"plan", plan}, {"cases", cases}}.dump());
}

bool
IsPlainName(const std::string & text)
{
  const auto isPlain = [](char c)
  {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= 128 && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), isPlain);
}

} // namespace sulcus
