#include "sulcusEvaluateRun.h"
#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusMain.h>
#include <sulcusScoreReport.h>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>

namespace
{

using namespace sulcus;
namespace fs = std::filesystem;

ProgramDescription
Program()
{
  ProgramDescription program;
  program.verb = "evaluate";
  program.summary = "Score segmentations against references, and compare two sets of scores";
  program.details =
      "Writes scores.tsv (one row a case and structure), summary.tsv (means with bootstrap "
      "intervals), confusion.tsv, "
      "scores.json with all of it and, on request, report.html. A structure that is missed or "
      "invented counts with the "
      "worst value of every score; one that neither side has is not applicable, left out of means "
      "and counted. Surface "
      "distances follow the surface-distance library unless --surface border_voxels is given. With "
      "--baseline, "
      "comparison.tsv holds paired differences with Wilcoxon's test and Holm's adjustment.";
  program.example = "sulcus-evaluate labelsTs predictions scores --labels dataset.json --html";
  program.usesSeed = true;
  return program;
}

/** All tables of a run. */
struct Results
{
  Table scores;
  Table summary;
  Table confusion;
  std::optional<Table> baseline;
  std::optional<Table> comparison;
  std::vector<std::pair<std::string, Calibration>> calibration;
};

Table
ConfusionTable(const Confusion & confusion)
{
  Table table({"reference", "prediction", "voxels"});
  for (const auto & [pair, count] : confusion.Pairs())
  {
    table.AddRow(
        {std::int64_t{pair.first}, std::int64_t{pair.second}, static_cast<std::int64_t>(count)});
  }
  return table;
}

Table
CalibrationTable(const std::vector<std::pair<std::string, Calibration>> & structures)
{
  Table table({"structure", "voxels", "ece", "mce", "brier", "log_loss"});
  for (const auto & [name, c] : structures)
  {
    table.AddRow({name,
                  static_cast<std::int64_t>(c.count),
                  c.expectedError,
                  c.largestError,
                  c.brier,
                  c.logLoss});
  }
  return table;
}

/** One row a bin that holds voxels: what a reliability diagram shows. */
Table
CalibrationBins(const std::vector<std::pair<std::string, Calibration>> & structures)
{
  Table table({"structure", "low", "high", "voxels", "confidence", "frequency"});
  for (const auto & [name, calibration] : structures)
  {
    for (const auto & bin : calibration.bins)
    {
      if (bin.count > 0)
      {
        table.AddRow({name,
                      bin.low,
                      bin.high,
                      static_cast<std::int64_t>(bin.count),
                      bin.meanConfidence,
                      bin.frequency});
      }
    }
  }
  return table;
}

Results
Evaluate(const EvaluateSettings & settings, const EvaluationJob & job, const RandomEngine & random)
{
  Results results;
  const auto evaluated = ScoreCases(job.cases, job.labels, settings);
  results.scores = ScoreTable(evaluated.cases, settings.scores.tolerancesInMm);
  results.summary = SummariseScores(results.scores, random.Fork("summary"), settings.bootstrap);
  results.confusion = ConfusionTable(evaluated.confusion);
  if (job.baselineIsTable)
  {
    results.baseline = ReadTsv(settings.baseline);
  }
  else if (!job.baselineCases.empty())
  {
    const auto other = ScoreCases(job.baselineCases, job.labels, settings);
    results.baseline = ScoreTable(other.cases, settings.scores.tolerancesInMm);
  }
  if (results.baseline)
  {
    results.comparison = CompareScores(*results.baseline,
                                       results.scores,
                                       random.Fork("comparison"),
                                       settings.bootstrap,
                                       settings.metrics);
  }
  if (!settings.probabilities.empty() || !settings.confidenceMaps.empty())
  {
    results.calibration = CalibrateCases(job, settings);
  }
  return results;
}

nlohmann::ordered_json
ResultsAsJson(const Results & results, const DeclaredLabels & labels, EvaluateSettings settings)
{
  nlohmann::ordered_json json;
  json["program"] = "sulcus-evaluate " + Version();
  Parameters described;
  Describe(described, settings.scores);
  json["definitions"] = described.ToJson();
  for (const auto & structure : labels.structures)
  {
    json["structures"][structure.name] = structure.values;
  }
  json["scores"] = ToJson(results.scores);
  json["summary"] = ToJson(results.summary);
  if (results.comparison)
  {
    json["comparison"] = ToJson(*results.comparison);
  }
  if (!results.calibration.empty())
  {
    json["calibration"] = ToJson(CalibrationTable(results.calibration));
    json["calibration_bins"] = ToJson(CalibrationBins(results.calibration));
  }
  return json;
}

HtmlPage
ReportOf(const Results & results, const EvaluateSettings & settings)
{
  HtmlPage page("Evaluation");
  AddScoreSections(page, results.scores, results.summary);
  if (results.comparison)
  {
    AddComparisonSection(page, *results.comparison, settings.baseline, settings.prediction);
  }
  if (!results.calibration.empty())
  {
    AddCalibrationSection(page, results.calibration);
  }
  page.AddSection("All figures", "figures");
  page.AddTable(results.summary);
  HtmlTableOptions options;
  options.caption = "How often labels met, in voxels of all cases";
  page.AddTable(results.confusion, options);
  return page;
}

/** scores.json comes last: where it is, everything else is complete. */
void
WriteResults(const Results & results,
             const EvaluationJob & job,
             const EvaluateSettings & settings,
             RunContext & context)
{
  const fs::path folder(settings.output);
  PrepareOutputFolder(folder, context.OverwriteRule());
  const auto rule = context.OverwriteRule();
  const auto write = [&](const char * name, const Table & table)
  {
    WriteTsv(folder / name, table, rule);
    context.record.AddOutput(folder / name);
  };
  write("scores.tsv", results.scores);
  write("summary.tsv", results.summary);
  write("confusion.tsv", results.confusion);
  if (results.comparison)
  {
    write("baseline_scores.tsv", *results.baseline);
    write("comparison.tsv", *results.comparison);
  }
  if (!results.calibration.empty())
  {
    write("calibration.tsv", CalibrationTable(results.calibration));
    write("calibration_bins.tsv", CalibrationBins(results.calibration));
  }
  if (settings.html)
  {
    ReportOf(results, settings).Write(folder / "report.html", rule);
    context.record.AddOutput(folder / "report.html");
  }
  AtomicWriteText(
      folder / "scores.json", ResultsAsJson(results, job.labels, settings).dump(1) + "\n", rule);
  context.record.AddOutput(folder / "scores.json");
}

void
Print(const std::string & text)
{
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void
Run(EvaluateSettings & settings, RunContext & context)
{
  if (context.OverwriteRule() == Overwrite::Refuse && fs::exists(settings.output) &&
      !(fs::is_directory(settings.output) && fs::is_empty(settings.output)))
  {
    throw OutputError(
        Message(settings.output, ": exists and is not empty; --overwrite replaces its tables"));
  }
  const auto job = PlanEvaluation(settings);
  if (context.common.dryRun)
  {
    Print(Message(
        job.cases.size(), " cases, ", job.labels.structures.size(), " structures: ready\n"));
    return;
  }
  if (!context.common.report.empty())
  {
    for (const auto & one : job.cases)
    {
      context.record.AddInput(one.reference);
      if (!one.prediction.empty())
      {
        context.record.AddInput(one.prediction);
      }
    }
  }
  const auto results = Evaluate(settings, job, RandomEngine(context.common.seed));
  WriteResults(results, job, settings, context);
  context.record.Results()["summary"] = ToJson(results.summary);
  Print(ToPlainText(ShortSummary(results.summary)));
  if (results.comparison)
  {
    Print("\nComparison with " + settings.baseline + " (a), differences are b - a\n" +
          ToPlainText(*results.comparison));
  }
}

} // namespace

int
main(int argc, char ** argv)
{
  EvaluateSettings settings;
  return RunApplicationWith(argc, argv, Program(), settings, Run);
}
