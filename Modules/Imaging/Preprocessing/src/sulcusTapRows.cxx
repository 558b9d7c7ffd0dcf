#include "sulcusTapRows.h"

#include <algorithm>

namespace sulcus
{

void
TapRow(const AxisTaps & taps, const float * row, float * out)
{
  const std::size_t outputs = taps.first.size();
  const float * w = taps.weights.data();
  switch (taps.count)
  {
  case 1:
    for (std::size_t o = 0; o < outputs; ++o)
    {
      out[o] = w[o] * row[taps.first[o]];
    }
    return;
  case 2:
    for (std::size_t o = 0; o < outputs; ++o, w += 2)
    {
      const float * v = row + taps.first[o];
      out[o] = w[0] * v[0] + w[1] * v[1];
    }
    return;
  case 4:
    for (std::size_t o = 0; o < outputs; ++o, w += 4)
    {
      const float * v = row + taps.first[o];
      out[o] = w[0] * v[0] + w[1] * v[1] + w[2] * v[2] + w[3] * v[3];
    }
    return;
  default:
    for (std::size_t o = 0; o < outputs; ++o, w += taps.count)
    {
      const float * v = row + taps.first[o];
      float sum = 0.0F;
      for (std::size_t t = 0; t < taps.count; ++t)
      {
        sum += w[t] * v[t];
      }
      out[o] = sum;
    }
  }
}

void
RowCoefficients(float * plane, std::size_t width, std::size_t height)
{
  // The recursion is serial along a row; eight transposed rows at a time keep the arithmetic units
  // busy.
  constexpr std::size_t lanes = 8;
  std::vector<float> turned(width * lanes);
  for (std::size_t y0 = 0; y0 < height; y0 += lanes)
  {
    const std::size_t rows = std::min(lanes, height - y0);
    float * block = plane + y0 * width;
    for (std::size_t y = 0; y < rows; ++y)
    {
      for (std::size_t x = 0; x < width; ++x)
      {
        turned[x * lanes + y] = block[y * width + x];
      }
    }
    BSplineCoefficients(turned.data(), width, lanes, rows);
    for (std::size_t y = 0; y < rows; ++y)
    {
      for (std::size_t x = 0; x < width; ++x)
      {
        block[y * width + x] = turned[x * lanes + y];
      }
    }
  }
}

PointSampler::PointSampler(const float * values,
                           std::array<std::size_t, 3> size,
                           std::array<Interpolation, 3> interpolation)
    : m_Values(values), m_Size(size), m_Interpolation(interpolation)
{
}

bool
PointSampler::IsInside(const double position[3]) const
{
  constexpr double rounding = 1e-6;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (!(position[axis] >= -0.5 - rounding &&
          position[axis] <= static_cast<double>(m_Size[axis]) - 0.5 + rounding))
    {
      return false;
    }
  }
  return true;
}

float
PointSampler::At(const double position[3]) const
{
  std::size_t index[3][4];
  double weight[3][4];
  int count[3];
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto last = static_cast<double>(m_Size[axis]) - 1.0;
    if (m_Interpolation[axis] == Interpolation::CubicBSpline)
    {
      const double below = std::floor(position[axis]);
      CubicBSplineWeights(position[axis] - below, weight[axis]);
      for (int t = 0; t < 4; ++t)
      {
        index[axis][t] = MirroredIndex(static_cast<std::ptrdiff_t>(below) + t - 1, m_Size[axis]);
      }
      count[axis] = 4;
      continue;
    }
    const double clamped = std::clamp(position[axis], 0.0, last);
    const bool nearest = m_Interpolation[axis] == Interpolation::Nearest;
    const double below = std::min(last, std::floor(nearest ? clamped + 0.5 : clamped));
    index[axis][0] = static_cast<std::size_t>(below);
    index[axis][1] = static_cast<std::size_t>(std::min(last, below + 1.0));
    weight[axis][0] = nearest ? 1.0 : 1.0 - (clamped - below);
    weight[axis][1] = 1.0 - weight[axis][0];
    count[axis] = nearest ? 1 : 2;
  }
  double sum = 0.0;
  for (int z = 0; z < count[2]; ++z)
  {
    for (int y = 0; y < count[1]; ++y)
    {
      const float * row = m_Values + (index[2][z] * m_Size[1] + index[1][y]) * m_Size[0];
      double along = 0.0;
      for (int x = 0; x < count[0]; ++x)
      {
        along += weight[0][x] * static_cast<double>(row[index[0][x]]);
      }
      sum += weight[2][z] * weight[1][y] * along;
    }
  }
  return static_cast<float>(sum);
}

} // namespace sulcus
