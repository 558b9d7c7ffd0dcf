#include "sulcusGridFlow.h"

#include "sulcusGridSolver.h"
#include <sulcusError.h>

#include <cstdlib>

namespace sulcus
{
namespace
{

using detail::GridSolver;
using detail::LargestSum;

void
CheckProblem(const GridFlowProblem & problem, std::size_t labelCount)
{
  const std::size_t voxels = GridVoxelCount(problem.size);
  if (problem.unary.size() != voxels || labelCount != voxels || !problem.capacities)
  {
    throw UsageError(Message("maximum flow on a grid of ",
                             voxels,
                             " voxels: got ",
                             problem.unary.size(),
                             " unaries, ",
                             labelCount,
                             " labels, ",
                             problem.capacities ? "" : "no ",
                             "capacities"));
  }
}

template <unsigned VNeighbours>
GridFlowReport
SolveWith(const GridFlowProblem & problem,
          std::span<std::uint8_t> labels,
          const GridFlowOptions & options)
{
  std::uint64_t largest = 0;
  for (unsigned k = 0; k < VNeighbours / 2; ++k)
  {
    largest = std::max<std::uint64_t>(largest, problem.capacities->Maximum(k));
  }
  std::uint64_t unaryLimit = 0; // of the voxels that persistency leaves open
  for (std::size_t p = 0; p < problem.unary.size() && !options.persistency; ++p)
  {
    unaryLimit = std::max<std::uint64_t>(unaryLimit, std::abs(std::int64_t(problem.unary[p])));
  }
  unaryLimit = options.persistency ? LargestSum(problem) / 2 : unaryLimit;
  const bool fits = unaryLimit + LargestSum(problem) <= std::numeric_limits<std::int32_t>::max();
  if (fits && !options.wideCapacities && largest <= std::numeric_limits<std::uint16_t>::max() / 2)
  {
    return GridSolver<VNeighbours, std::uint16_t, std::int32_t>(problem, labels).Solve(options);
  }
  if (largest > std::numeric_limits<std::uint32_t>::max() / 2)
  {
    throw ResourceError(
        Message("maximum flow: capacity ", largest, " exceeds 2^31 - 1; choose a smaller scale"));
  }
  return GridSolver<VNeighbours, std::uint32_t, std::int64_t>(problem, labels).Solve(options);
}

} // namespace

GridFlowReport
SolveGridFlow(const GridFlowProblem & problem,
              std::span<std::uint8_t> labels,
              const GridFlowOptions & options)
{
  CheckProblem(problem, labels.size());
  GridFlowReport report;
  switch (problem.neighbours)
  {
  case 6:
    report = SolveWith<6>(problem, labels, options);
    break;
  case 18:
    report = SolveWith<18>(problem, labels, options);
    break;
  case 26:
    report = SolveWith<26>(problem, labels, options);
    break;
  default:
    throw UsageError(
        Message("neighbourhood of ", problem.neighbours, " voxels: expected 6, 18 or 26"));
  }
  report.energy = GridEnergy(problem, labels);
  if (report.energy != report.dualBound)
  {
    throw RuntimeError(
        Message("maximum flow: energy ", report.energy, " and flow ", report.dualBound, " differ"));
  }
  return report;
}

} // namespace sulcus
