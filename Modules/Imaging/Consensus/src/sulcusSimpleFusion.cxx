#include "sulcusSimpleFusion.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

/** Mean over foreground labels of the Dice between a rater and labels given to patterns; 1 where
 * both have none. */
double
PerformanceOf(const VotePatterns & patterns,
              std::size_t rater,
              const std::vector<std::uint16_t> & labels)
{
  std::vector<double> both(patterns.labelCount, 0.0);
  std::vector<double> sizes(patterns.labelCount, 0.0);
  for (std::size_t i = 0; i < patterns.Size(); ++i)
  {
    const auto own = patterns.Pattern(i)[rater];
    if (own == VotePatterns::MissingVote)
    {
      continue;
    }
    const auto count = double(patterns.counts[i]);
    sizes[own] += count;
    sizes[labels[i]] += count;
    both[own] += own == labels[i] ? count : 0.0;
  }
  double sum = 0.0;
  double used = 0.0;
  for (unsigned l = 1; l < patterns.labelCount; ++l)
  {
    sum += sizes[l] > 0.0 ? 2.0 * both[l] / sizes[l] : 0.0;
    used += sizes[l] > 0.0 ? 1.0 : 0.0;
  }
  return used > 0.0 ? sum / used : 1.0;
}

/** Mean and standard deviation over the kept raters, in canonical order. */
std::pair<double, double>
Spread(const SimpleFusion & fusion, const VotePatterns & patterns)
{
  double sum = 0.0;
  double squares = 0.0;
  double count = 0.0;
  for (const auto r : patterns.canonicalOrder)
  {
    if (fusion.kept[r])
    {
      sum += fusion.performance[r];
      squares += fusion.performance[r] * fusion.performance[r];
      count += 1.0;
    }
  }
  const double mean = sum / count;
  return {mean, std::sqrt(std::max(0.0, squares / count - mean * mean))};
}

} // namespace

SimpleFusion
RunSimpleFusion(const VotePatterns & patterns, const SimpleFusionOptions & options)
{
  SimpleFusion fusion;
  fusion.kept.assign(patterns.raterCount, true);
  fusion.performance.assign(patterns.raterCount, 1.0);
  fusion.labels = WinningLabels(VoteSums(patterns, EqualWeights(patterns)), patterns.labelCount);
  double alpha = options.firstAlpha;
  for (bool changed = true; changed && fusion.iterations < options.iterations;
       ++fusion.iterations, alpha += options.alphaStep)
  {
    for (std::size_t r = 0; r < patterns.raterCount; ++r)
    {
      fusion.performance[r] = PerformanceOf(patterns, r, fusion.labels);
    }
    const auto [mean, deviation] = Spread(fusion, patterns);
    const double floor = mean - alpha * deviation;
    auto kept = fusion.kept;
    for (std::size_t r = 0; r < patterns.raterCount; ++r)
    {
      kept[r] = kept[r] && fusion.performance[r] >= floor - 1e-12;
    }
    if (std::count(kept.begin(), kept.end(), true) >=
        std::min<std::ptrdiff_t>(options.keptRaters, std::ptrdiff_t(patterns.raterCount)))
    {
      fusion.kept = kept;
    }
    std::vector<double> weights(patterns.raterCount, 0.0);
    for (std::size_t r = 0; r < patterns.raterCount; ++r)
    {
      weights[r] = fusion.kept[r] ? fusion.performance[r] : 0.0;
    }
    auto labels = WinningLabels(VoteSums(patterns, weights), patterns.labelCount);
    changed = labels != fusion.labels;
    fusion.labels = std::move(labels);
  }
  return fusion;
}

} // namespace sulcus
