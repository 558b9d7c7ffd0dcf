#include "sulcusIntensityKernels.h"

#include "sulcusVectorised.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sulcus::kernels
{
namespace
{

constexpr std::int64_t lanes = 16;

std::int64_t
Count(std::span<const float> values)
{
  return static_cast<std::int64_t>(values.size());
}

/** Running minimum and maximum of sixteen interleaved streams. */
SULCUS_VECTORISED void
ExtremesOfLanes(const float * __restrict values,
                std::int64_t count,
                float * __restrict low,
                float * __restrict high)
{
  for (std::int64_t i = 0; i + lanes <= count; i += lanes)
  {
    for (std::int64_t lane = 0; lane < lanes; ++lane)
    {
      const float value = values[i + lane];
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = value > high[lane] ? value : high[lane];
    }
  }
}

/** Sums of sixteen interleaved streams, in double. */
SULCUS_VECTORISED void
SumsOfLanes(const float * __restrict values, std::int64_t count, double * __restrict sum)
{
  for (std::int64_t i = 0; i + lanes <= count; i += lanes)
  {
    for (std::int64_t lane = 0; lane < lanes; ++lane)
    {
      sum[lane] += static_cast<double>(values[i + lane]);
    }
  }
}

SULCUS_VECTORISED void
ScaleAndShiftLoop(float * __restrict values, std::int64_t count, float factor, float shift)
{
  for (std::int64_t i = 0; i < count; ++i)
  {
    values[i] = values[i] * factor + shift;
  }
}

SULCUS_VECTORISED void
ClipLoop(float * __restrict values, std::int64_t count, float low, float high)
{
  for (std::int64_t i = 0; i < count; ++i)
  {
    const float raised = values[i] < low ? low : values[i];
    values[i] = raised > high ? high : raised;
  }
}

/** With sign -1 and origin at the bright end, the same loop bends from there. */
SULCUS_VECTORISED void
GammaLoop(float * __restrict values, std::int64_t count, float origin, float range, float exponent)
{
  const float scale = 1.0f / range;
  for (std::int64_t i = 0; i < count; ++i)
  {
    float t = (values[i] - origin) * scale;
    t = t < 0.0f ? 0.0f : t;
    t = t > 1.0f ? 1.0f : t;
    values[i] = origin + range * vectorised::UnitPower(t, exponent);
  }
}

SULCUS_VECTORISED void
MultiplyAboveLoop(float * __restrict row,
                  const float * __restrict gain,
                  std::int64_t count,
                  float dark)
{
  for (std::int64_t i = 0; i < count; ++i)
  {
    row[i] = dark + (row[i] - dark) * gain[i];
  }
}

SULCUS_VECTORISED void
DivideAboveLoop(float * __restrict row,
                const float * __restrict gain,
                std::int64_t count,
                float dark)
{
  for (std::int64_t i = 0; i < count; ++i)
  {
    row[i] = dark + (row[i] - dark) / gain[i];
  }
}

/** Quantiles of the standard normal distribution at the middles of 4096 equal parts, scaled to unit
 * variance and rounded to multiples of 2^-20, so that no library's last bit shows. */
const std::vector<float> &
NormalQuantiles()
{
  static const std::vector<float> table = []
  {
    constexpr int size = 4096;
    std::vector<double> quantile(size);
    double squares = 0.0;
    double guess = -4.0;
    for (int i = 0; i < size; ++i)
    {
      const double probability = (i + 0.5) / size;
      for (int step = 0; step < 60;
           ++step) // Newton on the distribution function, from the neighbour below
      {
        const double excess = 0.5 * std::erfc(-guess / std::sqrt(2.0)) - probability;
        const double move =
            excess * std::sqrt(2.0 * 3.14159265358979323846) * std::exp(0.5 * guess * guess);
        guess -= std::clamp(move, -0.5, 0.5);
      }
      quantile[static_cast<std::size_t>(i)] = guess;
      squares += guess * guess;
    }
    const double scale = 1.0 / std::sqrt(squares / size);
    std::vector<float> rounded(size);
    for (std::size_t i = 0; i < rounded.size(); ++i)
    {
      rounded[i] = static_cast<float>(std::round(quantile[i] * scale * 1048576.0) / 1048576.0);
    }
    return rounded;
  }();
  return table;
}

constexpr std::int64_t noiseBlock = 1024;

/** Two quantiles drawn from the bits of a mixed counter; their sum over √2 is normal to 5 standard
 * deviations. */
SULCUS_VECTORISED void
NormalBlock(float * __restrict out,
            std::int64_t count,
            const float * __restrict table,
            std::uint32_t first,
            std::uint32_t key)
{
  for (std::int64_t i = 0; i < count; ++i)
  {
    const std::uint32_t word =
        vectorised::Mix((first + static_cast<std::uint32_t>(i)) * 0x9e3779b9U ^ key);
    out[i] = 0.70710678f * (table[word & 4095u] + table[word >> 20]);
  }
}

SULCUS_VECTORISED void
AddScaledLoop(float * __restrict values,
              const float * __restrict noise,
              std::int64_t count,
              float factor)
{
  for (std::int64_t i = 0; i < count; ++i)
  {
    values[i] += factor * noise[i];
  }
}

SULCUS_VECTORISED void
RicianLoop(float * __restrict values,
           const float * __restrict real,
           const float * __restrict imaginary,
           std::int64_t count,
           float sd,
           float dark)
{
  for (std::int64_t i = 0; i < count; ++i)
  {
    const float a = values[i] - dark + sd * real[i];
    const float b = sd * imaginary[i];
    values[i] = dark + __builtin_sqrtf(a * a + b * b);
  }
}

} // namespace

Extremes
FindExtremes(std::span<const float> values)
{
  std::array<float, lanes> low;
  std::array<float, lanes> high;
  low.fill(values[0]);
  high.fill(values[0]);
  ExtremesOfLanes(values.data(), Count(values), low.data(), high.data());
  Extremes found{*std::min_element(low.begin(), low.end()),
                 *std::max_element(high.begin(), high.end())};
  for (std::size_t i = values.size() / lanes * lanes; i < values.size(); ++i)
  {
    found = {std::min(found.low, values[i]), std::max(found.high, values[i])};
  }
  return found;
}

double
Mean(std::span<const float> values)
{
  std::array<double, lanes> sums{};
  SumsOfLanes(values.data(), Count(values), sums.data());
  double total = 0.0;
  for (const double sum : sums)
  {
    total += sum;
  }
  for (std::size_t i = values.size() / lanes * lanes; i < values.size(); ++i)
  {
    total += values[i];
  }
  return total / static_cast<double>(values.size());
}

void
ScaleAndShift(std::span<float> values, float factor, float shift)
{
  ScaleAndShiftLoop(values.data(), Count(values), factor, shift);
}

void
Clip(std::span<float> values, float low, float high)
{
  ClipLoop(values.data(), Count(values), low, high);
}

void
BendGamma(std::span<float> values, float low, float high, float exponent, bool inverted)
{
  if (high > low)
  {
    GammaLoop(values.data(),
              Count(values),
              inverted ? high : low,
              inverted ? low - high : high - low,
              exponent);
  }
}

void
MultiplyAbove(std::span<float> row, std::span<const float> gain, float dark)
{
  MultiplyAboveLoop(row.data(), gain.data(), Count(row), dark);
}

void
DivideAbove(std::span<float> row, std::span<const float> gain, float dark)
{
  DivideAboveLoop(row.data(), gain.data(), Count(row), dark);
}

void
AddNormalNoise(std::span<float> values, std::uint64_t key, float factor)
{
  const auto & table = NormalQuantiles();
  std::array<float, noiseBlock> noise;
  for (std::int64_t at = 0; at < Count(values); at += noiseBlock)
  {
    const auto count = std::min(noiseBlock, Count(values) - at);
    const auto blockKey = vectorised::Mix(static_cast<std::uint32_t>(key) +
                                          vectorised::Mix(static_cast<std::uint32_t>(key >> 32)));
    NormalBlock(noise.data(), count, table.data(), static_cast<std::uint32_t>(at), blockKey);
    AddScaledLoop(values.data() + at, noise.data(), count, factor);
  }
}

void
AddRicianNoise(std::span<float> values, std::uint64_t key, float standardDeviation, float dark)
{
  const auto & table = NormalQuantiles();
  std::array<float, noiseBlock> real;
  std::array<float, noiseBlock> imaginary;
  const auto realKey = vectorised::Mix(static_cast<std::uint32_t>(key) +
                                       vectorised::Mix(static_cast<std::uint32_t>(key >> 32)));
  const auto imaginaryKey = vectorised::Mix(realKey + 1);
  for (std::int64_t at = 0; at < Count(values); at += noiseBlock)
  {
    const auto count = std::min(noiseBlock, Count(values) - at);
    NormalBlock(real.data(), count, table.data(), static_cast<std::uint32_t>(at), realKey);
    NormalBlock(
        imaginary.data(), count, table.data(), static_cast<std::uint32_t>(at), imaginaryKey);
    RicianLoop(values.data() + at, real.data(), imaginary.data(), count, standardDeviation, dark);
  }
}

} // namespace sulcus::kernels
