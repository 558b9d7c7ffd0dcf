#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace sulcus::test
{

/** Textbook maximum flow (shortest augmenting paths, adjacency lists), independent of the code
 * under test. */
class ReferenceFlow
{
public:
  explicit ReferenceFlow(std::size_t nodes) : m_Arcs(nodes + 2), m_Source(nodes), m_Sink(nodes + 1)
  {
  }

  void
  AddEdge(std::size_t from, std::size_t to, std::int64_t forward, std::int64_t backward)
  {
    m_Arcs[from].push_back({to, m_Arcs[to].size(), forward});
    m_Arcs[to].push_back({from, m_Arcs[from].size() - 1, backward});
  }

  /** Positive: asks for the source side. */
  void
  AddUnary(std::size_t node, std::int64_t unary)
  {
    if (unary > 0)
    {
      AddEdge(m_Source, node, unary, 0);
    }
    else
    {
      AddEdge(node, m_Sink, -unary, 0);
    }
  }

  std::int64_t
  Solve()
  {
    std::int64_t flow = 0;
    while (Search())
    {
      std::int64_t amount = INT64_MAX;
      for (auto v = m_Sink; v != m_Source; v = m_Before[v].first)
      {
        amount = std::min(amount, m_Arcs[m_Before[v].first][m_Before[v].second].residual);
      }
      for (auto v = m_Sink; v != m_Source; v = m_Before[v].first)
      {
        auto & arc = m_Arcs[m_Before[v].first][m_Before[v].second];
        arc.residual -= amount;
        m_Arcs[arc.to][arc.reverse].residual += amount;
      }
      flow += amount;
    }
    return flow;
  }

  /** After Solve: in the smallest source side. */
  bool
  OnSourceSide(std::size_t node) const
  {
    return m_Seen[node];
  }

private:
  struct Arc
  {
    std::size_t to;
    std::size_t reverse;
    std::int64_t residual;
  };

  bool
  Search()
  {
    m_Seen.assign(m_Arcs.size(), false);
    m_Before.assign(m_Arcs.size(), {});
    std::deque<std::size_t> queue{m_Source};
    m_Seen[m_Source] = true;
    while (!queue.empty())
    {
      const auto v = queue.front();
      queue.pop_front();
      for (std::size_t a = 0; a < m_Arcs[v].size(); ++a)
      {
        const auto & arc = m_Arcs[v][a];
        if (arc.residual > 0 && !m_Seen[arc.to])
        {
          m_Seen[arc.to] = true;
          m_Before[arc.to] = {v, a};
          queue.push_back(arc.to);
        }
      }
    }
    return m_Seen[m_Sink];
  }

  std::vector<std::vector<Arc>> m_Arcs;
  std::size_t m_Source;
  std::size_t m_Sink;
  std::vector<bool> m_Seen;
  std::vector<std::pair<std::size_t, std::size_t>> m_Before;
};

} // namespace sulcus::test
