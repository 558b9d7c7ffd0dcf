#include "sulcusStudySettings.h"

#include <sulcusConfigurationFile.h>
#include <sulcusError.h>
#include <sulcusStudyManifest.h>

#include <algorithm>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Parameters of programs that name a file; in a study file they count from the file's folder. */
const std::set<std::string> pathNames{"plan", "init", "subjects", "splits"};

/** What both the command line and a study file can say. */
void
DescribeShared(Parameters & visit, StudySettings & s)
{
  visit.Group("Study");
  visit("methods",
        s.methods,
        "Training methods, each trained, tried and compared with the first; auto: supervised, and "
        "correction where training cases have no label.");
  visit("pretraining",
        s.pretraining,
        "Pre-training stages in order, e.g. global,local; none; auto: global,local where training "
        "cases have no label.");
  visit("steps", s.steps, "Training steps of every method; 0: the default of sulcus-train.")
      .Range(0);
  visit("pretraining_steps",
        s.pretrainingSteps,
        "Steps of each pre-training stage; 0: the default of sulcus-pretrain.")
      .Range(0);
  visit("fuse",
        s.fuse,
        "Training cases whose annotators are fused: auto, those without a label; all; none.")
      .Choices({"auto", "all", "none"});
  visit("faults", s.faults, "What faults found by sulcus-check do: stop the study, or be reported.")
      .Choices({"report", "stop"});
  visit("evaluate_on",
        s.evaluateOn,
        "Labelled cases that score the methods; auto: test, else validation.")
      .Choices({"auto", "test", "validation"});
  visit("segment_unlabelled", s.segmentUnlabelled, "Also segment the unlabelled training cases.");
  visit.Group("Labelled cases");
  visit("splits",
        s.splits,
        "Frozen split: JSON with test, validation, pool and labelled lists, as for sulcus-prepare.")
      .Kind(ParameterKind::InputFile);
  visit("labelled", s.labelled, "Training cases that keep their label; 0: all.").Range(0);
  visit("split_seed", s.splitSeed, "Which labelled list of the frozen split.").Range(0).Advanced();
}

bool
IsSection(const std::string & key)
{
  const auto & sections = StudySections();
  return std::find(sections.begin(), sections.end(), key) != sections.end();
}

/** A JSON file that describes a data set, not a study. */
bool
DescribesData(const nlohmann::json & json)
{
  return json.is_object() && !json.contains("data") &&
         (json.contains("modality") || json.contains("channel_names") || json.contains("training"));
}

std::string
From(const fs::path & folder, const std::string & path)
{
  if (path.empty())
  {
    return path;
  }
  const auto normal = fs::absolute(folder / path).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).string();
}

/** The paths of a section, counted from a folder; of its parts for single methods too. */
void
MakePathsAbsolute(nlohmann::ordered_json & section, const fs::path & folder)
{
  for (auto & [name, value] : section.items())
  {
    if (value.is_object())
    {
      MakePathsAbsolute(value, folder);
    }
    else if (pathNames.contains(name) && value.is_string())
    {
      value = From(folder, value.get<std::string>());
    }
  }
}

void
MakePathsRelative(nlohmann::ordered_json & section, const fs::path & folder)
{
  for (auto & [name, value] : section.items())
  {
    if (value.is_object())
    {
      MakePathsRelative(value, folder);
    }
    else if (pathNames.contains(name) && value.is_string() && !value.get<std::string>().empty())
    {
      value = fs::path(value.get<std::string>()).lexically_relative(folder).string();
    }
  }
}

void
ReadSection(const std::string & name,
            const nlohmann::json & value,
            const fs::path & file,
            StudySettings & settings)
{
  if (!value.is_object())
  {
    throw UsageError(Message(file.string(), ": '", name, "' must hold settings of sulcus-", name));
  }
  settings.sections[name] = value;
  MakePathsAbsolute(settings.sections[name], fs::absolute(file).parent_path());
}

/** What a study file says, except what the command line gave. */
void
ReadStudyFile(const fs::path & file,
              const std::set<std::string> & given,
              StudySettings & settings,
              RunContext & context)
{
  const auto json = ReadConfigurationFile(file);
  if (!json.is_object())
  {
    throw UsageError(Message(file.string(), ": not a study file"));
  }
  StudySettings inFile;
  Parameters visit;
  DescribeShared(visit, inFile);
  visit("data", inFile.data, "Data set.");
  visit("output", inFile.output, "Folder of the study.");
  visit("seed", inFile.seed, "Seed.");
  Parameters own;
  DescribeShared(own, settings);
  own("data", settings.data, "Data set.");
  own("output", settings.output, "Folder of the study.");
  own("seed", context.common.seed, "Seed.");
  std::vector<std::string> names = StudySections();
  for (const auto & parameter : visit.All())
  {
    names.push_back(parameter.Name());
  }
  for (const auto & [key, value] : json.items())
  {
    if (IsSection(key))
    {
      ReadSection(key, value, file, settings);
      continue;
    }
    const auto * parameter = visit.Find(key);
    if (parameter == nullptr || key.find('-') != std::string::npos)
    {
      throw UsageError(
          Message(file.string(), ": unknown key '", key, "'; ", SuggestName(key, names)));
    }
    try
    {
      parameter->SetJson(value);
    }
    catch (const UsageError & error)
    {
      throw UsageError(Message(file.string(), ": ", error.what()));
    }
    auto resolved = parameter->ToJson();
    if (key == "data" || key == "output" || key == "splits")
    {
      resolved = From(fs::absolute(file).parent_path(), resolved.get<std::string>());
    }
    if (!given.contains(key))
    {
      own.Require(key, file.string()).SetJson(resolved);
    }
  }
}

/** "train.steps=400" or "train.fixmatch.steps=400". */
void
ApplySet(const std::string & text, StudySettings & settings)
{
  const auto equals = text.find('=');
  const auto dot = text.find('.');
  if (equals == std::string::npos || dot == std::string::npos || dot > equals)
  {
    throw UsageError(Message("--set ", text, ": need section.name=value, e.g. train.steps=400"));
  }
  const auto section = text.substr(0, dot);
  if (!IsSection(section))
  {
    throw UsageError(Message(
        "--set ", text, ": no section '", section, "'; ", SuggestName(section, StudySections())));
  }
  auto * place = &settings.sections[section];
  if (place->is_null())
  {
    *place = nlohmann::ordered_json::object();
  }
  std::string name = text.substr(dot + 1, equals - dot - 1);
  if (const auto second = name.find('.'); second != std::string::npos)
  {
    place = &(*place)[name.substr(0, second)];
    name.erase(0, second + 1);
  }
  const auto value = text.substr(equals + 1);
  const auto json = nlohmann::ordered_json::parse(value, nullptr, false);
  (*place)[name] = json.is_discarded() ? nlohmann::ordered_json(value) : json;
  if (pathNames.contains(name))
  {
    (*place)[name] = From(fs::current_path(), value);
  }
}

/** "prepare.flips=x,y" arrives cut at its commas: a part without '=' belongs to the one before. */
std::vector<std::string>
Joined(const std::vector<std::string> & parts)
{
  std::vector<std::string> texts;
  for (const auto & part : parts)
  {
    if (part.find('=') == std::string::npos && !texts.empty())
    {
      texts.back() += "," + part;
    }
    else
    {
      texts.push_back(part);
    }
  }
  return texts;
}

bool
IsStudyFolder(const fs::path & path)
{
  return fs::exists(path / "study.json") && fs::exists(path / StudyManifest::FileName);
}

} // namespace

const std::vector<std::string> &
StudySections()
{
  static const std::vector<std::string> sections{
      "check", "consensus", "prepare", "pretrain", "train", "segment", "evaluate", "report"};
  return sections;
}

void
Describe(Parameters & visit, StudySettings & s)
{
  visit("study",
        s.study,
        "Study file (.json, .toml), data set (folder, dataset.json, manifest .tsv), or the folder "
        "of an earlier study.")
      .Kind(ParameterKind::InputFolder)
      .Required()
      .Positional();
  visit("output", s.output, "Folder of the study.").Kind(ParameterKind::OutputFolder).Short('o');
  DescribeShared(visit, s);
  visit.Group("Stages");
  visit("set", s.set, "Settings of a program, e.g. prepare.flips=x or train.fixmatch.steps=800.");
  visit(
      "from", s.from, "First stage that may run; earlier ones are taken as they are, edited too.");
  visit("until", s.until, "Last stage that may run.");
  visit("verify", s.verify, "Only compare every file with the hash in the study's manifest.");
}

std::set<std::string>
GivenNames(int argc, char ** argv)
{
  std::set<std::string> names;
  for (int i = 1; i < argc; ++i)
  {
    std::string argument = argv[i];
    if (argument.starts_with("-o"))
    {
      names.insert("output");
    }
    if (argument.starts_with("--"))
    {
      auto name = argument.substr(2, argument.find('=') - 2);
      std::replace(name.begin(), name.end(), '-', '_');
      names.insert(name.starts_with("no_") ? name.substr(3) : name);
    }
  }
  return names;
}

void
LoadStudy(StudySettings & settings, const std::set<std::string> & given, RunContext & context)
{
  fs::path path = settings.study;
  if (!fs::exists(path))
  {
    throw InputError(Message(settings.study, ": there is no such file or folder"));
  }
  settings.output = From(fs::current_path(), settings.output);
  settings.splits = From(fs::current_path(), settings.splits);
  const bool isOldStudy = fs::is_directory(path) && IsStudyFolder(path);
  path = isOldStudy ? path / "study.json" : path;
  const bool isStudyFile =
      path.extension() == ".toml" ||
      (path.extension() == ".json" && !DescribesData(ReadConfigurationFile(path)));
  if (isStudyFile)
  {
    ReadStudyFile(path, given, settings, context);
    if (settings.data.empty())
    {
      throw UsageError(Message(path.string(), ": 'data' is missing: the data set of the study"));
    }
  }
  else
  {
    settings.data = From(fs::current_path(), settings.study);
  }
  for (const auto & text : Joined(settings.set))
  {
    ApplySet(text, settings);
  }
  for (const auto & section : StudySections())
  {
    if (settings.sections[section].is_null())
    {
      settings.sections[section] = nlohmann::ordered_json::object();
    }
  }
  settings.seed = context.common.seed;
  if (settings.output.empty())
  {
    throw UsageError("--output is missing: Folder of the study.");
  }
}

nlohmann::ordered_json
StudyFile(const StudySettings & settings, const fs::path & folder)
{
  const auto relative = [&](const std::string & path)
  { return path.empty() ? path : fs::path(path).lexically_relative(folder).string(); };
  auto copy = settings;
  nlohmann::ordered_json json;
  json["data"] = relative(settings.data);
  json["output"] = ".";
  json["seed"] = settings.seed;
  Parameters shared;
  copy.splits = relative(settings.splits);
  DescribeShared(shared, copy);
  json.update(shared.ToJson());
  for (const auto & section : StudySections())
  {
    json[section] = copy.sections[section];
    MakePathsRelative(json[section], folder);
  }
  return json;
}

} // namespace sulcus
