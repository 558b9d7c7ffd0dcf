#include "sulcusResamplingRows.h"

#include "sulcusVectorised.h"

#include <cstring>

namespace sulcus::rows
{
namespace
{

SULCUS_VECTORISED void
FillPositionsLoop(float * __restrict position,
                  float start,
                  float step,
                  const float * __restrict displacement,
                  std::int64_t width)
{
  for (std::int64_t i = 0; i < width; ++i)
  {
    position[i] = start + step * static_cast<float>(static_cast<std::int32_t>(i));
  }
  if (displacement != nullptr)
  {
    for (std::int64_t i = 0; i < width; ++i)
    {
      position[i] += displacement[i];
    }
  }
}

SULCUS_VECTORISED void
FillTapsLoop(float * __restrict position,
             std::int32_t * __restrict offset,
             std::int32_t * __restrict nearest,
             std::int32_t * __restrict outside,
             std::int32_t size,
             std::int32_t stride,
             std::int64_t width)
{
  const float last = static_cast<float>(size - 1);
  const std::int32_t lastBase = size > 1 ? size - 2 : 0;
  for (std::int64_t i = 0; i < width; ++i)
  {
    const float p = position[i];
    outside[i] |= (p < -0.5f) | (p > last + 0.5f);
    float inside = p < 0.0f ? 0.0f : p;
    inside = inside > last ? last : inside;
    std::int32_t base = static_cast<std::int32_t>(inside);
    base = base > lastBase ? lastBase : base;
    const float fraction = inside - static_cast<float>(base);
    position[i] = fraction;
    offset[i] += base * stride;
    nearest[i] += (base + (fraction > 0.5f ? 1 : 0)) * stride;
  }
}

SULCUS_VECTORISED void
LinearLoop(const float * __restrict source,
           const std::int32_t * __restrict offset,
           const float * __restrict fx,
           const float * __restrict fy,
           const float * __restrict fz,
           std::int32_t stepX,
           std::int32_t stepY,
           std::int32_t stepZ,
           float * __restrict out,
           std::int64_t width)
{
  const float * source01 = source + stepY;
  const float * source10 = source + stepZ;
  const float * source11 = source + stepZ + stepY;
  for (std::int64_t i = 0; i < width; ++i)
  {
    const std::int32_t at = offset[i];
    const float x = fx[i];
    const float c00 = source[at] + x * (source[at + stepX] - source[at]);
    const float c01 = source01[at] + x * (source01[at + stepX] - source01[at]);
    const float c10 = source10[at] + x * (source10[at + stepX] - source10[at]);
    const float c11 = source11[at] + x * (source11[at + stepX] - source11[at]);
    const float c0 = c00 + fy[i] * (c01 - c00);
    const float c1 = c10 + fy[i] * (c11 - c10);
    out[i] = c0 + fz[i] * (c1 - c0);
  }
}

std::uint8_t
Vote(const std::array<std::uint8_t, 8> & corner, float fx, float fy, float fz)
{
  const std::array<float, 2> wx{1.0f - fx, fx};
  const std::array<float, 2> wy{1.0f - fy, fy};
  const std::array<float, 2> wz{1.0f - fz, fz};
  std::uint8_t best = 0;
  float bestWeight = -1.0f;
  for (const auto candidate : corner)
  {
    float weight = 0.0f;
    for (std::size_t k = 0; k < 8; ++k)
    {
      weight += corner[k] == candidate ? wz[k >> 2] * wy[(k >> 1) & 1] * wx[k & 1] : 0.0f;
    }
    if (weight > bestWeight || (weight == bestWeight && candidate < best))
    {
      best = candidate;
      bestWeight = weight;
    }
  }
  return best;
}

} // namespace

void
FillPositions(
    float * position, float start, float step, const float * displacement, std::int64_t width)
{
  FillPositionsLoop(position, start, step, displacement, width);
}

void
FillTaps(float * position,
         std::int32_t * offset,
         std::int32_t * nearest,
         std::int32_t * outside,
         std::int32_t size,
         std::int32_t stride,
         std::int64_t width)
{
  FillTapsLoop(position, offset, nearest, outside, size, stride, width);
}

void
LinearRow(const float * source,
          const RowTaps & taps,
          const SourceShape & shape,
          float * out,
          std::int64_t width)
{
  LinearLoop(source,
             taps.offset.data(),
             taps.x.data(),
             taps.y.data(),
             taps.z.data(),
             shape.stepX,
             shape.stepY,
             shape.stepZ,
             out,
             width);
}

void
VoteRow(const std::uint8_t * source,
        const RowTaps & taps,
        const SourceShape & shape,
        std::int64_t * out,
        std::int64_t width)
{
  const std::array<std::int32_t, 4> rows{0, shape.stepY, shape.stepZ, shape.stepZ + shape.stepY};
  for (std::int64_t i = 0; i < width; ++i)
  {
    const std::uint8_t * base = source + taps.offset[static_cast<std::size_t>(i)];
    std::array<std::uint8_t, 8> corner;
    for (std::size_t row = 0; row < 4; ++row)
    {
      corner[2 * row] = base[rows[row]];
      corner[2 * row + 1] = base[rows[row] + shape.stepX];
    }
    std::uint64_t word;
    std::memcpy(&word, corner.data(), 8);
    if (word == corner[0] * 0x0101010101010101ull)
    {
      out[i] = corner[0];
      continue;
    }
    const auto at = static_cast<std::size_t>(i);
    out[i] = Vote(corner, taps.x[at], taps.y[at], taps.z[at]);
  }
}

} // namespace sulcus::rows
