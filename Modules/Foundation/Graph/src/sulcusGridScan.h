#pragma once

#include "sulcusGridFlow.h"

#include <algorithm>
#include <vector>

namespace sulcus::detail
{

/** Rows of a grid and the parts of them whose neighbour in a given direction exists. */
class GridScan
{
public:
  explicit GridScan(const GridFlowProblem & problem)
      : size(problem.size), steps(GridNeighbourhood(problem.neighbours).ForwardSteps()),
        offsets(GridNeighbourhood(problem.neighbours).Offsets(problem.size))
  {
    offsets.erase(offsets.begin(), offsets.begin() + static_cast<std::ptrdiff_t>(steps.size()));
  }

  std::size_t
  RowStart(std::size_t y, std::size_t z) const
  {
    return size[0] * (y + size[1] * z);
  }

  /** The part of [begin, end) along x in row (y, z) whose neighbour at `sign` times the step lies
   * in the grid; empty where there is none. */
  std::pair<std::size_t, std::size_t>
  Clip(const GridNeighbourhood::Step & step,
       int sign,
       std::size_t y,
       std::size_t z,
       std::size_t begin,
       std::size_t end) const
  {
    const int dx = sign * step[0];
    const int dy = sign * step[1];
    const int dz = sign * step[2];
    if ((dy < 0 && y == 0) || (dy > 0 && y + 1 == size[1]) || (dz < 0 && z == 0) ||
        (dz > 0 && z + 1 == size[2]))
    {
      return {0, 0};
    }
    begin = std::max<std::size_t>(begin, dx < 0 ? 1 : 0);
    end = std::min<std::size_t>(end, dx > 0 ? size[0] - 1 : size[0]);
    return {std::min(begin, end), end};
  }

  GridSize size;
  std::vector<GridNeighbourhood::Step> steps; ///< forward half
  std::vector<std::ptrdiff_t> offsets;        ///< of the forward half
};

/** One row of capacities at a time. */
struct CapacityRow
{
  explicit CapacityRow(std::size_t length) : forward(length), backward(length)
  {
  }

  void
  Read(const GridCapacities & capacities, unsigned step, std::size_t first, std::size_t count)
  {
    capacities.Row(step, first, count, forward.data(), backward.data());
  }

  std::vector<std::uint32_t> forward;
  std::vector<std::uint32_t> backward;
};

} // namespace sulcus::detail
