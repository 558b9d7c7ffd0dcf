#pragma once

#include "sulcusGridNeighbourhood.h"
#include "sulcusSearchTrees.h"
#include <sulcusError.h>

#include <cstdlib>
#include <limits>
#include <memory>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace sulcus::detail
{

/** Memory that reads as zero and is only backed by pages once written: a decided voxel costs
 * address space alone. */
template <typename TValue>
class LazyZeroArray
{
public:
  /** \throws ResourceError where the address space or memory limit does not allow it. */
  explicit LazyZeroArray(std::size_t count)
      : m_Data(static_cast<TValue *>(std::calloc(count, sizeof(TValue)))),
        m_Bytes(count * sizeof(TValue))
  {
    if (!m_Data)
    {
      throw ResourceError(Message(
          "maximum flow needs ", m_Bytes >> 20, " MiB for its residuals, which cannot be had"));
    }
  }

  TValue *
  Data()
  {
    return m_Data.get();
  }

  /** Most pages will be touched: ask for large ones. */
  void
  PreferLargePages()
  {
#if defined(__linux__)
    constexpr std::uintptr_t page = 1U << 21;
    const auto begin = (reinterpret_cast<std::uintptr_t>(m_Data.get()) + page - 1) & ~(page - 1);
    const auto end = (reinterpret_cast<std::uintptr_t>(m_Data.get()) + m_Bytes) & ~(page - 1);
    if (end > begin)
    {
      (void)madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE); // a hint only
    }
#endif
  }

private:
  struct Free
  {
    void
    operator()(TValue * data) const
    {
      std::free(data);
    }
  };
  std::unique_ptr<TValue[], Free> m_Data;
  std::size_t m_Bytes;
};

/** What the solver keeps of one voxel. All zero: decided, no arcs. */
template <unsigned VNeighbours, typename TCapacity, typename TExcess>
struct GridNode
{
  TExcess excess;
  std::uint32_t state; ///< distance << 8 | parent << 2 | tree
  TCapacity residual[VNeighbours];
};

/** An implicit grid as SearchTrees wants it: arc k of a voxel leads to its neighbour number k. */
template <unsigned VNeighbours, typename TCapacity, typename TExcess>
class GridResiduals
{
public:
  using Node = std::uint32_t;
  using Arc = unsigned;
  using Amount = TExcess;
  using Record = GridNode<VNeighbours, TCapacity, TExcess>;
  static constexpr Arc Root = 62;
  static constexpr Arc Orphan = 63;

  GridResiduals(Record * records, const std::vector<std::ptrdiff_t> & offsets, Node begin, Node end)
      : m_Records(records), m_Begin(begin), m_Count(end - begin)
  {
    for (unsigned k = 0; k < VNeighbours; ++k)
    {
      m_Offsets[k] = static_cast<std::int32_t>(offsets[k]);
    }
  }

  static constexpr Arc
  FirstArc(Node)
  {
    return 0;
  }
  static constexpr Arc
  LastArc(Node)
  {
    return VNeighbours;
  }
  static constexpr Arc
  Reverse(Node, Arc arc)
  {
    return VNeighbours - 1 - arc;
  }
  /** May lie outside the grid where the residual is 0; check Inside before looking at it. */
  Node
  Head(Node node, Arc arc) const
  {
    return node + static_cast<Node>(m_Offsets[arc]);
  }
  bool
  Inside(Node node) const
  {
    return node - m_Begin < m_Count;
  }
  Amount
  Out(Node node, Arc arc) const
  {
    return m_Records[node].residual[arc];
  }
  Amount
  In(Node node, Arc arc) const
  {
    return m_Records[Head(node, arc)].residual[VNeighbours - 1 - arc];
  }
  /** Moves flow along the arc; excesses are the caller's business. */
  void
  Push(Node node, Arc arc, Amount amount)
  {
    m_Records[node].residual[arc] -= static_cast<TCapacity>(amount);
    m_Records[Head(node, arc)].residual[VNeighbours - 1 - arc] += static_cast<TCapacity>(amount);
  }
  void
  Pull(Node node, Arc arc, Amount amount)
  {
    m_Records[node].residual[arc] += static_cast<TCapacity>(amount);
    m_Records[Head(node, arc)].residual[VNeighbours - 1 - arc] -= static_cast<TCapacity>(amount);
  }
  TExcess &
  Excess(Node node)
  {
    return m_Records[node].excess;
  }
  TExcess
  Excess(Node node) const
  {
    return m_Records[node].excess;
  }
  Tree
  TreeOf(Node node) const
  {
    return static_cast<Tree>(m_Records[node].state & 3U);
  }
  std::uint32_t
  Distance(Node node) const
  {
    return m_Records[node].state >> 8;
  }
  Arc
  Parent(Node node) const
  {
    return (m_Records[node].state >> 2) & 63U;
  }
  void
  SetTree(Node node, Tree tree, std::uint32_t distance)
  {
    auto & state = m_Records[node].state;
    state = (state & 0xfcU) | (distance << 8) | static_cast<std::uint32_t>(tree);
  }
  void
  SetParent(Node node, Arc parent)
  {
    auto & state = m_Records[node].state;
    state = (state & ~0xfcU) | (parent << 2);
  }
  static void
  CheckDistance(std::uint32_t distance)
  {
    if (distance >= (1U << 24) - 2)
    {
      throw ResourceError("maximum flow: a path of more than 16 million voxels");
    }
  }

private:
  Record * m_Records;
  Node m_Begin;
  Node m_Count;
  std::array<std::int32_t, VNeighbours> m_Offsets{};
};

} // namespace sulcus::detail
