#include "sulcusChannelsLastKernel.h"

#include "sulcusKernelVectors.h"

#include <algorithm>

namespace sulcus::kernel
{
namespace
{

/** Voxels whose sums are taken in TScalar before they are added up in double. */
constexpr std::int64_t run = 256;

template <typename TVector>
SULCUS_INLINE void
AddLanes(double * to, const TVector & value)
{
  for (std::int64_t lane = 0; lane < lanes; ++lane)
  {
    to[lane] += static_cast<double>(value[lane]);
  }
}

template <typename TElement, typename TScalar>
SULCUS_INLINE void
Moments(const ChannelsLastPiece<TElement, TScalar> & piece, double * sums)
{
  using V = typename VectorOf<TScalar>::Type;
  const std::int64_t stride = piece.channels;
  std::fill(sums, sums + 2 * stride, 0.0);
  for (std::int64_t begin = 0; begin < piece.voxels; begin += run)
  {
    const std::int64_t end = std::min(begin + run, piece.voxels);
    for (std::int64_t c = 0; c < stride; c += lanes)
    {
      const V shift = Load(piece.mean + c);
      V s{};
      V q{};
      const TElement * from = piece.input + begin * stride + c;
      for (std::int64_t i = begin; i < end; ++i, from += stride)
      {
        const V value = Load(from) - shift;
        s += value;
        q += value * value;
      }
      AddLanes(sums + c, s);
      AddLanes(sums + stride + c, q);
    }
  }
}

template <bool hasResidual, typename TElement, typename TScalar>
SULCUS_INLINE void
ApplyChannels(const ChannelsLastPiece<TElement, TScalar> & piece,
              const TElement * residual,
              TElement * output)
{
  using V = typename VectorOf<TScalar>::Type;
  const std::int64_t stride = piece.channels;
  for (std::int64_t begin = 0; begin < piece.voxels; begin += run)
  {
    const std::int64_t end = std::min(begin + run, piece.voxels);
    for (std::int64_t c = 0; c < stride; c += lanes)
    {
      const V mean = Load(piece.mean + c);
      const V factor = Load(piece.factor + c);
      const V bias = Load(piece.bias + c);
      for (std::int64_t at = begin * stride + c; at < end * stride; at += stride)
      {
        V value = (Load(piece.input + at) - mean) * factor + bias;
        if constexpr (hasResidual)
        {
          value += Load(residual + at);
        }
        Store(output + at, Leaky(value, piece.slope));
      }
    }
  }
}

template <bool hasResidual, typename TElement, typename TScalar>
SULCUS_INLINE void
SumGradients(const ChannelsLastPiece<TElement, TScalar> & piece,
             const ChannelsLastGradient<TElement, TScalar> & g,
             double * sums)
{
  using V = typename VectorOf<TScalar>::Type;
  const std::int64_t stride = piece.channels;
  std::fill(sums, sums + 2 * stride, 0.0);
  for (std::int64_t begin = 0; begin < piece.voxels; begin += run)
  {
    const std::int64_t end = std::min(begin + run, piece.voxels);
    for (std::int64_t c = 0; c < stride; c += lanes)
    {
      const V mean = Load(piece.mean + c);
      const V factor = Load(piece.factor + c);
      const V bias = Load(piece.bias + c);
      V s{};
      V p{};
      for (std::int64_t at = begin * stride + c; at < end * stride; at += stride)
      {
        const V x = Load(piece.input + at) - mean;
        const V gradient = Load(g.gradient + at);
        V sign;
        if constexpr (hasResidual)
        {
          sign = Load(g.output + at);
        }
        else
        {
          sign = x * factor + bias;
        }
        const V d = sign > 0 ? gradient : gradient * piece.slope;
        if constexpr (hasResidual)
        {
          Store(g.residualGradient + at, d);
        }
        s += d;
        p += d * x;
      }
      AddLanes(sums + c, s);
      AddLanes(sums + stride + c, p);
    }
  }
}

template <bool hasResidual, typename TElement, typename TScalar>
SULCUS_INLINE void
InputGradients(const ChannelsLastPiece<TElement, TScalar> & piece,
               const ChannelsLastGradient<TElement, TScalar> & g)
{
  using V = typename VectorOf<TScalar>::Type;
  const std::int64_t stride = piece.channels;
  for (std::int64_t begin = 0; begin < piece.voxels; begin += run)
  {
    const std::int64_t end = std::min(begin + run, piece.voxels);
    for (std::int64_t c = 0; c < stride; c += lanes)
    {
      const V mean = Load(piece.mean + c);
      const V factor = Load(piece.factor + c);
      const V bias = Load(piece.bias + c);
      const V constant = Load(g.constant + c);
      const V linear = Load(g.linear + c);
      for (std::int64_t at = begin * stride + c; at < end * stride; at += stride)
      {
        const V x = Load(piece.input + at) - mean;
        V d;
        if constexpr (hasResidual)
        {
          d = Load(g.residualGradient + at);
        }
        else
        {
          d = Load(g.gradient + at);
          d = x * factor + bias > 0 ? d : d * piece.slope;
        }
        Store(g.inputGradient + at, d * factor - constant - x * linear);
      }
    }
  }
}

/** Calls body(fine voxel, coarse voxel's windows' extent) for each window of coarse planes
 * [begin, end). */
template <typename TElement, typename TBody>
SULCUS_INLINE void
ForEachWindow(const PoolingTask<TElement> & task,
              std::int64_t begin,
              std::int64_t end,
              const TBody & body)
{
  const std::int64_t height = (task.size[1] + task.stride[1] - 1) / task.stride[1];
  const std::int64_t width = (task.size[2] + task.stride[2] - 1) / task.stride[2];
  for (std::int64_t z = begin; z < end; ++z)
  {
    const std::int64_t z0 = z * task.stride[0];
    const std::int64_t z1 = std::min(z0 + task.stride[0], task.size[0]);
    for (std::int64_t y = 0; y < height; ++y)
    {
      const std::int64_t y0 = y * task.stride[1];
      const std::int64_t y1 = std::min(y0 + task.stride[1], task.size[1]);
      for (std::int64_t x = 0; x < width; ++x)
      {
        const std::int64_t x0 = x * task.stride[2];
        const std::int64_t x1 = std::min(x0 + task.stride[2], task.size[2]);
        body(z0, z1, y0, y1, x0, x1, task.coarse + ((z * height + y) * width + x) * task.channels);
      }
    }
  }
}

template <typename TElement, typename TScalar>
SULCUS_INLINE void
Pool(const PoolingTask<TElement> & task, std::int64_t begin, std::int64_t end)
{
  using V = typename VectorOf<TScalar>::Type;
  ForEachWindow(task,
                begin,
                end,
                [&](auto z0, auto z1, auto y0, auto y1, auto x0, auto x1, TElement * coarse)
                {
                  const auto share =
                      TScalar{1} / static_cast<TScalar>((z1 - z0) * (y1 - y0) * (x1 - x0));
                  for (std::int64_t c = 0; c < task.channels; c += lanes)
                  {
                    V sum{};
                    for (std::int64_t z = z0; z < z1; ++z)
                    {
                      for (std::int64_t y = y0; y < y1; ++y)
                      {
                        const std::int64_t row = (z * task.size[1] + y) * task.size[2];
                        for (std::int64_t x = x0; x < x1; ++x)
                        {
                          sum += Load(task.fine + (row + x) * task.channels + c);
                        }
                      }
                    }
                    Store(coarse + c, sum * share);
                  }
                });
}

template <typename TElement, typename TScalar>
SULCUS_INLINE void
Spread(const PoolingTask<TElement> & task, std::int64_t begin, std::int64_t end)
{
  using V = typename VectorOf<TScalar>::Type;
  ForEachWindow(task,
                begin,
                end,
                [&](auto z0, auto z1, auto y0, auto y1, auto x0, auto x1, const TElement * coarse)
                {
                  const auto share =
                      TScalar{1} / static_cast<TScalar>((z1 - z0) * (y1 - y0) * (x1 - x0));
                  for (std::int64_t c = 0; c < task.channels; c += lanes)
                  {
                    const V value = Load(coarse + c) * share;
                    for (std::int64_t z = z0; z < z1; ++z)
                    {
                      for (std::int64_t y = y0; y < y1; ++y)
                      {
                        const std::int64_t row = (z * task.size[1] + y) * task.size[2];
                        for (std::int64_t x = x0; x < x1; ++x)
                        {
                          Store(task.fine + (row + x) * task.channels + c, value);
                        }
                      }
                    }
                  }
                });
}

} // namespace

#define SULCUS_CHANNELS_LAST_KERNELS(TElement, TScalar)                                            \
  SULCUS_CLONES void BlockMoments(const ChannelsLastPiece<TElement, TScalar> & piece,              \
                                  double * sums)                                                   \
  {                                                                                                \
    Moments(piece, sums);                                                                          \
  }                                                                                                \
  SULCUS_CLONES void BlockApply(const ChannelsLastPiece<TElement, TScalar> & piece,                \
                                const TElement * residual,                                         \
                                TElement * output)                                                 \
  {                                                                                                \
    residual ? ApplyChannels<true>(piece, residual, output)                                        \
             : ApplyChannels<false>(piece, residual, output);                                      \
  }                                                                                                \
  SULCUS_CLONES void BlockGradientSums(const ChannelsLastPiece<TElement, TScalar> & piece,         \
                                       const ChannelsLastGradient<TElement, TScalar> & g,          \
                                       double * sums)                                              \
  {                                                                                                \
    g.output ? SumGradients<true>(piece, g, sums) : SumGradients<false>(piece, g, sums);           \
  }                                                                                                \
  SULCUS_CLONES void BlockInputGradient(const ChannelsLastPiece<TElement, TScalar> & piece,        \
                                        const ChannelsLastGradient<TElement, TScalar> & g)         \
  {                                                                                                \
    g.output ? InputGradients<true>(piece, g) : InputGradients<false>(piece, g);                   \
  }                                                                                                \
  SULCUS_CLONES void PoolPlanes(                                                                   \
      const PoolingTask<TElement> & task, std::int64_t begin, std::int64_t end)                    \
  {                                                                                                \
    Pool<TElement, TScalar>(task, begin, end);                                                     \
  }                                                                                                \
  SULCUS_CLONES void SpreadPlanes(                                                                 \
      const PoolingTask<TElement> & task, std::int64_t begin, std::int64_t end)                    \
  {                                                                                                \
    Spread<TElement, TScalar>(task, begin, end);                                                   \
  }

SULCUS_CHANNELS_LAST_KERNELS(float, float)
SULCUS_CHANNELS_LAST_KERNELS(c10::BFloat16, float)
SULCUS_CHANNELS_LAST_KERNELS(double, double)

} // namespace sulcus::kernel
