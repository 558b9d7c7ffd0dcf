#include "sulcusProgramSchema.h"
#include "sulcusStudyStages.h"
#include <sulcusError.h>

#include <algorithm>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

const std::set<std::string> common{"config",
                                   "report",
                                   "overwrite",
                                   "dry_run",
                                   "progress",
                                   "log_file",
                                   "log_level",
                                   "threads",
                                   "device",
                                   "seed",
                                   "output"};

/** What the study itself tells each program. */
std::set<std::string>
ReservedOf(const std::string & section)
{
  static const std::map<std::string, std::set<std::string>> own{
      {"check", {"data_set", "tsv", "html"}},
      {"consensus", {"annotations", "image", "manifest", "case_name", "missing_value"}},
      {"prepare", {"dataset"}},
      {"pretrain", {"cache", "method", "steps"}},
      {"train", {"cache", "method"}},
      {"segment", {"input", "model", "html"}},
      {"evaluate",
       {"reference", "prediction", "labels", "cases", "unpaired", "baseline", "confidence_maps"}},
      {"report", {"study", "verify"}}};
  auto names = common;
  names.insert(own.at(section).begin(), own.at(section).end());
  return names;
}

/** Names of a list, "auto" and "none" resolved, each known to the program. */
std::vector<std::string>
ResolvedNames(const std::vector<std::string> & wish,
              const std::vector<std::string> & automatic,
              const std::vector<std::string> & known,
              const std::string & key)
{
  std::vector<std::string> names;
  for (const auto & name : wish)
  {
    if (name == "auto")
    {
      names.insert(names.end(), automatic.begin(), automatic.end());
    }
    else if (name != "none")
    {
      if (std::find(known.begin(), known.end(), name) == known.end())
      {
        throw UsageError(Message(key, ": unknown method '", name, "'; ", SuggestName(name, known)));
      }
      names.push_back(name);
    }
  }
  for (const auto & name : names)
  {
    if (std::count(names.begin(), names.end(), name) > 1)
    {
      throw UsageError(Message(key, ": '", name, "' is listed twice"));
    }
  }
  return names;
}

/** The parts of [train] that are for single methods are checked like the section itself. */
void
CheckTrainSection(StudySettings & settings, const ProgramSchema & schema)
{
  auto & section = settings.sections["train"];
  auto shared = nlohmann::ordered_json::object();
  auto single = nlohmann::ordered_json::object();
  for (const auto & [name, value] : section.items())
  {
    if (!value.is_object())
    {
      shared[name] = value;
      continue;
    }
    if (std::find(settings.methods.begin(), settings.methods.end(), name) == settings.methods.end())
    {
      throw UsageError(Message("train.",
                               name,
                               ": settings of a method that this study does not train; ",
                               SuggestName(name, settings.methods)));
    }
    single[name] = schema.Checked(value, ReservedOf("train"), "train." + name);
  }
  section = schema.Checked(shared, ReservedOf("train"), "train");
  section.update(single);
}

} // namespace

void
CheckSections(StudySettings & settings, const fs::path & programs)
{
  for (const auto & name : StudySections())
  {
    if (name != "train")
    {
      auto & section = settings.sections[name];
      section = ProgramSchema(programs, name).Checked(section, ReservedOf(name), name);
    }
  }
}

void
ResolveStudy(StudySettings & settings, const StudyData & data, const fs::path & programs)
{
  const bool hasUnlabelled = data.unlabelled > 0;
  const ProgramSchema train(programs, "train");
  const ProgramSchema pretrain(programs, "pretrain");
  using Names = std::vector<std::string>;
  settings.methods =
      ResolvedNames(settings.methods,
                    hasUnlabelled ? Names{"supervised", "correction"} : Names{"supervised"},
                    train.ChoicesOf("method"),
                    "methods");
  settings.pretraining = ResolvedNames(settings.pretraining,
                                       hasUnlabelled ? Names{"global", "local"} : Names{},
                                       pretrain.ChoicesOf("method"),
                                       "pretraining");
  if (settings.methods.empty())
  {
    throw UsageError("methods: a study needs at least one");
  }
  CheckTrainSection(settings, train);
}

} // namespace sulcus
