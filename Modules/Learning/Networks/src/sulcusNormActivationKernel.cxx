#include "sulcusNormActivationKernel.h"

#include "sulcusKernelVectors.h"

#include <cmath>

namespace sulcus::kernel
{
namespace
{

constexpr std::int64_t blockLength = 4096; ///< summed in TScalar, then added up in double

/** Calls body(position, element pointer offset, valid) over whole vectors, then on a zero-padded
 * copy of the rest. */
template <typename TElement>
struct Padded
{
  alignas(128) TElement values[lanes] = {};

  SULCUS_INLINE
  Padded(const TElement * from, std::int64_t count)
  {
    std::memcpy(static_cast<void *>(values), from, count * sizeof(TElement));
  }
};

template <typename TElement, typename TScalar>
SULCUS_INLINE void
Moments(const TElement * input, std::int64_t count, TScalar shift, double & sum, double & squares)
{
  using V = typename VectorOf<TScalar>::Type;
  sum = 0;
  squares = 0;
  for (std::int64_t begin = 0; begin < count; begin += blockLength)
  {
    const std::int64_t end = begin + blockLength < count ? begin + blockLength : count;
    V s{};
    V q{};
    std::int64_t i = begin;
    for (; i + lanes <= end; i += lanes)
    {
      const V value = Load(input + i) - shift;
      s += value;
      q += value * value;
    }
    sum += SumOf(s);
    squares += SumOf(q);
    for (; i < end; ++i)
    {
      const double value = static_cast<double>(input[i]) - static_cast<double>(shift);
      sum += value;
      squares += value * value;
    }
  }
}

template <typename TElement, typename TScalar>
SULCUS_INLINE void
Apply(const TElement * input,
      const TElement * residual,
      TElement * output,
      std::int64_t count,
      TScalar mean,
      TScalar scale,
      TScalar bias,
      TScalar slope)
{
  std::int64_t i = 0;
  if (residual)
  {
    for (; i + lanes <= count; i += lanes)
    {
      Store(output + i, Leaky((Load(input + i) - mean) * scale + bias + Load(residual + i), slope));
    }
  }
  else
  {
    for (; i + lanes <= count; i += lanes)
    {
      Store(output + i, Leaky((Load(input + i) - mean) * scale + bias, slope));
    }
  }
  if (i < count)
  {
    const Padded<TElement> x(input + i, count - i);
    const Padded<TElement> r(residual ? residual + i : input + i, count - i);
    auto value = (Load(x.values) - mean) * scale + bias;
    if (residual)
    {
      value += Load(r.values);
    }
    Padded<TElement> y(input + i, count - i);
    Store(y.values, Leaky(value, slope));
    std::memcpy(static_cast<void *>(output + i), y.values, (count - i) * sizeof(TElement));
  }
}

template <typename TElement, typename TScalar>
SULCUS_INLINE void
Forward(const NormRow<TElement, TScalar> & row,
        double epsilon,
        TElement * output,
        double & mean,
        double & scale)
{
  const std::int64_t count = row.channels * row.voxels;
  const auto shift = static_cast<TScalar>(row.input[0]);
  double sum = 0;
  double squares = 0;
  Moments(row.input, count, shift, sum, squares);
  const double shifted = sum / static_cast<double>(count);
  const double variance = squares / static_cast<double>(count) - shifted * shifted;
  mean = shifted + static_cast<double>(shift);
  scale = 1.0 / std::sqrt((variance > 0 ? variance : (variance <= 0 ? 0.0 : variance)) + epsilon);
  for (std::int64_t c = 0; c < row.channels; ++c)
  {
    const std::int64_t at = c * row.voxels;
    Apply(row.input + at,
          row.residual ? row.residual + at : nullptr,
          output + at,
          row.voxels,
          static_cast<TScalar>(mean),
          static_cast<TScalar>(static_cast<double>(row.weight[c]) * scale),
          row.bias[c],
          row.slope);
  }
}

/** Σ d and Σ d·(x - shift) over one channel, where d is the gradient before the activation. */
template <typename TElement, typename TScalar>
SULCUS_INLINE void
GradientSums(const TElement * input,
             const TElement * gradient,
             const TElement * output,
             TElement * residualGradient,
             std::int64_t count,
             TScalar shift,
             TScalar scale,
             TScalar bias,
             TScalar slope,
             double & sum,
             double & product)
{
  using V = typename VectorOf<TScalar>::Type;
  sum = 0;
  product = 0;
  for (std::int64_t begin = 0; begin < count; begin += blockLength)
  {
    const std::int64_t end = begin + blockLength < count ? begin + blockLength : count;
    V s{};
    V p{};
    for (std::int64_t i = begin; i < end; i += lanes)
    {
      const bool whole = i + lanes <= end;
      const std::int64_t valid = whole ? lanes : end - i;
      const V x = whole ? Load(input + i) : Load(Padded<TElement>(input + i, valid).values);
      const V g = whole ? Load(gradient + i) : Load(Padded<TElement>(gradient + i, valid).values);
      V sign = (x - shift) * scale + bias;
      if (output)
      {
        sign = whole ? Load(output + i) : Load(Padded<TElement>(output + i, valid).values);
      }
      const V d = sign > 0 ? g : g * slope;
      if (residualGradient)
      {
        if (whole)
        {
          Store(residualGradient + i, d);
        }
        else
        {
          Padded<TElement> kept(gradient + i, valid);
          Store(kept.values, d);
          std::memcpy(
              static_cast<void *>(residualGradient + i), kept.values, valid * sizeof(TElement));
        }
      }
      s += d;
      p += d * (x - shift);
    }
    sum += SumOf(s);
    product += SumOf(p);
  }
}

/** inputGradient = factor · d - constant - linear · (x - shift). */
template <typename TElement, typename TScalar>
SULCUS_INLINE void
InputGradient(const TElement * input,
              const TElement * gradient,
              const TElement * residualGradient,
              TElement * inputGradient,
              std::int64_t count,
              TScalar shift,
              TScalar scale,
              TScalar bias,
              TScalar slope,
              TScalar factor,
              TScalar constant,
              TScalar linear)
{
  using V = typename VectorOf<TScalar>::Type;
  for (std::int64_t i = 0; i < count; i += lanes)
  {
    const bool whole = i + lanes <= count;
    const std::int64_t valid = whole ? lanes : count - i;
    const V x = whole ? Load(input + i) : Load(Padded<TElement>(input + i, valid).values);
    const TElement * source = residualGradient ? residualGradient : gradient;
    V d = whole ? Load(source + i) : Load(Padded<TElement>(source + i, valid).values);
    if (!residualGradient)
    {
      d = (x - shift) * scale + bias > 0 ? d : d * slope;
    }
    const V value = d * factor - constant - (x - shift) * linear;
    if (whole)
    {
      Store(inputGradient + i, value);
    }
    else
    {
      Padded<TElement> kept(input + i, valid);
      Store(kept.values, value);
      std::memcpy(static_cast<void *>(inputGradient + i), kept.values, valid * sizeof(TElement));
    }
  }
}

template <typename TElement, typename TScalar>
SULCUS_INLINE void
Backward(const NormRow<TElement, TScalar> & row,
         const NormRowGradient<TElement, TScalar> & g,
         double mean,
         double scale)
{
  const double count = static_cast<double>(row.channels * row.voxels);
  const auto shift = static_cast<TScalar>(mean);
  double meanOfGradient = 0;
  double meanOfProduct = 0;
  for (std::int64_t c = 0; c < row.channels; ++c)
  {
    const double factor = static_cast<double>(row.weight[c]) * scale;
    const std::int64_t at = c * row.voxels;
    double sum = 0;
    double product = 0;
    GradientSums(row.input + at,
                 g.gradient + at,
                 g.output ? g.output + at : nullptr,
                 g.residualGradient ? g.residualGradient + at : nullptr,
                 row.voxels,
                 shift,
                 static_cast<TScalar>(factor),
                 row.bias[c],
                 row.slope,
                 sum,
                 product);
    g.biasGradient[c] = sum;
    g.weightGradient[c] = product * scale;
    meanOfGradient += static_cast<double>(row.weight[c]) * sum / count;
    meanOfProduct += static_cast<double>(row.weight[c]) * product * scale / count;
  }
  for (std::int64_t c = 0; c < row.channels; ++c)
  {
    const double factor = static_cast<double>(row.weight[c]) * scale;
    const std::int64_t at = c * row.voxels;
    InputGradient(row.input + at,
                  g.gradient + at,
                  g.residualGradient ? g.residualGradient + at : nullptr,
                  g.inputGradient + at,
                  row.voxels,
                  shift,
                  static_cast<TScalar>(factor),
                  row.bias[c],
                  row.slope,
                  static_cast<TScalar>(factor),
                  static_cast<TScalar>(scale * meanOfGradient),
                  static_cast<TScalar>(scale * scale * meanOfProduct));
  }
}

} // namespace

SULCUS_CLONES void
NormForward(const NormRow<float, float> & row,
            double epsilon,
            float * output,
            double & mean,
            double & scale)
{
  Forward(row, epsilon, output, mean, scale);
}

SULCUS_CLONES void
NormForward(const NormRow<c10::BFloat16, float> & row,
            double epsilon,
            c10::BFloat16 * output,
            double & mean,
            double & scale)
{
  Forward(row, epsilon, output, mean, scale);
}

SULCUS_CLONES void
NormForward(const NormRow<double, double> & row,
            double epsilon,
            double * output,
            double & mean,
            double & scale)
{
  Forward(row, epsilon, output, mean, scale);
}

SULCUS_CLONES void
NormBackward(const NormRow<float, float> & row,
             const NormRowGradient<float, float> & g,
             double mean,
             double scale)
{
  Backward(row, g, mean, scale);
}

SULCUS_CLONES void
NormBackward(const NormRow<c10::BFloat16, float> & row,
             const NormRowGradient<c10::BFloat16, float> & g,
             double mean,
             double scale)
{
  Backward(row, g, mean, scale);
}

SULCUS_CLONES void
NormBackward(const NormRow<double, double> & row,
             const NormRowGradient<double, double> & g,
             double mean,
             double scale)
{
  Backward(row, g, mean, scale);
}

} // namespace sulcus::kernel
