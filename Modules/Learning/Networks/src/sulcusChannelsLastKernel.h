#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>
#include <type_traits>

namespace sulcus::kernel
{

/** What statistics and parameters of a map are held in. */
template <typename TElement>
using ScalarOf = std::conditional_t<std::is_same_v<TElement, double>, double, float>;

/** A piece of a channels-last map: `voxels` rows of `channels` numbers, channels a multiple of 16;
 * and what a group norm with a leaky ReLU does to each channel. TScalar: the statistics' type. */
template <typename TElement, typename TScalar>
struct ChannelsLastPiece
{
  const TElement * input = nullptr;
  std::int64_t voxels = 0;
  std::int64_t channels = 0;
  const TScalar * mean = nullptr;   ///< of each channel's group (for moments: any shift near it)
  const TScalar * factor = nullptr; ///< weight / deviation
  const TScalar * bias = nullptr;
  TScalar slope = 1;
};

template <typename TElement, typename TScalar>
struct ChannelsLastGradient
{
  const TElement * gradient = nullptr;   ///< with respect to the output
  const TElement * output = nullptr;     ///< needed when there was a residual
  TElement * residualGradient = nullptr; ///< not null exactly when output is not null
  TElement * inputGradient = nullptr;
  const TScalar * constant = nullptr; ///< of each channel
  const TScalar * linear = nullptr;
};

/** A strided average pooling of one sample; the last window of an odd axis averages what there is.
 */
template <typename TElement>
struct PoolingTask
{
  TElement * fine = nullptr;   ///< [z, y, x, channels]
  TElement * coarse = nullptr; ///< [ceil(z / stride), …, channels]
  std::int64_t size[3] = {};
  std::int64_t stride[3] = {};
  std::int64_t channels = 0;
};

#define SULCUS_CHANNELS_LAST_KERNELS(TElement, TScalar)                                               \
  /** sums[c] = Σ (x - mean), sums[channels + c] = Σ (x - mean)². */                               \
  void BlockMoments(const ChannelsLastPiece<TElement, TScalar> & piece, double * sums);               \
  /** leaky((x - mean) · factor + bias + residual). */                                               \
  void BlockApply(const ChannelsLastPiece<TElement, TScalar> & piece,                                 \
                  const TElement * residual,                                                          \
                  TElement * output);                                                                 \
  /** sums[c] = Σ d, sums[channels + c] = Σ d·(x - mean), d the gradient before the activation. */ \
  void BlockGradientSums(const ChannelsLastPiece<TElement, TScalar> & piece,                          \
                         const ChannelsLastGradient<TElement, TScalar> & g,                           \
                         double * sums);                                                              \
  /** inputGradient = factor · d - constant - linear · (x - mean). */                               \
  void BlockInputGradient(const ChannelsLastPiece<TElement, TScalar> & piece,                         \
                          const ChannelsLastGradient<TElement, TScalar> & g);                         \
  /** Coarse planes [begin, end) from the fine ones. */                                               \
  void PoolPlanes(const PoolingTask<TElement> & task, std::int64_t begin, std::int64_t end);          \
  /** Fine gradients of coarse planes [begin, end). */                                                \
  void SpreadPlanes(const PoolingTask<TElement> & task, std::int64_t begin, std::int64_t end);

SULCUS_CHANNELS_LAST_KERNELS(float, float)
SULCUS_CHANNELS_LAST_KERNELS(c10::BFloat16, float)
SULCUS_CHANNELS_LAST_KERNELS(double, double)
#undef SULCUS_CHANNELS_LAST_KERNELS

} // namespace sulcus::kernel
