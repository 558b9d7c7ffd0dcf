#pragma once

#include "sulcusGridFlow.h"
#include "sulcusGridResiduals.h"
#include "sulcusGridScan.h"
#include <sulcusThreads.h>

#include <atomic>

namespace sulcus::detail
{

/** Label of a voxel that persistency left open. */
inline constexpr std::uint8_t Undecided = 3;

/** Sum over a voxel's edges of the largest capacities, both ways. */
inline std::uint64_t
LargestSum(const GridFlowProblem & problem)
{
  std::uint64_t sum = 0;
  for (unsigned k = 0; k < problem.neighbours / 2; ++k)
  {
    sum += 4 * std::uint64_t(problem.capacities->Maximum(k));
  }
  return sum;
}

/** SolveGridFlow for one neighbourhood and one width of residuals: decide, build, search, read off.
 */
template <unsigned VNeighbours, typename TCapacity, typename TExcess>
class GridSolver
{
  using Graph = GridResiduals<VNeighbours, TCapacity, TExcess>;
  using Record = typename Graph::Record;
  static constexpr unsigned Half = VNeighbours / 2;

public:
  GridSolver(const GridFlowProblem & problem, std::span<std::uint8_t> labels)
      : m_Problem(problem), m_Labels(labels), m_Scan(problem),
        m_Offsets(GridNeighbourhood(VNeighbours).Offsets(problem.size)), m_Memory(labels.size()),
        m_Records(m_Memory.Data())
  {
  }

  GridFlowReport
  Solve(const GridFlowOptions & options)
  {
    m_SmallestSlab = 1 + options.smallestSlab / (m_Problem.size[0] * m_Problem.size[1]);
    GridFlowReport report;
    report.searchedVoxels = DecideByBound(options.persistency);
    if (report.searchedVoxels > m_Labels.size() / 3)
    {
      m_Memory.PreferLargePages();
    }
    ForSlabs([this](std::size_t zBegin, std::size_t zEnd) { Build(zBegin, zEnd); });
    Search(options, report);
    report.tiedVoxels = ReadLabels();
    report.dualBound = m_Dual;
    report.bytesPerNode = sizeof(Record);
    report.wideCapacities = sizeof(TCapacity) > 2;
    return report;
  }

private:
  template <typename TBody>
  void
  ForSlabs(const TBody & body)
  {
    ParallelFor(m_Problem.size[2], body, m_SmallestSlab);
  }

  std::size_t
  SliceStart(std::size_t z) const
  {
    return m_Scan.RowStart(0, z);
  }

  /** Persistency: a unary that outweighs every edge of its voxel decides it. Ties go to label 0. */
  std::size_t
  DecideByBound(bool enabled)
  {
    const std::uint64_t bound = LargestSum(m_Problem) / 2;
    const bool decide = enabled && bound < std::numeric_limits<std::int32_t>::max();
    const auto limit =
        decide ? static_cast<std::int32_t>(bound) : std::numeric_limits<std::int32_t>::max();
    std::atomic<std::size_t> open{0};
    ForSlabs(
        [&](std::size_t zBegin, std::size_t zEnd)
        {
          std::size_t count = 0;
          std::int64_t dual = 0;
          const std::int32_t * unary = m_Problem.unary.data();
          std::uint8_t * labels = m_Labels.data();
          for (std::size_t p = SliceStart(zBegin), end = SliceStart(zEnd); p < end; ++p)
          {
            const std::int32_t u = unary[p];
            const bool isOne = u > limit;
            const bool isZero = decide && u <= -limit;
            labels[p] = isOne    ? std::uint8_t(GridFlowOne)
                        : isZero ? std::uint8_t(GridFlowZero)
                                 : Undecided;
            count += !isOne && !isZero;
            // sum over u < 0 of |u|, plus u again where the voxel is decided 0
            dual += (u < 0 && !isZero) ? -std::int64_t(u) : 0;
          }
          open += count;
          m_Dual += dual;
        });
    return open;
  }

  /** Residuals and excesses of the open voxels; edges to decided voxels become part of the excess.
   */
  void
  Build(std::size_t zBegin, std::size_t zEnd)
  {
    CapacityRow row(m_Problem.size[0]);
    std::int64_t dual = 0;
    for (std::size_t z = zBegin; z < zEnd; ++z)
    {
      for (std::size_t y = 0; y < m_Problem.size[1]; ++y)
      {
        const std::size_t start = m_Scan.RowStart(y, z);
        for (std::size_t x = 0; x < m_Problem.size[0];)
        {
          std::size_t end = x + 1;
          const bool open = m_Labels[start + x] == Undecided;
          while (end < m_Problem.size[0] && (m_Labels[start + end] == Undecided) == open)
          {
            ++end;
          }
          dual += open ? BuildRun(y, z, x, end, row) : FlowBetweenDecided(y, z, x, end, row);
          x = end;
        }
      }
    }
    m_Dual += dual;
  }

  std::int64_t
  BuildRun(std::size_t y, std::size_t z, std::size_t begin, std::size_t end, CapacityRow & row)
  {
    const std::size_t start = m_Scan.RowStart(y, z);
    for (std::size_t x = begin; x < end; ++x)
    {
      m_Records[start + x].excess = m_Problem.unary[start + x];
    }
    std::int64_t dual = 0;
    for (unsigned k = 0; k < Half; ++k)
    {
      const auto ahead = m_Scan.Clip(m_Scan.steps[k], 1, y, z, begin, end);
      dual += LinkAhead(k, start + ahead.first, start + ahead.second, row);
      const auto behind = m_Scan.Clip(m_Scan.steps[k], -1, y, z, begin, end);
      dual += FoldBehind(k, start + behind.first, start + behind.second, row);
    }
    return dual;
  }

  /** Edges from open voxels [first, last) to their forward neighbour `step`. */
  std::int64_t
  LinkAhead(unsigned step, std::size_t first, std::size_t last, CapacityRow & row)
  {
    if (first >= last)
    {
      return 0;
    }
    row.Read(*m_Problem.capacities, step, first, last - first);
    std::int64_t dual = 0;
    const auto offset = static_cast<std::size_t>(m_Scan.offsets[step]);
    for (std::size_t i = 0; i < last - first; ++i)
    {
      Record & here = m_Records[first + i];
      const std::size_t head = first + i + offset;
      const std::uint8_t label = m_Labels[head];
      if (label == Undecided)
      {
        here.residual[Half + step] = static_cast<TCapacity>(row.forward[i]);
        m_Records[head].residual[Half - 1 - step] = static_cast<TCapacity>(row.backward[i]);
      }
      else if (label == GridFlowOne)
      {
        here.excess += static_cast<TExcess>(row.backward[i]);
      }
      else
      {
        here.excess -= static_cast<TExcess>(row.forward[i]);
        dual += row.forward[i];
      }
    }
    return dual;
  }

  /** Edges from decided voxels to open voxels [first, last), of which they are the tail. */
  std::int64_t
  FoldBehind(unsigned step, std::size_t first, std::size_t last, CapacityRow & row)
  {
    const auto offset = static_cast<std::size_t>(m_Scan.offsets[step]);
    std::int64_t dual = 0;
    for (std::size_t p = first; p < last; ++p)
    {
      if (m_Labels[p - offset] == Undecided)
      {
        continue;
      }
      std::size_t end = p + 1;
      while (end < last && m_Labels[end - offset] != Undecided)
      {
        ++end;
      }
      row.Read(*m_Problem.capacities, step, p - offset, end - p);
      for (std::size_t i = 0; i < end - p; ++i)
      {
        if (m_Labels[p + i - offset] == GridFlowOne)
        {
          m_Records[p + i].excess += static_cast<TExcess>(row.forward[i]);
        }
        else
        {
          m_Records[p + i].excess -= static_cast<TExcess>(row.backward[i]);
          dual += row.backward[i];
        }
      }
      p = end;
    }
    return dual;
  }

  /** Decided neighbours of different labels: their edge is cut and therefore full. */
  std::int64_t
  FlowBetweenDecided(
      std::size_t y, std::size_t z, std::size_t begin, std::size_t end, CapacityRow & row)
  {
    const std::size_t start = m_Scan.RowStart(y, z);
    std::int64_t dual = 0;
    for (unsigned k = 0; k < Half; ++k)
    {
      const auto [clipBegin, clipEnd] = m_Scan.Clip(m_Scan.steps[k], 1, y, z, begin, end);
      const std::uint8_t * here = m_Labels.data() + start;
      const std::uint8_t * there = here + m_Scan.offsets[k];
      unsigned any = 0;
      for (std::size_t x = clipBegin; x < clipEnd; ++x)
      {
        any |= static_cast<unsigned>((here[x] ^ there[x]) == 1);
      }
      for (std::size_t x = clipBegin; any != 0 && x < clipEnd; ++x)
      {
        if ((here[x] ^ there[x]) == 1)
        {
          row.Read(*m_Problem.capacities, k, start + x, 1);
          dual += here[x] == GridFlowOne ? row.forward[0] : row.backward[0];
        }
      }
    }
    return dual;
  }

  template <typename TBody>
  void
  ForOpen(std::size_t begin, std::size_t end, const TBody & body)
  {
    for (std::size_t p = begin; p < end; ++p)
    {
      if (m_Labels[p] == Undecided)
      {
        body(static_cast<std::uint32_t>(p));
      }
    }
  }

  Graph
  MakeGraph(std::size_t begin, std::size_t end)
  {
    return Graph(
        m_Records, m_Offsets, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end));
  }

  void
  Search(const GridFlowOptions & options, GridFlowReport & report)
  {
    std::atomic<std::uint64_t> augmentations{0};
    std::atomic<unsigned> slabs{0};
    ForSlabs(
        [&](std::size_t zBegin, std::size_t zEnd)
        {
          ++slabs;
          const std::size_t begin = SliceStart(zBegin);
          const std::size_t end = SliceStart(zEnd);
          auto graph = MakeGraph(begin, end);
          SearchTrees<Graph> trees(graph);
          ForOpen(begin, end, [&](auto p) { trees.PushToNeighbours(p); });
          if (end - begin == m_Labels.size())
          {
            return; // one slab: the search below does it all
          }
          Sprout(trees, begin, end);
          trees.Run(false);
          augmentations += trees.AugmentationCount();
        });
    auto graph = MakeGraph(0, m_Labels.size());
    SearchTrees<Graph> trees(graph);
    Sprout(trees, 0, m_Labels.size());
    trees.Run(true);
    if (options.findTies)
    {
      trees.CompleteSink();
      m_FindTies = true;
    }
    report.augmentations = augmentations + trees.AugmentationCount();
  }

  void
  Sprout(SearchTrees<Graph> & trees, std::size_t begin, std::size_t end)
  {
    ForOpen(begin, end, [&](auto p) { trees.Plant(p); });
    ForOpen(begin, end, [&](auto p) { trees.AddToFront(p); });
  }

  std::size_t
  ReadLabels()
  {
    std::atomic<std::size_t> tied{0};
    ForSlabs(
        [&](std::size_t zBegin, std::size_t zEnd)
        {
          const auto graph = MakeGraph(0, m_Labels.size());
          std::int64_t deficit = 0;
          std::size_t count = 0;
          ForOpen(SliceStart(zBegin),
                  SliceStart(zEnd),
                  [&](auto p)
                  {
                    const Tree tree = graph.TreeOf(p);
                    const bool isTied = m_FindTies && tree == Tree::None;
                    m_Labels[p] = tree == Tree::Source ? GridFlowOne
                                  : isTied             ? GridFlowTied
                                                       : GridFlowZero;
                    count += isTied;
                    deficit += std::min<std::int64_t>(graph.Excess(p), 0);
                  });
          m_Dual += deficit;
          tied += count;
        });
    return tied;
  }

  const GridFlowProblem & m_Problem;
  std::span<std::uint8_t> m_Labels;
  GridScan m_Scan;
  std::vector<std::ptrdiff_t> m_Offsets;
  LazyZeroArray<Record> m_Memory;
  Record * m_Records;
  std::atomic<std::int64_t> m_Dual{0};
  std::size_t m_SmallestSlab = 1;
  bool m_FindTies = false;
};

} // namespace sulcus::detail
