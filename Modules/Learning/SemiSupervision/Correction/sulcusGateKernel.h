#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

/** The pointwise half of a gate over flat arrays; each element is read and written once. σ is the
 * logistic function, its error below 3e-7; sums and products are made in float. Counts are
 * multiples of 16. Outputs do not overlap inputs. */
namespace sulcus::kernel
{

/** reset = σ(gate) · input. */
template <typename TElement>
struct ResetRow
{
  std::int64_t count = 0;
  const TElement * gate = nullptr;
  const TElement * input = nullptr;
};

/** blended = state + σ(gate) · (max(candidate, 0) − state). */
template <typename TElement>
struct BlendRow
{
  std::int64_t count = 0;
  const TElement * state = nullptr;
  const TElement * gate = nullptr;
  const TElement * candidate = nullptr;
};

template <typename TElement>
struct BlendRowGradient
{
  TElement * state = nullptr;
  TElement * gate = nullptr;
  TElement * candidate = nullptr;
};

void
ResetForward(const ResetRow<float> & row, float * reset);
void
ResetForward(const ResetRow<c10::BFloat16> & row, c10::BFloat16 * reset);

void
ResetBackward(const ResetRow<float> & row,
              const float * upstream,
              float * gateGradient,
              float * inputGradient);
void
ResetBackward(const ResetRow<c10::BFloat16> & row,
              const c10::BFloat16 * upstream,
              c10::BFloat16 * gateGradient,
              c10::BFloat16 * inputGradient);

void
BlendForward(const BlendRow<float> & row, float * blended);
void
BlendForward(const BlendRow<c10::BFloat16> & row, c10::BFloat16 * blended);

void
BlendBackward(const BlendRow<float> & row,
              const float * upstream,
              const BlendRowGradient<float> & gradient);
void
BlendBackward(const BlendRow<c10::BFloat16> & row,
              const c10::BFloat16 * upstream,
              const BlendRowGradient<c10::BFloat16> & gradient);

} // namespace sulcus::kernel
