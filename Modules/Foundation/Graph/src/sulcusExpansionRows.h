#pragma once

#include "sulcusExpansion.h"
#include "sulcusGridScan.h"
#include <sulcusThreads.h>

namespace sulcus::detail
{

inline GridFlowProblem
AsGrid(const ExpansionProblem & problem,
       std::span<const std::int32_t> unary,
       const GridCapacities & capacities)
{
  return {problem.size, problem.neighbours, unary, &capacities};
}

/** Runs body(row start, y, z, buffer of one row) over all rows, several threads along z. */
template <typename TBody>
void
ForRows(const GridSize & size, const TBody & body)
{
  ParallelFor(
      size[2],
      [&](std::size_t zBegin, std::size_t zEnd)
      {
        std::vector<std::int32_t> buffer(size[0]);
        CapacityRow row(size[0]);
        for (std::size_t z = zBegin; z < zEnd; ++z)
        {
          for (std::size_t y = 0; y < size[1]; ++y)
          {
            body(size[0] * (y + size[1] * z), y, z, buffer, row);
          }
        }
      },
      1 + (1 << 16) / (size[0] * size[1]));
}

/** Best lower bound on the energy after some rounds of dual ascent; stops early when it reaches
 * `energy`. */
std::int64_t
BestBound(const ExpansionProblem & problem, std::int64_t energy, unsigned rounds);

} // namespace sulcus::detail
