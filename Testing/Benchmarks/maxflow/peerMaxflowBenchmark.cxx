// peerMaxflowBenchmark [n [lambda [repeats]]]: libmaxflow 3.0.5 (GPL), the Boykov-Kolmogorov code
// Debian packages.
#include "sulcusConsensusProblem.h"

#define MAXFLOW_INCLUDE_TEMPLATE_IMPLEMENTATION
#include <maxflow.h>

int
main(int argc, char * argv[])
{
  using namespace sulcus;
  auto arguments = benchmark::ReadArguments(argc, argv);
  const benchmark::ConsensusProblem problem(arguments.n, arguments.lambda);
  arguments.threads = 1;
  benchmark::Report("libmaxflow",
                    arguments,
                    problem,
                    [&](std::vector<std::uint8_t> & labels)
                    {
                      using Graph = maxflow::Graph<int, int, long long>;
                      const std::size_t n = arguments.n;
                      Graph graph(int(labels.size()), int(3 * labels.size()));
                      graph.add_node(int(labels.size()));
                      for (std::size_t p = 0; p < labels.size(); ++p)
                      {
                        const int u = problem.unary[p];
                        graph.add_tweights(int(p), u > 0 ? u : 0, u < 0 ? -u : 0);
                        const std::size_t x = p % n;
                        const std::size_t y = p / n % n;
                        const std::size_t z = p / n / n;
                        const std::size_t offsets[] = {1, n, n * n};
                        const bool inside[] = {x + 1 < n, y + 1 < n, z + 1 < n};
                        for (unsigned k = 0; k < 3; ++k)
                        {
                          if (inside[k])
                          {
                            const int capacity = int(problem.Capacity(p, p + offsets[k]));
                            graph.add_edge(int(p), int(p + offsets[k]), capacity, capacity);
                          }
                        }
                      }
                      const long long flow = graph.maxflow();
                      for (std::size_t p = 0; p < labels.size(); ++p)
                      {
                        labels[p] = graph.what_segment(int(p), Graph::SINK) == Graph::SOURCE;
                      }
                      return flow;
                    });
}
