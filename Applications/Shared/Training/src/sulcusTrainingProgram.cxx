#include "sulcusTrainingProgram.h"

#include "sulcusRunFolder.h"
#include "sulcusValidation.h"
#include <sulcusDevice.h>
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
#include <set>

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

/** What one run works with, in the order in which it is found out. */
struct TrainingProgram::Session
{
  torch::Device device = torch::kCPU;
  Precision precision = Precision::Float32;
  int threads = 0;
  std::shared_ptr<const PreparedCache> cache;
  Plan plan;
  CaseSelection selection;
  std::optional<ModelFile> init;
  std::string initSha256;
  BuiltMethod method;
  RunIdentity identity;

  /** The model as it stands, on the training's own tensors. */
  ModelFile
  Model() const
  {
    ModelFile model;
    model.plan = plan;
    model.method = method.inference;
    model.weights = method.weights();
    if (method.extraWeights)
    {
      model.extra = method.extraWeights();
    }
    return model;
  }
};

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

nlohmann::json
TrainingProgram::Configuration(const Session & session, const RunContext & context) const
{
  static const std::set<std::string> withoutEffect{"cache",
                                                   "output",
                                                   "init",
                                                   "verify",
                                                   "precision",
                                                   "checkpoint_seconds",
                                                   "prefetch_threads",
                                                   "prefetch_depth",
                                                   "validate_every"};
  nlohmann::json settings;
  for (const auto & name : m_OwnNames)
  {
    if (!withoutEffect.contains(name))
    {
      settings[name] = m_Parameters->Require(name, "configuration").ToJson();
    }
  }
  settings["init_sha256"] = session.initSha256;
  settings["precision"] = PrecisionName(session.precision);
  settings["device"] = session.device.is_cuda() ? "cuda" : "cpu";
  settings["threads"] = session.threads;
  settings["seed"] = context.common.seed;
  return settings;
}

MethodContext
TrainingProgram::MakeContext(const Session & session, const RunContext & context) const
{
  MethodContext made;
  made.plan = session.plan;
  made.steps = m_Options.trainer.steps;
  made.seed = context.common.seed;
  made.device = session.device;
  made.precision = session.precision;
  made.update = m_Options.update;
  made.streams = m_Options.streams;
  made.labelledCases = session.selection.labelled.size();
  made.unlabelledCases = session.selection.unlabelled.size();
  if (session.init)
  {
    made.initialise = [this, &init = *session.init](SegmentationNetwork & network)
    {
      const int blocks = static_cast<int>(m_Options.initDecoderBlocks);
      const auto report =
          LoadByName(*network,
                     init.weights,
                     blocks < 0 ? std::vector<std::string>{} : TransferPrefixes(blocks));
      if (report.loaded.empty() || !report.misshaped.empty())
      {
        throw ModelError(
            Message(m_Options.init, ": does not fit the network of the plan: ", report.Summary()));
      }
      LogInfo(Message("from ", m_Options.init, ": ", report.Summary()));
    };
  }
  return made;
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

/** Everything that can be refused is refused here, before anything is written. */
void
TrainingProgram::Prepare(Session & session, RunContext & context) const
{
  session.device = ResolveDevice(context.common.device);
  SetTorchThreads(context.common.threads);
  session.threads = torch::get_num_threads();
  session.precision = ResolvePrecision(m_Options.precision, session.device);
  if (session.precision == Precision::BFloat16 && !HasFastBFloat16(session.device))
  {
    LogWarning("bf16 was asked for, but this device has no instructions for it: expect it to be "
               "slower than fp32");
  }
  UseDeterministicAlgorithms();
  const auto cache = std::make_shared<PreparedCache>(m_Options.cache);
  if (m_Options.verify)
  {
    cache->Verify();
  }
  session.cache = cache;
  session.plan = PlanFromJson(cache->PlanJson(), m_Options.cache);
  session.selection = SelectCases(*cache, m_Options.selection);
  if (!m_Options.init.empty())
  {
    session.init = ReadModelFile(m_Options.init);
    session.initSha256 = Sha256OfFile(m_Options.init);
  }
  // LibTorch's own generator starts anywhere: what heads draw for their weights must follow the
  // seed
  torch::manual_seed(context.common.seed);
  session.method = m_Methods.at(m_Options.method)->Build(MakeContext(session, context));
  session.identity = {Configuration(session, context), cache->Identity()};
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

void
TrainingProgram::Run(RunContext & context)
{
  KeepFreedMemory();
  Session session;
  Prepare(session, context);
  const auto parameters = ParameterCount(*session.method.network);
  LogInfo(Message("method ",
                  m_Options.method,
                  ", ",
                  parameters,
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
  const RunFolder folder(m_Options.output, context.OverwriteRule());
  auto options = m_Options.trainer;
  options.seed = context.common.seed;
  const auto batches = MakePatchSource(session.cache,
                                       session.selection,
                                       session.plan,
                                       session.method.sampling,
                                       m_Options.dataset,
                                       options.seed);
  Trainer trainer(*session.method.rule, *batches, options, folder.Path(), session.identity);
  SetValidation(trainer, session);
  if (trainer.Resume())
  {
    LogInfo("going on from the last checkpoint");
  }
  const TrainingReport report = trainer.Run();
  if (report.firstStep == options.steps && IsModel(folder.Model()))
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
  results["parameters"] = parameters;
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

} // namespace sulcus
