#pragma once

#include "sulcusDataset.h"

#include <nlohmann/json_fwd.hpp>

namespace sulcus
{

/** What a `dataset.json` declares beside its files. */
struct DatasetDescription
{
  std::string name;
  std::vector<std::string> channels;
  std::vector<LabelDefinition> labels;
  std::optional<std::int64_t> unknownLabel;
  std::int64_t annotatorUnknownLabel = 255;
  std::string fileEnding = ".nii.gz";
};

/** Channels and labels in the spelling of either convention. \throws UsageError */
DatasetDescription
DescriptionFromJson(const nlohmann::json & json, const std::string & origin);

/** Copies what is declared into the data set. */
void
ApplyDescription(const DatasetDescription & description, Dataset & dataset);

void
ListDecathlon(const nlohmann::json & json, const std::filesystem::path & folder, Dataset & dataset);
void
ListNnunetRaw(const std::string & fileEnding,
              const std::filesystem::path & folder,
              Dataset & dataset);
void
ListByPatterns(const std::vector<std::string> & imagePatterns,
               const std::string & labelPattern,
               const std::filesystem::path & folder,
               Dataset & dataset);
void
ListManifest(const std::filesystem::path & manifest, Dataset & dataset);

/** Names of the files in a folder that do not start with a dot, sorted. \throws InputError */
std::vector<std::string>
FilesIn(const std::filesystem::path & folder);

} // namespace sulcus
