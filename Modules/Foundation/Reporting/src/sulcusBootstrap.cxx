#include "sulcusStatistics.h"
#include <sulcusError.h>
#include <sulcusThreads.h>

#include <cmath>
#include <map>

namespace sulcus
{
namespace
{

/** Positions of the values of every group, in order of first appearance; each value is its own
 * group where none are named. */
std::vector<std::vector<std::size_t>>
Clusters(std::size_t count, std::span<const std::string> groups)
{
  std::vector<std::vector<std::size_t>> clusters;
  std::map<std::string, std::size_t> clusterOfName;
  for (std::size_t i = 0; i < count; ++i)
  {
    if (groups.empty())
    {
      clusters.push_back({i});
      continue;
    }
    const auto [entry, isNew] = clusterOfName.emplace(groups[i], clusters.size());
    if (isNew)
    {
      clusters.emplace_back();
    }
    clusters[entry->second].push_back(i);
  }
  return clusters;
}

} // namespace

Interval
BootstrapInterval(std::span<const double> values,
                  const SampleStatistic & statistic,
                  const RandomEngine & random,
                  const BootstrapOptions & options,
                  std::span<const std::string> groups)
{
  if (!groups.empty() && groups.size() != values.size())
  {
    throw UsageError(Message(groups.size(), " group names for ", values.size(), " values"));
  }
  if (options.resamples < 1 || !(options.level > 0.0 && options.level < 1.0))
  {
    throw UsageError(
        Message("bootstrap needs at least 1 resample and a level between 0 and 1, got ",
                options.resamples,
                " and ",
                options.level));
  }
  const auto clusters = Clusters(values.size(), groups);
  if (clusters.size() < 2)
  {
    const double value = statistic(values);
    return {value, value};
  }
  std::vector<double> statistics(static_cast<std::size_t>(options.resamples));
  ParallelFor(
      statistics.size(),
      [&](std::size_t begin, std::size_t end)
      {
        std::vector<double> sample;
        for (std::size_t r = begin; r < end; ++r)
        {
          auto engine = random.Fork(r);
          sample.clear();
          for (std::size_t draw = 0; draw < clusters.size(); ++draw)
          {
            const auto last = static_cast<std::int64_t>(clusters.size()) - 1;
            for (const auto i : clusters[static_cast<std::size_t>(engine.Integer(0, last))])
            {
              sample.push_back(values[i]);
            }
          }
          statistics[r] = statistic(sample);
        }
      },
      64);
  const double tail = 0.5 * (1.0 - options.level);
  return {Quantile(statistics, tail), Quantile(statistics, 1.0 - tail)};
}

PairedComparison
ComparePaired(std::span<const double> a,
              std::span<const double> b,
              const RandomEngine & random,
              const BootstrapOptions & options,
              std::span<const std::string> groups)
{
  if (a.size() != b.size())
  {
    throw UsageError(Message("paired samples of different sizes: ", a.size(), " and ", b.size()));
  }
  PairedComparison result;
  std::vector<double> presentA;
  std::vector<double> presentB;
  std::vector<double> differences;
  std::vector<std::string> presentGroups;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    if (std::isnan(a[i]) || std::isnan(b[i]))
    {
      ++result.missing;
      continue;
    }
    presentA.push_back(a[i]);
    presentB.push_back(b[i]);
    differences.push_back(a[i] == b[i] ? 0.0 : b[i] - a[i]);
    result.higherInB += b[i] > a[i];
    result.equal += b[i] == a[i];
    result.lowerInB += b[i] < a[i];
    if (!groups.empty())
    {
      presentGroups.push_back(groups[i]);
    }
  }
  result.pairs = differences.size();
  result.meanA = Mean(presentA);
  result.meanB = Mean(presentB);
  result.meanDifference = Mean(differences);
  result.medianDifference = Median(differences);
  result.interval = BootstrapInterval(differences, Mean, random, options, presentGroups);
  result.wilcoxon = WilcoxonSignedRank(differences);
  return result;
}

} // namespace sulcus
