#include "sulcusBatchCommand.h"
#include <sulcusBatchRun.h>
#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusMain.h>
#include <sulcusProgress.h>
#include <sulcusTable.h>
#include <sulcusThreads.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace
{

namespace fs = std::filesystem;

struct Options
{
  std::string manifest;
  std::vector<std::string> command;
  std::string state;
  std::string caseColumn = "case";
  std::vector<std::string> expect;
  sulcus::BatchOptions batch;
  sulcus::PartOptions part;
};

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "batch";
  program.summary = "Run a program over every row of a table, in parts, resumably";
  program.details =
      "The command stands after '--'; its first word is a Sulcus program (segment) or the path of "
      "any other, and {column} in it is replaced by the row's value; {folder} is the table's "
      "folder. "
      "No shell is involved. Every case is a process of its own with a log and a marker in the "
      "state "
      "folder: the same call again runs only what is missing or failed. With --num_parts the table "
      "is dealt out to several machines or to the tasks of a Slurm array. Exit status 7: some "
      "cases "
      "failed.";
  program.example =
      "sulcus-batch scans.tsv --state segmenting --jobs 2 -- segment {folder}/{image} "
      "--model model.safetensors --output {folder}/labels/{case}.nii.gz";
  return program;
}

void
Describe(sulcus::Parameters & visit, Options & o)
{
  visit("manifest", o.manifest, "Table (.tsv) with one row a case.")
      .Kind(sulcus::ParameterKind::InputFile)
      .Required()
      .Positional();
  visit("command", o.command, "Program and arguments, after '--'.")
      .Kind(sulcus::ParameterKind::InputFile) // words are taken whole, commas and all
      .Required()
      .Positional();
  visit("state", o.state, "Folder for logs, markers and the summary.")
      .Kind(sulcus::ParameterKind::OutputFolder)
      .Required();
  visit("case_column", o.caseColumn, "Column that names the case.");
  visit("expect",
        o.expect,
        "Files that must be there after a case has run, with {column} as in the command.")
      .Kind(sulcus::ParameterKind::InputFile);
  visit.Group("Running");
  Describe(visit, o.batch);
  Describe(visit, o.part);
}

const char *
NameOf(sulcus::BatchState state)
{
  return state == sulcus::BatchState::Done      ? "done"
         : state == sulcus::BatchState::Skipped ? "skipped"
                                                : "failed";
}

sulcus::Table
Summary(const std::vector<sulcus::BatchOutcome> & outcomes)
{
  sulcus::Table table({"case", "state", "exit_status", "time_s", "message"});
  for (const auto & outcome : outcomes)
  {
    std::string message = outcome.message;
    std::replace(message.begin(), message.end(), '\t', ' ');
    table.AddRow({outcome.id,
                  std::string(NameOf(outcome.state)),
                  std::int64_t{outcome.status},
                  outcome.seconds,
                  message.empty() ? sulcus::Cell() : sulcus::Cell(message)});
  }
  return table;
}

void
Run(const Options & o, sulcus::RunContext & context)
{
  const sulcus::Table manifest = sulcus::ReadTsv(o.manifest, sulcus::CellTyping::Texts);
  const sulcus::CohortPart part = sulcus::ResolvePart(o.part);
  const auto jobs = sulcus::JobsOf(
      manifest, {o.caseColumn, o.command, o.expect, fs::path(o.manifest).parent_path()}, part);
  if (context.common.dryRun)
  {
    for (const auto & job : jobs)
    {
      fmt::print("{}\t{}\n", job.id, fmt::join(job.command, " "));
    }
    return;
  }
  context.record.AddInput(o.manifest);
  sulcus::Progress progress("Cases", static_cast<double>(jobs.size()));
  std::size_t failed = 0;
  const auto outcomes = sulcus::RunBatch(
      jobs,
      o.batch,
      o.state,
      sulcus::GetThreadCount(),
      [&](std::size_t finished, const sulcus::BatchOutcome & outcome)
      {
        progress.Update(static_cast<double>(finished), outcome.id);
        if (outcome.state == sulcus::BatchState::Failed)
        {
          ++failed;
          sulcus::LogWarning(sulcus::Message("case ", outcome.id, " failed: ", outcome.message));
        }
      });
  const sulcus::Table summary = Summary(outcomes);
  const std::string name = part.count == 1
                               ? "summary.tsv"
                               : fmt::format("summary_part-{}_of-{}.tsv", part.index, part.count);
  sulcus::WriteTsv(fs::path(o.state) / name, summary, sulcus::Overwrite::Allow);
  context.record.Results()["cases"] = sulcus::ToJson(summary);
  if (failed > 0)
  {
    throw sulcus::PartialError(sulcus::Message(failed,
                                               " of ",
                                               jobs.size(),
                                               " cases failed; see ",
                                               (fs::path(o.state) / name).string(),
                                               " and the logs beside it"));
  }
}

} // namespace

int
main(int argc, char ** argv)
{
  Options options;
  return sulcus::RunApplicationWith(argc, argv, Program(), options, Run);
}
