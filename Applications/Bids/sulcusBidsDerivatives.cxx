#include "sulcusBidsDerivatives.h"

#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusJson.h>
#include <sulcusRunRecord.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char * bidsVersion = "1.8.0";

void
WriteJson(const fs::path & file, const Json & value)
{
  AtomicWriteText(file, value.dump(2) + "\n", Overwrite::Allow);
}

/** Name and DOI of the raw data set, as far as it tells them. */
nlohmann::json
RawDescription(const fs::path & raw)
{
  const fs::path file = raw / "dataset_description.json";
  return fs::exists(file) ? ReadJsonFile(file) : nlohmann::json::object();
}

/** A folder that another program filled is not mixed with ours. */
void
RequireOwnFolder(const fs::path & file)
{
  if (!fs::exists(file))
  {
    return;
  }
  const auto present = ReadJsonFile(file);
  const auto generators = present.value("GeneratedBy", nlohmann::json::array());
  const std::string name = generators.is_array() && !generators.empty()
                               ? generators.front().value("Name", std::string("nobody"))
                               : "nobody";
  if (name != "Sulcus")
  {
    throw OutputError(Message(file.string(),
                              ": this folder was made by '",
                              name,
                              "'; give one of its own, e.g. derivatives/sulcus"));
  }
}

std::string
ColumnNameOf(const std::string & label)
{
  std::string name;
  for (const unsigned char c : label)
  {
    name += std::isalnum(c) != 0 ? static_cast<char>(std::tolower(c)) : '_';
  }
  return name + "_mm3";
}

struct Collected
{
  fs::path sidecar;
  nlohmann::json content;
};

std::vector<Collected>
SidecarsBelow(const fs::path & output, const std::string & desc)
{
  std::vector<Collected> found;
  if (!fs::is_directory(output))
  {
    return found;
  }
  const std::string end = "_desc-" + desc + "_dseg.json";
  for (const auto & entry : fs::recursive_directory_iterator(output))
  {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name.starts_with("sub-") && name.ends_with(end))
    {
      found.push_back({entry.path(), ReadJsonFile(entry.path())});
    }
  }
  std::sort(found.begin(),
            found.end(),
            [](const Collected & a, const Collected & b) { return a.sidecar < b.sidecar; });
  return found;
}

/** "sub-01_ses-a_run-1" and "ses-" → "a"; "" if the entity is not there. */
std::string
EntityOf(const std::string & name, const std::string & key)
{
  const auto begin = name.find(key);
  if (begin == std::string::npos)
  {
    return "";
  }
  const auto start = begin + key.size();
  return name.substr(start, name.find('_', start) - start);
}

} // namespace

BidsResultFiles
ResultFilesOf(const BidsImage & image, const fs::path & output, const std::string & desc)
{
  const std::string name = image.stem + "_desc-" + desc + "_dseg";
  const fs::path base = output / image.folder / name;
  return {base.string() + ".nii.gz",
          base.string() + ".json",
          base.string() + ".tsv",
          output / "logs" / (name + "_report.json")};
}

void
WriteDerivativesDescription(const fs::path & raw, const fs::path & output)
{
  const fs::path file = output / "dataset_description.json";
  RequireOwnFolder(file);
  PrepareOutputFolder(output, Overwrite::Allow);
  const auto source = RawDescription(raw);
  const std::string link = fs::relative(raw, output).generic_string();
  Json origin{{"URL", link}};
  if (source.contains("DatasetDOI") && source["DatasetDOI"].is_string())
  {
    origin["DOI"] = source["DatasetDOI"];
  }
  const Json generator{
      {"Name", "Sulcus"},
      {"Version", Version()},
      {"Description", "sulcus-bids: one label map an image, on the image's own grid"}};
  const Json description{
      {"Name", "Sulcus segmentations of " + source.value("Name", std::string("a data set"))},
      {"BIDSVersion", bidsVersion},
      {"DatasetType", "derivative"},
      {"GeneratedBy", Json::array({generator})},
      {"SourceDatasets", Json::array({origin})},
      {"DatasetLinks", {{"raw", link}}}};
  WriteJson(file, description);
  AtomicWriteText(output / ".bidsignore", "logs/\ngroup_*\n", Overwrite::Allow);
}

void
WriteSidecars(const BidsImage & image,
              const BidsResultFiles & files,
              const fs::path & raw,
              const std::vector<std::string> & modelHashes)
{
  const auto record = ReadJsonFile(files.report);
  const auto pointer = nlohmann::json::json_pointer("/results/cases/0/labels");
  if (!record.contains(pointer))
  {
    throw InputError(Message(files.report.string(), ": the record does not tell the labels"));
  }
  Json labels = Json::array();
  Table table({"index", "name", "color"});
  for (const auto & label : record[pointer])
  {
    const auto value = label.at("value").get<std::int64_t>();
    const auto name = label.at("name").get<std::string>();
    table.AddRow({value, name, LabelColour(value)});
    labels.push_back({{"Index", value},
                      {"Name", name},
                      {"Voxels", label.at("voxels")},
                      {"VolumeInMm3", label.at("volume_mm3")}});
  }
  Json sources = Json::array();
  for (const fs::path & channel : image.channels)
  {
    sources.push_back("bids:raw:" + fs::relative(channel, raw).generic_string());
  }
  WriteTsv(files.table, table, Overwrite::Allow);
  WriteJson(files.sidecar,
            {{"Description", "Label map by sulcus-segment, on the grid of its source"},
             {"Sources", sources},
             {"Manual", false},
             {"SulcusVersion", record.value("version", Version())},
             {"ModelSHA256", modelHashes},
             {"Labels", labels},
             {"Warnings", record.value("warnings", nlohmann::json::array())}});
}

std::string
LabelColour(std::int64_t label)
{
  // Hues a golden angle apart, so that neighbours in number are far apart in colour.
  const double hue = std::fmod(static_cast<double>(label) * 0.61803398874989485, 1.0) * 6.0;
  const double value = 0.95;
  const double low = value * 0.35;
  const double rest = hue - std::floor(hue);
  const double falling = value - (value - low) * rest;
  const double rising = low + (value - low) * rest;
  const double sectors[6][3] = {{value, rising, low},
                                {falling, value, low},
                                {low, value, rising},
                                {low, falling, value},
                                {rising, low, value},
                                {value, low, falling}};
  const auto & colour = sectors[static_cast<int>(hue) % 6];
  const auto byte = [](double x) { return static_cast<int>(std::lround(255 * x)); };
  return fmt::format("#{:02x}{:02x}{:02x}", byte(colour[0]), byte(colour[1]), byte(colour[2]));
}

BidsVolumes
CollectVolumes(const fs::path & output, const std::string & desc)
{
  const auto sidecars = SidecarsBelow(output, desc);
  if (sidecars.empty())
  {
    throw InputError(Message(output.string(),
                             ": there is no participant result (sub-*_desc-",
                             desc,
                             "_dseg.json); run the participant level first"));
  }
  BidsVolumes volumes;
  std::vector<std::string> columns{"participant_id", "session_id", "segmentation"};
  std::set<std::string> seen;
  for (const auto & [file, content] : sidecars)
  {
    for (const auto & label : content.at("Labels"))
    {
      const auto name = label.at("Name").get<std::string>();
      if (seen.insert(ColumnNameOf(name)).second)
      {
        volumes.labels.push_back(name);
        columns.push_back(ColumnNameOf(name));
      }
    }
  }
  columns.emplace_back("warnings");
  volumes.table = Table(columns);
  for (const auto & [file, content] : sidecars)
  {
    const std::string name = file.filename().string();
    const std::string session = EntityOf(name, "_ses-");
    fs::path labels = file.lexically_relative(output);
    labels.replace_extension(".nii.gz");
    Table::Row row(columns.size());
    row[0] = "sub-" + EntityOf("_" + name, "_sub-");
    row[1] = session.empty() ? Cell() : Cell("ses-" + session);
    row[2] = labels.generic_string();
    for (const auto & label : content.at("Labels"))
    {
      row[volumes.table.ColumnIndex(ColumnNameOf(label.at("Name").get<std::string>()))] =
          label.at("VolumeInMm3").get<double>();
    }
    row.back() =
        static_cast<std::int64_t>(content.value("Warnings", nlohmann::json::array()).size());
    volumes.table.AddRow(row);
  }
  return volumes;
}

void
WriteGroupTables(const BidsVolumes & volumes, const fs::path & output, const std::string & desc)
{
  const std::string base = (output / ("group_desc-" + desc + "_volumes")).string();
  Json dictionary{{"participant_id", {{"Description", "Participant, as in the raw data set"}}},
                  {"session_id", {{"Description", "Session; n/a where the data set has none"}}},
                  {"segmentation", {{"Description", "Label map, below this derivatives folder"}}}};
  for (const std::string & label : volumes.labels)
  {
    dictionary[ColumnNameOf(label)] = {
        {"LongName", "Volume of " + label},
        {"Description", "Voxels of the label times the voxel volume"},
        {"Units", "mm^3"}};
  }
  dictionary["warnings"] = {
      {"Description", "Warnings of the segmentation; texts in the label map's sidecar"}};
  WriteTsv(base + ".tsv", volumes.table, Overwrite::Allow);
  WriteJson(base + ".json", dictionary);
}

} // namespace sulcus
