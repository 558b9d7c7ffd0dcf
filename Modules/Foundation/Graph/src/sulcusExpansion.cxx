#include "sulcusExpansion.h"

#include "sulcusExpansionRows.h"
#include <sulcusError.h>
#include <sulcusThreads.h>

#include <atomic>
#include <limits>

namespace sulcus
{
namespace
{

using detail::AsGrid;
using detail::CapacityRow;
using detail::ForRows;
using detail::GridScan;

/** Larger than any sum of one voxel's costs and weights: such a voxel is decided. */
constexpr std::int32_t Certain = std::numeric_limits<std::int32_t>::max();

void
CheckExpansion(const ExpansionProblem & problem, std::size_t labelCount)
{
  const auto voxels = GridVoxelCount(problem.size);
  if (labelCount != voxels || !problem.costs || !problem.weights || problem.labelCount == 0 ||
      problem.labelCount > 255)
  {
    throw UsageError(Message("expansion on ",
                             voxels,
                             " voxels: got ",
                             labelCount,
                             " labels a map, ",
                             problem.labelCount,
                             " classes (1 to 255 are supported)"));
  }
}

/** Cost of every voxel's label in one row. */
void
CostsOfLabels(const ExpansionProblem & problem,
              std::span<const std::uint8_t> labels,
              std::size_t start,
              std::vector<std::int32_t> & buffer,
              std::int32_t * costs)
{
  const std::size_t nx = problem.size[0];
  for (std::size_t x = 0; x < nx;)
  {
    std::size_t end = x + 1;
    while (end < nx && labels[start + end] == labels[start + x])
    {
      ++end;
    }
    problem.costs->Costs(labels[start + x], start + x, end - x, buffer.data());
    std::copy_n(buffer.begin(), end - x, costs + x);
    x = end;
  }
}

/** Pair terms of one expansion move: equal labels are held together; of two different ones, neither
 * the new one, the head pays for staying and an edge pays for the tail staying alone. */
class MoveCapacities : public GridCapacities
{
public:
  MoveCapacities(const ExpansionProblem & problem,
                 std::span<const std::uint8_t> labels,
                 std::uint8_t alpha)
      : m_Weights(*problem.weights), m_Labels(labels), m_Alpha(alpha),
        m_Offsets(GridScan({problem.size, problem.neighbours, {}, nullptr}).offsets)
  {
  }

  std::uint32_t
  Maximum(unsigned step) const override
  {
    return m_Weights.Maximum(step);
  }

  void
  Row(unsigned step,
      std::size_t first,
      std::size_t count,
      std::uint32_t * forward,
      std::uint32_t * backward) const override
  {
    m_Weights.Row(step, first, count, forward, backward);
    const std::uint8_t * tail = m_Labels.data() + first;
    const std::uint8_t * head = tail + m_Offsets[step];
    for (std::size_t i = 0; i < count; ++i)
    {
      const bool moves = tail[i] != m_Alpha && head[i] != m_Alpha;
      backward[i] = moves ? forward[i] : 0;
      forward[i] = moves && tail[i] == head[i] ? forward[i] : 0;
    }
  }

private:
  const GridCapacities & m_Weights;
  std::span<const std::uint8_t> m_Labels;
  std::uint8_t m_Alpha;
  std::vector<std::ptrdiff_t> m_Offsets;
};

/** Adds to the unaries of one row what differing neighbours cost where the voxel stays as it is:
 * the head of every edge between different labels, and the tail where the head already has the new
 * label. */
void
AddStayingCosts(const ExpansionProblem & problem,
                const GridScan & scan,
                std::span<const std::uint8_t> labels,
                std::uint8_t alpha,
                std::size_t y,
                std::size_t z,
                CapacityRow & row,
                std::int32_t * unary)
{
  const std::size_t start = scan.RowStart(y, z);
  for (unsigned k = 0; k < scan.steps.size(); ++k)
  {
    const auto offset = scan.offsets[k];
    const auto visit = [&](int sign, const auto & pays)
    {
      const auto [begin, end] = scan.Clip(scan.steps[k], sign, y, z, 0, problem.size[0]);
      for (std::size_t x = begin; x < end; ++x)
      {
        const std::size_t p = start + x;
        if (labels[p] != alpha &&
            pays(labels[p], labels[p + static_cast<std::size_t>(sign * offset)]))
        {
          row.Read(*problem.weights, k, sign > 0 ? p : p - static_cast<std::size_t>(offset), 1);
          unary[x] += static_cast<std::int32_t>(row.forward[0]);
        }
      }
    };
    visit(1, [&](auto, auto head) { return head == alpha; });
    visit(-1, [](auto own, auto tail) { return own != tail; });
  }
}

class Expansion
{
public:
  Expansion(const ExpansionProblem & problem, std::span<std::uint8_t> labels)
      : m_Problem(problem), m_Labels(labels),
        m_Scan({problem.size, problem.neighbours, {}, nullptr}), m_Unary(labels.size()),
        m_Moved(labels.size())
  {
  }

  void
  StartFromCheapest()
  {
    ForRows(m_Problem.size,
            [&](std::size_t start, auto, auto, auto & buffer, auto &)
            {
              std::vector<std::int32_t> best(m_Problem.size[0],
                                             std::numeric_limits<std::int32_t>::max());
              for (unsigned label = 0; label < m_Problem.labelCount; ++label)
              {
                m_Problem.costs->Costs(label, start, buffer.size(), buffer.data());
                for (std::size_t x = 0; x < buffer.size(); ++x)
                {
                  if (buffer[x] < best[x])
                  {
                    best[x] = buffer[x];
                    m_Labels[start + x] = static_cast<std::uint8_t>(label);
                  }
                }
              }
            });
  }

  /** One exact move: every voxel keeps its label or takes alpha. Returns whether anything changed.
   */
  bool
  Move(std::uint8_t alpha)
  {
    ForRows(m_Problem.size,
            [&](std::size_t start, auto y, auto z, auto & buffer, auto & row)
            {
              std::int32_t * unary = m_Unary.data() + start;
              CostsOfLabels(m_Problem, m_Labels, start, buffer, unary);
              m_Problem.costs->Costs(alpha, start, buffer.size(), buffer.data());
              for (std::size_t x = 0; x < buffer.size(); ++x)
              {
                unary[x] -= buffer[x];
              }
              AddStayingCosts(m_Problem, m_Scan, m_Labels, alpha, y, z, row, unary);
              for (std::size_t x = 0; x < buffer.size(); ++x)
              {
                unary[x] = m_Labels[start + x] == alpha ? Certain : unary[x];
              }
            });
    const MoveCapacities capacities(m_Problem, m_Labels, alpha);
    (void)SolveGridFlow(AsGrid(m_Problem, m_Unary, capacities), m_Moved);
    std::atomic<bool> changed{false};
    ParallelFor(m_Labels.size(),
                [&](std::size_t begin, std::size_t end)
                {
                  bool any = false;
                  for (std::size_t p = begin; p < end; ++p)
                  {
                    any = any || (m_Moved[p] == GridFlowOne && m_Labels[p] != alpha);
                    m_Labels[p] = m_Moved[p] == GridFlowOne ? alpha : m_Labels[p];
                  }
                  changed = changed || any;
                });
    return changed;
  }

private:
  const ExpansionProblem & m_Problem;
  std::span<std::uint8_t> m_Labels;
  GridScan m_Scan;
  std::vector<std::int32_t> m_Unary;
  std::vector<std::uint8_t> m_Moved;
};

/** Largest cost plus largest sum of weights must leave room in 32 bits, doubled for the bound. */
void
CheckRange(const ExpansionProblem & problem)
{
  std::int64_t weights = 0;
  for (unsigned k = 0; k < problem.neighbours / 2; ++k)
  {
    weights += 2 * std::int64_t(problem.weights->Maximum(k));
  }
  std::atomic<std::int32_t> largest{0};
  std::atomic<bool> negative{false};
  ForRows(problem.size,
          [&](std::size_t start, auto, auto, auto & buffer, auto &)
          {
            for (unsigned label = 0; label < problem.labelCount; ++label)
            {
              problem.costs->Costs(label, start, buffer.size(), buffer.data());
              const auto [low, high] = std::minmax_element(buffer.begin(), buffer.end());
              negative = negative || *low < 0;
              auto seen = largest.load();
              while (seen < *high && !largest.compare_exchange_weak(seen, *high))
              {
              }
            }
          });
  if (negative || 4 * std::int64_t(largest) + weights > std::numeric_limits<std::int32_t>::max())
  {
    throw ResourceError(
        Message("expansion: costs up to ",
                largest.load(),
                " and weights up to ",
                weights,
                " a voxel; costs must be at least 0 and 4 costs + weights below 2^31"));
  }
}

/** Everything 0, then one move to 1: a single exact cut, which SolveGridFlow has certified. */
ExpansionReport
SolveTwoLabels(const ExpansionProblem & problem, std::span<std::uint8_t> labels, Expansion & expansion)
{
  std::fill(labels.begin(), labels.end(), std::uint8_t(0));
  ExpansionReport report;
  report.energyAfterMove.push_back(PottsEnergy(problem, labels));
  expansion.Move(1);
  report.energy = PottsEnergy(problem, labels);
  report.energyAfterMove.push_back(report.energy);
  report.sweeps = 1;
  report.dualBound = report.energy;
  report.hasDualBound = report.isOptimal = true;
  return report;
}

} // namespace

void
StoredLabelCosts::Costs(unsigned label,
                        std::size_t first,
                        std::size_t count,
                        std::int32_t * costs) const
{
  std::copy_n(m_CostsOfLabel[label].begin() + static_cast<std::ptrdiff_t>(first), count, costs);
}

std::int64_t
PottsEnergy(const ExpansionProblem & problem, std::span<const std::uint8_t> labels)
{
  CheckExpansion(problem, labels.size());
  const GridScan scan({problem.size, problem.neighbours, {}, nullptr});
  std::atomic<std::int64_t> energy{0};
  ForRows(problem.size,
          [&](std::size_t start, auto y, auto z, auto & buffer, auto & row)
          {
            std::vector<std::int32_t> costs(problem.size[0]);
            CostsOfLabels(problem, labels, start, buffer, costs.data());
            std::int64_t sum = 0;
            for (const auto cost : costs)
            {
              sum += cost;
            }
            for (unsigned k = 0; k < scan.steps.size(); ++k)
            {
              const auto [begin, end] = scan.Clip(scan.steps[k], 1, y, z, 0, problem.size[0]);
              for (std::size_t p = start + begin; p < start + end; ++p)
              {
                if (labels[p] != labels[p + static_cast<std::size_t>(scan.offsets[k])])
                {
                  row.Read(*problem.weights, k, p, 1);
                  sum += row.forward[0];
                }
              }
            }
            energy += sum;
          });
  return energy;
}

ExpansionReport
SolveByExpansion(const ExpansionProblem & problem,
                 std::span<std::uint8_t> labels,
                 const ExpansionOptions & options)
{
  CheckExpansion(problem, labels.size());
  CheckRange(problem);
  Expansion expansion(problem, labels);
  if (problem.labelCount == 2 && !options.keepStart)
  {
    return SolveTwoLabels(problem, labels, expansion);
  }
  if (!options.keepStart)
  {
    expansion.StartFromCheapest();
  }
  ExpansionReport report;
  report.energyAfterMove.push_back(PottsEnergy(problem, labels));
  unsigned idle = 0; // labels in a row that changed nothing
  for (; report.sweeps < options.maxSweeps && idle < problem.labelCount; ++report.sweeps)
  {
    for (unsigned alpha = 0; alpha < problem.labelCount && idle < problem.labelCount; ++alpha)
    {
      idle = expansion.Move(static_cast<std::uint8_t>(alpha)) ? 0 : idle + 1;
      report.energyAfterMove.push_back(PottsEnergy(problem, labels));
    }
  }
  report.energy = report.energyAfterMove.back();
  if (options.boundRounds > 0)
  {
    report.hasDualBound = true;
    report.dualBound = detail::BestBound(problem, report.energy, options.boundRounds);
    report.isOptimal = report.dualBound == report.energy;
  }
  return report;
}

std::array<std::int64_t, 2>
MinMarginals(const GridFlowProblem & problem, std::size_t voxel)
{
  std::vector<std::int32_t> unary(problem.unary.begin(), problem.unary.end());
  std::vector<std::uint8_t> labels(unary.size());
  std::array<std::int64_t, 2> energies{};
  const std::int64_t own = unary.at(voxel);
  for (unsigned label = 0; label < 2; ++label)
  {
    unary[voxel] = label == 1 ? Certain : -Certain;
    GridFlowProblem held = problem;
    held.unary = unary;
    energies[label] = SolveGridFlow(held, labels).energy;
    if (labels[voxel] != label)
    {
      throw ResourceError("min-marginals: capacities too large to hold a voxel");
    }
    energies[label] += std::max<std::int64_t>(0, label == 1 ? -own : own);
  }
  return energies;
}

} // namespace sulcus
