#include "sulcusStudyReport.h"
#include <sulcusProgress.h>
#include <sulcusTrainingLog.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Logs of the stages that a program ran. */
std::vector<std::pair<std::string, TrainingLog>>
LogsOf(const StudyResults & results, const std::string & program)
{
  std::vector<std::pair<std::string, TrainingLog>> logs;
  for (const auto & record : results.manifest.Stages())
  {
    const auto log = results.folder / record.stage / "log.jsonl";
    if (record.stage.starts_with(program + "/") && fs::exists(log))
    {
      logs.emplace_back(record.stage.substr(program.size() + 1), ReadTrainingLog(log));
    }
  }
  return logs;
}

void
AddLoss(HtmlPage & page,
        const std::vector<std::pair<std::string, TrainingLog>> & logs,
        const std::string & title)
{
  if (logs.empty())
  {
    return;
  }
  ChartOptions options;
  options.title = title;
  options.xLabel = "step";
  options.yLabel = "loss";
  page.AddChart(LossCurves(logs, options));
}

/** Dice of validation cases during training, where there is more than one value. */
void
AddValidation(HtmlPage & page, const std::vector<std::pair<std::string, TrainingLog>> & logs)
{
  std::vector<ChartSeries> curves;
  for (const auto & [name, log] : logs)
  {
    const auto * dice = log.Find("dice");
    if (dice != nullptr && dice->x.size() > 1)
    {
      curves.push_back(*dice);
      curves.back().name = name;
    }
  }
  if (!curves.empty())
  {
    ChartOptions options;
    options.title = "Dice of validation cases";
    options.xLabel = "step";
    options.yLabel = "Dice";
    page.AddChart(LineChart(curves, options));
  }
}

Table
HashTable(const std::vector<HashedPath> & entries)
{
  Table table({"file", "bytes", "sha256"});
  for (const auto & entry : entries)
  {
    table.AddRow({entry.path,
                  static_cast<std::int64_t>(entry.bytes),
                  entry.sha256.empty() ? Cell() : Cell(entry.sha256)});
  }
  return table;
}

} // namespace

void
AddTrainingCurves(HtmlPage & page, const StudyResults & results)
{
  const auto pretraining = LogsOf(results, "pretrain");
  const auto training = LogsOf(results, "train");
  if (pretraining.empty() && training.empty())
  {
    return;
  }
  page.AddSection("Training", "training");
  AddLoss(page, training, "Loss of training (of different methods: not comparable)");
  AddValidation(page, training);
  AddLoss(page, pretraining, "Loss of pre-training");
}

void
AddAnnotators(HtmlPage & page, const StudyResults & results)
{
  const auto folder = results.folder / "consensus";
  if (!fs::exists(folder / "report.json"))
  {
    return;
  }
  page.AddSection("Annotators", "annotators");
  page.AddParagraph("Figures against the consensus of the others, which the annotator had no part "
                    "in; consensus/report.html shows where they disagree.");
  page.AddTable(ReadTsv(folder / "annotators.tsv"));
  page.AddHeading("Agreement between two annotators");
  page.AddTable(ReadTsv(folder / "pairs.tsv"));
  page.AddHeading("Cases, the one most worth a second look first");
  page.AddTable(ReadTsv(folder / "cases.tsv"));
}

void
AddFindings(HtmlPage & page, const StudyResults & results)
{
  const auto path = results.folder / "check" / "findings.tsv";
  if (!fs::exists(path))
  {
    return;
  }
  const auto findings = ReadTsv(path, CellTyping::Texts);
  page.AddSection("Check of the data", "check");
  if (findings.RowCount() == 0)
  {
    page.AddParagraph("Nothing was found.");
    return;
  }
  page.AddTable(findings);
}

void
AddManifest(HtmlPage & page, const StudyResults & results)
{
  page.AddSection("How this was made", "manifest");
  page.AddParagraph("Every file below can be checked again: sulcus-report STUDY --verify.");
  Table table({"stage", "program", "status", "time", "peak_memory_mb", "threads", "seed"});
  for (const auto & record : results.manifest.Stages())
  {
    if (record.stage == "report")
    {
      continue; // it is being made
    }
    table.AddRow(
        {record.stage,
         record.program,
         record.exitStatus == 0 ? record.status
                                : fmt::format("{}, exit {}", record.status, record.exitStatus),
         DurationText(record.seconds),
         record.peakMemoryInBytes == 0
             ? Cell()
             : Cell(static_cast<std::int64_t>(record.peakMemoryInBytes / 1'000'000)),
         record.threads == 0 ? Cell() : Cell(std::int64_t{record.threads}),
         record.settings.contains("seed") ? Cell(record.settings.at("seed").get<std::int64_t>())
                                          : Cell()});
  }
  page.AddTable(table);
  page.BeginGroup("Settings of the study (study.json)");
  page.AddPreformatted(results.manifest.Settings().dump(1));
  page.EndGroup();
  for (const auto & record : results.manifest.Stages())
  {
    if (record.stage == "report")
    {
      continue;
    }
    page.BeginGroup("Files of " + record.stage);
    page.AddPreformatted(record.settings.dump(1));
    HtmlTableOptions options;
    options.caption = "Read";
    page.AddTable(HashTable(record.inputs), options);
    options.caption = "Written";
    page.AddTable(HashTable(record.outputs), options);
    page.EndGroup();
  }
}

} // namespace sulcus
