#include "sulcusGridScan.h"
#include <sulcusThreads.h>

#include <atomic>

namespace sulcus
{
namespace
{

std::int64_t
UnaryEnergy(const GridFlowProblem & problem,
            std::span<const std::uint8_t> labels,
            std::size_t begin,
            std::size_t end)
{
  std::int64_t sum = 0;
  for (std::size_t p = begin; p < end; ++p)
  {
    const std::int64_t unary = problem.unary[p];
    const std::int64_t cost = labels[p] == GridFlowOne ? -unary : unary;
    sum += cost > 0 ? cost : 0;
  }
  return sum;
}

/** Capacity cut by the labels between one row and its forward neighbours in one direction. */
std::int64_t
RowCut(const GridFlowProblem & problem,
       std::span<const std::uint8_t> labels,
       unsigned step,
       std::size_t begin,
       std::size_t end,
       std::ptrdiff_t offset,
       detail::CapacityRow & row)
{
  const std::uint8_t * here = labels.data();
  const std::uint8_t * there = labels.data() + offset;
  const auto isCut = [&](std::size_t p)
  { return (here[p] == GridFlowOne) != (there[p] == GridFlowOne); };
  unsigned any = 0;
  for (std::size_t p = begin; p < end; ++p)
  {
    any |= (here[p] ^ there[p]);
  }
  std::int64_t sum = 0;
  for (std::size_t p = begin; any != 0 && p < end; ++p)
  {
    if (!isCut(p))
    {
      continue;
    }
    std::size_t last = p + 1;
    while (last < end && isCut(last))
    {
      ++last;
    }
    row.Read(*problem.capacities, step, p, last - p);
    for (std::size_t i = 0; i < last - p; ++i)
    {
      sum += here[p + i] == GridFlowOne ? row.forward[i] : row.backward[i];
    }
    p = last;
  }
  return sum;
}

} // namespace

std::int64_t
GridEnergy(const GridFlowProblem & problem, std::span<const std::uint8_t> labels)
{
  const detail::GridScan scan(problem);
  std::atomic<std::int64_t> energy{0}; // integers: the order of addition does not matter
  ParallelFor(
      problem.size[2],
      [&](std::size_t zBegin, std::size_t zEnd)
      {
        detail::CapacityRow row(problem.size[0]);
        std::int64_t sum =
            UnaryEnergy(problem, labels, scan.RowStart(0, zBegin), scan.RowStart(0, zEnd));
        for (std::size_t z = zBegin; z < zEnd; ++z)
        {
          for (std::size_t y = 0; y < problem.size[1]; ++y)
          {
            const std::size_t start = scan.RowStart(y, z);
            for (unsigned k = 0; k < scan.steps.size(); ++k)
            {
              const auto [begin, end] = scan.Clip(scan.steps[k], 1, y, z, 0, problem.size[0]);
              sum += RowCut(problem, labels, k, start + begin, start + end, scan.offsets[k], row);
            }
          }
        }
        energy += sum;
      },
      1 + (1 << 16) / (problem.size[0] * problem.size[1]));
  return energy;
}

} // namespace sulcus
