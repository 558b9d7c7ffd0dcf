#include "sulcusGateKernel.h"

#include <sulcusKernelVectors.h>

namespace sulcus::kernel
{
namespace
{

typedef std::int32_t Integers __attribute__((vector_size(64)));

/** 1 / (1 + e^-x); NaN stays NaN. */
SULCUS_INLINE Floats
Logistic(const Floats & value)
{
  const Floats limit = Floats{} + 80.0F; // e^80 is a float, and σ is 0 or 1 to rounding
  Floats x = value > limit ? limit : value;
  x = x < -limit ? -limit : x;
  const Floats inBits = x * -1.44269504F;                    // e^-x = 2^inBits
  const Floats whole = (inBits + 12582912.0F) - 12582912.0F; // the nearest integer
  const Floats y = (inBits - whole) * 0.693147181F;
  Floats power = y * 0.00138888889F + 0.00833333333F; // Taylor's series on |y| < 0.35
  power = power * y + 0.0416666667F;
  power = power * y + 0.166666667F;
  power = power * y + 0.5F;
  power = power * y + 1.0F;
  power = power * y + 1.0F;
  const Integers exponent = __builtin_convertvector(whole, Integers) + 127;
  Words bits;
  std::memcpy(&bits, &exponent, sizeof(bits));
  bits <<= 23;
  Floats scale;
  std::memcpy(&scale, &bits, sizeof(scale));
  return 1.0F / (power * scale + 1.0F);
}

SULCUS_INLINE Floats
Positive(const Floats & value) // NaN stays NaN
{
  const Floats zero{};
  return value < zero ? zero : value;
}

template <typename TElement>
SULCUS_INLINE void
RunResetForward(const ResetRow<TElement> & row, TElement * reset)
{
  for (std::int64_t i = 0; i < row.count; i += lanes)
  {
    Store(reset + i, Logistic(Load(row.gate + i)) * Load(row.input + i));
  }
}

template <typename TElement>
SULCUS_INLINE void
RunResetBackward(const ResetRow<TElement> & row,
                 const TElement * upstream,
                 TElement * gateGradient,
                 TElement * inputGradient)
{
  for (std::int64_t i = 0; i < row.count; i += lanes)
  {
    const Floats s = Logistic(Load(row.gate + i));
    const Floats passed = Load(upstream + i) * s;
    Store(inputGradient + i, passed);
    Store(gateGradient + i, passed * Load(row.input + i) * (1.0F - s));
  }
}

template <typename TElement>
SULCUS_INLINE void
RunBlendForward(const BlendRow<TElement> & row, TElement * blended)
{
  for (std::int64_t i = 0; i < row.count; i += lanes)
  {
    const Floats e = Load(row.state + i);
    const Floats c = Positive(Load(row.candidate + i));
    Store(blended + i, e + Logistic(Load(row.gate + i)) * (c - e));
  }
}

template <typename TElement>
SULCUS_INLINE void
RunBlendBackward(const BlendRow<TElement> & row,
                 const TElement * upstream,
                 const BlendRowGradient<TElement> & gradient)
{
  const Floats zero{};
  for (std::int64_t i = 0; i < row.count; i += lanes)
  {
    const Floats s = Logistic(Load(row.gate + i));
    const Floats e = Load(row.state + i);
    const Floats candidate = Load(row.candidate + i);
    const Floats passed = Load(upstream + i) * s;
    Store(gradient.state + i, Load(upstream + i) - passed);
    Store(gradient.candidate + i, candidate > zero ? passed : zero);
    Store(gradient.gate + i, passed * (Positive(candidate) - e) * (1.0F - s));
  }
}

} // namespace

SULCUS_CLONES void
ResetForward(const ResetRow<float> & row, float * reset)
{
  RunResetForward(row, reset);
}

SULCUS_CLONES void
ResetForward(const ResetRow<c10::BFloat16> & row, c10::BFloat16 * reset)
{
  RunResetForward(row, reset);
}

SULCUS_CLONES void
ResetBackward(const ResetRow<float> & row,
              const float * upstream,
              float * gateGradient,
              float * inputGradient)
{
  RunResetBackward(row, upstream, gateGradient, inputGradient);
}

SULCUS_CLONES void
ResetBackward(const ResetRow<c10::BFloat16> & row,
              const c10::BFloat16 * upstream,
              c10::BFloat16 * gateGradient,
              c10::BFloat16 * inputGradient)
{
  RunResetBackward(row, upstream, gateGradient, inputGradient);
}

SULCUS_CLONES void
BlendForward(const BlendRow<float> & row, float * blended)
{
  RunBlendForward(row, blended);
}

SULCUS_CLONES void
BlendForward(const BlendRow<c10::BFloat16> & row, c10::BFloat16 * blended)
{
  RunBlendForward(row, blended);
}

SULCUS_CLONES void
BlendBackward(const BlendRow<float> & row,
              const float * upstream,
              const BlendRowGradient<float> & gradient)
{
  RunBlendBackward(row, upstream, gradient);
}

SULCUS_CLONES void
BlendBackward(const BlendRow<c10::BFloat16> & row,
              const c10::BFloat16 * upstream,
              const BlendRowGradient<c10::BFloat16> & gradient)
{
  RunBlendBackward(row, upstream, gradient);
}

} // namespace sulcus::kernel
