#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sulcus::detail
{

/** Which search tree a node hangs in. */
enum class Tree : std::uint8_t
{
  None = 0,
  Source = 1,
  Sink = 2
};

/** Maximum flow by two forests of breadth-first trees that are repaired, never rebuilt (incremental
 * breadth-first search, Goldberg et al. 2011), over any graph type TGraph.
 *
 * Source trees are rooted in nodes with excess, sink trees in nodes with deficit. A node at
 * distance d hangs below one at distance d - 1. An arc that joins the two forests gives an
 * augmenting path; nodes cut off by it look for a new parent one level nearer the root, else move
 * down, else drop out. TGraph offers nodes as indices, arcs of a node as a range of numbers, and
 * Head, Out (residual of the arc), In (residual of its reverse), Reverse, Excess and the tree
 * fields. `Inside` restricts a search to part of the graph. */
template <typename TGraph>
class SearchTrees
{
public:
  using Node = typename TGraph::Node;
  using Arc = typename TGraph::Arc;
  using Amount = typename TGraph::Amount;

  explicit SearchTrees(TGraph & graph) : m_Graph(graph)
  {
  }

  /** Sends excess to neighbouring deficits directly. Every node of the search must be visited once.
   */
  void
  PushToNeighbours(Node node)
  {
    Amount excess = m_Graph.Excess(node);
    if (excess <= 0)
    {
      return;
    }
    for (Arc arc = m_Graph.FirstArc(node), end = m_Graph.LastArc(node); arc != end; ++arc)
    {
      const Amount residual = m_Graph.Out(node, arc);
      const Node head = m_Graph.Head(node, arc);
      if (residual > 0 && m_Graph.Inside(head) && m_Graph.Excess(head) < 0)
      {
        const Amount amount = std::min({residual, excess, -m_Graph.Excess(head)});
        m_Graph.Push(node, arc, amount);
        m_Graph.Excess(head) += amount;
        excess -= amount;
        if (excess == 0)
        {
          break;
        }
      }
    }
    m_Graph.Excess(node) = excess;
  }

  /** Makes the node a root where it has excess or deficit. */
  void
  Plant(Node node)
  {
    const Amount excess = m_Graph.Excess(node);
    m_Graph.SetTree(node, excess > 0 ? Tree::Source : excess < 0 ? Tree::Sink : Tree::None, 1);
    m_Graph.SetParent(node, TGraph::Root);
  }

  /** Puts a planted node on the front where it has something to grow into. */
  void
  AddToFront(Node node)
  {
    const Tree tree = m_Graph.TreeOf(node);
    if (tree == Tree::None)
    {
      return;
    }
    for (Arc arc = m_Graph.FirstArc(node), end = m_Graph.LastArc(node); arc != end; ++arc)
    {
      const Node head = m_Graph.Head(node, arc);
      if (!m_Graph.Inside(head) || m_Graph.TreeOf(head) == tree)
      {
        continue;
      }
      if ((tree == Tree::Source ? m_Graph.Out(node, arc) : m_Graph.In(node, arc)) > 0)
      {
        Side(tree).front.push_back(node);
        return;
      }
    }
  }

  /** Grows until no augmenting path is left. With `completeSource` the source trees then hold
   * exactly the nodes that can be reached from an excess: the smallest source side of a minimum
   * cut. */
  void
  Run(bool completeSource)
  {
    while (!m_Source.front.empty())
    {
      if (m_Sink.front.empty() && !completeSource)
      {
        return;
      }
      const bool growSink = !m_Sink.front.empty() && m_Sink.front.size() < m_Source.front.size();
      if (growSink)
      {
        Grow<false>();
      }
      else
      {
        Grow<true>();
      }
    }
  }

  /** Grows the sink trees until they hold every node that can still reach a deficit. Call after
   * Run(true). */
  void
  CompleteSink()
  {
    while (!m_Sink.front.empty())
    {
      Grow<false>();
    }
  }

  std::uint64_t
  AugmentationCount() const
  {
    return m_Augmentations;
  }

private:
  struct Forest
  {
    std::vector<Node> front; ///< nodes at distance `level` that are still to be grown
    std::vector<Node> next;  ///< nodes at distance `level` + 1
    std::uint32_t level = 1;
    bool growing = false;
  };

  Forest &
  Side(Tree tree)
  {
    return tree == Tree::Source ? m_Source : m_Sink;
  }

  template <bool VSource>
  static constexpr Tree Own = VSource ? Tree::Source : Tree::Sink;

  /** Residual from the parent's side towards the node (source tree) or from the node towards it
   * (sink tree). */
  template <bool VSource>
  Amount
  FromParent(Node node, Arc arc) const
  {
    return VSource ? m_Graph.In(node, arc) : m_Graph.Out(node, arc);
  }

  template <bool VSource>
  Amount
  ToChild(Node node, Arc arc) const
  {
    return VSource ? m_Graph.Out(node, arc) : m_Graph.In(node, arc);
  }

  /** Grows one level. */
  template <bool VSource>
  void
  Grow()
  {
    Forest & forest = VSource ? m_Source : m_Sink;
    forest.growing = true;
    for (std::size_t i = 0; i < forest.front.size(); ++i) // repairs may append to the front
    {
      Expand<VSource>(forest.front[i], forest);
    }
    forest.growing = false;
    forest.front.swap(forest.next);
    forest.next.clear();
    m_Graph.CheckDistance(++forest.level);
  }

  template <bool VSource>
  void
  Expand(Node node, Forest & forest)
  {
    for (Arc arc = m_Graph.FirstArc(node), end = m_Graph.LastArc(node); arc != end; ++arc)
    {
      const Node head = m_Graph.Head(node, arc);
      if (!m_Graph.Inside(head))
      {
        continue;
      }
      while (ToChild<VSource>(node, arc) > 0)
      {
        if (m_Graph.TreeOf(node) != Own<VSource> || m_Graph.Distance(node) != forest.level)
        {
          return; // moved away by a repair, which also queued it where it belongs
        }
        const Tree tree = m_Graph.TreeOf(head);
        if (tree == Own<VSource>)
        {
          break;
        }
        if (tree == Tree::None)
        {
          m_Graph.SetTree(head, Own<VSource>, forest.level + 1);
          m_Graph.SetParent(head, m_Graph.Reverse(node, arc));
          forest.next.push_back(head);
          break;
        }
        if constexpr (VSource)
        {
          Augment(node, arc, head);
        }
        else
        {
          Augment(head, m_Graph.Reverse(node, arc), node);
        }
      }
    }
  }

  /** Smallest residual on the way from the node to its root, the root's own excess included. */
  template <bool VSource>
  Amount
  PathCapacity(Node node, Amount amount) const
  {
    for (Arc parent = m_Graph.Parent(node); parent != TGraph::Root; parent = m_Graph.Parent(node))
    {
      amount = std::min<Amount>(amount, FromParent<VSource>(node, parent));
      node = m_Graph.Head(node, parent);
    }
    return std::min<Amount>(amount, VSource ? m_Graph.Excess(node) : -m_Graph.Excess(node));
  }

  template <bool VSource>
  void
  PushAlongPath(Node node, Amount amount)
  {
    const std::size_t begin = m_Orphans.size();
    for (Arc parent = m_Graph.Parent(node); parent != TGraph::Root; parent = m_Graph.Parent(node))
    {
      if constexpr (VSource)
      {
        m_Graph.Pull(node, parent, amount);
      }
      else
      {
        m_Graph.Push(node, parent, amount);
      }
      const Node above = m_Graph.Head(node, parent);
      if (FromParent<VSource>(node, parent) == 0)
      {
        CutOff(node);
      }
      node = above;
    }
    m_Graph.Excess(node) += VSource ? -amount : amount;
    if (m_Graph.Excess(node) == 0)
    {
      CutOff(node);
    }
    std::reverse(m_Orphans.begin() + static_cast<std::ptrdiff_t>(begin), m_Orphans.end());
  }

  void
  Augment(Node source, Arc arc, Node sink)
  {
    const Amount amount =
        PathCapacity<false>(sink, PathCapacity<true>(source, m_Graph.Out(source, arc)));
    m_Graph.Push(source, arc, amount);
    PushAlongPath<true>(source, amount);
    Repair<true>();
    PushAlongPath<false>(sink, amount);
    Repair<false>();
    ++m_Augmentations;
  }

  void
  CutOff(Node node)
  {
    m_Graph.SetParent(node, TGraph::Orphan);
    m_Orphans.push_back(node);
  }

  template <bool VSource>
  void
  Repair()
  {
    for (std::size_t i = 0; i < m_Orphans.size(); ++i)
    {
      Adopt<VSource>(m_Orphans[i]);
    }
    m_Orphans.clear();
  }

  /** Finds a parent one level nearer the root; else moves the node down below its nearest neighbour
   * in the tree, or out of the tree where that level has not been reached yet. */
  template <bool VSource>
  void
  Adopt(Node node)
  {
    Forest & forest = VSource ? m_Source : m_Sink;
    const std::uint32_t distance = m_Graph.Distance(node);
    const std::uint32_t limit = forest.level + (forest.growing ? 1 : 0);
    std::uint32_t best = limit;
    Arc bestArc = TGraph::Orphan;
    for (Arc arc = m_Graph.FirstArc(node), end = m_Graph.LastArc(node); arc != end; ++arc)
    {
      const Node head = m_Graph.Head(node, arc);
      if (!m_Graph.Inside(head) || m_Graph.TreeOf(head) != Own<VSource>)
      {
        continue;
      }
      const std::uint32_t above = m_Graph.Distance(head);
      if (above < best && FromParent<VSource>(node, arc) > 0)
      {
        best = above;
        bestArc = arc;
        if (above + 1 == distance)
        {
          break;
        }
      }
    }
    if (bestArc != TGraph::Orphan && best + 1 == distance)
    {
      m_Graph.SetParent(node, bestArc);
      return;
    }
    CutOffChildren<VSource>(node);
    if (bestArc == TGraph::Orphan)
    {
      m_Graph.SetTree(node, Tree::None, 0);
      m_Graph.SetParent(node, TGraph::Root);
      if (forest.level == 1)
      {
        ReturnRootsToFront<VSource>(node, forest);
      }
      return;
    }
    m_Graph.SetTree(node, Own<VSource>, best + 1);
    m_Graph.SetParent(node, bestArc);
    if (best + 1 == forest.level)
    {
      forest.front.push_back(node);
    }
    else if (best == forest.level)
    {
      forest.next.push_back(node);
    }
  }

  /** AddToFront left out roots that had nothing to grow into; they have now. */
  template <bool VSource>
  void
  ReturnRootsToFront(Node freed, Forest & forest)
  {
    for (Arc arc = m_Graph.FirstArc(freed), end = m_Graph.LastArc(freed); arc != end; ++arc)
    {
      const Node head = m_Graph.Head(freed, arc);
      if (m_Graph.Inside(head) && m_Graph.TreeOf(head) == Own<VSource> &&
          m_Graph.Distance(head) == 1 && FromParent<VSource>(freed, arc) > 0)
      {
        forest.front.push_back(head);
      }
    }
  }

  template <bool VSource>
  void
  CutOffChildren(Node node)
  {
    for (Arc arc = m_Graph.FirstArc(node), end = m_Graph.LastArc(node); arc != end; ++arc)
    {
      const Node head = m_Graph.Head(node, arc);
      if (m_Graph.Inside(head) && m_Graph.TreeOf(head) == Own<VSource> &&
          m_Graph.Parent(head) == m_Graph.Reverse(node, arc))
      {
        CutOff(head);
      }
    }
  }

  TGraph & m_Graph;
  Forest m_Source;
  Forest m_Sink;
  std::vector<Node> m_Orphans;
  std::uint64_t m_Augmentations = 0;
};

} // namespace sulcus::detail
