// peerBoostBenchmark [n [lambda [repeats]]]: Boost.Graph's boykov_kolmogorov_max_flow on a
// compressed sparse row graph, the most compact of Boost's own graph types.
#include "sulcusConsensusProblem.h"

#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#include <boost/graph/compressed_sparse_row_graph.hpp>

#include <numeric>

namespace
{

using Graph = boost::compressed_sparse_row_graph<boost::directedS,
                                                 boost::no_property,
                                                 boost::no_property,
                                                 boost::no_property,
                                                 std::uint32_t,
                                                 std::uint32_t>;
using Edge = boost::graph_traits<Graph>::edge_descriptor;

struct Arcs
{
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ends;
  std::vector<int> capacities;

  void
  Add(std::size_t from, std::size_t to, int capacity)
  {
    ends.emplace_back(std::uint32_t(from), std::uint32_t(to));
    capacities.push_back(capacity);
  }
};

/** All arcs sorted by tail, with the terminals as the last two nodes. */
Arcs
MakeArcs(const sulcus::benchmark::ConsensusProblem & problem)
{
  const std::size_t n = problem.size[0];
  const std::size_t voxels = problem.unary.size();
  const std::size_t source = voxels;
  const std::size_t sink = voxels + 1;
  Arcs arcs;
  arcs.ends.reserve(8 * voxels);
  arcs.capacities.reserve(8 * voxels);
  for (std::size_t p = 0; p < voxels; ++p)
  {
    const std::size_t x = p % n;
    const std::size_t y = p / n % n;
    const std::size_t z = p / n / n;
    const auto link = [&](bool inside, std::size_t q)
    {
      if (inside)
      {
        arcs.Add(p, q, int(problem.Capacity(p, q)));
      }
    };
    link(z > 0, p - n * n);
    link(y > 0, p - n);
    link(x > 0, p - 1);
    link(x + 1 < n, p + 1);
    link(y + 1 < n, p + n);
    link(z + 1 < n, p + n * n);
    const int u = problem.unary[p];
    arcs.Add(p, u > 0 ? source : sink, u > 0 ? 0 : -u);
  }
  for (const bool isSource : {true, false})
  {
    for (std::size_t p = 0; p < voxels; ++p)
    {
      if ((problem.unary[p] > 0) == isSource)
      {
        arcs.Add(isSource ? source : sink, p, isSource ? problem.unary[p] : 0);
      }
    }
  }
  return arcs;
}

std::vector<Edge>
ReverseEdges(const Graph & graph, const Arcs & arcs)
{
  std::vector<Edge> reverse(arcs.ends.size());
  const auto sourceNode = std::uint32_t(num_vertices(graph) - 2);
  // arcs of one tail are sorted by head except that terminals come last, so a binary search finds
  // each partner
  for (std::uint32_t e = 0; e < arcs.ends.size(); ++e)
  {
    const auto [from, to] = arcs.ends[e];
    const auto [begin, end] = out_edges(to, graph);
    auto first = (*begin).idx;
    auto last = first + std::uint32_t(out_degree(to, graph));
    if (to < sourceNode && from >= sourceNode)
    {
      first = last - 1;
    }
    else if (to < sourceNode)
    {
      --last;
    }
    const auto * range = arcs.ends.data();
    const auto found =
        std::lower_bound(range + first,
                         range + last,
                         from,
                         [](const auto & arc, auto node) { return arc.second < node; });
    reverse[e] = Edge(to, std::uint32_t(found - range));
    (void)end;
  }
  return reverse;
}

} // namespace

int
main(int argc, char * argv[])
{
  using namespace sulcus;
  auto arguments = benchmark::ReadArguments(argc, argv);
  const benchmark::ConsensusProblem problem(arguments.n, arguments.lambda);
  arguments.threads = 1;
  benchmark::Report("Boost",
                    arguments,
                    problem,
                    [&](std::vector<std::uint8_t> & labels)
                    {
                      const auto arcs = MakeArcs(problem);
                      const std::size_t nodes = labels.size() + 2;
                      const Graph graph(boost::edges_are_sorted,
                                        arcs.ends.begin(),
                                        arcs.ends.end(),
                                        std::uint32_t(nodes));
                      const auto reverse = ReverseEdges(graph, arcs);
                      std::vector<int> residual(arcs.ends.size());
                      std::vector<Edge> predecessor(nodes);
                      std::vector<boost::default_color_type> color(nodes);
                      std::vector<std::uint32_t> distance(nodes);
                      const auto edgeIndex = get(boost::edge_index, graph);
                      const auto nodeIndex = get(boost::vertex_index, graph);
                      const auto flow = boost::boykov_kolmogorov_max_flow(
                          graph,
                          boost::make_iterator_property_map(arcs.capacities.begin(), edgeIndex),
                          boost::make_iterator_property_map(residual.begin(), edgeIndex),
                          boost::make_iterator_property_map(reverse.begin(), edgeIndex),
                          boost::make_iterator_property_map(predecessor.begin(), nodeIndex),
                          boost::make_iterator_property_map(color.begin(), nodeIndex),
                          boost::make_iterator_property_map(distance.begin(), nodeIndex),
                          nodeIndex,
                          std::uint32_t(nodes - 2),
                          std::uint32_t(nodes - 1));
                      for (std::size_t p = 0; p < labels.size(); ++p)
                      {
                        labels[p] = color[p] == boost::black_color;
                      }
                      return flow;
                    });
}
