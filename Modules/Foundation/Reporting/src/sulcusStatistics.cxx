#include "sulcusStatistics.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace sulcus
{
namespace
{

constexpr double NotANumber = std::numeric_limits<double>::quiet_NaN();

void
RequireEqualSizes(std::size_t a, std::size_t b)
{
  if (a != b)
  {
    throw UsageError(Message("paired samples of different sizes: ", a, " and ", b));
  }
}

std::vector<std::size_t>
OrderOf(std::span<const double> values)
{
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(),
                   order.end(),
                   [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
  return order;
}

} // namespace

double
Mean(std::span<const double> values)
{
  if (values.empty())
  {
    return NotANumber;
  }
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double
StandardDeviation(std::span<const double> values)
{
  if (values.size() < 2)
  {
    return NotANumber;
  }
  const double mean = Mean(values);
  double squares = 0.0;
  for (const double value : values)
  {
    squares += (value - mean) * (value - mean);
  }
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double
Quantile(std::span<const double> values, double level)
{
  if (values.empty())
  {
    return NotANumber;
  }
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const double position = level * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double fraction = position - static_cast<double>(below);
  if (fraction == 0.0 || below + 1 >= sorted.size() || sorted[below] == sorted[below + 1])
  {
    return sorted[below];
  }
  return sorted[below] + fraction * (sorted[below + 1] - sorted[below]);
}

double
Median(std::span<const double> values)
{
  return Quantile(values, 0.5);
}

std::vector<double>
WithoutMissing(std::span<const double> values)
{
  std::vector<double> present;
  std::copy_if(values.begin(),
               values.end(),
               std::back_inserter(present),
               [](double value) { return !std::isnan(value); });
  return present;
}

double
PearsonCorrelation(std::span<const double> a, std::span<const double> b)
{
  RequireEqualSizes(a.size(), b.size());
  const double meanA = Mean(a);
  const double meanB = Mean(b);
  double ab = 0.0;
  double aa = 0.0;
  double bb = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) * (a[i] - meanA);
    bb += (b[i] - meanB) * (b[i] - meanB);
  }
  return aa > 0.0 && bb > 0.0 ? ab / std::sqrt(aa * bb) : NotANumber;
}

std::vector<double>
MidRanks(std::span<const double> values)
{
  const auto order = OrderOf(values);
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();)
  {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]])
    {
      ++end;
    }
    for (std::size_t k = begin; k < end; ++k)
    {
      ranks[order[k]] = 0.5 * static_cast<double>(begin + 1 + end);
    }
    begin = end;
  }
  return ranks;
}

double
SpearmanCorrelation(std::span<const double> a, std::span<const double> b)
{
  RequireEqualSizes(a.size(), b.size());
  return PearsonCorrelation(MidRanks(a), MidRanks(b));
}

std::vector<double>
HolmAdjust(std::span<const double> pValues)
{
  std::vector<double> adjusted(pValues.begin(), pValues.end());
  const auto present = WithoutMissing(pValues);
  std::vector<double> adjustedPresent(present.size());
  double largest = 0.0;
  std::size_t left = present.size();
  for (const auto i : OrderOf(present))
  {
    largest = std::max(largest, std::min(1.0, present[i] * static_cast<double>(left)));
    adjustedPresent[i] = largest;
    --left;
  }
  std::size_t next = 0;
  for (auto & value : adjusted)
  {
    if (!std::isnan(value))
    {
      value = adjustedPresent[next++];
    }
  }
  return adjusted;
}

} // namespace sulcus
