#include "sulcusScoreReport.h"

#include "sulcusScoreTable.h"
#include <sulcusChart.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

std::string
ScoreBoxes(const Table & scores, const std::string & column, const std::string & title)
{
  std::vector<ChartGroup> groups;
  for (const auto & structure : StructuresIn(scores))
  {
    groups.push_back({structure, WithoutMissing(ValuesOfStructure(scores, structure, column))});
  }
  ChartOptions options;
  options.title = title;
  options.yLabel = ColumnTitle(column);
  if (column == "dice")
  {
    options.yRange = std::pair(0.0, 1.0);
  }
  return BoxChart(groups, options);
}

/** Figures of one structure and metric in a summary, or nothing. */
const Table::Row *
SummaryRowOf(const Table & summary, const std::string & structure, const std::string & metric)
{
  const auto structureColumn = summary.ColumnIndex("structure");
  const auto metricColumn = summary.ColumnIndex("metric");
  for (const auto & row : summary.Rows())
  {
    if (ToText(row[structureColumn]) == structure && ToText(row[metricColumn]) == metric)
    {
      return &row;
    }
  }
  return nullptr;
}

} // namespace

std::string
WithInterval(double value, double low, double high)
{
  if (std::isnan(value))
  {
    return "n/a";
  }
  const NumberFormat three{3};
  return fmt::format("{} ({} to {})",
                     ToText(Cell(value), three),
                     ToText(Cell(low), three),
                     ToText(Cell(high), three));
}

Table
ShortSummary(const Table & summary)
{
  std::vector<std::string> metrics{"dice", "hd95_mm", "msd_mm"};
  for (const auto & metric : summary.Texts("metric"))
  {
    if (metric.starts_with("surface_dice_"))
    {
      metrics.push_back(metric);
      break;
    }
  }
  metrics.push_back("volume_difference_percent");
  std::vector<std::string> columns{"structure", "cases", "missed", "spurious"};
  columns.insert(columns.end(), metrics.begin(), metrics.end());
  Table table(columns);
  for (const auto & structure : StructuresIn(summary))
  {
    const auto * dice = SummaryRowOf(summary, structure, "dice");
    if (!dice)
    {
      continue;
    }
    Table::Row row{structure,
                   (*dice)[summary.ColumnIndex("cases")],
                   (*dice)[summary.ColumnIndex("missed")],
                   (*dice)[summary.ColumnIndex("spurious")]};
    for (const auto & metric : metrics)
    {
      const auto * figures = SummaryRowOf(summary, structure, metric);
      const auto number = [&](const char * column)
      { return NumberIn((*figures)[summary.ColumnIndex(column)]); };
      row.push_back(
          figures ? Cell(WithInterval(number("mean"), number("mean_low"), number("mean_high")))
                  : Cell());
    }
    table.AddRow(std::move(row));
  }
  return table;
}

void
AddScoreSections(HtmlPage & page,
                 const Table & scores,
                 const Table & summary,
                 const std::vector<std::pair<std::string, std::string>> & caseLinks)
{
  page.AddSection("Scores", "scores");
  page.AddParagraph("Mean over cases with its bootstrap interval. A structure that is missed or "
                    "invented counts with the "
                    "worst value; one that neither side has is not applicable and left out.");
  page.AddTable(ShortSummary(summary));
  page.AddChart(ScoreBoxes(scores, "dice", "Dice by structure"));
  page.AddChart(ScoreBoxes(scores, "hd95_mm", "95th percentile Hausdorff distance by structure"));

  page.AddSection("Volumes", "volumes");
  for (const auto & structure : StructuresIn(scores))
  {
    ChartOptions options;
    options.title = structure + ": volume, prediction against reference";
    page.AddChart(BlandAltmanChart(ValuesOfStructure(scores, structure, "volume_reference_ml"),
                                   ValuesOfStructure(scores, structure, "volume_prediction_ml"),
                                   "ml",
                                   options),
                  "Difference (prediction − reference) over the mean of both; dashed: bias ± 1.96 "
                  "standard deviations.");
  }

  page.AddSection("Cases, worst first", "cases");
  Table sorted = scores;
  sorted.SortBy("dice");
  HtmlTableOptions options;
  options.sortedBy = "dice";
  options.linkColumn = "case";
  options.links = caseLinks;
  page.AddTable(sorted, options);
}

void
AddComparisonSection(HtmlPage & page,
                     const Table & comparison,
                     const std::string & nameOfA,
                     const std::string & nameOfB)
{
  page.AddSection("Comparison", "comparison");
  page.AddParagraph(fmt::format("a is {}, b is {}; differences are b − a over the same cases, with "
                                "bootstrap intervals. p: Wilcoxon's signed-rank "
                                "test, two-sided; p holm: adjusted for all rows.",
                                nameOfA,
                                nameOfB));
  page.AddTable(comparison);
}

void
AddCalibrationSection(HtmlPage & page,
                      const std::vector<std::pair<std::string, Calibration>> & structures)
{
  page.AddSection("Calibration", "calibration");
  Table table({"structure", "voxels", "ece", "mce", "brier", "log_loss"});
  std::vector<ChartSeries> series;
  for (const auto & [name, calibration] : structures)
  {
    table.AddRow({name,
                  static_cast<std::int64_t>(calibration.count),
                  calibration.expectedError,
                  calibration.largestError,
                  calibration.brier,
                  calibration.logLoss});
    ChartSeries line{name, {}, {}};
    for (const auto & bin : calibration.bins)
    {
      if (bin.count > 0)
      {
        line.x.push_back(bin.meanConfidence);
        line.y.push_back(bin.frequency);
      }
    }
    series.push_back(std::move(line));
  }
  page.AddTable(table);
  ChartOptions options;
  options.title = "Reliability";
  options.xLabel = "stated probability";
  options.yLabel = "observed frequency";
  options.xRange = options.yRange = std::pair(0.0, 1.0);
  options.diagonal = true;
  page.AddChart(LineChart(series, options), "On the dashed line, stated and observed agree.");
}

} // namespace sulcus
