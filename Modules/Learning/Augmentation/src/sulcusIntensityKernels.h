#pragma once

#include <array>
#include <cstdint>
#include <span>

/** Loops over one channel [z, y, x]. All give the same bits whatever the vector width. */
namespace sulcus::kernels
{

struct Extremes
{
  float low = 0.0f;
  float high = 0.0f;
};

Extremes
FindExtremes(std::span<const float> values);

double
Mean(std::span<const float> values);

/** x ← x · factor + shift. */
void
ScaleAndShift(std::span<float> values, float factor, float shift);

void
Clip(std::span<float> values, float low, float high);

/** x ← low + (high - low) · ((x - low) / (high - low)) ^ exponent; from the high end if inverted.
 */
void
BendGamma(std::span<float> values, float low, float high, float exponent, bool inverted);

/** x ← dark + (x - dark) · gain, or its inverse, along one row. */
void
MultiplyAbove(std::span<float> row, std::span<const float> gain, float dark);
void
DivideAbove(std::span<float> row, std::span<const float> gain, float dark);

/** x ← x + factor · n, n standard normal numbers that depend on key and index alone. */
void
AddNormalNoise(std::span<float> values, std::uint64_t key, float factor);

/** x ← dark + |x - dark + sd · (n₁ + i n₂)|. */
void
AddRicianNoise(std::span<float> values, std::uint64_t key, float standardDeviation, float dark);

/** Gaussian smoothing with edges replicated; standard deviations in voxels z, y, x. */
void
Blur(std::span<float> values,
     const std::array<std::int64_t, 3> & size,
     const std::array<double, 3> & sigmaInVoxels);

/** Keeps one voxel in `factor` along each axis (z, y, x) and interpolates linearly between them. */
void
LowerResolution(std::span<float> values,
                const std::array<std::int64_t, 3> & size,
                const std::array<double, 3> & factor);

} // namespace sulcus::kernels
