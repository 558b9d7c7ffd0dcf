#include "sulcusTrainingSession.h"
#include <sulcusDevice.h>
#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusProgress.h>
#include <sulcusSha256.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <thread>

// What a run finds out and refuses before it writes anything.

namespace sulcus
{

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
                                                   "process_timeout",
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
  if (session.launch)
  {
    settings["processes"] = session.launch->size;
  }
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

/** What the method brings as a preset and the user did not give. */
void
TrainingProgram::ApplyPreset(RunContext & context) const
{
  std::string brought;
  for (const auto & [name, value] : m_Methods.at(m_Options.method)->Preset())
  {
    if (!context.given.contains(name))
    {
      m_Parameters->Require(name, "preset").SetText(value);
      brought += (brought.empty() ? "" : ", ") + name + " " + value;
    }
  }
  if (!brought.empty())
  {
    LogInfo(Message("method ", m_Options.method, " brings ", brought));
    context.record.SetSettings(m_Parameters->ToJson());
  }
}

/** Whether this is one of several processes, and what that means for device, threads and output. */
void
TrainingProgram::FindProcesses(Session & session, RunContext & context) const
{
  session.launch = FindProcessLaunch([](const char * name) { return std::getenv(name); });
  if (!session.launch)
  {
    return;
  }
  const auto & launch = *session.launch;
  if (session.device.is_cuda() && context.common.device.rfind("cuda:", 0) != 0)
  {
    session.device = ResolveDevice("cuda:" + std::to_string(launch.localRank));
  }
  if (context.common.threads == 0)
  {
    const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    SetTorchThreads(std::max(1, cores / launch.localSize));
  }
  if (launch.rank > 0)
  {
    SetProgressStyle(ProgressStyleFromName("none"));
    context.common.report.clear();
  }
}

/** Everything that can be refused is refused here, before anything is written. */
void
TrainingProgram::Prepare(Session & session, RunContext & context) const
{
  ApplyPreset(context);
  session.device = ResolveDevice(context.common.device);
  SetTorchThreads(context.common.threads);
  FindProcesses(session, context);
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
  if (session.launch && !session.method.sharesBatches)
  {
    throw UsageError(Message("method '",
                             m_Options.method,
                             "' with these settings needs the whole batch in one process; this one "
                             "was started as one of ",
                             session.launch->size));
  }
  session.trainer = m_Options.trainer;
  session.trainer.seed = context.common.seed;
  session.identity = {Configuration(session, context), cache->Identity()};
}

} // namespace sulcus
