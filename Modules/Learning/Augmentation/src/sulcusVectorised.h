#pragma once

#include <bit>
#include <cstdint>

/** Functions so marked are compiled for the 128-bit baseline and for AVX2, the better one being
 * chosen when the program starts. Contraction is off and nothing is reassociated, so both give the
 * same bits. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SULCUS_VECTORISED __attribute__((target_clones("avx2", "default")))
#else
#define SULCUS_VECTORISED
#endif

namespace sulcus::vectorised
{

/** log2 of a positive normal number; relative error of 2^(y·log2 x) below 2e-6 for |y| ≤ 4
 * (minimax-like series in (m-1)/(m+1) on [√½, √2]). */
inline float
Log2(float x)
{
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  const std::int32_t shifted =
      static_cast<std::int32_t>(bits - 0x3f3504f3u) >> 23; // exponent so that m is in [√½, √2)
  const float m = std::bit_cast<float>(bits - (static_cast<std::uint32_t>(shifted) << 23));
  const float s = (m - 1.0f) / (m + 1.0f);
  const float q = s * s;
  const float series =
      2.8853901f + q * (0.96179669f + q * (0.57707801f + q * (0.4121986f + q * 0.3205987f)));
  return static_cast<float>(shifted) + s * series;
}

/** 2 to the x for -126 ≤ x ≤ 127. */
inline float
Exp2(float x)
{
  const float shift = x + 12582912.0f; // 1.5 · 2^23: rounds to the nearest integer
  const float whole = shift - 12582912.0f;
  const float f = x - whole;
  const float series =
      1.0f +
      f * (0.69314718f +
           f * (0.24022651f + f * (0.055504109f + f * (0.0096181291f +
                                                       f * (0.0013333558f + f * 0.00015403530f)))));
  const std::int32_t exponent = static_cast<std::int32_t>(whole) + 127;
  return series * std::bit_cast<float>(static_cast<std::uint32_t>(exponent) << 23);
}

/** x to the y for 0 ≤ x ≤ 1 and 0 < y ≤ 8; values below 1e-9 give that of 1e-9, 0 gives 0. */
inline float
UnitPower(float x, float y)
{
  const float safe = x < 1e-9f ? 1e-9f : x;
  float exponent = y * Log2(safe);
  exponent = exponent < -120.0f ? -120.0f : exponent;
  return x > 0.0f ? Exp2(exponent) : 0.0f;
}

/** Mixes 32 bits so that every bit of the input moves half of those of the output (the "lowbias32"
 * finaliser). */
inline std::uint32_t
Mix(std::uint32_t x)
{
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  x ^= x >> 16;
  return x;
}

} // namespace sulcus::vectorised
