#pragma once

#include <sulcusApplication.h>
#include <sulcusCaseSelection.h>
#include <sulcusModelPredictor.h>
#include <sulcusPatchSource.h>
#include <sulcusTrainer.h>
#include <sulcusTrainingMethod.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sulcus
{

class RunFolder;

struct TrainingProgramOptions
{
  std::string cache;
  std::string output;
  std::string method;
  std::string init;
  std::int64_t initDecoderBlocks = -1; ///< -1: everything that fits by name
  std::string precision = "auto";
  bool verify = true;
  bool segments = false;          ///< whether the methods read labels and their networks segment
  PredictorMakers predictors;     ///< of methods that predict with more than their network
  double processTimeout = 1800.0; ///< seconds that processes wait for each other
  TrainerOptions trainer;
  ParameterUpdateOptions update;
  StreamOptions streams;
  SelectionOptions selection;
  DatasetOptions dataset;
};

/** The body of sulcus-train and sulcus-pretrain: a prepared cache and a method of the registry
 * become a run folder with a model. Going on with an unfinished run, finding it finished and
 * starting anew are decided by what the folder holds. Started as one of several processes (see
 * FindProcessLaunch), it trains its share of every batch; process 0 keeps the folder. */
class TrainingProgram
{
public:
  /** \param defaults values that `--help` shows; `method` names the default method. */
  TrainingProgram(const MethodRegistry & registry, TrainingProgramOptions defaults);

  void
  Describe(Parameters & visit);

  /** \throws the errors of every step; see Documentation/ExitCodes.md. */
  void
  Run(RunContext & context);

private:
  struct Session;

  void
  DescribeInput(Parameters & visit);
  void
  ApplyPreset(RunContext & context) const;
  void
  FindProcesses(Session & session, RunContext & context) const;
  void
  Prepare(Session & session, RunContext & context) const;
  TrainingReport
  Train(Session & session, const std::filesystem::path & folder) const;
  void
  Finish(const Session & session,
         RunContext & context,
         const RunFolder & folder,
         const TrainingReport & report) const;
  void
  SetValidation(Trainer & trainer, const Session & session) const;
  nlohmann::json
  Configuration(const Session & session, const RunContext & context) const;
  MethodContext
  MakeContext(const Session & session, const RunContext & context) const;
  void
  WriteModel(const std::filesystem::path & path,
             const Session & session,
             const RunContext & context,
             const TrainingReport & report) const;

  TrainingProgramOptions m_Options;
  std::vector<std::string> m_MethodNames;
  std::map<std::string, std::unique_ptr<TrainingMethod>> m_Methods;
  std::map<std::string, std::string> m_Summaries;
  const Parameters * m_Parameters = nullptr;
  std::vector<std::string> m_OwnNames; ///< described here: what the configuration is made of
};

} // namespace sulcus
