#include "sulcusStudyManifest.h"

#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusJson.h>
#include <sulcusRunRecord.h>

#include <algorithm>
#include <set>

namespace sulcus
{
namespace
{

constexpr const char * formatName = "sulcus-study-manifest";
constexpr int formatVersion = 1;

} // namespace

StudyManifest::StudyManifest(std::filesystem::path folder) : m_Folder(std::move(folder))
{
  const auto path = m_Folder / FileName;
  if (!std::filesystem::exists(path))
  {
    return;
  }
  nlohmann::ordered_json json;
  try
  {
    // Parsed twice: once for the strict rules, once for the order of the settings.
    const auto text = ReadTextFile(path);
    ParseJson(text, path.string());
    json = nlohmann::ordered_json::parse(text);
    if (json.at("format") != formatName || json.at("format_version") != formatVersion)
    {
      throw InputError(Message(path.string(), ": not a manifest that this version reads"));
    }
    m_Settings = json.at("study");
    settingsFileSha256 = json.at("settings_file_sha256").get<std::string>();
  }
  catch (const UsageError & error)
  {
    throw InputError(error.what());
  }
  catch (const nlohmann::json::exception &)
  {
    throw InputError(Message(path.string(), ": not the manifest of a study"));
  }
  for (const auto & stage : json.at("stages"))
  {
    m_Stages.push_back(StageRecordFromJson(stage, path.string()));
  }
}

const StageRecord *
StudyManifest::Find(const std::string & stage) const
{
  const auto found = std::find_if(
      m_Stages.begin(), m_Stages.end(), [&](const auto & record) { return record.stage == stage; });
  return found == m_Stages.end() ? nullptr : &*found;
}

void
StudyManifest::Set(StageRecord record)
{
  const auto found = std::find_if(m_Stages.begin(),
                                  m_Stages.end(),
                                  [&](const auto & one) { return one.stage == record.stage; });
  if (found == m_Stages.end())
  {
    m_Stages.push_back(std::move(record));
  }
  else
  {
    *found = std::move(record);
  }
}

void
StudyManifest::KeepOnly(const std::vector<std::string> & stages)
{
  std::erase_if(m_Stages,
                [&](const auto & record)
                { return std::find(stages.begin(), stages.end(), record.stage) == stages.end(); });
  std::stable_sort(m_Stages.begin(),
                   m_Stages.end(),
                   [&](const auto & a, const auto & b)
                   {
                     return std::find(stages.begin(), stages.end(), a.stage) <
                            std::find(stages.begin(), stages.end(), b.stage);
                   });
}

void
StudyManifest::Write() const
{
  nlohmann::ordered_json json{{"format", formatName},
                              {"format_version", formatVersion},
                              {"program", "sulcus-study " + Version()},
                              {"settings_file_sha256", settingsFileSha256},
                              {"study", m_Settings},
                              {"stages", nlohmann::ordered_json::array()}};
  for (const auto & record : m_Stages)
  {
    json["stages"].push_back(ToJson(record));
  }
  AtomicWriteText(m_Folder / FileName, json.dump(1) + "\n", Overwrite::Allow);
}

ManifestCheck
CheckManifest(const StudyManifest & manifest, const std::filesystem::path & folder)
{
  FileHasher hasher(folder);
  ManifestCheck check;
  std::set<std::string> made;
  std::set<std::string> seen;
  const auto compare = [&](const std::string & stage, const HashedPath & expected)
  {
    if (!seen.insert(expected.path).second)
    {
      return;
    }
    ++check.files;
    const auto found = hasher.Hash(expected.path);
    if (found.sha256 != expected.sha256)
    {
      check.differences.push_back(
          {stage, expected.path, found.sha256.empty() ? "missing" : "changed"});
    }
  };
  for (const auto & record : manifest.Stages())
  {
    if (record.status != "done")
    {
      check.unfinished.push_back(record.stage);
    }
    for (const auto & output : record.outputs)
    {
      compare(record.stage, output);
      for (std::filesystem::path path = output.path; !path.empty(); path = path.parent_path())
      {
        made.insert(path.string());
      }
    }
  }
  for (const auto & record : manifest.Stages())
  {
    for (const auto & input : record.inputs)
    {
      if (!made.contains(input.path))
      {
        compare(record.stage, input);
      }
    }
  }
  return check;
}

std::string
ToText(const ManifestCheck & check)
{
  std::string text;
  for (const auto & difference : check.differences)
  {
    text += Message(difference.what, "\t", difference.stage, "\t", difference.path, "\n");
  }
  for (const auto & stage : check.unfinished)
  {
    text += Message("unfinished\t", stage, "\n");
  }
  return text;
}

void
RequireNoDifference(const ManifestCheck & check, const std::filesystem::path & folder)
{
  if (!check.differences.empty())
  {
    const auto & first = check.differences.front();
    throw InputError(Message(folder.string(),
                             ": ",
                             check.differences.size(),
                             " of ",
                             check.files,
                             " files differ from the manifest, first ",
                             first.path,
                             " (",
                             first.what,
                             ")"));
  }
}

} // namespace sulcus
