#include "sulcusExpansionRows.h"

#include <atomic>
#include <limits>

namespace sulcus::detail
{
namespace
{

/** Lagrangian bound; all amounts are doubled so that half weights stay whole numbers. */
class DualAscent
{
public:
  explicit DualAscent(const ExpansionProblem & problem)
      : m_Problem(problem), m_Multiplier(GridVoxelCount(problem.size)),
        m_Taken(m_Multiplier.size()), m_Unary(m_Multiplier.size()), m_Labels(m_Multiplier.size())
  {
    ForRows(
        problem.size,
        [&](std::size_t start, auto, auto, auto & buffer, auto &)
        {
          std::vector<std::int32_t> first(buffer.size(), std::numeric_limits<std::int32_t>::max());
          auto second = first;
          for (unsigned label = 0; label < problem.labelCount; ++label)
          {
            problem.costs->Costs(label, start, buffer.size(), buffer.data());
            for (std::size_t x = 0; x < buffer.size(); ++x)
            {
              second[x] = std::min(second[x], std::max(first[x], buffer[x]));
              first[x] = std::min(first[x], buffer[x]);
            }
          }
          for (std::size_t x = 0; x < buffer.size(); ++x)
          {
            m_Multiplier[start + x] = problem.labelCount == 1 ? 2 * first[x] : first[x] + second[x];
          }
        });
  }

  /** Bound for the present multipliers; remembers how many labels want each voxel. */
  std::int64_t
  Evaluate()
  {
    std::int64_t doubled = 0;
    for (const auto multiplier : m_Multiplier)
    {
      doubled += multiplier;
    }
    std::fill(m_Taken.begin(), m_Taken.end(), std::uint8_t(0));
    for (unsigned label = 0; label < m_Problem.labelCount; ++label)
    {
      doubled += CutAgainstRest(label);
    }
    return doubled >= 0 ? (doubled + 1) / 2 : doubled / 2; // energies are whole numbers
  }

  /** Raises the multiplier of voxels no label wants, lowers it where several do. */
  void
  Step(std::int32_t size)
  {
    ParallelFor(m_Multiplier.size(),
                [&](std::size_t begin, std::size_t end)
                {
                  for (std::size_t p = begin; p < end; ++p)
                  {
                    m_Multiplier[p] += size * (1 - std::int32_t(m_Taken[p]));
                  }
                });
  }

private:
  /** min over x of sum_p (2 D_p(label) - mu_p) x_p + sum w |x_p - x_q|. */
  std::int64_t
  CutAgainstRest(unsigned label)
  {
    std::atomic<std::int64_t> negative{0};
    ForRows(m_Problem.size,
            [&](std::size_t start, auto, auto, auto & buffer, auto &)
            {
              m_Problem.costs->Costs(label, start, buffer.size(), buffer.data());
              std::int64_t sum = 0;
              for (std::size_t x = 0; x < buffer.size(); ++x)
              {
                m_Unary[start + x] = m_Multiplier[start + x] - 2 * buffer[x];
                sum += std::max(0, m_Unary[start + x]);
              }
              negative += sum;
            });
    const auto report = SolveGridFlow(AsGrid(m_Problem, m_Unary, *m_Problem.weights), m_Labels);
    for (std::size_t p = 0; p < m_Labels.size(); ++p)
    {
      m_Taken[p] = static_cast<std::uint8_t>(m_Taken[p] + (m_Labels[p] == GridFlowOne));
    }
    return report.dualBound - negative;
  }

  const ExpansionProblem & m_Problem;
  std::vector<std::int32_t> m_Multiplier;
  std::vector<std::uint8_t> m_Taken;
  std::vector<std::int32_t> m_Unary;
  std::vector<std::uint8_t> m_Labels;
};

} // namespace

std::int64_t
BestBound(const ExpansionProblem & problem, std::int64_t energy, unsigned rounds)
{
  DualAscent ascent(problem);
  std::int64_t best = std::numeric_limits<std::int64_t>::min();
  std::int32_t step = 0;
  for (unsigned k = 0; k < problem.neighbours / 2; ++k)
  {
    step = std::max(step, static_cast<std::int32_t>(problem.weights->Maximum(k)));
  }
  for (unsigned round = 0; round < rounds && best < energy; ++round)
  {
    if (round > 0)
    {
      ascent.Step(std::max(1, step / static_cast<std::int32_t>(round)));
    }
    best = std::max(best, ascent.Evaluate());
  }
  return best;
}

} // namespace sulcus::detail
