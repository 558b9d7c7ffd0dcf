#include "sulcusScoreTable.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace sulcus
{
namespace
{

/** One value a case, with the subject that it belongs to. */
struct Sample
{
  std::vector<double> values;
  std::vector<std::string> subjects;
  std::int64_t missed = 0;
  std::int64_t spurious = 0;
};

std::vector<std::string>
DistinctInOrder(const std::vector<std::string> & texts)
{
  std::vector<std::string> distinct;
  for (const auto & text : texts)
  {
    if (std::find(distinct.begin(), distinct.end(), text) == distinct.end())
    {
      distinct.push_back(text);
    }
  }
  return distinct;
}

std::vector<std::string>
SubjectsOf(const Table & scores)
{
  return scores.Texts(scores.HasColumn("subject") ? "subject" : "case");
}

Sample
SampleOf(const Table & scores, const std::string & structure, const std::string & metric)
{
  const auto structures = scores.Texts("structure");
  const auto presences = scores.Texts("presence");
  const auto subjects = SubjectsOf(scores);
  const auto values = scores.Numbers(metric);
  Sample sample;
  for (std::size_t r = 0; r < values.size(); ++r)
  {
    if (structures[r] == structure)
    {
      sample.values.push_back(values[r]);
      sample.subjects.push_back(subjects[r]);
      sample.missed += presences[r] == "missed";
      sample.spurious += presences[r] == "spurious";
    }
  }
  return sample;
}

/** The mean over the applicable structures of each case. */
Sample
SampleOfAll(const Table & scores, const std::string & metric)
{
  const auto cases = scores.Texts("case");
  const auto presences = scores.Texts("presence");
  const auto subjects = SubjectsOf(scores);
  const auto values = scores.Numbers(metric);
  std::map<std::string, std::vector<double>> ofCase;
  Sample sample;
  for (std::size_t r = 0; r < values.size(); ++r)
  {
    ofCase[cases[r]].push_back(values[r]);
    sample.missed += presences[r] == "missed";
    sample.spurious += presences[r] == "spurious";
  }
  for (std::size_t r = 0; r < values.size(); ++r)
  {
    const auto found = ofCase.find(cases[r]);
    if (found != ofCase.end())
    {
      sample.values.push_back(Mean(WithoutMissing(found->second)));
      sample.subjects.push_back(subjects[r]);
      ofCase.erase(found);
    }
  }
  return sample;
}

double
WorstOf(const std::vector<double> & values, const std::string & metric)
{
  if (values.empty())
  {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (metric.starts_with("volume_difference"))
  {
    return *std::max_element(
        values.begin(), values.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  }
  return HigherIsBetter(metric) ? *std::min_element(values.begin(), values.end())
                                : *std::max_element(values.begin(), values.end());
}

Table::Row
SummaryRow(const Sample & sample,
           const std::string & structure,
           const std::string & metric,
           const RandomEngine & random,
           const BootstrapOptions & options)
{
  std::vector<double> present;
  std::vector<std::string> subjects;
  for (std::size_t i = 0; i < sample.values.size(); ++i)
  {
    if (!std::isnan(sample.values[i]))
    {
      present.push_back(sample.values[i]);
      subjects.push_back(sample.subjects[i]);
    }
  }
  const auto interval =
      BootstrapInterval(present, Mean, random.Fork(structure).Fork(metric), options, subjects);
  return {structure,
          metric,
          static_cast<std::int64_t>(sample.values.size()),
          static_cast<std::int64_t>(sample.values.size() - present.size()),
          sample.missed,
          sample.spurious,
          Mean(present),
          interval.low,
          interval.high,
          StandardDeviation(present),
          Median(present),
          Quantile(present, 0.25),
          Quantile(present, 0.75),
          WorstOf(present, metric)};
}

/** Row number of every (case, structure). */
std::map<std::pair<std::string, std::string>, std::size_t>
RowOfPair(const Table & scores)
{
  const auto cases = scores.Texts("case");
  const auto structures = scores.Texts("structure");
  std::map<std::pair<std::string, std::string>, std::size_t> rows;
  for (std::size_t r = 0; r < cases.size(); ++r)
  {
    if (!rows.emplace(std::pair(cases[r], structures[r]), r).second)
    {
      throw UsageError(Message("case '",
                               cases[r],
                               "', structure '",
                               structures[r],
                               "' has two rows in one score table"));
    }
  }
  return rows;
}

/** For every row of a, the row of b with the same case and structure. */
std::vector<std::size_t>
MatchRows(const Table & a, const Table & b)
{
  const auto rowsOfA = RowOfPair(a);
  const auto rowsOfB = RowOfPair(b);
  const auto refuseUnless = [](bool found, const auto & pair, const char * where)
  {
    if (!found)
    {
      throw UsageError(Message("a paired comparison needs the same cases: case '",
                               pair.first,
                               "', structure '",
                               pair.second,
                               "' is only in ",
                               where,
                               " table"));
    }
  };
  std::vector<std::size_t> match(a.RowCount());
  for (const auto & [pair, row] : rowsOfA)
  {
    const auto found = rowsOfB.find(pair);
    refuseUnless(found != rowsOfB.end(), pair, "the first");
    match[row] = found->second;
  }
  for (const auto & [pair, row] : rowsOfB)
  {
    refuseUnless(rowsOfA.count(pair) > 0, pair, "the second");
  }
  return match;
}

/** Table b in the row order of a. */
Table
Reordered(const Table & b, const std::vector<std::size_t> & match)
{
  Table ordered(b.Columns());
  for (const auto row : match)
  {
    ordered.AddRow(b.Rows()[row]);
  }
  return ordered;
}

std::vector<std::string>
DefaultMetrics(const Table & a, const Table & b)
{
  std::vector<std::string> metrics;
  for (const auto & metric : ScoreMetrics(a))
  {
    const bool wanted = metric == "dice" || metric == "hd95_mm" || metric == "msd_mm" ||
                        metric.starts_with("surface_dice_");
    if (wanted && b.HasColumn(metric))
    {
      metrics.push_back(metric);
    }
  }
  return metrics;
}

/** Volume differences count by their size. */
void
CompareBySize(Sample & sample, const std::string & metric)
{
  if (metric.starts_with("volume_difference"))
  {
    for (auto & value : sample.values)
    {
      value = std::abs(value);
    }
  }
}

Table::Row
ComparisonRow(Sample a,
              Sample b,
              const std::string & structure,
              const std::string & metric,
              const RandomEngine & random,
              const BootstrapOptions & options)
{
  CompareBySize(a, metric);
  CompareBySize(b, metric);
  const auto result =
      ComparePaired(a.values, b.values, random.Fork(structure).Fork(metric), options, a.subjects);
  const auto whole = [](std::size_t count) { return Cell(static_cast<std::int64_t>(count)); };
  const bool higher = HigherIsBetter(metric);
  return {structure,
          metric,
          whole(result.pairs),
          result.meanA,
          result.meanB,
          result.meanDifference,
          result.interval.low,
          result.interval.high,
          result.medianDifference,
          whole(higher ? result.higherInB : result.lowerInB),
          whole(result.equal),
          whole(higher ? result.lowerInB : result.higherInB),
          result.wilcoxon.pValue,
          Cell()};
}

} // namespace

std::vector<std::string>
StructuresIn(const Table & table)
{
  return DistinctInOrder(table.Texts("structure"));
}

std::vector<double>
ValuesOfStructure(const Table & table, const std::string & structure, const std::string & column)
{
  const auto names = table.Texts("structure");
  const auto numbers = table.Numbers(column);
  std::vector<double> values;
  for (std::size_t row = 0; row < numbers.size(); ++row)
  {
    if (names[row] == structure)
    {
      values.push_back(numbers[row]);
    }
  }
  return values;
}

Table
SummariseScores(const Table & scores, const RandomEngine & random, const BootstrapOptions & options)
{
  Table summary({"structure",
                 "metric",
                 "cases",
                 "not_applicable",
                 "missed",
                 "spurious",
                 "mean",
                 "mean_low",
                 "mean_high",
                 "sd",
                 "median",
                 "q25",
                 "q75",
                 "worst"});
  const auto structures = StructuresIn(scores);
  for (const auto & structure : structures)
  {
    for (const auto & metric : ScoreMetrics(scores))
    {
      summary.AddRow(
          SummaryRow(SampleOf(scores, structure, metric), structure, metric, random, options));
    }
  }
  for (const auto & metric : ScoreMetrics(scores))
  {
    if (structures.size() > 1)
    {
      summary.AddRow(
          SummaryRow(SampleOfAll(scores, metric), AllStructures, metric, random, options));
    }
  }
  return summary;
}

Table
CompareScores(const Table & a,
              const Table & b,
              const RandomEngine & random,
              const BootstrapOptions & options,
              std::vector<std::string> metrics)
{
  const auto ordered = Reordered(b, MatchRows(a, b));
  if (metrics.empty())
  {
    metrics = DefaultMetrics(a, b);
  }
  Table comparison({"structure",
                    "metric",
                    "pairs",
                    "mean_a",
                    "mean_b",
                    "mean_difference",
                    "difference_low",
                    "difference_high",
                    "median_difference",
                    "better_b",
                    "equal",
                    "worse_b",
                    "p_wilcoxon",
                    "p_holm"});
  const auto structures = StructuresIn(a);
  for (const auto & structure : structures)
  {
    for (const auto & metric : metrics)
    {
      comparison.AddRow(ComparisonRow(SampleOf(a, structure, metric),
                                      SampleOf(ordered, structure, metric),
                                      structure,
                                      metric,
                                      random,
                                      options));
    }
  }
  for (const auto & metric : metrics)
  {
    if (structures.size() > 1)
    {
      comparison.AddRow(ComparisonRow(SampleOfAll(a, metric),
                                      SampleOfAll(ordered, metric),
                                      AllStructures,
                                      metric,
                                      random,
                                      options));
    }
  }
  const auto adjusted = HolmAdjust(comparison.Numbers("p_wilcoxon"));
  for (std::size_t r = 0; r < adjusted.size(); ++r)
  {
    comparison.Set(r, "p_holm", adjusted[r]);
  }
  return comparison;
}

} // namespace sulcus
