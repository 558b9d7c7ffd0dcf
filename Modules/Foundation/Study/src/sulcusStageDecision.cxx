#include "sulcusStageDecision.h"

#include <sulcusError.h>
#include <sulcusRunRecord.h>
#include <sulcusSha256.h>

#include <algorithm>

namespace sulcus
{
namespace
{

/** The first output that is not what the record says. */
struct OutputProblem
{
  std::string missing;
  std::string changed;
};

OutputProblem
CompareOutputs(const StageRecord & record, FileHasher & hasher)
{
  OutputProblem problem;
  std::vector<std::string> paths;
  for (const auto & output : record.outputs)
  {
    paths.push_back(output.path);
  }
  const auto found = hasher.Hash(paths);
  for (std::size_t i = 0; i < found.size(); ++i)
  {
    const bool missing = found[i].sha256.empty();
    if (missing && problem.missing.empty())
    {
      problem.missing = paths[i];
    }
    if (!missing && found[i].sha256 != record.outputs[i].sha256 && problem.changed.empty())
    {
      problem.changed = paths[i];
    }
  }
  return problem;
}

/** Why the key is another one: the first setting or input that differs. */
std::string
DifferenceOf(const Stage & stage,
             const StageRecord & record,
             const std::vector<HashedPath> & inputs)
{
  const auto text = [](const nlohmann::ordered_json & settings, const std::string & name)
  { return settings.contains(name) ? settings.at(name).dump() : std::string("not set"); };
  for (const auto & [name, value] : stage.settings.items())
  {
    if (text(record.settings, name) != value.dump())
    {
      return Message("setting ",
                     name,
                     " is ",
                     value.dump().substr(0, 60),
                     ", was ",
                     text(record.settings, name).substr(0, 60));
    }
  }
  for (const auto & [name, value] : record.settings.items())
  {
    if (!stage.settings.contains(name))
    {
      return Message("setting ", name, " is not set, was ", value.dump().substr(0, 60));
    }
  }
  for (const auto & input : inputs)
  {
    const auto known = std::find_if(record.inputs.begin(),
                                    record.inputs.end(),
                                    [&](const auto & one) { return one.path == input.path; });
    if (known == record.inputs.end() || known->sha256 != input.sha256)
    {
      return Message(
          "input ", input.path, known == record.inputs.end() ? " is new" : " has changed");
    }
  }
  return record.inputs.size() != inputs.size() ? "there are fewer inputs" : "program has changed";
}

bool
HoldsFiles(const Stage & stage, FileHasher & hasher)
{
  return std::any_of(stage.outputs.begin(),
                     stage.outputs.end(),
                     [&](const auto & path) { return !hasher.Hash(path).sha256.empty(); });
}

StageDecision
DecideUnknown(const Stage & stage, bool overwrite, FileHasher & hasher)
{
  if (!HoldsFiles(stage, hasher))
  {
    return {StageAction::Run, "not done yet", false};
  }
  if (overwrite)
  {
    return {StageAction::Run, "not done yet, replaces what is there", true};
  }
  return {StageAction::Refuse,
          Message(stage.outputs.front(),
                  " holds files that this study did not make; --overwrite replaces them"),
          false};
}

StageDecision
DecideTaken(const StageRecord * record, FileHasher & hasher)
{
  if (record == nullptr || record->status != "done")
  {
    return {StageAction::Refuse, "not done yet: the study cannot begin behind it", false};
  }
  const auto problem = CompareOutputs(*record, hasher);
  if (!problem.missing.empty())
  {
    return {StageAction::Refuse, Message(problem.missing, " is missing"), false};
  }
  return {StageAction::Take,
          problem.changed.empty() ? "taken as it is"
                                  : Message("taken as it is, with ", problem.changed, " changed"),
          false};
}

} // namespace

std::string
KeyOf(const Stage & stage, const std::vector<HashedPath> & inputs)
{
  nlohmann::json all{
      {"program", stage.program}, {"version", Version()}, {"settings", stage.settings}};
  for (const auto & input : inputs)
  {
    all["inputs"].push_back({input.path, input.sha256});
  }
  return Sha256OfText(all.dump());
}

StageDecision
DecideStage(const Stage & stage,
            const StageRecord * record,
            const std::vector<HashedPath> & inputs,
            const std::string & upstream,
            bool taken,
            bool overwrite,
            FileHasher & hasher)
{
  if (taken)
  {
    return DecideTaken(record, hasher);
  }
  if (record == nullptr)
  {
    return DecideUnknown(stage, overwrite, hasher);
  }
  const bool sameKey = upstream.empty() && record->key == KeyOf(stage, inputs);
  if (record->status != "done")
  {
    const bool resumes = stage.resumes && sameKey;
    return {resumes ? StageAction::Resume : StageAction::Run,
            Message(record->status == "failed" ? "failed before, " : "was interrupted, ",
                    resumes ? "goes on" : "starts again"),
            !resumes};
  }
  const auto problem = CompareOutputs(*record, hasher);
  if (!problem.changed.empty() && !overwrite)
  {
    return {StageAction::Refuse,
            Message(problem.changed,
                    " was changed after the study wrote it; --overwrite makes it anew, --from a "
                    "later stage keeps it"),
            false};
  }
  if (!problem.changed.empty())
  {
    return {StageAction::Run, Message(problem.changed, " was changed and is made anew"), true};
  }
  if (!problem.missing.empty())
  {
    return {StageAction::Run, Message(problem.missing, " is missing, is made again"), true};
  }
  if (!upstream.empty())
  {
    return {StageAction::Run, Message("follows ", upstream), true};
  }
  if (!sameKey)
  {
    return {StageAction::Run, DifferenceOf(stage, *record, inputs), true};
  }
  return {StageAction::Skip, "unchanged", false};
}

} // namespace sulcus
