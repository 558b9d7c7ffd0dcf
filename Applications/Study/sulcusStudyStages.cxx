#include "sulcusStudyStages.h"

#include <sulcusError.h>
#include <sulcusSha256.h>

#include <algorithm>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

class StageList
{
public:
  StageList(const StudySettings & settings,
            const StudyData & data,
            const CommonOptions & options,
            const fs::path & folder)
      : m_Settings(settings), m_Data(data), m_Options(options), m_Folder(folder)
  {
  }

  std::vector<Stage>
  Make()
  {
    AddData();
    AddCheck();
    const bool fuses = m_Data.fused > 0;
    if (fuses)
    {
      AddConsensus();
    }
    AddPrepare(fuses);
    std::string init;
    for (const auto & method : m_Settings.pretraining)
    {
      init = AddPretraining(method, init);
    }
    for (const auto & method : m_Settings.methods)
    {
      AddMethod(method, init);
    }
    AddReport();
    return m_Stages;
  }

private:
  /** A stage that is told what its section says. */
  Stage
  Begin(const std::string & name, const std::string & program, std::vector<std::string> after)
  {
    Stage stage;
    stage.name = name;
    stage.program = program;
    stage.after = std::move(after);
    const auto section = m_Settings.sections.find(program);
    if (section != m_Settings.sections.end())
    {
      stage.settings = section->second;
    }
    stage.plumbing["threads"] = m_Options.threads;
    stage.plumbing["log_level"] = "info";
    return stage;
  }

  void
  AddData()
  {
    auto stage = Begin("data", "study", {});
    stage.settings = {{"manifest", Sha256OfText(m_Data.manifest)},
                      {"description", Sha256OfText(m_Data.description)},
                      {"segment", Sha256OfText(m_Data.segment)},
                      {"references", Sha256OfText(m_Data.references)}};
    stage.outputs = {"data"};
    stage.work = [data = &m_Data, folder = m_Folder] { WriteStudyData(*data, folder); };
    m_Stages.push_back(stage);
  }

  void
  AddCheck()
  {
    auto stage = Begin("check", "check", {"data"});
    stage.plumbing["data_set"] = "data/manifest.tsv";
    stage.plumbing["tsv"] = "check/findings.tsv";
    stage.plumbing["html"] = "check/report.html";
    stage.inputs = m_Data.allFiles;
    stage.inputs.insert(stage.inputs.begin(), {"data/manifest.tsv", "data/dataset.json"});
    stage.outputs = {"check/findings.tsv", "check/report.html"};
    if (m_Settings.faults == "report")
    {
      stage.acceptedStatuses = {static_cast<int>(ExitCode::PartialFailure)};
    }
    m_Stages.push_back(stage);
  }

  void
  AddConsensus()
  {
    auto stage = Begin("consensus", "consensus", {"data"});
    stage.settings["seed"] = m_Settings.seed;
    stage.settings["missing_value"] = m_Data.dataset.annotatorUnknownLabel;
    stage.plumbing["manifest"] = "data/manifest.tsv";
    stage.plumbing["output"] = "consensus";
    stage.inputs = m_Data.fusionFiles;
    stage.inputs.insert(stage.inputs.begin(), {"data/manifest.tsv", "data/dataset.json"});
    stage.outputs = {"consensus"};
    m_Stages.push_back(stage);
  }

  void
  AddPrepare(bool fuses)
  {
    auto stage = Begin("prepare", "prepare", {"data", fuses ? "consensus" : "data"});
    for (const auto & name : DataParameters())
    {
      stage.settings.erase(name);
    }
    if (stage.settings.contains("plan"))
    {
      MovePathToInputs(stage, "plan");
    }
    stage.settings["seed"] = m_Settings.seed;
    stage.plumbing["dataset"] = fuses ? "consensus" : "data";
    stage.plumbing["output"] = "cache";
    stage.inputs.insert(
        stage.inputs.end(), m_Data.trainingFiles.begin(), m_Data.trainingFiles.end());
    stage.inputs.insert(stage.inputs.end(), {"data/manifest.tsv", "data/dataset.json"});
    if (fuses)
    {
      stage.inputs.emplace_back("consensus");
    }
    stage.outputs = {"cache"};
    m_Stages.push_back(stage);
  }

  /** A setting that names a file: its contents decide, not its name. */
  void
  MovePathToInputs(Stage & stage, const std::string & name) const
  {
    const auto path =
        fs::path(stage.settings[name].get<std::string>()).lexically_relative(m_Folder).string();
    stage.settings.erase(name);
    stage.plumbing[name] = path;
    stage.inputs.push_back(path);
  }

  /** \returns the model that the next stage starts from */
  std::string
  AddPretraining(const std::string & method, const std::string & init)
  {
    auto stage = Begin("pretrain/" + method, "pretrain", {"prepare"});
    stage.settings["method"] = method;
    stage.settings["seed"] = m_Settings.seed;
    if (m_Settings.pretrainingSteps > 0)
    {
      stage.settings["steps"] = m_Settings.pretrainingSteps;
    }
    const auto output = "pretrain/" + method;
    SetTraining(stage, init, output);
    m_LastPretraining = stage.name;
    m_Stages.push_back(stage);
    return output + "/model.safetensors";
  }

  void
  SetTraining(Stage & stage, const std::string & init, const std::string & output)
  {
    stage.plumbing["cache"] = "cache";
    stage.plumbing["output"] = output;
    stage.plumbing["device"] = m_Options.device;
    stage.inputs.emplace_back("cache");
    if (stage.settings.contains("init"))
    {
      MovePathToInputs(stage, "init");
    }
    else if (!init.empty())
    {
      stage.plumbing["init"] = init;
      stage.inputs.push_back(init);
      stage.after.push_back(m_LastPretraining);
    }
    stage.outputs = {output};
    stage.resumes = true;
  }

  void
  AddMethod(const std::string & method, const std::string & init)
  {
    auto train = Begin("train/" + method, "train", {"prepare"});
    nlohmann::ordered_json own = nlohmann::ordered_json::object();
    for (auto item = train.settings.begin(); item != train.settings.end();)
    {
      if (item->is_object())
      {
        own = item.key() == method ? *item : own;
        item = train.settings.erase(item);
      }
      else
      {
        ++item;
      }
    }
    if (m_Settings.steps > 0)
    {
      train.settings["steps"] = m_Settings.steps;
    }
    train.settings.update(own);
    train.settings["method"] = method;
    train.settings["seed"] = m_Settings.seed;
    SetTraining(train, init, "train/" + method);
    m_Stages.push_back(train);
    if (m_Data.segmentCases > 0)
    {
      AddSegment(method);
    }
    if (m_Data.evaluateCases > 0)
    {
      AddEvaluate(method);
    }
  }

  void
  AddSegment(const std::string & method)
  {
    auto stage = Begin("segment/" + method, "segment", {"data", "train/" + method});
    stage.settings.emplace("confidence", true);
    const auto model = "train/" + method + "/model.safetensors";
    stage.plumbing["input"] = nlohmann::ordered_json::array({"data/segment.tsv"});
    stage.plumbing["model"] = nlohmann::ordered_json::array({model});
    stage.plumbing["output"] = "segmentations/" + method;
    stage.plumbing["device"] = m_Options.device;
    stage.inputs = m_Data.segmentFiles;
    stage.inputs.insert(stage.inputs.begin(), {"data/segment.tsv", model});
    stage.outputs = {"segmentations/" + method};
    stage.acceptedStatuses = {static_cast<int>(ExitCode::PartialFailure)};
    m_Stages.push_back(stage);
  }

  void
  AddEvaluate(const std::string & method)
  {
    auto stage = Begin("evaluate/" + method, "evaluate", {"data", "segment/" + method, "prepare"});
    const auto & first = m_Settings.methods.front();
    const auto predictions = "segmentations/" + method;
    stage.settings["seed"] = m_Settings.seed;
    stage.settings["unpaired"] = "count";
    stage.settings["cases"] = m_Data.evaluatedIds;
    stage.plumbing["reference"] = "data/references.tsv";
    stage.plumbing["prediction"] = predictions;
    stage.plumbing["labels"] = "cache/plan.json";
    stage.plumbing["subjects"] = "data/references.tsv";
    stage.plumbing["output"] = "scores/" + method;
    stage.inputs = m_Data.referenceFiles;
    stage.inputs.insert(stage.inputs.begin(),
                        {"data/references.tsv", "cache/plan.json", predictions});
    const auto & segment = m_Settings.sections.at("segment");
    if (!segment.contains("confidence") || segment.at("confidence") == true)
    {
      stage.plumbing["confidence_maps"] = predictions;
    }
    if (method != first)
    {
      stage.plumbing["baseline"] = "scores/" + first + "/scores.tsv";
      stage.inputs.push_back("scores/" + first + "/scores.tsv");
      stage.after.push_back("evaluate/" + first);
    }
    stage.outputs = {"scores/" + method};
    m_Stages.push_back(stage);
  }

  void
  AddReport()
  {
    auto stage = Begin("report", "report", {});
    stage.plumbing["study"] = ".";
    stage.plumbing["output"] = "report.html";
    for (const auto & earlier : m_Stages)
    {
      stage.after.push_back(earlier.name);
      const bool shown = earlier.name != "prepare" && earlier.name != "data";
      stage.inputs.insert(stage.inputs.end(),
                          shown ? earlier.outputs.begin() : earlier.outputs.end(),
                          earlier.outputs.end());
    }
    stage.outputs = {"report.html"};
    m_Stages.push_back(stage);
  }

  const StudySettings & m_Settings;
  const StudyData & m_Data;
  const CommonOptions & m_Options;
  fs::path m_Folder;
  std::vector<Stage> m_Stages;
  std::string m_LastPretraining;
};

} // namespace

std::vector<Stage>
StagesOf(const StudySettings & settings,
         const StudyData & data,
         const CommonOptions & options,
         const fs::path & folder)
{
  return StageList(settings, data, options, folder).Make();
}

} // namespace sulcus
