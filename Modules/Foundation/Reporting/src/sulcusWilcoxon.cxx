#include "sulcusStatistics.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

/** P(W+ ≤ w) and P(W+ ≥ w) when every rank is positive or negative with equal chance.
 *
 * Midranks are multiples of 1/2, so twice the rank is a whole number and the distribution of the
 * sum is built one rank at a time. */
double
ExactTwoSided(const std::vector<double> & ranks, double positiveRanks)
{
  const auto doubled = [](double rank)
  { return static_cast<std::size_t>(std::lround(2.0 * rank)); };
  std::vector<double> probability{1.0};
  for (const double rank : ranks)
  {
    const auto shift = doubled(rank);
    std::vector<double> next(probability.size() + shift, 0.0);
    for (std::size_t s = 0; s < probability.size(); ++s)
    {
      next[s] += 0.5 * probability[s];
      next[s + shift] += 0.5 * probability[s];
    }
    probability = std::move(next);
  }
  const auto observed = doubled(positiveRanks);
  double atMost = 0.0;
  double atLeast = 0.0;
  for (std::size_t s = 0; s < probability.size(); ++s)
  {
    atMost += s <= observed ? probability[s] : 0.0;
    atLeast += s >= observed ? probability[s] : 0.0;
  }
  return std::min(1.0, 2.0 * std::min(atMost, atLeast));
}

double
NormalTwoSided(const std::vector<double> & ranks, double positiveRanks)
{
  double sum = 0.0;
  double squares = 0.0; // of midranks: this includes the correction for ties
  for (const double rank : ranks)
  {
    sum += rank;
    squares += rank * rank;
  }
  const double distance = std::max(0.0, std::abs(positiveRanks - 0.5 * sum) - 0.5);
  return std::erfc(distance / std::sqrt(0.25 * squares) / std::sqrt(2.0));
}

} // namespace

WilcoxonResult
WilcoxonSignedRank(std::span<const double> differences, std::size_t exactUpTo)
{
  std::vector<double> nonZero;
  std::vector<double> sizes;
  for (const double difference : differences)
  {
    if (difference != 0.0 && !std::isnan(difference))
    {
      nonZero.push_back(difference);
      sizes.push_back(std::abs(difference));
    }
  }
  WilcoxonResult result;
  result.pairs = nonZero.size();
  if (nonZero.empty())
  {
    return result;
  }
  const auto ranks = MidRanks(sizes);
  for (std::size_t i = 0; i < ranks.size(); ++i)
  {
    result.positiveRanks += nonZero[i] > 0.0 ? ranks[i] : 0.0;
  }
  result.exact = nonZero.size() <= exactUpTo;
  result.pValue = result.exact ? ExactTwoSided(ranks, result.positiveRanks)
                               : NormalTwoSided(ranks, result.positiveRanks);
  return result;
}

} // namespace sulcus
