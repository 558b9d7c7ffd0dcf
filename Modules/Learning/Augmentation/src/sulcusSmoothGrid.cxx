#include "sulcusSmoothGrid.h"

#include "sulcusVectorised.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

std::array<double, 4>
CubicWeights(double t)
{
  const double r = 1.0 - t;
  return {r * r * r / 6.0,
          (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
          (3.0 * r * r * r - 6.0 * r * r + 4.0) / 6.0,
          t * t * t / 6.0};
}

/** First control and weights at a voxel position along an axis. */
std::pair<std::int64_t, std::array<double, 4>>
Locate(double voxel, std::int64_t size, std::int64_t count)
{
  const double intervals = static_cast<double>(count - 3);
  const double last = static_cast<double>(std::max<std::int64_t>(size - 1, 1));
  const double u = std::clamp(voxel / last, 0.0, 1.0) * intervals;
  const auto first = std::min(static_cast<std::int64_t>(u), count - 4);
  return {first, CubicWeights(u - static_cast<double>(first))};
}

SULCUS_VECTORISED void
AddScaled(float * __restrict target,
          const float * __restrict source,
          float factor,
          std::int64_t count)
{
  for (std::int64_t i = 0; i < count; ++i)
  {
    target[i] += factor * source[i];
  }
}

} // namespace

SmoothGrid
SmoothGrid::WithSpacing(const std::array<std::int64_t, 3> & size,
                        const std::array<double, 3> & spacingInMm,
                        double controlSpacingInMm,
                        int components)
{
  SmoothGrid grid;
  grid.size = size;
  grid.components = components;
  std::int64_t total = components;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    const double extent = static_cast<double>(size[axis] - 1) * spacingInMm[axis];
    const auto intervals = static_cast<std::int64_t>(std::floor(extent / controlSpacingInMm));
    grid.count[axis] = std::clamp<std::int64_t>(intervals, 1, 64) + 3;
    total *= grid.count[axis];
  }
  grid.values.assign(static_cast<std::size_t>(total), 0.0f);
  return grid;
}

std::array<double, 3>
SmoothGrid::IntervalInVoxels() const
{
  std::array<double, 3> interval{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    interval[axis] = static_cast<double>(std::max<std::int64_t>(size[axis] - 1, 1)) /
                     static_cast<double>(count[axis] - 3);
  }
  return interval;
}

void
SmoothGrid::At(const std::array<double, 3> & point, std::span<double> out) const
{
  const auto [firstZ, weightZ] = Locate(point[0], size[0], count[0]);
  const auto [firstY, weightY] = Locate(point[1], size[1], count[1]);
  const auto [firstX, weightX] = Locate(point[2], size[2], count[2]);
  for (int component = 0; component < components; ++component)
  {
    double sum = 0.0;
    for (std::int64_t z = 0; z < 4; ++z)
    {
      for (std::int64_t y = 0; y < 4; ++y)
      {
        const auto row =
            ((component * count[0] + firstZ + z) * count[1] + firstY + y) * count[2] + firstX;
        for (std::int64_t x = 0; x < 4; ++x)
        {
          sum += weightZ[static_cast<std::size_t>(z)] * weightY[static_cast<std::size_t>(y)] *
                 weightX[static_cast<std::size_t>(x)] * values[static_cast<std::size_t>(row + x)];
        }
      }
    }
    out[static_cast<std::size_t>(component)] = sum;
  }
}

SmoothGridRows::Taps
SmoothGridRows::MakeTaps(std::int64_t size, std::int64_t count)
{
  Taps taps;
  taps.first.resize(static_cast<std::size_t>(size));
  taps.weight.resize(static_cast<std::size_t>(4 * size));
  for (std::int64_t i = 0; i < size; ++i)
  {
    const auto [first, weights] = Locate(static_cast<double>(i), size, count);
    taps.first[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(first);
    for (std::int64_t tap = 0; tap < 4; ++tap)
    {
      taps.weight[static_cast<std::size_t>(tap * size + i)] =
          static_cast<float>(weights[static_cast<std::size_t>(tap)]);
    }
  }
  return taps;
}

SmoothGridRows::SmoothGridRows(const SmoothGrid & grid)
    : m_Grid(grid), m_Z(MakeTaps(grid.size[0], grid.count[0])),
      m_Y(MakeTaps(grid.size[1], grid.count[1])),
      m_Expand(static_cast<std::size_t>(grid.count[2] * grid.size[2]), 0.0f),
      m_SupportBegin(static_cast<std::size_t>(grid.count[2]), grid.size[2]),
      m_SupportEnd(static_cast<std::size_t>(grid.count[2]), 0),
      m_Plane(static_cast<std::size_t>(grid.components * grid.count[1] * grid.count[2])),
      m_Line(static_cast<std::size_t>(grid.components * grid.count[2])),
      m_Row(static_cast<std::size_t>(grid.components * grid.size[2]))
{
  const auto taps = MakeTaps(grid.size[2], grid.count[2]);
  for (std::int64_t i = 0; i < grid.size[2]; ++i)
  {
    for (std::int64_t tap = 0; tap < 4; ++tap)
    {
      const auto control = taps.first[static_cast<std::size_t>(i)] + tap;
      m_Expand[static_cast<std::size_t>(control * grid.size[2] + i)] =
          taps.weight[static_cast<std::size_t>(tap * grid.size[2] + i)];
      auto & begin = m_SupportBegin[static_cast<std::size_t>(control)];
      begin = std::min(begin, i);
      m_SupportEnd[static_cast<std::size_t>(control)] = i + 1;
    }
  }
}

std::span<const float>
SmoothGridRows::Row(std::int64_t z, std::int64_t y)
{
  const auto & count = m_Grid.count;
  const auto planeSize = count[1] * count[2];
  if (z != m_CurrentZ)
  {
    std::fill(m_Plane.begin(), m_Plane.end(), 0.0f);
    for (int component = 0; component < m_Grid.components; ++component)
    {
      for (std::int64_t tap = 0; tap < 4; ++tap)
      {
        const auto control = component * count[0] + m_Z.first[static_cast<std::size_t>(z)] + tap;
        AddScaled(m_Plane.data() + component * planeSize,
                  m_Grid.values.data() + control * planeSize,
                  m_Z.weight[static_cast<std::size_t>(tap * m_Grid.size[0] + z)],
                  planeSize);
      }
    }
    m_CurrentZ = z;
  }
  std::fill(m_Line.begin(), m_Line.end(), 0.0f);
  std::fill(m_Row.begin(), m_Row.end(), 0.0f);
  const auto width = m_Grid.size[2];
  for (int component = 0; component < m_Grid.components; ++component)
  {
    float * line = m_Line.data() + component * count[2];
    for (std::int64_t tap = 0; tap < 4; ++tap)
    {
      const auto control = m_Y.first[static_cast<std::size_t>(y)] + tap;
      AddScaled(line,
                m_Plane.data() + component * planeSize + control * count[2],
                m_Y.weight[static_cast<std::size_t>(tap * m_Grid.size[1] + y)],
                count[2]);
    }
    for (std::int64_t control = 0; control < count[2]; ++control)
    {
      const auto begin = m_SupportBegin[static_cast<std::size_t>(control)];
      const auto end = m_SupportEnd[static_cast<std::size_t>(control)];
      AddScaled(m_Row.data() + component * width + begin,
                m_Expand.data() + control * width + begin,
                line[control],
                end - begin);
    }
  }
  return m_Row;
}

} // namespace sulcus
