#include "sulcusStudyData.h"
#include "sulcusStudyEstimate.h"
#include "sulcusStudyScores.h"
#include "sulcusStudySettings.h"
#include "sulcusStudyStages.h"
#include <sulcusApplication.h>
#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusProgress.h>
#include <sulcusSha256.h>
#include <sulcusStudyRunner.h>
#include <sulcusTable.h>

#include <fmt/format.h>

#include <cstdio>

namespace
{

using namespace sulcus;
namespace fs = std::filesystem;

ProgramDescription
Program()
{
  ProgramDescription program;
  program.verb = "study";
  program.summary = "The whole study by one command: check, prepare, train, segment, score, report";
  program.details =
      "Takes a data set (anything that sulcus-prepare reads) or a study file and runs the programs "
      "beside it in order: check, consensus where annotators drew a case, prepare, pre-training on "
      "all volumes, training with each method, segmentation of unlabelled and test images, scores, "
      "and one report.html. A stage is skipped while its inputs, settings and outputs are what "
      "manifest.json says; after an interruption the same command goes on. Files that were changed "
      "by hand are never replaced without --overwrite. The folder gets study.json, which can be "
      "edited and run again. --dry_run shows what would run, with estimates of time and memory.";
  program.example = "sulcus-study dataset --output study --splits splits.json --labelled 4";
  program.usesDevice = true;
  program.usesSeed = true;
  return program;
}

void
Print(const std::string & text)
{
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/** Compares every file with the manifest. \throws InputError if one differs */
void
Verify(const fs::path & folder)
{
  if (!fs::exists(folder / StudyManifest::FileName))
  {
    throw InputError(Message(folder.string(), ": holds no ", StudyManifest::FileName));
  }
  const auto check = CheckManifest(StudyManifest(folder), folder);
  Print(ToText(check));
  RequireNoDifference(check, folder);
  Print(Message(check.files, " files are what the manifest says\n"));
}

void
PrintPlan(const std::vector<PlannedStage> & planned)
{
  Table table({"stage", "what", "why", "time", "memory_mb"});
  double seconds = 0.0;
  std::uint64_t memory = 0;
  for (const auto & [stage, decision] : planned)
  {
    const bool runs = decision.action == StageAction::Run || decision.action == StageAction::Resume;
    const bool refused = decision.action == StageAction::Refuse;
    table.AddRow({stage->name,
                  std::string(runs      ? "run"
                              : refused ? "refuse"
                                        : "skip"),
                  decision.reason,
                  runs ? Cell(DurationText(stage->expectedSeconds)) : Cell(),
                  runs ? Cell(static_cast<std::int64_t>(stage->expectedMemoryInBytes / 1'000'000))
                       : Cell()});
    seconds += runs ? stage->expectedSeconds : 0.0;
    memory = std::max(memory, runs ? stage->expectedMemoryInBytes : 0);
  }
  Print(ToPlainText(table));
  Print(fmt::format("About {} in all, up to {} MB of memory. {}\n",
                    DurationText(seconds),
                    memory / 1'000'000,
                    EstimateBasis()));
}

/** The folder may be new, empty, a study, or hold the study file alone. */
void
CheckFolder(const StudySettings & settings, const fs::path & folder, Overwrite overwrite)
{
  if (!fs::exists(folder) || fs::exists(folder / StudyManifest::FileName) ||
      overwrite == Overwrite::Allow)
  {
    return;
  }
  if (!fs::is_directory(folder))
  {
    throw OutputError(Message(settings.output, ": is not a folder"));
  }
  for (const auto & entry : fs::directory_iterator(folder))
  {
    if (entry.path().filename() != ".lock" && !fs::equivalent(entry.path(), settings.study))
    {
      throw OutputError(Message(settings.output,
                                ": exists and is no study (it holds ",
                                entry.path().filename().string(),
                                "); choose another folder"));
    }
  }
}

/** Writes study.json, unless the study was started from it; an edited one is never replaced. */
void
WriteStudyFile(const StudySettings & settings,
               const fs::path & folder,
               StudyManifest & manifest,
               Overwrite overwrite)
{
  const auto path = folder / "study.json";
  const auto text = StudyFile(settings, folder).dump(1) + "\n";
  manifest.Settings() = StudyFile(settings, folder);
  const bool exists = fs::exists(path);
  const fs::path given = settings.study;
  const bool isSource = exists && (fs::equivalent(path, given) || fs::equivalent(folder, given));
  const auto found = exists ? Sha256OfFile(path) : std::string();
  if (isSource)
  {
    manifest.settingsFileSha256 = found;
    return;
  }
  if (exists && found != manifest.settingsFileSha256 && overwrite == Overwrite::Refuse)
  {
    throw OutputError(
        Message(path.string(),
                ": was edited; start the study with this file, or replace it by --overwrite"));
  }
  manifest.settingsFileSha256 = AtomicWriteText(path, text, Overwrite::Allow);
}

/** Refuses to go on where not all cases went well; the report is there all the same. */
void
ReportFailures(const StudyManifest & manifest)
{
  for (const auto & record : manifest.Stages())
  {
    if (record.exitStatus != 0 && record.program.starts_with("sulcus-segment"))
    {
      throw PartialError(Message("stage ", record.stage, ": some cases failed; see the report"));
    }
  }
}

void
Run(StudySettings & settings, const std::set<std::string> & given, RunContext & context)
{
  LoadStudy(settings, given, context);
  const fs::path folder = settings.output;
  if (settings.verify)
  {
    Verify(folder);
    return;
  }
  const auto programs = fs::read_symlink("/proc/self/exe").parent_path();
  CheckFolder(settings, folder, context.OverwriteRule());
  CheckSections(settings, programs);
  const auto data = ReadStudyData(settings, folder);
  ResolveStudy(settings, data, programs);
  StudyManifest manifest(folder);
  auto stages = StagesOf(settings, data, context.common, folder);
  EstimateStages(stages, data, manifest, folder, context.common.threads);
  LogInfo(fmt::format("{} labelled training cases, {} fused from annotators, {} unlabelled; {} to "
                      "segment, {} {} cases to score; {} stages",
                      data.labelled,
                      data.fused,
                      data.unlabelled,
                      data.segmentCases,
                      data.evaluateCases,
                      data.evaluateOn,
                      stages.size()));
  const StudyRunnerOptions options{
      programs, settings.from, settings.until, context.common.overwrite};
  if (context.common.dryRun)
  {
    PrintPlan(StudyRunner(folder, stages, manifest, options).Plan());
    return;
  }
  StudyRunner runner(folder, stages, manifest, options);
  fs::create_directories(folder);
  const FolderLock lock(folder);
  WriteStudyFile(settings, folder, manifest, context.OverwriteRule());
  std::vector<std::string> names;
  for (const auto & stage : stages)
  {
    names.push_back(stage.name);
  }
  manifest.KeepOnly(names);
  manifest.Write();
  runner.Run();
  for (const auto & record : manifest.Stages())
  {
    context.record.AddStage(record.stage, record.seconds);
  }
  ReportFailures(manifest);
  if (const auto scores = MainScores(folder, settings.methods); scores.RowCount() > 0)
  {
    Print(Message("Mean Dice of ",
                  data.evaluateCases,
                  " ",
                  data.evaluateOn,
                  " cases\n",
                  ToPlainText(scores, {3})));
  }
  if (fs::exists(folder / "report.html"))
  {
    Print(Message("Report: ", (folder / "report.html").string(), "\n"));
  }
}

} // namespace

int
main(int argc, char ** argv)
{
  StudySettings settings;
  return RunApplication(
      argc,
      argv,
      Program(),
      [&](Parameters & visit) { Describe(visit, settings); },
      [&](RunContext & context) { Run(settings, GivenNames(argc, argv), context); });
}
