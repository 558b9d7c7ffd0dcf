#pragma once

#include "sulcusAxisTaps.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace sulcus
{

/** out = Σ weight · line over the lines that output `o` of the table is made of; line i starts at
 * source + i·stride. A single line of weight one is copied exactly. */
template <typename TSource>
void
CombineLines(const AxisTaps & taps,
             std::size_t o,
             const TSource * source,
             std::size_t stride,
             std::size_t length,
             float * __restrict out)
{
  const float * weights = taps.weights.data() + o * taps.count;
  const TSource * __restrict line = source + taps.first[o] * stride;
  std::size_t t = 0;
  if (taps.count == 4)
  {
    const TSource * __restrict b = line + stride;
    const TSource * __restrict c = b + stride;
    const TSource * __restrict d = c + stride;
    const float w[4] = {weights[0], weights[1], weights[2], weights[3]};
    for (std::size_t x = 0; x < length; ++x)
    {
      out[x] = w[0] * static_cast<float>(line[x]) + w[1] * static_cast<float>(b[x]) +
               w[2] * static_cast<float>(c[x]) + w[3] * static_cast<float>(d[x]);
    }
    return;
  }
  if (taps.count >= 2)
  {
    const TSource * __restrict b = line + stride;
    const float w[2] = {weights[0], weights[1]};
    for (std::size_t x = 0; x < length; ++x)
    {
      out[x] = w[0] * static_cast<float>(line[x]) + w[1] * static_cast<float>(b[x]);
    }
    t = 2;
  }
  else
  {
    const float w = weights[0];
    for (std::size_t x = 0; x < length; ++x)
    {
      out[x] = w * static_cast<float>(line[x]);
    }
    t = 1;
  }
  for (; t < taps.count; ++t)
  {
    const TSource * __restrict more = line + t * stride;
    const float w = weights[t];
    for (std::size_t x = 0; x < length; ++x)
    {
      out[x] += w * static_cast<float>(more[x]);
    }
  }
}

/** Applies a table along a contiguous row. */
void
TapRow(const AxisTaps & taps, const float * row, float * out);

/** BSplineCoefficients along every row of a plane, several rows at a time. */
void
RowCoefficients(float * plane, std::size_t width, std::size_t height);

/** Converts a row of floats: rounded to the nearest and clamped for integers, as they are for real
 * types. */
template <typename TPixel>
void
StoreRow(const float * values, std::size_t count, TPixel * out)
{
  for (std::size_t x = 0; x < count; ++x)
  {
    if constexpr (std::is_floating_point_v<TPixel>)
    {
      out[x] = static_cast<TPixel>(values[x]);
    }
    else
    {
      const double rounded = std::floor(static_cast<double>(values[x]) + 0.5);
      constexpr auto low = static_cast<double>(std::numeric_limits<TPixel>::lowest());
      constexpr auto high = static_cast<double>(std::numeric_limits<TPixel>::max());
      out[x] = rounded >= high ? std::numeric_limits<TPixel>::max()
                               : (rounded > low ? static_cast<TPixel>(rounded)
                                                : std::numeric_limits<TPixel>::lowest());
    }
  }
}

/** Values at arbitrary positions of a volume, one interpolation an axis. Along B-spline axes the
 * volume must hold coefficients. */
class PointSampler
{
public:
  PointSampler(const float * values,
               std::array<std::size_t, 3> size,
               std::array<Interpolation, 3> interpolation);

  /** Within half a voxel of the outermost voxel centres. */
  bool
  IsInside(const double position[3]) const;
  float
  At(const double position[3]) const;

private:
  const float * m_Values;
  std::array<std::size_t, 3> m_Size;
  std::array<Interpolation, 3> m_Interpolation;
};

} // namespace sulcus
