// Cost of a training step: sulcusTrainingStepBenchmark CACHE [rounds] [threads]
//
// Alternates, round by round, (a) forward and backward of a fixed batch, nothing else; (b) a whole
// step of that batch; (c) a whole step of fresh, augmented batches prepared in the background.
// Prints medians in ms and ratios, fp32 and bf16.
#include <sulcusDevice.h>
#include <sulcusPatchSource.h>
#include <sulcusSingleOptimizerStep.h>
#include <sulcusSupervisedObjective.h>

#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

namespace
{

using namespace sulcus;

constexpr int stepsInARound = 8;

double
MillisecondsOf(const std::function<void()> & action)
{
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

double
Median(std::vector<double> values)
{
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

void
Measure(const std::shared_ptr<PreparedCache> & cache, Precision precision, int rounds)
{
  const Plan plan = PlanFromJson(cache->PlanJson(), "cache");
  const auto network = BuildNetwork(plan.network, 1);
  const auto objective =
      std::make_shared<SupervisedObjective>(network, DiceCrossEntropyOptions{}, precision);
  ParameterUpdateOptions update;
  update.averageDecay = 0.999;
  SingleOptimizerStep rule(objective, update);
  rule.SetSchedule(1000000);
  StreamRule stream;
  stream.name = "labelled";
  stream.samples = plan.batchSize;
  const auto batches = MakePatchSource(cache, SelectCases(*cache, {}), plan, {{stream}}, {}, 1);
  std::int64_t step = 0;
  const Batch fixed = batches->At(step++);

  std::vector<double> bare;
  std::vector<double> whole;
  std::vector<double> fresh;
  for (int round = -1; round < rounds; ++round) // the first round only warms up
  {
    for (int i = 0; i < stepsInARound; ++i)
    {
      const double bareMs = MillisecondsOf(
          [&]
          {
            for (auto & parameter : objective->parameters())
            {
              parameter.mutable_grad() = torch::Tensor();
            }
            objective->Evaluate(fixed).total.backward();
          });
      if (round >= 0)
      {
        bare.push_back(bareMs);
      }
    }
    for (int i = 0; i < stepsInARound; ++i)
    {
      const double ms = MillisecondsOf([&] { rule.Step(fixed); });
      if (round >= 0)
      {
        whole.push_back(ms);
      }
    }
    for (int i = 0; i < stepsInARound; ++i)
    {
      const double ms = MillisecondsOf([&] { rule.Step(batches->At(step++)); });
      if (round >= 0 &&
          i >= stepsInARound / 2) // past the batches that were ready before this round
      {
        fresh.push_back(ms);
      }
    }
  }
  std::printf("%s\t%.1f\t%.1f\t%.1f\t%.3f\t%.3f\n",
              PrecisionName(precision),
              Median(bare),
              Median(whole),
              Median(fresh),
              Median(whole) / Median(bare),
              Median(fresh) / Median(whole));
}

} // namespace

int
main(int argc, char ** argv)
{
  if (argc < 2)
  {
    std::fputs("usage: sulcusTrainingStepBenchmark CACHE [rounds] [threads]\n", stderr);
    return 2;
  }
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  SetTorchThreads(argc > 3 ? std::atoi(argv[3]) : 0);
  UseDeterministicAlgorithms();
  const auto cache = std::make_shared<PreparedCache>(argv[1]);
  std::puts("precision\tbare_ms\tfixed_step_ms\taugmented_step_ms\tfixed/bare\taugmented/fixed");
  Measure(cache, Precision::Float32, rounds);
  if (HasFastBFloat16(torch::kCPU))
  {
    Measure(cache, Precision::BFloat16, rounds);
  }
  return 0;
}
