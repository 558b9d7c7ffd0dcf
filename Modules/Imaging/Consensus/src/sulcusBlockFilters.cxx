#include "sulcusBlockFilters.h"

#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>

namespace sulcus::detail
{
namespace
{

/** Applies body(line in, line out, length) to every line along one axis; lines are copied, so
 * strides do not matter. */
template <typename TBody>
void
ForLines(const std::array<std::size_t, 3> & size,
         unsigned axis,
         std::vector<float> & values,
         const TBody & body)
{
  const std::array<std::size_t, 3> stride{1, size[0], size[0] * size[1]};
  const unsigned a = axis == 0 ? 1 : 0;
  const unsigned b = axis == 2 ? 1 : 2;
  ParallelFor(size[b],
              [&](std::size_t begin, std::size_t end)
              {
                std::vector<float> in(size[axis]);
                std::vector<float> out(size[axis]);
                for (std::size_t j = begin; j < end; ++j)
                {
                  for (std::size_t i = 0; i < size[a]; ++i)
                  {
                    float * first = values.data() + i * stride[a] + j * stride[b];
                    for (std::size_t k = 0; k < size[axis]; ++k)
                    {
                      in[k] = first[k * stride[axis]];
                    }
                    body(in, out);
                    for (std::size_t k = 0; k < size[axis]; ++k)
                    {
                      first[k * stride[axis]] = out[k];
                    }
                  }
                }
              });
}

} // namespace

std::vector<float>
Smooth(const ImageBlock & block, double sigmaInMm)
{
  std::vector<float> values(block.values.begin(), block.values.end());
  for (unsigned axis = 0; axis < 3; ++axis)
  {
    const double sigma = sigmaInMm / block.spacingInMm[axis];
    const auto radius = static_cast<std::ptrdiff_t>(std::ceil(3.0 * sigma));
    std::vector<float> kernel;
    double sum = 0.0;
    for (std::ptrdiff_t k = -radius; k <= radius; ++k)
    {
      sum += std::exp(-0.5 * double(k * k) / (sigma * sigma));
    }
    for (std::ptrdiff_t k = -radius; k <= radius; ++k)
    {
      kernel.push_back(float(std::exp(-0.5 * double(k * k) / (sigma * sigma)) / sum));
    }
    ForLines(block.size,
             axis,
             values,
             [&](const std::vector<float> & in, std::vector<float> & out)
             {
               const auto last = static_cast<std::ptrdiff_t>(in.size()) - 1;
               for (std::ptrdiff_t i = 0; i <= last; ++i)
               {
                 float value = 0.0F;
                 for (std::ptrdiff_t k = -radius; k <= radius; ++k)
                 {
                   value += kernel[std::size_t(k + radius)] *
                            in[std::size_t(std::clamp<std::ptrdiff_t>(i + k, 0, last))];
                 }
                 out[std::size_t(i)] = value;
               }
             });
  }
  return values;
}

std::vector<float>
BoxMean(const ImageBlock & block, double radiusInMm)
{
  std::vector<float> values(block.values.begin(), block.values.end());
  for (unsigned axis = 0; axis < 3; ++axis)
  {
    const auto radius =
        static_cast<std::ptrdiff_t>(std::floor(radiusInMm / block.spacingInMm[axis] + 0.5));
    ForLines(block.size,
             axis,
             values,
             [&](const std::vector<float> & in, std::vector<float> & out)
             {
               const auto count = static_cast<std::ptrdiff_t>(in.size());
               double sum = 0.0;
               for (std::ptrdiff_t i = 0; i < std::min(radius, count); ++i)
               {
                 sum += in[std::size_t(i)];
               }
               for (std::ptrdiff_t i = 0; i < count; ++i)
               {
                 sum += i + radius < count ? in[std::size_t(i + radius)] : 0.0F;
                 sum -= i - radius - 1 >= 0 ? in[std::size_t(i - radius - 1)] : 0.0F;
                 const auto inside =
                     std::min(count - 1, i + radius) - std::max<std::ptrdiff_t>(0, i - radius) + 1;
                 out[std::size_t(i)] = float(sum / double(inside));
               }
             });
  }
  return values;
}

Derivatives
DerivativesAt(const ImageBlock & block, std::size_t x, std::size_t y, std::size_t z)
{
  const std::array<std::size_t, 3> index{x, y, z};
  const std::array<std::size_t, 3> stride{1, block.size[0], block.size[0] * block.size[1]};
  const std::size_t here = x + y * stride[1] + z * stride[2];
  std::array<std::size_t, 3> minus{};
  std::array<std::size_t, 3> plus{};
  std::array<float, 3> step{};
  for (unsigned axis = 0; axis < 3; ++axis)
  {
    minus[axis] = index[axis] > 0 ? stride[axis] : 0;
    plus[axis] = index[axis] + 1 < block.size[axis] ? stride[axis] : 0;
    step[axis] = float(block.spacingInMm[axis]);
  }
  const auto at = [&](std::size_t p) { return block.values[p]; };
  const auto first = [&](unsigned a)
  {
    const int steps = (minus[a] ? 1 : 0) + (plus[a] ? 1 : 0);
    return steps ? (at(here + plus[a]) - at(here - minus[a])) / (float(steps) * step[a]) : 0.0F;
  };
  const auto second = [&](unsigned a)
  {
    return minus[a] && plus[a]
               ? (at(here + plus[a]) - 2.0F * at(here) + at(here - minus[a])) / (step[a] * step[a])
               : 0.0F;
  };
  const auto mixed = [&](unsigned a, unsigned b)
  {
    const int stepsA = (minus[a] ? 1 : 0) + (plus[a] ? 1 : 0);
    const int stepsB = (minus[b] ? 1 : 0) + (plus[b] ? 1 : 0);
    if (stepsA == 0 || stepsB == 0)
    {
      return 0.0F;
    }
    return (at(here + plus[a] + plus[b]) - at(here + plus[a] - minus[b]) -
            at(here - minus[a] + plus[b]) + at(here - minus[a] - minus[b])) /
           (float(stepsA) * step[a] * float(stepsB) * step[b]);
  };
  return {first(0),
          first(1),
          first(2),
          second(0),
          second(1),
          second(2),
          mixed(0, 1),
          mixed(0, 2),
          mixed(1, 2)};
}

std::array<float, 3>
Eigenvalues(const Derivatives & d)
{
  // closed form for symmetric 3 x 3 matrices (Smith 1961)
  const double off = double(d.xy) * d.xy + double(d.xz) * d.xz + double(d.yz) * d.yz;
  const double mean = (double(d.xx) + d.yy + d.zz) / 3.0;
  const double a = d.xx - mean;
  const double b = d.yy - mean;
  const double c = d.zz - mean;
  const double spread = std::sqrt((a * a + b * b + c * c + 2.0 * off) / 6.0);
  if (!(spread > 1e-30))
  {
    return {float(mean), float(mean), float(mean)};
  }
  const double determinant = a * (b * c - double(d.yz) * d.yz) -
                             d.xy * (d.xy * c - double(d.yz) * d.xz) +
                             d.xz * (double(d.xy) * d.yz - b * d.xz);
  const double angle =
      std::acos(std::clamp(0.5 * determinant / (spread * spread * spread), -1.0, 1.0)) / 3.0;
  constexpr double third = 2.0943951023931953;
  const double high = mean + 2.0 * spread * std::cos(angle);
  const double low = mean + 2.0 * spread * std::cos(angle + third);
  return {float(low), float(3.0 * mean - high - low), float(high)};
}

void
Standardise(std::vector<float> & values)
{
  constexpr std::size_t most = 100000;
  const std::size_t stride = 1 + values.size() / most;
  std::vector<float> sample;
  for (std::size_t i = 0; i < values.size(); i += stride)
  {
    sample.push_back(values[i]);
  }
  const auto middle = [](std::vector<float> & list)
  {
    const auto half = list.begin() + static_cast<std::ptrdiff_t>(list.size() / 2);
    std::nth_element(list.begin(), half, list.end());
    return *half;
  };
  if (sample.empty())
  {
    return;
  }
  const float median = middle(sample);
  double squares = 0.0;
  for (auto & value : sample)
  {
    value = std::abs(value - median);
    squares += double(value) * value;
  }
  float spread = 1.4826F * middle(sample);
  spread = spread > 0.0F ? spread : float(std::sqrt(squares / double(sample.size())));
  const float floor =
      1e-6F * (std::abs(median) + 1e-30F); // rounding of a constant image is not a signal
  for (auto & value : values)
  {
    value = spread > floor ? (value - median) / spread : 0.0F;
  }
}

} // namespace sulcus::detail
