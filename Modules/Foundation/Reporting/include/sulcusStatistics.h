#pragma once

#include <sulcusRandomEngine.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace sulcus
{

/** Functions of a sample. NaN means "not applicable" and must be removed first (`WithoutMissing`);
 * infinities are values like any other. An empty sample gives NaN. */
double
Mean(std::span<const double> values);
/** With n − 1; NaN for fewer than two values. */
double
StandardDeviation(std::span<const double> values);
/** Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, the default of R
 * and NumPy). \param level in [0, 1] */
double
Quantile(std::span<const double> values, double level);
double
Median(std::span<const double> values);

std::vector<double>
WithoutMissing(std::span<const double> values);

/** Pearson's correlation; NaN if either sample is constant. \throws UsageError on unequal sizes. */
double
PearsonCorrelation(std::span<const double> a, std::span<const double> b);
/** Spearman's rank correlation, midranks for ties. */
double
SpearmanCorrelation(std::span<const double> a, std::span<const double> b);

/** Ranks from 1; equal values share the mean of their ranks. */
std::vector<double>
MidRanks(std::span<const double> values);

struct BootstrapOptions
{
  int resamples = 2000;
  double level = 0.95;
};

struct Interval
{
  double low = 0.0;
  double high = 0.0;
};

using SampleStatistic = std::function<double(std::span<const double>)>;

/** Percentile bootstrap (Efron 1979). Resample r draws from `random.Fork(r)`, so the interval is
 * the same for any number of threads.
 * \param groups  if not empty, one entry a value: values of one group (both sides of a subject, two
 *                visits) are drawn together, because they are not independent.
 * Fewer than two values, or two groups, give the statistic itself at both ends. */
Interval
BootstrapInterval(std::span<const double> values,
                  const SampleStatistic & statistic,
                  const RandomEngine & random,
                  const BootstrapOptions & options = {},
                  std::span<const std::string> groups = {});

struct WilcoxonResult
{
  std::size_t pairs = 0;      ///< differences that are not zero
  double positiveRanks = 0.0; ///< sum of the ranks of positive differences (W+)
  double pValue = 1.0;        ///< two-sided
  bool exact = true;
};

/** Wilcoxon's signed-rank test of "differences are symmetric about zero" (Wilcoxon 1945). Zeros are
 * left out, ties share midranks. Up to `exactUpTo` pairs the null distribution of W+ given the
 * ranks is enumerated exactly, ties included; above, the normal approximation with tie and
 * continuity correction is used. No pair: p = 1. */
WilcoxonResult
WilcoxonSignedRank(std::span<const double> differences, std::size_t exactUpTo = 50);

/** Holm's step-down adjustment (Holm 1979), in the order given; NaN entries stay NaN and do not
 * count. */
std::vector<double>
HolmAdjust(std::span<const double> pValues);

/** What the difference b − a over paired cases looks like. */
struct PairedComparison
{
  std::size_t pairs = 0;   ///< pairs with both values
  std::size_t missing = 0; ///< pairs where one value or both are not applicable
  double meanA = 0.0;
  double meanB = 0.0;
  double meanDifference = 0.0;
  double medianDifference = 0.0;
  Interval interval; ///< bootstrap interval of the mean difference
  std::size_t higherInB = 0;
  std::size_t equal = 0;
  std::size_t lowerInB = 0;
  WilcoxonResult wilcoxon;
};

/** \throws UsageError on unequal sizes. Two equal infinities differ by 0. */
PairedComparison
ComparePaired(std::span<const double> a,
              std::span<const double> b,
              const RandomEngine & random,
              const BootstrapOptions & options = {},
              std::span<const std::string> groups = {});

} // namespace sulcus
