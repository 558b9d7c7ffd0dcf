#include "sulcusTrainingProgram.h"

#include "sulcusRunFolder.h"
#include "sulcusTrainingSession.h"
#include "sulcusValidation.h"
#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusMemory.h>
#include <sulcusModelFile.h>
#include <sulcusSha256.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>

namespace sulcus
{

namespace
{

/** Whether the file is there and undamaged. */
bool
IsModel(const std::filesystem::path & path)
{
  if (!std::filesystem::exists(path))
  {
    return false;
  }
  try
  {
    ReadModelFile(path);
    return true;
  }
  catch (const ModelError & error)
  {
    LogWarning(
        Message("the model of this finished run is damaged and written anew: ", error.what()));
    return false;
  }
}

} // namespace

TrainingProgram::TrainingProgram(const MethodRegistry & registry, TrainingProgramOptions defaults)
    : m_Options(std::move(defaults)), m_MethodNames(registry.Names())
{
  for (const auto & name : m_MethodNames)
  {
    m_Methods.emplace(name, registry.Make(name));
    m_Summaries.emplace(name, registry.Summary(name));
  }
}

void
TrainingProgram::DescribeInput(Parameters & visit)
{
  std::string methods = "What is minimised: ";
  for (const auto & [name, summary] : m_Summaries)
  {
    methods += (methods.back() == ' ' ? "" : "; ") + name + " - " + summary;
  }
  visit.Group("Input and output");
  visit("cache", m_Options.cache, "Folder that sulcus-prepare wrote.")
      .Kind(ParameterKind::InputFolder)
      .Required()
      .Positional();
  visit("output",
        m_Options.output,
        "Run folder. An unfinished run of the same settings in it goes on; a finished one is left "
        "alone.")
      .Kind(ParameterKind::OutputFolder)
      .Required()
      .Short('o');
  visit("method", m_Options.method, methods + ".").Choices(m_MethodNames);
  visit("init", m_Options.init, "Model whose weights the run starts from.")
      .Kind(ParameterKind::InputFile);
  visit("init_decoder_blocks",
        m_Options.initDecoderBlocks,
        "Of --init, take the encoder and that many decoder blocks, coarsest first; -1: everything "
        "that fits.")
      .Range(-1, 16)
      .Advanced();
  visit("verify", m_Options.verify, "Compare the SHA-256 of every prepared file first.").Advanced();
}

void
TrainingProgram::Describe(Parameters & visit)
{
  m_Parameters = &visit;
  DescribeInput(visit);
  visit.Group("Cases");
  sulcus::Describe(visit, m_Options.selection);
  visit.Group("Training");
  sulcus::Describe(visit, m_Options.trainer);
  if (m_Options.segments)
  {
    visit("validate_every",
          m_Options.trainer.validateEvery,
          "Steps between Dice scores of the validation cases; 0: only at the end.")
        .Range(0);
  }
  visit("process_timeout",
        m_Options.processTimeout,
        "Seconds after which a process that trains together with others gives up waiting for them.")
      .Range(1, 1e6)
      .Advanced();
  visit("precision",
        m_Options.precision,
        "Number format of convolutions; auto: bf16 where the device has it.")
      .Choices({"auto", "fp32", "bf16"});
  sulcus::Describe(visit, m_Options.update);
  visit.Group("Patches and augmentation");
  if (m_Options.segments)
  {
    sulcus::Describe(visit, m_Options.streams);
  }
  sulcus::Describe(visit, m_Options.dataset);
  for (auto & [name, method] : m_Methods)
  {
    visit.Group("Method " + name);
    method->Describe(visit);
  }
  for (const auto & parameter : visit.All())
  {
    m_OwnNames.push_back(parameter.Name());
  }
}

void
TrainingProgram::WriteModel(const std::filesystem::path & path,
                            const Session & session,
                            const RunContext & context,
                            const TrainingReport & report) const
{
  ModelFile model = session.Model();
  model.provenance = {{"program", "sulcus " + Version()},
                      {"objective", m_Options.method},
                      {"steps", std::to_string(report.lastStep)},
                      {"seed", std::to_string(context.common.seed)},
                      {"precision", PrecisionName(session.precision)},
                      {"labelled_cases", std::to_string(session.selection.labelled.size())},
                      {"unlabelled_cases", std::to_string(session.selection.unlabelled.size())},
                      {"cache", session.identity.data},
                      {"configuration", Sha256OfText(session.identity.configuration.dump())},
                      {"init", session.initSha256}};
  WriteModelFile(path, model, Overwrite::Allow);
}

/** Scores what would be written as model: the moving average where there is one. */
void
TrainingProgram::SetValidation(Trainer & trainer, const Session & session) const
{
  if (!m_Options.segments || session.selection.validation.empty())
  {
    return;
  }
  trainer.SetValidation(
      [&session, this](std::int64_t)
      {
        const auto predictor = MakeModelPredictor(session.Model(),
                                                  "the model in training",
                                                  session.device,
                                                  session.precision,
                                                  m_Options.predictors);
        return ValidationScores(
            *session.cache, session.selection.validation, session.plan, predictor, session.device);
      },
      "dice");
}

/** From the first step, or the last checkpoint, to the end. */
TrainingReport
TrainingProgram::Train(Session & session, const std::filesystem::path & folder) const
{
  auto dataset = m_Options.dataset;
  if (session.launch)
  {
    dataset.share = {session.launch->rank, session.launch->size};
  }
  const auto batches = MakePatchSource(session.cache,
                                       session.selection,
                                       session.plan,
                                       session.method.sampling,
                                       dataset,
                                       session.trainer.seed);
  if (session.launch)
  {
    LogInfo(Message("process ",
                    session.launch->rank,
                    " of ",
                    session.launch->size,
                    " waits for the others at ",
                    session.launch->address,
                    ", port ",
                    session.launch->port));
    session.trainer.processes = JoinProcesses(
        *session.launch, std::chrono::seconds(std::llround(m_Options.processTimeout)));
  }
  Trainer trainer(*session.method.rule, *batches, session.trainer, folder, session.identity);
  SetValidation(trainer, session);
  if (trainer.Resume())
  {
    LogInfo("going on from the last checkpoint");
  }
  return trainer.Run();
}

void
TrainingProgram::Finish(const Session & session,
                        RunContext & context,
                        const RunFolder & folder,
                        const TrainingReport & report) const
{
  if (report.firstStep == session.trainer.steps && IsModel(folder.Model()))
  {
    LogInfo(Message(folder.Path().string(), ": this run is finished, nothing is changed"));
    return;
  }
  WriteModel(folder.Model(), session, context, report);
  auto & results = context.record.Results();
  results["steps"] = report.lastStep;
  results["resumed_at"] = report.firstStep;
  results["skipped_steps"] = report.skippedSteps;
  results["rollbacks"] = report.rollbacks;
  results["training_seconds"] = report.seconds;
  results["parameters"] = ParameterCount(*session.method.network);
  results["last"] = report.lastLogged;
  if (report.bestStep >= 0)
  {
    results["best_validation_dice"] = report.bestScore;
    results["best_validation_step"] = report.bestStep;
    LogInfo(Message("Dice on ",
                    session.selection.validation.size(),
                    " validation cases: ",
                    std::round(report.bestScore * 1e4) / 1e4,
                    " at step ",
                    report.bestStep,
                    " (the model has the last weights)"));
  }
  results["configuration"] = session.identity.configuration;
  context.record.AddStage("training", report.seconds);
  context.record.AddOutput(folder.Model());
  AtomicWriteText(folder.Record(), context.record.ToJson().dump(2) + "\n", Overwrite::Allow);
  LogInfo(Message("model: ", folder.Model().string()));
}

void
TrainingProgram::Run(RunContext & context)
{
  KeepFreedMemory();
  Session session;
  Prepare(session, context);
  LogInfo(Message("method ",
                  m_Options.method,
                  ", ",
                  ParameterCount(*session.method.network),
                  " parameters, ",
                  session.selection.labelled.size(),
                  " labelled and ",
                  session.selection.unlabelled.size(),
                  " unlabelled cases, ",
                  PrecisionName(session.precision),
                  " on ",
                  session.device,
                  ", ",
                  session.threads,
                  " threads"));
  if (context.common.dryRun)
  {
    return;
  }
  std::optional<RunFolder> folder;
  if (session.IsFirst())
  {
    folder.emplace(m_Options.output, context.OverwriteRule());
  }
  const auto report = Train(session, m_Options.output);
  if (session.IsFirst())
  {
    Finish(session, context, *folder, report);
  }
}

} // namespace sulcus
