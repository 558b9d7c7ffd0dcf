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

/** target ← target + factor · source. */
SULCUS_VECTORISED void
Accumulate(float * __restrict target,
           const float * __restrict source,
           float factor,
           std::int64_t count)
{
  for (std::int64_t i = 0; i < count; ++i)
  {
    target[i] += factor * source[i];
  }
}

std::vector<float>
GaussianTaps(double sigma)
{
  const auto radius = static_cast<std::int64_t>(std::ceil(3.0 * sigma));
  std::vector<double> taps;
  double sum = 0.0;
  for (std::int64_t k = -radius; k <= radius; ++k)
  {
    taps.push_back(std::exp(-0.5 * static_cast<double>(k * k) / (sigma * sigma)));
    sum += taps.back();
  }
  std::vector<float> rounded;
  for (const double tap : taps)
  {
    rounded.push_back(static_cast<float>(std::round(tap / sum * 16777216.0) / 16777216.0));
  }
  return rounded;
}

/** Smooths along x: each row is copied between replicated edges and its shifted copies are added
 * up. */
void
BlurRows(std::span<float> values, std::int64_t width, const std::vector<float> & taps)
{
  const auto radius = static_cast<std::int64_t>(taps.size() / 2);
  std::vector<float> padded(static_cast<std::size_t>(width + 2 * radius));
  for (std::int64_t at = 0; at < Count(values); at += width)
  {
    float * row = values.data() + at;
    std::fill_n(padded.begin(), radius, row[0]);
    std::copy_n(row, width, padded.begin() + radius);
    std::fill_n(padded.begin() + radius + width, radius, row[width - 1]);
    std::fill_n(row, width, 0.0f);
    for (std::size_t tap = 0; tap < taps.size(); ++tap)
    {
      Accumulate(row, padded.data() + tap, taps[tap], width);
    }
  }
}

/** Smooths along an outer axis: `count` lines of `length` contiguous values, `blocks` times. */
void
BlurLines(std::span<float> values,
          std::int64_t blocks,
          std::int64_t count,
          std::int64_t length,
          const std::vector<float> & taps)
{
  const auto radius = static_cast<std::int64_t>(taps.size() / 2);
  std::vector<float> copy(static_cast<std::size_t>(count * length));
  for (std::int64_t block = 0; block < blocks; ++block)
  {
    float * base = values.data() + block * count * length;
    std::copy_n(base, count * length, copy.begin());
    std::fill_n(base, count * length, 0.0f);
    for (std::int64_t line = 0; line < count; ++line)
    {
      for (std::int64_t tap = -radius; tap <= radius; ++tap)
      {
        const auto from = std::clamp<std::int64_t>(line + tap, 0, count - 1);
        Accumulate(base + line * length,
                   copy.data() + from * length,
                   taps[static_cast<std::size_t>(tap + radius)],
                   length);
      }
    }
  }
}

/** Two samples and their weight that stand for each position of a coarser axis. */
struct CoarseTaps
{
  CoarseTaps(std::int64_t size, double factor)
      : lower(static_cast<std::size_t>(size)), upper(static_cast<std::size_t>(size)),
        fraction(static_cast<std::size_t>(size))
  {
    const double last = static_cast<double>(size - 1);
    const double coarse =
        std::max(1.0, std::round(last / factor)); // intervals between kept samples
    for (std::int64_t i = 0; i < size; ++i)
    {
      const double u = last > 0 ? static_cast<double>(i) * coarse / last : 0.0;
      const double low = std::min(std::floor(u), coarse - 1.0);
      const auto at = static_cast<std::size_t>(i);
      lower[at] = static_cast<std::int64_t>(std::llround(low * last / coarse));
      upper[at] = static_cast<std::int64_t>(std::llround((low + 1.0) * last / coarse));
      fraction[at] = static_cast<float>(u - low);
    }
  }

  std::vector<std::int64_t> lower, upper;
  std::vector<float> fraction;
};

SULCUS_VECTORISED void
Interpolate(float * __restrict target,
            const float * __restrict a,
            const float * __restrict b,
            float fraction,
            std::int64_t count)
{
  for (std::int64_t i = 0; i < count; ++i)
  {
    target[i] = a[i] + fraction * (b[i] - a[i]);
  }
}

void
CoarsenLines(std::span<float> values,
             std::int64_t blocks,
             std::int64_t count,
             std::int64_t length,
             double factor)
{
  const CoarseTaps taps(count, factor);
  std::vector<float> copy(static_cast<std::size_t>(count * length));
  for (std::int64_t block = 0; block < blocks; ++block)
  {
    float * base = values.data() + block * count * length;
    std::copy_n(base, count * length, copy.begin());
    for (std::int64_t line = 0; line < count; ++line)
    {
      const auto at = static_cast<std::size_t>(line);
      Interpolate(base + line * length,
                  copy.data() + taps.lower[at] * length,
                  copy.data() + taps.upper[at] * length,
                  taps.fraction[at],
                  length);
    }
  }
}

void
CoarsenRows(std::span<float> values, std::int64_t width, double factor)
{
  const CoarseTaps taps(width, factor);
  std::vector<float> copy(static_cast<std::size_t>(width));
  for (std::int64_t at = 0; at < Count(values); at += width)
  {
    float * row = values.data() + at;
    std::copy_n(row, width, copy.begin());
    for (std::size_t i = 0; i < copy.size(); ++i)
    {
      const float a = copy[static_cast<std::size_t>(taps.lower[i])];
      const float b = copy[static_cast<std::size_t>(taps.upper[i])];
      row[i] = a + taps.fraction[i] * (b - a);
    }
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

void
Blur(std::span<float> values,
     const std::array<std::int64_t, 3> & size,
     const std::array<double, 3> & sigmaInVoxels)
{
  constexpr double smallestSigma = 0.1; // below, no neighbour gets a noticeable weight
  if (sigmaInVoxels[2] > smallestSigma)
  {
    BlurRows(values, size[2], GaussianTaps(sigmaInVoxels[2]));
  }
  if (sigmaInVoxels[1] > smallestSigma)
  {
    BlurLines(values, size[0], size[1], size[2], GaussianTaps(sigmaInVoxels[1]));
  }
  if (sigmaInVoxels[0] > smallestSigma)
  {
    BlurLines(values, 1, size[0], size[1] * size[2], GaussianTaps(sigmaInVoxels[0]));
  }
}

void
LowerResolution(std::span<float> values,
                const std::array<std::int64_t, 3> & size,
                const std::array<double, 3> & factor)
{
  if (factor[2] > 1.0)
  {
    CoarsenRows(values, size[2], factor[2]);
  }
  if (factor[1] > 1.0)
  {
    CoarsenLines(values, size[0], size[1], size[2], factor[1]);
  }
  if (factor[0] > 1.0)
  {
    CoarsenLines(values, 1, size[0], size[1] * size[2], factor[0]);
  }
}

} // namespace sulcus::kernels
