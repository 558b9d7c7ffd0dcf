#include "sulcusSparseFlow.h"

#include "sulcusSearchTrees.h"
#include <sulcusError.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace sulcus
{
namespace
{

using detail::SearchTrees;
using detail::Tree;

/** Compressed rows of residual arcs as SearchTrees wants them. */
class SparseResiduals
{
public:
  using Node = std::uint32_t;
  using Arc = std::uint32_t;
  using Amount = std::int64_t;
  static constexpr Arc Root = 0xffffffffU;
  static constexpr Arc Orphan = 0xfffffffeU;

  /** Reserves the rows; `degree[p]` arcs for node p. */
  SparseResiduals(const std::vector<std::uint32_t> & degree, std::vector<std::int64_t> excess)
      : m_Begin(degree.size() + 1, 0), m_Excess(std::move(excess)), m_Parent(degree.size(), Root),
        m_Distance(degree.size(), 0), m_Tree(degree.size(), Tree::None)
  {
    for (std::size_t p = 0; p < degree.size(); ++p)
    {
      m_Begin[p + 1] = m_Begin[p] + degree[p];
    }
    m_Free = m_Begin;
    m_Head.resize(m_Begin.back());
    m_Reverse.resize(m_Begin.back());
    m_Residual.resize(m_Begin.back());
  }

  void
  AddEdge(Node tail, Node head, Amount forward, Amount backward)
  {
    const Arc there = m_Free[tail]++;
    const Arc back = m_Free[head]++;
    m_Head[there] = head;
    m_Head[back] = tail;
    m_Reverse[there] = back;
    m_Reverse[back] = there;
    m_Residual[there] = forward;
    m_Residual[back] = backward;
  }

  Node
  NodeCount() const
  {
    return static_cast<Node>(m_Excess.size());
  }
  Arc
  FirstArc(Node node) const
  {
    return m_Begin[node];
  }
  Arc
  LastArc(Node node) const
  {
    return m_Begin[node + 1];
  }
  Arc
  Reverse(Node, Arc arc) const
  {
    return m_Reverse[arc];
  }
  Node
  Head(Node, Arc arc) const
  {
    return m_Head[arc];
  }
  static bool
  Inside(Node)
  {
    return true;
  }
  Amount
  Out(Node, Arc arc) const
  {
    return m_Residual[arc];
  }
  Amount
  In(Node, Arc arc) const
  {
    return m_Residual[m_Reverse[arc]];
  }
  void
  Push(Node, Arc arc, Amount amount)
  {
    m_Residual[arc] -= amount;
    m_Residual[m_Reverse[arc]] += amount;
  }
  void
  Pull(Node node, Arc arc, Amount amount)
  {
    Push(node, arc, -amount);
  }
  Amount &
  Excess(Node node)
  {
    return m_Excess[node];
  }
  Amount
  Excess(Node node) const
  {
    return m_Excess[node];
  }
  Tree
  TreeOf(Node node) const
  {
    return m_Tree[node];
  }
  std::uint32_t
  Distance(Node node) const
  {
    return m_Distance[node];
  }
  Arc
  Parent(Node node) const
  {
    return m_Parent[node];
  }
  void
  SetTree(Node node, Tree tree, std::uint32_t distance)
  {
    m_Tree[node] = tree;
    m_Distance[node] = distance;
  }
  void
  SetParent(Node node, Arc parent)
  {
    m_Parent[node] = parent;
  }
  static void
  CheckDistance(std::uint32_t)
  {
  } // fewer nodes than distances

private:
  std::vector<Arc> m_Begin;
  std::vector<Arc> m_Free;
  std::vector<Node> m_Head;
  std::vector<Arc> m_Reverse;
  std::vector<Amount> m_Residual;
  std::vector<Amount> m_Excess;
  std::vector<Arc> m_Parent;
  std::vector<std::uint32_t> m_Distance;
  std::vector<Tree> m_Tree;
};

} // namespace

SparseFlow::SparseFlow(std::size_t nodeCount) : m_Unary(nodeCount, 0)
{
  if (nodeCount > std::numeric_limits<std::uint32_t>::max() - 2)
  {
    throw UsageError(
        Message("maximum flow: ", nodeCount, " nodes, at most 2^32 - 3 are supported"));
  }
}

void
SparseFlow::AddUnary(std::size_t node, std::int64_t amount)
{
  if (node >= m_Unary.size())
  {
    throw UsageError(Message("maximum flow: node ", node, " of ", m_Unary.size()));
  }
  m_Unary[node] += amount;
}

void
SparseFlow::AddEdge(std::size_t tail, std::size_t head, std::int64_t forward, std::int64_t backward)
{
  if (tail >= m_Unary.size() || head >= m_Unary.size() || forward < 0 || backward < 0)
  {
    throw UsageError(Message("maximum flow: edge ",
                             tail,
                             " - ",
                             head,
                             " with capacities ",
                             forward,
                             " and ",
                             backward,
                             ": expected nodes below ",
                             m_Unary.size(),
                             " and capacities of at least 0"));
  }
  if (tail != head)
  {
    m_Edges.push_back({std::uint32_t(tail), std::uint32_t(head), forward, backward});
  }
}

SparseFlow::Result
SparseFlow::Solve() const
{
  std::vector<std::uint32_t> degree(m_Unary.size(), 0);
  long double total = 0.0L;
  for (const auto & edge : m_Edges)
  {
    ++degree[edge.tail];
    ++degree[edge.head];
    total += static_cast<long double>(edge.forward) + static_cast<long double>(edge.backward);
  }
  for (const auto unary : m_Unary)
  {
    total += std::abs(static_cast<long double>(unary));
  }
  if (total > 4.6e18L || 2 * m_Edges.size() > std::numeric_limits<std::uint32_t>::max() - 2)
  {
    throw ResourceError(Message("maximum flow: capacities sum to ",
                                double(total),
                                " over ",
                                m_Edges.size(),
                                " edges; at most 2^62 and 2^31 edges are supported"));
  }
  SparseResiduals graph(degree, m_Unary);
  for (const auto & edge : m_Edges)
  {
    graph.AddEdge(edge.tail, edge.head, edge.forward, edge.backward);
  }
  SearchTrees<SparseResiduals> trees(graph);
  for (std::uint32_t p = 0; p < graph.NodeCount(); ++p)
  {
    trees.PushToNeighbours(p);
  }
  for (std::uint32_t p = 0; p < graph.NodeCount(); ++p)
  {
    trees.Plant(p);
  }
  for (std::uint32_t p = 0; p < graph.NodeCount(); ++p)
  {
    trees.AddToFront(p);
  }
  trees.Run(true);

  Result result;
  result.labels.resize(m_Unary.size());
  for (std::uint32_t p = 0; p < graph.NodeCount(); ++p)
  {
    result.labels[p] = graph.TreeOf(p) == Tree::Source;
    result.energy += std::max<std::int64_t>(0, result.labels[p] ? -m_Unary[p] : m_Unary[p]);
    result.dualBound +=
        std::max<std::int64_t>(0, -m_Unary[p]) + std::min<std::int64_t>(0, graph.Excess(p));
  }
  for (const auto & edge : m_Edges)
  {
    const bool tail = result.labels[edge.tail] == 1;
    const bool head = result.labels[edge.head] == 1;
    result.energy += tail && !head ? edge.forward : head && !tail ? edge.backward : 0;
  }
  if (result.energy != result.dualBound)
  {
    throw RuntimeError(
        Message("maximum flow: energy ", result.energy, " and flow ", result.dualBound, " differ"));
  }
  return result;
}

} // namespace sulcus
