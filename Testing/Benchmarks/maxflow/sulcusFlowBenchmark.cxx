// sulcusFlowBenchmark [n [lambda [repeats [threads]]]]: the product's solver on the consensus
// problem.
#include "sulcusConsensusProblem.h"

int
main(int argc, char * argv[])
{
  using namespace sulcus;
  const auto arguments = benchmark::ReadArguments(argc, argv);
  const benchmark::ConsensusProblem problem(arguments.n, arguments.lambda);
  benchmark::Report("sulcus",
                    arguments,
                    problem,
                    [&](std::vector<std::uint8_t> & labels)
                    {
                      const auto report = SolveGridFlow(problem.Problem(), labels);
                      std::fprintf(stderr,
                                   "# searched %.3f of the voxels, %llu augmentations\n",
                                   double(report.searchedVoxels) / double(labels.size()),
                                   static_cast<unsigned long long>(report.augmentations));
                      return report.dualBound;
                    });
}
