#include "sulcusConsensusRun.h"
#include <sulcusHtml.h>
#include <sulcusStatistics.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

namespace sulcus
{
namespace
{

namespace fs = std::filesystem;

Cell
Defined(double value)
{
  return std::isnan(value) ? Cell{} : Cell{value};
}

/** One row a case, the one most worth a second look first: low confidence, much of it contested. */
Table
CaseTable(const std::vector<CaseSummary> & cases)
{
  Table table({"case",
               "annotators",
               "reannotation_priority",
               "contested_fraction",
               "mean_confidence",
               "fleiss_kappa",
               "worst_annotator",
               "worst_dice_others",
               "energy",
               "lower_bound",
               "band_fraction"});
  for (const auto & one : cases)
  {
    const auto & report = one.report;
    std::size_t worst = 0;
    for (std::size_t r = 0; r < report.raters.size(); ++r)
    {
      const bool drew = report.reliability[r].observedFraction > 0.0;
      worst = drew && report.rank[r] > report.rank[worst] ? r : worst;
    }
    table.AddRow({one.source.id,
                  std::int64_t(report.raters.size()),
                  0.5 * (report.contestedFraction + 1.0 - report.meanConfidence),
                  report.contestedFraction,
                  report.meanConfidence,
                  Defined(report.fleissKappa),
                  report.raters[worst],
                  Defined(report.againstOthers[worst].MeanDice()),
                  report.energy,
                  Defined(report.lowerBound),
                  report.bandFraction});
  }
  table.SortBy("reannotation_priority", true);
  return table;
}

/** One row an annotator over all cases; drift is the rank correlation of the Dice with the place of
 * the case. */
Table
AnnotatorTable(const std::vector<CaseSummary> & cases)
{
  struct Series
  {
    std::vector<double> place, dice, weight, consistency;
  };
  std::map<std::string, Series> series;
  for (std::size_t c = 0; c < cases.size(); ++c)
  {
    const auto & report = cases[c].report;
    for (std::size_t r = 0; r < report.raters.size(); ++r)
    {
      auto & own = series[report.raters[r]];
      if (report.reliability[r].observedFraction == 0.0)
      {
        continue;
      }
      const double dice = report.againstOthers[r].MeanDice();
      own.weight.push_back(report.reliability[r].meanWeight);
      if (report.reliability[r].selfConsistency)
      {
        own.consistency.push_back(*report.reliability[r].selfConsistency);
      }
      if (!std::isnan(dice))
      {
        own.place.push_back(double(c));
        own.dice.push_back(dice);
      }
    }
  }
  Table table({"annotator",
               "cases",
               "mean_dice_others",
               "worst_dice_others",
               "mean_weight",
               "mean_self_consistency",
               "drift"});
  for (const auto & [name, own] : series)
  {
    const double worst = own.dice.empty() ? LabelScore::Undefined
                                          : *std::min_element(own.dice.begin(), own.dice.end());
    const double drift =
        own.dice.size() >= 3 ? SpearmanCorrelation(own.place, own.dice) : LabelScore::Undefined;
    table.AddRow({name,
                  std::int64_t(own.weight.size()),
                  Defined(Mean(own.dice)),
                  Defined(worst),
                  Defined(Mean(own.weight)),
                  Defined(Mean(own.consistency)),
                  Defined(drift)});
  }
  table.SortBy("mean_dice_others", true);
  return table;
}

Table
Joined(const std::vector<Table> & parts)
{
  Table all(parts.front().Columns());
  for (const auto & part : parts)
  {
    for (const auto & row : part.Rows())
    {
      all.AddRow(row);
    }
  }
  return all;
}

/** Mean of every number column for each rule over the cases. */
Table
RuleSummary(const Table & rules)
{
  Table table({"rule", "cases", "dice_with_consensus", "left_out_dice"});
  std::vector<std::string> order;
  for (const auto & rule : rules.Texts("rule"))
  {
    if (std::find(order.begin(), order.end(), rule) == order.end())
    {
      order.push_back(rule);
    }
  }
  for (const auto & rule : order)
  {
    std::vector<double> same;
    std::vector<double> leftOut;
    for (std::size_t row = 0; row < rules.RowCount(); ++row)
    {
      if (ToText(rules.At(row, "rule")) == rule)
      {
        same.push_back(NumberIn(rules.At(row, "dice_with_consensus")));
        leftOut.push_back(NumberIn(rules.At(row, "left_out_dice")));
      }
    }
    table.AddRow({rule,
                  std::int64_t(same.size()),
                  Defined(Mean(WithoutMissing(same))),
                  Defined(Mean(WithoutMissing(leftOut)))});
  }
  return table;
}

/** Agreement of every two annotators, mean over the cases they share. */
Table
PairTable(const std::vector<CaseSummary> & cases)
{
  std::map<std::pair<std::string, std::string>, std::pair<std::vector<double>, std::vector<double>>>
      pairs;
  for (const auto & one : cases)
  {
    const auto & report = one.report;
    const std::size_t raters = report.raters.size();
    for (std::size_t a = 0; a < raters; ++a)
    {
      for (std::size_t b = a + 1; b < raters; ++b)
      {
        auto & [dice, kappa] = pairs[{report.raters[a], report.raters[b]}];
        dice.push_back(report.pairwiseDice[a * raters + b]);
        kappa.push_back(report.pairwiseKappa[a * raters + b]);
      }
    }
  }
  Table table({"annotator", "other", "cases", "mean_dice", "mean_kappa"});
  for (const auto & [names, values] : pairs)
  {
    table.AddRow({names.first,
                  names.second,
                  std::int64_t(values.first.size()),
                  Defined(Mean(WithoutMissing(values.first))),
                  Defined(Mean(WithoutMissing(values.second)))});
  }
  return table;
}

/** What each annotator drew where the consensus of the others has a label, over all cases. */
Table
ConfusionTable(const std::vector<CaseSummary> & cases)
{
  std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> voxels;
  for (const auto & one : cases)
  {
    const auto & report = one.report;
    const std::size_t labels = report.labels.size();
    for (std::size_t r = 0; r < report.raters.size(); ++r)
    {
      for (std::size_t cell = 0; cell < labels * labels; ++cell)
      {
        voxels[{report.raters[r], report.labels[cell / labels], report.labels[cell % labels]}] +=
            static_cast<std::int64_t>(report.againstOthers[r].confusion[cell]);
      }
    }
  }
  Table table({"annotator", "label_others", "label_drawn", "voxels"});
  for (const auto & [key, count] : voxels)
  {
    table.AddRow({std::get<0>(key), std::get<1>(key), std::get<2>(key), count});
  }
  return table;
}

} // namespace

void
WriteReports(const std::vector<CaseSummary> & cases,
             const ConsensusProgramOptions & options,
             RunContext & context)
{
  const fs::path folder = options.outputFolder;
  std::vector<Table> raters;
  std::vector<Table> rules;
  nlohmann::ordered_json json;
  json["program"] = "sulcus-consensus " + Version();
  for (const auto & one : cases)
  {
    raters.push_back(one.report.ToTable(one.source.id));
    rules.push_back(one.rules);
    json["cases"][one.source.id] = one.report.ToJson();
  }
  const auto caseTable = CaseTable(cases);
  const auto annotatorTable = AnnotatorTable(cases);
  const auto ruleTable = Joined(rules);
  const auto summary = RuleSummary(ruleTable);
  const auto pairTable = PairTable(cases);

  HtmlPage page("Consensus of annotators");
  page.AddSection("Cases");
  page.AddParagraph("The case most worth a second look comes first: its annotators disagree most "
                    "and the votes are closest.");
  page.AddTable(caseTable);
  page.AddSection("Annotators");
  page.AddParagraph("Figures against the consensus of the others, which the annotator had no part "
                    "in. Drift is the rank "
                    "correlation of that Dice with the order of the cases.");
  page.AddTable(annotatorTable);
  page.AddHeading("Agreement between two annotators");
  page.AddTable(pairTable);
  page.AddSection("Rules");
  page.AddParagraph("Left-out Dice: each annotator against the rule applied to the others.");
  page.AddTable(summary);
  page.AddSection("Disagreement");
  for (const auto & one : cases)
  {
    page.BeginGroup(one.source.id);
    for (const auto & note : one.report.notes)
    {
      page.AddNotice(note);
    }
    if (!one.picture.empty())
    {
      page.AddPng(one.picture,
                  "Slice with the most disagreement",
                  "Grey: share of annotators who drew something; red: contested; yellow: border of "
                  "the consensus.");
    }
    page.AddTable(one.report.ToTable(one.source.id));
    page.EndGroup();
  }
  const auto overwrite = context.OverwriteRule();
  const auto done = [&](const fs::path & path) { context.record.AddOutput(path); };
  const std::vector<std::pair<const char *, Table>> tables{{"raters.tsv", Joined(raters)},
                                                           {"annotators.tsv", annotatorTable},
                                                           {"cases.tsv", caseTable},
                                                           {"pairs.tsv", pairTable},
                                                           {"confusion.tsv", ConfusionTable(cases)},
                                                           {"rules.tsv", ruleTable}};
  for (const auto & [name, table] : tables)
  {
    WriteTsv(folder / name, table, overwrite);
    done(folder / name);
  }
  AtomicWriteText(folder / "report.json", json.dump(1) + "\n", overwrite);
  done(folder / "report.json");
  page.Write(folder / "report.html", overwrite);
  done(folder / "report.html");
  context.record.Results()["rules"] = nlohmann::json::parse(ToJsonText(summary));
}

} // namespace sulcus
