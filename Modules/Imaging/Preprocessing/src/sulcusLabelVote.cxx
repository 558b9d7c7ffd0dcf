#include "sulcusLabelVote.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{

std::vector<WeightedOffset>
TapLines(const AxisTaps & yTaps,
         std::size_t y,
         const AxisTaps & zTaps,
         std::size_t z,
         std::size_t inputHeight,
         std::size_t inputWidth)
{
  std::vector<WeightedOffset> lines;
  for (std::size_t k = 0; k < zTaps.count; ++k)
  {
    for (std::size_t j = 0; j < yTaps.count; ++j)
    {
      const double weight = static_cast<double>(zTaps.weights[z * zTaps.count + k]) *
                            static_cast<double>(yTaps.weights[y * yTaps.count + j]);
      if (weight != 0.0)
      {
        lines.emplace_back(((zTaps.first[z] + k) * inputHeight + yTaps.first[y] + j) * inputWidth,
                           weight);
      }
    }
  }
  return lines;
}

VoxelNeighbours::VoxelNeighbours(std::array<std::size_t, 3> size, bool nearestOnly)
    : m_Size(size), m_NearestOnly(nearestOnly)
{
}

bool
VoxelNeighbours::IsInside(const double position[3]) const
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

VoxelNeighbours::List
VoxelNeighbours::At(const double position[3]) const
{
  std::size_t index[3][2];
  double weight[3][2];
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto last = static_cast<double>(m_Size[axis]) - 1.0;
    const double clamped = std::clamp(position[axis], 0.0, last);
    const double below = std::min(last, std::floor(m_NearestOnly ? clamped + 0.5 : clamped));
    index[axis][0] = static_cast<std::size_t>(below);
    index[axis][1] = static_cast<std::size_t>(std::min(last, below + 1.0));
    weight[axis][0] = m_NearestOnly ? 1.0 : 1.0 - (clamped - below);
    weight[axis][1] = 1.0 - weight[axis][0];
  }
  List list;
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    const unsigned int x = corner & 1U;
    const unsigned int y = corner >> 1U & 1U;
    const unsigned int z = corner >> 2U;
    const double product = weight[0][x] * weight[1][y] * weight[2][z];
    if (product > 0.0)
    {
      list.entries[list.count++] = {
          (index[2][z] * m_Size[1] + index[1][y]) * m_Size[0] + index[0][x], product};
    }
  }
  return list;
}

} // namespace sulcus
