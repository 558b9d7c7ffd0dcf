#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

/** Two-label problem on any graph, solved exactly by the search trees of SolveGridFlow.
 *
 * E(x) = sum_{p: x_p = 0} max(u_p, 0) + sum_{p: x_p = 1} max(-u_p, 0) + sum_{(p,q)} c_pq [x_p = 1,
 * x_q = 0]. Memory: 24 bytes a node and 32 bytes an undirected edge while it is solved. */
class SparseFlow
{
public:
  struct Result
  {
    std::int64_t energy = 0;          ///< of the labels
    std::int64_t dualBound = 0;       ///< of the flow; equality certifies the optimum
    std::vector<std::uint8_t> labels; ///< 1 on the smallest source side
  };

  explicit SparseFlow(std::size_t nodeCount);

  /** Adds to u_p: positive values ask for label 1. */
  void
  AddUnary(std::size_t node, std::int64_t amount);

  /** An edge cut at cost `forward` when tail = 1 and head = 0, `backward` the other way round.
   * Parallel edges add up; a loop has no effect. \throws UsageError for nodes out of range or
   * negative capacities. */
  void
  AddEdge(std::size_t tail, std::size_t head, std::int64_t forward, std::int64_t backward);

  /** Exact minimiser with the fewest nodes of label 1. \throws ResourceError when the sum of all
   * capacities may exceed 2^62. */
  Result
  Solve() const;

private:
  struct Edge
  {
    std::uint32_t tail;
    std::uint32_t head;
    std::int64_t forward;
    std::int64_t backward;
  };

  std::vector<std::int64_t> m_Unary;
  std::vector<Edge> m_Edges;
};

} // namespace sulcus
