#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>
#include <cstring>

// Sixteen numbers at a time with the compiler's vector types: one source, compiled for three
// instruction sets and chosen by the machine's features when the program starts (not by the model's
// name, which a compiler older than the machine does not know). No fused multiply-add and a fixed
// order of summation: the same bits on each of them.
#define SULCUS_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define SULCUS_INLINE inline __attribute__((always_inline))

#pragma GCC diagnostic ignored "-Wpsabi"

namespace sulcus::kernel
{

constexpr std::int64_t lanes = 16;

typedef float Floats __attribute__((vector_size(64)));
typedef double Doubles __attribute__((vector_size(128)));
typedef std::uint32_t Words __attribute__((vector_size(64)));
typedef std::uint16_t Halves __attribute__((vector_size(32)));

template <typename TElement>
struct VectorOf
{
  using Type = Floats;
};
template <>
struct VectorOf<double>
{
  using Type = Doubles;
};

SULCUS_INLINE Floats
Load(const float * from)
{
  Floats value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

SULCUS_INLINE Doubles
Load(const double * from)
{
  Doubles value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

SULCUS_INLINE Floats
Load(const c10::BFloat16 * from)
{
  Halves halves;
  std::memcpy(&halves, from, sizeof(halves));
  const Words words = __builtin_convertvector(halves, Words) << 16;
  Floats value;
  std::memcpy(&value, &words, sizeof(value));
  return value;
}

SULCUS_INLINE void
Store(float * to, const Floats & value)
{
  std::memcpy(to, &value, sizeof(value));
}

SULCUS_INLINE void
Store(double * to, const Doubles & value)
{
  std::memcpy(to, &value, sizeof(value));
}

SULCUS_INLINE void
Store(c10::BFloat16 * to, const Floats & value) // rounds to nearest, ties to even
{
  Words words;
  std::memcpy(&words, &value, sizeof(words));
  const Words rounded = (words + 0x7fffu + ((words >> 16) & 1u)) >> 16;
  const Words quiet = Words{} + 0x7fc0u;
  const Halves halves = __builtin_convertvector(value == value ? rounded : quiet, Halves);
  std::memcpy(to, &halves, sizeof(halves));
}

template <typename TVector>
SULCUS_INLINE double
SumOf(const TVector & value)
{
  double sum = 0;
  for (std::int64_t lane = 0; lane < lanes; ++lane)
  {
    sum += value[lane];
  }
  return sum;
}

template <typename TVector, typename TScalar>
SULCUS_INLINE TVector
Leaky(const TVector & value, TScalar slope)
{
  return value > 0 ? value : value * slope;
}

} // namespace sulcus::kernel
