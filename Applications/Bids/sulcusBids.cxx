#include "sulcusBidsDataset.h"
#include "sulcusBidsDerivatives.h"
#include <sulcusBatchRun.h>
#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusMain.h>
#include <sulcusProgress.h>
#include <sulcusSha256.h>
#include <sulcusSubprocess.h>
#include <sulcusThreads.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace
{

namespace fs = std::filesystem;

struct Options
{
  std::string bidsDir;
  std::string outputDir;
  std::string level;
  sulcus::BidsSelection selection;
  std::vector<std::string> models;
  std::string desc = "sulcus";
  std::string flips = "none";
  bool skipValidator = false;
  sulcus::BatchOptions batch;
  sulcus::PartOptions part;
};

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "bids";
  program.summary = "Segment a BIDS data set into BIDS derivatives, and tabulate it";
  program.details =
      "A BIDS App. The participant level segments every image of the wanted suffix with a trained "
      "model, one process an image, and writes _dseg.nii.gz with .json and .tsv beside it; the "
      "group "
      "level makes one table of label volumes with its data dictionary. The same call again does "
      "only what is missing. With --num_parts, or in a Slurm array, each call takes its share of "
      "the "
      "participants. Exit status 7: some participants failed.";
  program.example = "sulcus-bids data derivatives/sulcus participant --model model.safetensors "
                    "--participant_label 01 02";
  program.usesDevice = true;
  return program;
}

void
Describe(sulcus::Parameters & visit, Options & o)
{
  using Kind = sulcus::ParameterKind;
  visit("bids_dir", o.bidsDir, "The BIDS data set.")
      .Kind(Kind::InputFolder)
      .Required()
      .Positional();
  visit("output_dir", o.outputDir, "Folder of the derivatives.")
      .Kind(Kind::OutputFolder)
      .Required()
      .Positional();
  visit("analysis_level", o.level, "One participant after the other, or all results together.")
      .Choices({"participant", "group"})
      .Required()
      .Positional();
  visit("participant_label",
        o.selection.participants,
        "Only these participants, with or without 'sub-'; several with blanks or commas between.");
  visit("session_label", o.selection.sessions, "Only these sessions, with or without 'ses-'.");
  visit("model", o.models, "Model files of sulcus-train; several are averaged.")
      .Kind(Kind::InputFile)
      .Short('m');
  visit("channels",
        o.selection.channels,
        "Suffixes of the images, one a channel of the model, e.g. T1w,FLAIR.");
  visit("desc", o.desc, "Value of the entity desc in the names of the results.");
  visit("flips", o.flips, "Mirrored copies to average, as in sulcus-segment.")
      .Choices({"none", "allowed", "all"});
  visit("skip_bids_validator", o.skipValidator, "Take the folder as it is.");
  visit.Group("Running");
  Describe(visit, o.batch);
  Describe(visit, o.part);
}

class ParticipantLevel
{
public:
  ParticipantLevel(const Options & options, sulcus::RunContext & context)
      : m_Options(options), m_Context(context)
  {
  }

  void
  Execute()
  {
    if (m_Options.models.empty())
    {
      throw sulcus::UsageError("--model is missing: the participant level needs a model");
    }
    for (const std::string & model : m_Options.models)
    {
      m_Context.record.AddInput(model);
      m_ModelHashes.push_back(sulcus::Sha256OfFile(model));
    }
    ListImages();
    if (m_Context.common.dryRun)
    {
      return;
    }
    sulcus::WriteDerivativesDescription(m_Options.bidsDir, m_Options.outputDir);
    RunJobs();
    if (!m_Failed.empty())
    {
      throw sulcus::PartialError(
          sulcus::Message(m_Failed.size(),
                          " of ",
                          m_Count,
                          " participants failed; see the warnings and ",
                          (fs::path(m_Options.outputDir) / "logs").string()));
    }
  }

private:
  void
  ListImages()
  {
    const auto part = sulcus::ResolvePart(m_Options.part);
    const auto all = sulcus::ListBidsParticipants(m_Options.bidsDir, m_Options.selection);
    std::size_t bare = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
    {
      if (!part.Holds(i))
      {
        continue;
      }
      ++m_Count;
      if (!all[i].problem.empty())
      {
        Fail(all[i].label, all[i].problem);
      }
      for (const auto & image : all[i].images)
      {
        bare += image.hasSidecar ? 0 : 1;
        AddJob(image);
      }
    }
    if (bare > 0)
    {
      sulcus::LogWarning(sulcus::Message(bare,
                                         " of ",
                                         m_Jobs.size(),
                                         " images have no JSON sidecar; they are segmented all the "
                                         "same"));
    }
  }

  void
  AddJob(const sulcus::BidsImage & image)
  {
    const auto files = sulcus::ResultFilesOf(image, m_Options.outputDir, m_Options.desc);
    sulcus::BatchJob job;
    job.id = files.labels.filename().string();
    job.id.resize(job.id.size() - std::string(".nii.gz").size());
    job.command.push_back(sulcus::ProgramBeside("segment").string());
    for (const auto & channel : image.channels)
    {
      job.command.push_back(channel.string());
    }
    for (const std::string & model : m_Options.models)
    {
      job.command.insert(job.command.end(), {"--model", model});
    }
    job.command.insert(job.command.end(),
                       {"--output",
                        files.labels.string(),
                        "--report",
                        files.report.string(),
                        "--flips",
                        m_Options.flips,
                        "--device",
                        m_Context.common.device,
                        "--overwrite"}); // whether to run at all is decided by the marker
    job.outputs = {files.labels, files.report};
    job.key = nlohmann::json(m_ModelHashes).dump();
    m_Images[job.id] = image;
    m_Jobs.push_back(job);
  }

  void
  RunJobs()
  {
    for (const auto & [id, image] : m_Images)
    {
      sulcus::PrepareOutputFolder(fs::path(m_Options.outputDir) / image.folder,
                                  sulcus::Overwrite::Allow);
    }
    auto batch = m_Options.batch;
    batch.again = batch.again || m_Context.common.overwrite;
    sulcus::Progress progress("Segmenting", static_cast<double>(m_Jobs.size()));
    sulcus::RunBatch(m_Jobs,
                     batch,
                     fs::path(m_Options.outputDir) / "logs",
                     sulcus::GetThreadCount(),
                     [&](std::size_t finished, const sulcus::BatchOutcome & outcome)
                     {
                       progress.Update(static_cast<double>(finished), outcome.id);
                       Finish(outcome);
                     });
  }

  void
  Finish(const sulcus::BatchOutcome & outcome)
  {
    const auto & image = m_Images.at(outcome.id);
    if (outcome.state == sulcus::BatchState::Failed)
    {
      Fail(image.participant, sulcus::Message(outcome.id, ": ", outcome.message));
      return;
    }
    const auto files = sulcus::ResultFilesOf(image, m_Options.outputDir, m_Options.desc);
    const bool isWritten = outcome.state == sulcus::BatchState::Skipped &&
                           fs::exists(files.sidecar) && fs::exists(files.table);
    if (!isWritten)
    {
      sulcus::WriteSidecars(image, files, m_Options.bidsDir, m_ModelHashes);
    }
    m_Context.record.AddOutput(files.labels);
  }

  void
  Fail(const std::string & participant, const std::string & why)
  {
    sulcus::LogWarning(sulcus::Message("participant ", participant, " failed: ", why));
    m_Failed.insert(participant);
    m_Context.record.Results()["failed"][participant] = why;
  }

  const Options & m_Options;
  sulcus::RunContext & m_Context;
  std::vector<std::string> m_ModelHashes;
  std::vector<sulcus::BatchJob> m_Jobs;
  std::map<std::string, sulcus::BidsImage> m_Images;
  std::set<std::string> m_Failed; ///< participants
  std::size_t m_Count = 0;        ///< participants of this part
};

void
RunGroupLevel(const Options & o, sulcus::RunContext & context)
{
  const auto volumes = sulcus::CollectVolumes(o.outputDir, o.desc);
  const auto present = volumes.table.Texts("participant_id");
  std::string missing;
  for (const auto & participant : sulcus::ListBidsParticipants(o.bidsDir, o.selection))
  {
    const std::string name = "sub-" + participant.label;
    if (std::find(present.begin(), present.end(), name) == present.end())
    {
      missing += (missing.empty() ? "" : ", ") + name;
    }
  }
  if (!missing.empty())
  {
    sulcus::LogWarning(sulcus::Message("not in the table, because without result: ", missing));
  }
  if (context.common.dryRun)
  {
    return;
  }
  sulcus::WriteGroupTables(volumes, o.outputDir, o.desc);
  context.record.Results()["volumes"] = sulcus::ToJson(volumes.table);
}

void
Run(const Options & o, sulcus::RunContext & context)
{
  std::error_code ignored;
  if (fs::equivalent(o.bidsDir, o.outputDir, ignored))
  {
    throw sulcus::UsageError(
        "output_dir is the data set itself; give e.g. its derivatives/sulcus instead");
  }
  const bool isPlain =
      !o.desc.empty() && std::all_of(o.desc.begin(),
                                     o.desc.end(),
                                     [](unsigned char c) { return std::isalnum(c) != 0; });
  if (!isPlain)
  {
    throw sulcus::UsageError("--desc may hold letters and digits only");
  }
  if (!o.skipValidator && fs::is_directory(o.bidsDir))
  {
    sulcus::RequireBidsDataset(o.bidsDir);
  }
  if (o.level == "group")
  {
    RunGroupLevel(o, context);
  }
  else
  {
    ParticipantLevel(o, context).Execute();
  }
}

bool
IsListOption(std::string argument)
{
  std::replace(argument.begin(), argument.end(), '-', '_');
  return argument == "__participant_label" || argument == "__session_label";
}

/** BIDS Apps take `--participant_label 01 02 03`: every value gets the option's name before it. */
std::vector<std::string>
WithRepeatedLabels(int argc, char ** argv)
{
  std::vector<std::string> arguments;
  std::string option;
  for (int i = 0; i < argc; ++i)
  {
    const std::string argument = argv[i];
    const bool hasValues = i + 1 < argc && *argv[i + 1] != '-';
    if (argument.starts_with("-"))
    {
      option = IsListOption(argument) && hasValues ? argument : "";
      if (option.empty())
      {
        arguments.push_back(argument);
      }
      continue;
    }
    if (!option.empty())
    {
      arguments.push_back(option);
    }
    arguments.push_back(argument);
  }
  return arguments;
}

} // namespace

int
main(int argc, char ** argv)
{
  Options options;
  auto arguments = WithRepeatedLabels(argc, argv);
  std::vector<char *> pointers;
  for (auto & argument : arguments)
  {
    pointers.push_back(argument.data());
  }
  return sulcus::RunApplicationWith(
      static_cast<int>(pointers.size()), pointers.data(), Program(), options, Run);
}
