#include "sulcusStudyReport.h"
#include <sulcusChart.h>
#include <sulcusJson.h>
#include <sulcusLog.h>
#include <sulcusScoreReport.h>
#include <sulcusScoreTable.h>
#include <sulcusStatistics.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Several tables of the same columns as one, with a first column that says which. */
Table
Stacked(const std::vector<std::string> & names,
        const std::vector<Table> & tables,
        const std::vector<std::string> & columns)
{
  auto heading = columns;
  heading.insert(heading.begin(), "method");
  Table all(heading);
  for (std::size_t t = 0; t < tables.size(); ++t)
  {
    for (std::size_t row = 0; row < tables[t].RowCount(); ++row)
    {
      Table::Row cells{names[t]};
      for (const auto & column : columns)
      {
        cells.push_back(tables[t].At(row, column));
      }
      all.AddRow(std::move(cells));
    }
  }
  return all;
}

/** Case → mean Dice over its structures; structures that neither side has are left out. */
std::map<std::string, double>
DiceOfCases(const Table & scores)
{
  std::map<std::string, std::vector<double>> values;
  for (std::size_t row = 0; row < scores.RowCount(); ++row)
  {
    values[ToText(scores.At(row, "case"))].push_back(NumberIn(scores.At(row, "dice")));
  }
  std::map<std::string, double> means;
  for (const auto & [id, dice] : values)
  {
    means[id] = Mean(WithoutMissing(dice));
  }
  return means;
}

std::vector<std::string>
ScoreColumns(const Table & scores)
{
  std::vector<std::string> columns;
  for (const std::string column : {"case",
                                   "structure",
                                   "dice",
                                   "hd95_mm",
                                   "msd_mm",
                                   "volume_reference_ml",
                                   "volume_prediction_ml",
                                   "volume_difference_percent",
                                   "presence"})
  {
    if (scores.HasColumn(column))
    {
      columns.push_back(column);
    }
  }
  return columns;
}

/** Images and labels of the scored cases, as the data stage listed them. */
std::map<std::string, ReportedCase>
ScoredCases(const StudyResults & results, const std::string & method)
{
  std::map<std::string, ReportedCase> cases;
  const auto data = results.folder / "data";
  const auto * segment = results.manifest.Find("segment/" + method);
  const auto ending =
      segment == nullptr ? std::string(".nii.gz") : segment->settings.value("format", ".nii.gz");
  const auto table = ReadTsv(data / "references.tsv", CellTyping::Texts);
  for (std::size_t row = 0; row < table.RowCount(); ++row)
  {
    const auto id = ToText(table.At(row, "case"));
    cases[id] = {id,
                 (data / ToText(table.At(row, "image"))).lexically_normal(),
                 (data / ToText(table.At(row, "label"))).lexically_normal(),
                 results.folder / "segmentations" / method / (id + ending)};
  }
  return cases;
}

/** Rows of one case, all methods. */
Table
RowsOfCase(const Table & all, const std::string & id)
{
  Table rows(all.Columns());
  for (std::size_t row = 0; row < all.RowCount(); ++row)
  {
    if (ToText(all.At(row, "case")) == id)
    {
      rows.AddRow(all.Rows()[row]);
    }
  }
  return rows;
}

} // namespace

void
AddMethods(HtmlPage & page, const StudyResults & results)
{
  if (results.methods.empty())
  {
    return;
  }
  page.AddSection("Scores", "scores");
  page.AddParagraph("Mean over cases with its bootstrap interval. A structure that is missed or "
                    "invented counts with the worst value; one that neither side has is left out.");
  std::vector<Table> shortTables;
  std::vector<ChartGroup> groups;
  for (std::size_t m = 0; m < results.methods.size(); ++m)
  {
    shortTables.push_back(ShortSummary(results.summaries[m]));
    groups.push_back({results.methods[m], {}});
    for (const auto & [id, dice] : DiceOfCases(results.scores[m]))
    {
      groups.back().values.push_back(dice);
    }
  }
  page.AddTable(Stacked(results.methods, shortTables, shortTables.front().Columns()));
  ChartOptions options;
  options.title = "Mean Dice of each case";
  options.yLabel = "Dice";
  page.AddChart(BoxChart(groups, options));
  for (std::size_t m = 1; m < results.methods.size(); ++m)
  {
    const auto path = results.folder / "scores" / results.methods[m] / "comparison.tsv";
    if (fs::exists(path))
    {
      page.AddHeading(results.methods[m] + " against " + results.methods.front());
      page.AddParagraph(fmt::format(
          "a is {}, b is {}; differences are b − a over the same cases, with bootstrap intervals. "
          "p: Wilcoxon's signed-rank test, two-sided; p holm: adjusted for all rows of this table.",
          results.methods.front(),
          results.methods[m]));
      page.AddTable(ReadTsv(path));
    }
  }
}

void
AddWorstCases(HtmlPage & page,
              const StudyResults & results,
              const StudyReportOptions & options,
              const CasePictures & pictures)
{
  if (results.methods.empty())
  {
    return;
  }
  const auto & method = results.methods[results.best];
  auto all = Stacked(results.methods, results.scores, ScoreColumns(results.scores[results.best]));
  all.SortBy("dice");
  std::vector<std::pair<double, std::string>> order;
  for (const auto & [id, dice] : DiceOfCases(results.scores[results.best]))
  {
    order.emplace_back(dice, id);
  }
  std::sort(order.begin(), order.end());
  order.resize(std::min(order.size(), static_cast<std::size_t>(options.worstCases)));
  const auto cases = ScoredCases(results, method);
  page.AddSection("Worst cases", "worst-cases");
  page.AddParagraph("By mean Dice of " + method +
                    (pictures ? ". Filled: its segmentation; white outline: the reference." : "."));
  std::vector<std::pair<std::string, std::string>> links;
  for (std::size_t i = 0; i < order.size(); ++i)
  {
    const auto & [dice, id] = order[i];
    const auto anchor =
        page.BeginGroup(fmt::format("{}: Dice {:.3f}", id, dice), i < 3, "case-" + id);
    links.emplace_back(id, anchor);
    if (pictures)
    {
      page.AddPng(pictures(cases.at(id)), "Slices of case " + id);
    }
    page.AddTable(RowsOfCase(all, id));
    page.EndGroup();
  }
  page.AddSection("All cases", "cases");
  page.AddParagraph("Worst Dice first; a press on a heading sorts by that column.");
  HtmlTableOptions table;
  table.sortedBy = "dice";
  table.linkColumn = "case";
  table.links = links;
  page.AddTable(all, table);
}

void
AddVolumes(HtmlPage & page, const StudyResults & results)
{
  if (results.methods.empty())
  {
    return;
  }
  page.AddSection("Volumes", "volumes");
  page.AddParagraph("Bland–Altman: difference (prediction − reference) over the mean of both; "
                    "dashed: bias ± 1.96 standard deviations.");
  for (std::size_t m = 0; m < results.methods.size(); ++m)
  {
    page.BeginGroup(results.methods[m], m == results.best, "volumes-" + results.methods[m]);
    for (const auto & structure : StructuresIn(results.scores[m]))
    {
      ChartOptions options;
      options.title = structure;
      page.AddChart(
          BlandAltmanChart(ValuesOfStructure(results.scores[m], structure, "volume_reference_ml"),
                           ValuesOfStructure(results.scores[m], structure, "volume_prediction_ml"),
                           "ml",
                           options));
    }
    page.EndGroup();
  }
}

void
AddCalibrations(HtmlPage & page, const StudyResults & results)
{
  std::vector<std::string> names;
  std::vector<Table> figures;
  std::vector<ChartSeries> lines;
  for (const auto & method : results.methods)
  {
    const auto folder = results.folder / "scores" / method;
    if (!fs::exists(folder / "calibration_bins.tsv"))
    {
      continue;
    }
    names.push_back(method);
    figures.push_back(ReadTsv(folder / "calibration.tsv"));
    const auto bins = ReadTsv(folder / "calibration_bins.tsv");
    for (const auto & structure : StructuresIn(bins))
    {
      lines.push_back({structure == "chosen label" ? method : method + ", " + structure,
                       ValuesOfStructure(bins, structure, "confidence"),
                       ValuesOfStructure(bins, structure, "frequency")});
    }
  }
  if (names.empty())
  {
    return;
  }
  page.AddSection("Calibration", "calibration");
  page.AddParagraph("How often the chosen label is right where a method is as sure as stated, in "
                    "voxels near the structures.");
  page.AddTable(Stacked(names, figures, figures.front().Columns()));
  ChartOptions options;
  options.title = "Reliability";
  options.xLabel = "stated confidence";
  options.yLabel = "share of right labels";
  options.xRange = options.yRange = std::pair(0.0, 1.0);
  options.diagonal = true;
  page.AddChart(LineChart(lines, options), "On the dashed line, stated and observed agree.");
}

void
AddUnscoredCases(HtmlPage & page, const StudyResults & results)
{
  std::map<std::string, double> scored;
  if (!results.methods.empty())
  {
    scored = DiceOfCases(results.scores[results.best]);
  }
  Table table({"method", "case", "labelled_voxels"});
  for (const auto & method :
       results.manifest.Settings().value("methods", std::vector<std::string>()))
  {
    const auto report = results.folder / "stages" / ("segment-" + method + ".report.json");
    if (!fs::exists(report))
    {
      continue;
    }
    const auto json = ReadJsonFile(report);
    for (const auto & entry : json.at("results").value("cases", nlohmann::json::array()))
    {
      const auto id = entry.at("case").get<std::string>();
      if (!scored.contains(id))
      {
        table.AddRow({method, id, entry.at("labelled_voxels").get<std::int64_t>()});
      }
    }
  }
  if (table.RowCount() > 0)
  {
    page.AddSection("Segmented without a reference", "unscored");
    page.BeginGroup(fmt::format("{} segmentations", table.RowCount()));
    page.AddTable(table);
    page.EndGroup();
  }
}

} // namespace sulcus
