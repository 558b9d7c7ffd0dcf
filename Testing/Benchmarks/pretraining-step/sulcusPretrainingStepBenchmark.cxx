// Cost of contrastive pre-training beside what cannot be avoided:
//
//   sulcusPretrainingStepBenchmark step Z Y X [images] [micro] [rounds] [threads]
//     one step (global, G_D), whole and with gradient caching, against forward + backward of the
//     same batch; medians of processor time in ms, taken in turn
//   sulcusPretrainingStepBenchmark memory Z Y X images micro [threads]
//     peak memory of three steps above what the process held before, in MiB (run one a process)
//   sulcusPretrainingStepBenchmark loss [rows] [width] [rounds] [threads]
//     NT-Xent forward + backward against its three matrix products, and its peak memory in
//     matrices of rows x rows
#include <sulcusContrastiveLoss.h>
#include <sulcusDevice.h>
#include <sulcusGlobalContrastStep.h>
#include <sulcusMemory.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <sys/resource.h>
#include <vector>

namespace
{

using namespace sulcus;

double
PeakMiB()
{
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

/** Processor time of all threads: the same on a machine that does other things as well. */
double
Milliseconds(const std::function<void()> & work)
{
  const auto now = []
  {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

double
Median(std::vector<double> values)
{
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

/** Medians of several pieces of work that take turns; the first round only warms up. */
std::vector<double>
InTurns(const std::vector<std::function<void()>> & works, int rounds)
{
  std::vector<std::vector<double>> times(works.size());
  for (int round = -1; round < rounds; ++round)
  {
    for (std::size_t i = 0; i < works.size(); ++i)
    {
      const double time = Milliseconds(works[i]);
      if (round >= 0)
      {
        times[i].push_back(time);
      }
    }
  }
  std::vector<double> medians;
  for (auto & values : times)
  {
    medians.push_back(Median(values));
  }
  return medians;
}

struct Contrast
{
  Contrast(std::int64_t microBatch, std::int64_t images, const std::array<std::int64_t, 3> & patch)
  {
    NetworkPlan plan;
    plan.strides.assign(4, {2, 2, 2});
    plan.strides[0] = {1, 1, 1};
    plan.kernels.assign(4, {3, 3, 3});
    GlobalContrastSettings settings;
    settings.microBatch = microBatch;
    torch::manual_seed(1);
    model =
        std::make_shared<GlobalContrastModel>(BuildNetwork(plan, 1), settings, Precision::Float32);
    ParameterUpdateOptions update;
    update.optimizer.kind = "adamw";
    step = std::make_shared<GlobalContrastStep>(model, settings, update);
    step->SetSchedule(1000000);
    for (const char * name : {"views1", "views2"})
    {
      auto & stream = batch.streams[name];
      stream.image = torch::randn({images, 1, patch[0], patch[1], patch[2]});
      std::vector<std::int64_t> partition;
      for (std::int64_t i = 0; i < images; ++i)
      {
        stream.caseIndex.push_back(i / 4);
        partition.push_back(i % 4);
      }
      stream.extra["partition"] = torch::tensor(partition, torch::kLong);
      stream.extra["position"] = (stream.extra["partition"].to(torch::kDouble) + 0.5) / 4.0;
    }
  }

  /** All embeddings and their gradients, nothing else. */
  void
  Bare()
  {
    model->zero_grad();
    const auto images =
        torch::cat({batch.streams.at("views1").image, batch.streams.at("views2").image});
    model->Embed(images).sum().backward();
  }

  std::shared_ptr<GlobalContrastModel> model;
  std::shared_ptr<GlobalContrastStep> step;
  Batch batch;
};

void
PrintStep(const std::array<std::int64_t, 3> & patch,
          std::int64_t images,
          std::int64_t micro,
          int rounds)
{
  Contrast whole(0, images, patch);
  Contrast cached(micro, images, patch);
  const auto medians = InTurns({[&] { whole.Bare(); },
                                [&] { whole.step->Step(whole.batch); },
                                [&] { cached.step->Step(cached.batch); }},
                               rounds);
  std::printf("work\tms\tagainst_bare\n");
  const char * names[] = {"bare", "step", "step_cached"};
  for (std::size_t i = 0; i < 3; ++i)
  {
    std::printf("%s\t%.1f\t%.3f\n", names[i], medians[i], medians[i] / medians[0]);
  }
}

void
PrintMemory(const std::array<std::int64_t, 3> & patch, std::int64_t images, std::int64_t micro)
{
  Contrast contrast(micro, images, patch);
  const double before = PeakMiB();
  for (int i = 0; i < 3; ++i)
  {
    contrast.step->Step(contrast.batch);
  }
  std::printf("images\tmicro\tpeak_MiB\n%ld\t%ld\t%.0f\n", images, micro, PeakMiB() - before);
}

void
PrintLoss(std::int64_t rows, std::int64_t width, int rounds)
{
  torch::manual_seed(1);
  const auto half = rows / 2;
  auto first = torch::randn({half, width}).requires_grad_();
  auto second = torch::randn({half, width}).requires_grad_();
  const auto unit = torch::randn({rows, width});
  const double before = PeakMiB();
  NtXentLoss(first, second, 0.1).backward();
  const double matrices =
      (PeakMiB() - before) / (static_cast<double>(rows * rows) * 4.0 / 1024.0 / 1024.0);
  const auto similarity = torch::empty({rows, rows});
  auto products = [&]
  {
    const torch::NoGradGuard noGradient;
    auto out = similarity;
    torch::mm_out(out, unit, unit.t());
    const auto left = torch::mm(similarity, unit);
    const auto right = torch::mm(similarity.t(), unit);
  };
  const auto medians =
      InTurns({products, [&] { NtXentLoss(first, second, 0.1).backward(); }}, rounds);
  std::printf("rows\twidth\tproducts_ms\tloss_ms\tagainst_products\tpeak_matrices\n");
  std::printf("%ld\t%ld\t%.1f\t%.1f\t%.3f\t%.2f\n",
              rows,
              width,
              medians[0],
              medians[1],
              medians[1] / medians[0],
              matrices);
}

} // namespace

int
main(int argc, char ** argv)
{
  const auto number = [&](int index, std::int64_t otherwise)
  { return argc > index ? std::atoll(argv[index]) : otherwise; };
  const std::string what = argc > 1 ? argv[1] : "";
  const std::array<std::int64_t, 3> patch{number(2, 32), number(3, 32), number(4, 32)};
  if (what == "step")
  {
    KeepFreedMemory(); // as the programs do
    SetTorchThreads(static_cast<int>(number(8, 0)));
    PrintStep(patch, number(5, 16), number(6, 4), static_cast<int>(number(7, 5)));
  }
  else if (what == "memory")
  {
    SetTorchThreads(static_cast<int>(number(7, 0)));
    PrintMemory(patch, number(5, 16), number(6, 4));
  }
  else if (what == "loss")
  {
    SetTorchThreads(static_cast<int>(number(5, 0)));
    PrintLoss(number(2, 4096), number(3, 128), static_cast<int>(number(4, 9)));
  }
  else
  {
    std::fputs("usage: sulcusPretrainingStepBenchmark step|memory|loss … (see the source's head)\n",
               stderr);
    return 2;
  }
  return 0;
}
