#include "sulcusStudyReport.h"

#include <sulcusError.h>
#include <sulcusProgress.h>
#include <sulcusRunRecord.h>
#include <sulcusScoreTable.h>
#include <sulcusStatistics.h>

#include <fmt/format.h>

#include <algorithm>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

/** Mean Dice over cases of the rows that take all structures together, or of the only structure. */
double
MeanDice(const Table & summary)
{
  double mean = 0.0;
  for (std::size_t row = 0; row < summary.RowCount(); ++row)
  {
    if (ToText(summary.At(row, "metric")) == "dice")
    {
      mean = NumberIn(summary.At(row, "mean")); // the row of all structures comes last
    }
  }
  return mean;
}

std::string
Opening(const StudyResults & results)
{
  const auto * check = results.manifest.Find("report");
  double seconds = 0.0;
  for (const auto & record : results.manifest.Stages())
  {
    seconds += record.seconds;
  }
  auto text = fmt::format("{} stages in {}.",
                          results.manifest.Stages().size() - (check != nullptr ? 1 : 0),
                          DurationText(seconds));
  if (!results.methods.empty())
  {
    text += fmt::format(" Highest mean Dice: {:.3f} with {}.",
                        MeanDice(results.summaries[results.best]),
                        results.methods[results.best]);
  }
  return text;
}

void
AddWarnings(HtmlPage & page, const StudyResults & results)
{
  constexpr std::size_t most = 50;
  std::vector<std::string> warnings;
  for (const auto & record : results.manifest.Stages())
  {
    for (const auto & warning : record.warnings)
    {
      warnings.push_back(record.stage + ": " + warning);
    }
    if (record.edited)
    {
      warnings.push_back(record.stage + ": an output was changed by hand and used as it was");
    }
  }
  if (warnings.empty())
  {
    return;
  }
  const auto left = warnings.size() > most ? warnings.size() - most : 0;
  warnings.resize(std::min(warnings.size(), most));
  page.BeginGroup(fmt::format("Warnings ({})", warnings.size() + left));
  page.AddList(warnings);
  if (left > 0)
  {
    page.AddParagraph(fmt::format("{} more stand in the logs of the stages.", left));
  }
  page.EndGroup();
}

} // namespace

StudyResults
ReadStudyResults(const fs::path & folder)
{
  if (!fs::exists(folder / StudyManifest::FileName))
  {
    throw InputError(
        Message(folder.string(), ": no study (it holds no ", StudyManifest::FileName, ")"));
  }
  StudyResults results{folder, StudyManifest(folder), {}, {}, {}, 0};
  double best = -1.0;
  for (const auto & method :
       results.manifest.Settings().value("methods", std::vector<std::string>()))
  {
    const auto scores = folder / "scores" / method;
    const auto * record = results.manifest.Find("evaluate/" + method);
    if (record == nullptr || record->status != "done")
    {
      continue;
    }
    results.methods.push_back(method);
    results.scores.push_back(ReadTsv(scores / "scores.tsv"));
    results.summaries.push_back(ReadTsv(scores / "summary.tsv"));
    const double dice = MeanDice(results.summaries.back());
    if (dice > best)
    {
      best = dice;
      results.best = results.methods.size() - 1;
    }
  }
  return results;
}

HtmlPage
StudyPage(const StudyResults & results,
          const StudyReportOptions & options,
          const CasePictures & pictures)
{
  const auto data = results.manifest.Settings().value("data", std::string());
  HtmlPage page("Study of " + fs::path(data).filename().string());
  page.AddParagraph(Opening(results));
  if (results.methods.empty())
  {
    page.AddNotice("No case with a reference was scored.");
  }
  AddWarnings(page, results);
  AddMethods(page, results);
  AddWorstCases(page, results, options, pictures);
  AddVolumes(page, results);
  AddCalibrations(page, results);
  AddUnscoredCases(page, results);
  AddTrainingCurves(page, results);
  AddAnnotators(page, results);
  AddFindings(page, results);
  AddManifest(page, results);
  return page;
}

} // namespace sulcus
