#include "sulcusGridNeighbourhood.h"

#include <sulcusError.h>

#include <cmath>
#include <limits>

namespace sulcus
{

std::size_t
GridVoxelCount(const GridSize & size)
{
  constexpr std::uint64_t limit = std::numeric_limits<std::uint32_t>::max() - 1;
  std::uint64_t count = 1;
  for (const auto extent : size)
  {
    if (extent == 0 || extent > limit || count > limit / extent)
    {
      throw UsageError(Message("grid of ",
                               size[0],
                               " x ",
                               size[1],
                               " x ",
                               size[2],
                               " voxels: expected extents of at least 1 and at most ",
                               limit,
                               " voxels"));
    }
    count *= extent;
  }
  return count;
}

GridNeighbourhood::GridNeighbourhood(unsigned count)
{
  if (count != 6 && count != 18 && count != 26)
  {
    throw UsageError(Message("neighbourhood of ", count, " voxels: expected 6, 18 or 26"));
  }
  const int longest = count == 6 ? 1 : count == 18 ? 2 : 3;
  for (int dz = -1; dz <= 1; ++dz)
  {
    for (int dy = -1; dy <= 1; ++dy)
    {
      for (int dx = -1; dx <= 1; ++dx)
      {
        const int squared = dx * dx + dy * dy + dz * dz;
        if (squared > 0 && squared <= longest)
        {
          m_Steps.push_back({dx, dy, dz});
        }
      }
    }
  }
}

std::vector<GridNeighbourhood::Step>
GridNeighbourhood::ForwardSteps() const
{
  return {m_Steps.begin() + Count() / 2, m_Steps.end()};
}

std::vector<std::ptrdiff_t>
GridNeighbourhood::Offsets(const GridSize & size) const
{
  const auto nx = static_cast<std::ptrdiff_t>(size[0]);
  const auto nxy = static_cast<std::ptrdiff_t>(size[0] * size[1]);
  std::vector<std::ptrdiff_t> offsets;
  for (const auto & step : m_Steps)
  {
    offsets.push_back(step[0] + nx * step[1] + nxy * step[2]);
  }
  return offsets;
}

std::vector<double>
GridNeighbourhood::Distances(const std::array<double, 3> & spacingInMm) const
{
  std::vector<double> distances;
  for (const auto & step : m_Steps)
  {
    double sum = 0.0;
    for (unsigned axis = 0; axis < 3; ++axis)
    {
      sum += step[axis] * spacingInMm[axis] * step[axis] * spacingInMm[axis];
    }
    distances.push_back(std::sqrt(sum));
  }
  return distances;
}

std::uint64_t
GridNeighbourhood::EdgeCount(const GridSize & size) const
{
  std::uint64_t edges = 0;
  for (const auto & step : ForwardSteps())
  {
    std::uint64_t inside = 1;
    for (unsigned axis = 0; axis < 3; ++axis)
    {
      inside *= size[axis] - (step[axis] != 0 ? 1 : 0);
    }
    edges += inside;
  }
  return edges;
}

} // namespace sulcus
