#pragma once

#include "sulcusStage.h"

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** `manifest.json` of a study: its resolved settings and, for every stage, what was read, told,
 * written, how long it took and how much memory, each file with its SHA-256. */
class StudyManifest
{
public:
  static constexpr const char * FileName = "manifest.json";

  /** The manifest in a study's folder, or an empty one. \throws InputError if it is damaged or of
   * another format version. */
  explicit StudyManifest(std::filesystem::path folder);

  /** nullptr: this stage has never been started. */
  const StageRecord *
  Find(const std::string & stage) const;
  /** Replaces the record of that stage or appends one. */
  void
  Set(StageRecord record);
  /** Forgets stages that the study does not have any more. */
  void
  KeepOnly(const std::vector<std::string> & stages);
  const std::vector<StageRecord> &
  Stages() const
  {
    return m_Stages;
  }

  nlohmann::ordered_json &
  Settings()
  {
    return m_Settings;
  }
  const nlohmann::ordered_json &
  Settings() const
  {
    return m_Settings;
  }

  /** SHA-256 of the settings file as the study wrote it; empty before. */
  std::string settingsFileSha256;

  /** Through AtomicFile. */
  void
  Write() const;

private:
  std::filesystem::path m_Folder;
  nlohmann::ordered_json m_Settings = nlohmann::ordered_json::object();
  std::vector<StageRecord> m_Stages;
};

/** One file that is not what a manifest says. */
struct ManifestDifference
{
  std::string stage;
  std::string path;
  std::string what; ///< "missing" or "changed"
};

/** What a check of all hashes found. */
struct ManifestCheck
{
  std::size_t files = 0; ///< files and folders compared
  std::vector<ManifestDifference> differences;
  std::vector<std::string> unfinished; ///< stages that are not done
};

/** Hashes every output, and every input that is no output of another stage, again.
 * \param folder  of the study */
ManifestCheck
CheckManifest(const StudyManifest & manifest, const std::filesystem::path & folder);

/** One line for each difference and unfinished stage: what, stage, path. */
std::string
ToText(const ManifestCheck & check);

/** \throws InputError naming the first difference and how many there are */
void
RequireNoDifference(const ManifestCheck & check, const std::filesystem::path & folder);

} // namespace sulcus
