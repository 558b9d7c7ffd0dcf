#include "sulcusIntensityKernels.h"
#include "sulcusVectorised.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sulcus::kernels
{
namespace
{

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
  for (std::int64_t at = 0; at < static_cast<std::int64_t>(values.size()); at += width)
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
  for (std::int64_t at = 0; at < static_cast<std::int64_t>(values.size()); at += width)
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
