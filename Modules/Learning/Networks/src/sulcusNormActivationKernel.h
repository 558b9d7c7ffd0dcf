#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

namespace sulcus::kernel
{

/** One sample's group: `channels` rows of `voxels` numbers, contiguous. TScalar: the statistics'
 * and parameters' type. */
template <typename TElement, typename TScalar>
struct NormRow
{
  const TElement * input = nullptr;
  const TElement * residual = nullptr; ///< or null
  const TScalar * weight = nullptr;    ///< of the group's first channel
  const TScalar * bias = nullptr;
  std::int64_t channels = 0;
  std::int64_t voxels = 0;
  TScalar slope = 1;
};

template <typename TElement, typename TScalar>
struct NormRowGradient
{
  const TElement * gradient = nullptr; ///< with respect to the output
  const TElement * output =
      nullptr; ///< needed when there was a residual: its sign tells the branch
  TElement * inputGradient = nullptr;
  TElement * residualGradient = nullptr; ///< not null exactly when output is not null
  double * weightGradient = nullptr;     ///< `channels` numbers, overwritten
  double * biasGradient = nullptr;
};

/** Mean and 1 / sqrt(variance + epsilon) of the row, then the output. */
void
NormForward(const NormRow<float, float> & row,
            double epsilon,
            float * output,
            double & mean,
            double & scale);
void
NormForward(const NormRow<c10::BFloat16, float> & row,
            double epsilon,
            c10::BFloat16 * output,
            double & mean,
            double & scale);
void
NormForward(const NormRow<double, double> & row,
            double epsilon,
            double * output,
            double & mean,
            double & scale);

void
NormBackward(const NormRow<float, float> & row,
             const NormRowGradient<float, float> & g,
             double mean,
             double scale);
void
NormBackward(const NormRow<c10::BFloat16, float> & row,
             const NormRowGradient<c10::BFloat16, float> & g,
             double mean,
             double scale);
void
NormBackward(const NormRow<double, double> & row,
             const NormRowGradient<double, double> & g,
             double mean,
             double scale);

} // namespace sulcus::kernel
