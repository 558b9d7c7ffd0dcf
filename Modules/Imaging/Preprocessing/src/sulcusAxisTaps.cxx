#include "sulcusAxisTaps.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

/** One output voxel's weights before they are packed: input indices and weights, indices inside the
 * input. */
struct Contribution
{
  std::size_t index;
  double weight;
};
using Contributions = std::vector<Contribution>;

double
Triangle(double x)
{
  return std::max(0.0, 1.0 - std::abs(x));
}

double
KeysCubic(double x)
{
  const double d = std::abs(x);
  if (d < 1.0)
  {
    return (1.5 * d - 2.5) * d * d + 1.0;
  }
  return d < 2.0 ? ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0 : 0.0;
}

std::size_t
ClampedIndex(std::ptrdiff_t index, std::size_t size)
{
  return static_cast<std::size_t>(
      std::clamp<std::ptrdiff_t>(index, 0, static_cast<std::ptrdiff_t>(size) - 1));
}

/** A kernel stretched by `stretch` around a position, normalised to sum 1, edge voxels repeated. */
template <typename TKernel>
void
AppendStretched(Contributions & taps,
                double position,
                double stretch,
                double support,
                std::size_t size,
                const TKernel & kernel)
{
  const double reach = support * stretch;
  const auto begin = static_cast<std::ptrdiff_t>(std::ceil(position - reach));
  const auto end = static_cast<std::ptrdiff_t>(std::floor(position + reach));
  double sum = 0.0;
  for (std::ptrdiff_t i = begin; i <= end; ++i)
  {
    const double weight = kernel((static_cast<double>(i) - position) / stretch);
    if (weight != 0.0)
    {
      taps.push_back({ClampedIndex(i, size), weight});
      sum += weight;
    }
  }
  for (auto & tap : taps)
  {
    tap.weight /= sum;
  }
}

void
AppendBSpline(Contributions & taps, double position, std::size_t size)
{
  const double below = std::floor(position);
  double weights[4];
  CubicBSplineWeights(position - below, weights);
  for (int t = 0; t < 4; ++t)
  {
    taps.push_back({MirroredIndex(static_cast<std::ptrdiff_t>(below) + t - 1, size), weights[t]});
  }
}

void
Pack(AxisTaps & table, const std::vector<Contributions> & all, std::size_t inputSize)
{
  for (const auto & taps : all)
  {
    std::size_t low = inputSize;
    std::size_t high = 0;
    for (const auto & tap : taps)
    {
      low = std::min(low, tap.index);
      high = std::max(high, tap.index);
    }
    table.first.push_back(low);
    table.count = std::max(table.count, high - low + 1);
  }
  table.weights.assign(table.count * all.size(), 0.0F);
  std::vector<double> sums(table.count);
  for (std::size_t o = 0; o < all.size(); ++o)
  {
    table.first[o] = std::min(table.first[o], inputSize - table.count);
    std::fill(sums.begin(), sums.end(), 0.0);
    for (const auto & tap : all[o])
    {
      sums[tap.index - table.first[o]] += tap.weight;
    }
    std::transform(sums.begin(),
                   sums.end(),
                   table.weights.begin() + static_cast<std::ptrdiff_t>(o * table.count),
                   [](double weight) { return static_cast<float>(weight); });
  }
}

double
SnappedPosition(double position)
{
  constexpr double sameVoxel = 1e-6;
  const double nearest = std::round(position);
  return std::abs(position - nearest) < sameVoxel ? nearest : position;
}

} // namespace

void
CubicBSplineWeights(double t, double weights[4])
{
  const double s = 1.0 - t;
  weights[0] = s * s * s / 6.0;
  weights[1] = 2.0 / 3.0 - 0.5 * t * t * (2.0 - t);
  weights[2] = 2.0 / 3.0 - 0.5 * s * s * (2.0 - s);
  weights[3] = t * t * t / 6.0;
}

std::size_t
MirroredIndex(std::ptrdiff_t index, std::size_t size)
{
  if (size == 1)
  {
    return 0;
  }
  const auto period = 2 * (static_cast<std::ptrdiff_t>(size) - 1);
  index = std::abs(index) % period;
  return static_cast<std::size_t>(std::min(index, period - index));
}

AxisTaps
MakeAxisTaps(std::size_t inputSize,
             std::size_t outputSize,
             double scale,
             double offset,
             Interpolation interpolation,
             bool antialias)
{
  constexpr double noStretch = 1.0 + 1e-6;
  const double stretch = std::abs(scale);
  const bool averaged = antialias && stretch > noStretch && interpolation != Interpolation::Nearest;
  AxisTaps table;
  table.insideBegin = outputSize;
  table.identity = inputSize == outputSize;
  std::vector<double> positions(outputSize);
  for (std::size_t o = 0; o < outputSize; ++o)
  {
    const double position = SnappedPosition(offset + scale * static_cast<double>(o));
    positions[o] = position;
    table.identity = table.identity && position == static_cast<double>(o);
    if (position >= -0.5 && position <= static_cast<double>(inputSize) - 0.5)
    {
      table.insideBegin = std::min(table.insideBegin, o);
      table.insideEnd = o + 1;
    }
  }
  std::vector<Contributions> all(outputSize);
  for (std::size_t o = 0; o < outputSize; ++o)
  {
    const double position = positions[o];
    if (table.identity || interpolation == Interpolation::Nearest)
    {
      all[o].push_back(
          {ClampedIndex(static_cast<std::ptrdiff_t>(std::floor(position + 0.5)), inputSize), 1.0});
    }
    else if (interpolation == Interpolation::Linear)
    {
      AppendStretched(all[o], position, averaged ? stretch : 1.0, 1.0, inputSize, Triangle);
    }
    else if (averaged)
    {
      AppendStretched(all[o], position, stretch, 2.0, inputSize, KeysCubic);
    }
    else
    {
      AppendBSpline(all[o], position, inputSize);
    }
  }
  table.insideBegin = std::min(table.insideBegin, table.insideEnd);
  table.needsCoefficients =
      interpolation == Interpolation::CubicBSpline && !averaged && !table.identity;
  Pack(table, all, inputSize);
  return table;
}

AxisTaps
MakeSmoothingTaps(std::size_t size, double widthInVoxels)
{
  AxisTaps table;
  table.insideEnd = size;
  table.identity = widthInVoxels <= 1.0;
  std::vector<Contributions> all(size);
  for (std::size_t o = 0; o < size; ++o)
  {
    AppendStretched(
        all[o], static_cast<double>(o), std::max(1.0, widthInVoxels), 1.0, size, Triangle);
  }
  Pack(table, all, size);
  return table;
}

void
BSplineCoefficients(float * values, std::size_t length, std::size_t stride, std::size_t lines)
{
  if (length < 2)
  {
    return;
  }
  const double pole = std::sqrt(3.0) - 2.0;
  const auto z = static_cast<float>(pole);
  const auto at = [&](std::size_t i) { return values + i * stride; };
  // Start of the causal pass: the mirrored signal summed until the pole's powers vanish in single
  // precision.
  std::vector<double> start(lines, 0.0);
  const std::size_t horizon = std::min<std::size_t>(2 * length - 2, 24);
  const double closure =
      horizon == 2 * length - 2 ? 1.0 / (1.0 - std::pow(pole, static_cast<double>(horizon))) : 1.0;
  double power = 1.0;
  for (std::size_t k = 0; k < horizon; ++k, power *= pole)
  {
    const float * sample = at(MirroredIndex(static_cast<std::ptrdiff_t>(k), length));
    for (std::size_t l = 0; l < lines; ++l)
    {
      start[l] += power * static_cast<double>(sample[l]);
    }
  }
  float * previous = at(0);
  for (std::size_t l = 0; l < lines; ++l)
  {
    previous[l] = static_cast<float>(6.0 * closure * start[l]);
  }
  for (std::size_t i = 1; i < length; ++i)
  {
    float * current = at(i);
    for (std::size_t l = 0; l < lines; ++l)
    {
      current[l] = 6.0F * current[l] + z * previous[l];
    }
    previous = current;
  }
  const auto last = static_cast<float>(pole / (pole * pole - 1.0));
  float * next = at(length - 1);
  const float * before = at(length - 2);
  for (std::size_t l = 0; l < lines; ++l)
  {
    next[l] = last * (next[l] + z * before[l]);
  }
  for (std::size_t i = length - 1; i-- > 0;)
  {
    float * current = at(i);
    for (std::size_t l = 0; l < lines; ++l)
    {
      current[l] = z * (next[l] - current[l]);
    }
    next = current;
  }
}

} // namespace sulcus
