#include <sulcusCheckpointStore.h>
#include <sulcusError.h>
#include <sulcusProcesses.h>
#include <sulcusRunProgram.h>
#include <sulcusSingleOptimizerStep.h>
#include <sulcusSupervisedObjective.h>
#include <sulcusTrainer.h>
#include <sulcusTwoProcesses.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <signal.h>

namespace sulcus
{
namespace
{

constexpr auto runVariable = "SULCUS_TEST_RUN_FOLDER";
constexpr auto caseVariable = "SULCUS_TEST_CASE";
constexpr std::int64_t stepCount = 50;

NetworkPlan
TinyPlan()
{
  NetworkPlan plan;
  plan.widths = {16, 16};
  plan.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.kernels = {{3, 3, 3}, {3, 3, 3}};
  plan.classes = 3;
  plan.deepSupervision = 0;
  return plan;
}

/** Four patches a step in float64, with unknown voxels and weights that differ from patch to patch,
 * of which a process gets its part. */
class HarshBatches final : public BatchSource
{
public:
  HarshBatches(int part, int parts) : m_Part(part), m_Parts(parts)
  {
  }

  std::int64_t poisoned = -1; ///< a step at which process 1 alone sees NaN
  std::int64_t fatal = -1;    ///< a step at which process 1 is killed

  Batch
  At(std::int64_t step) override
  {
    if (step == fatal && m_Part == 1)
    {
      raise(SIGKILL);
    }
    torch::manual_seed(1000 + step);
    Stream stream;
    stream.image = torch::randn({4, 1, 6, 6, 6}, torch::kDouble);
    stream.label = (stream.image.squeeze(1) * 1.3).round().clamp(0, 2).to(torch::kLong);
    stream.observed = torch::rand({4, 6, 6, 6}) > 0.3;
    stream.observed[0] = torch::rand({6, 6, 6}) > 0.95; // almost nothing is known of one patch
    stream.weight = torch::rand({4, 6, 6, 6}, torch::kDouble) + 0.1;
    const auto own = 4 / m_Parts;
    for (auto * tensor : {&stream.image, &stream.label, &stream.observed, &stream.weight})
    {
      *tensor = tensor->narrow(0, own * m_Part, own).clone();
    }
    if (step == poisoned && m_Part == 1)
    {
      stream.image[0][0][0][0][0] = std::numeric_limits<double>::quiet_NaN();
    }
    Batch batch;
    batch.step = step;
    batch.streams.emplace("labelled", stream);
    return batch;
  }

private:
  int m_Part;
  int m_Parts;
};

struct HarshRun
{
  HarshRun(std::filesystem::path folder,
           const std::string & kind,
           std::shared_ptr<ProcessGroup> group)
      : batches(group ? group->Rank() : 0, group ? group->Size() : 1)
  {
    auto network = BuildNetwork(TinyPlan(), group ? group->Rank() + 1 : 1); // ranks differ at first
    network->to(torch::kDouble);
    DiceCrossEntropyOptions loss;
    loss.overlap.batch = kind == "batch-dice";
    loss.overlap.presentClassesOnly = kind == "present-classes";
    ParameterUpdateOptions update;
    update.optimizer.kind = "adamw";
    update.optimizer.learningRate = 2e-3;
    update.averageDecay = 0.9;
    TrainerOptions options;
    options.steps = stepCount;
    options.snapshotEvery = 10;
    options.checkpointSeconds = 0;
    options.processes = std::move(group);
    objective = std::make_shared<SupervisedObjective>(network, loss, Precision::Float32);
    rule = std::make_unique<SingleOptimizerStep>(objective, update);
    trainer = std::make_unique<Trainer>(
        *rule, batches, options, std::move(folder), RunIdentity{{{"kind", kind}}, "data"});
  }

  void
  SaveWeights(const std::filesystem::path & path) const
  {
    NamedTensors state;
    rule->Save(state);
    SaveTensorFile(path, {CloneTensors(state), {}}, Overwrite::Allow);
  }

  HarshBatches batches;
  std::shared_ptr<SupervisedObjective> objective;
  std::unique_ptr<SingleOptimizerStep> rule;
  std::unique_ptr<Trainer> trainer;
};

std::shared_ptr<ProcessGroup>
JoinAsLaunched()
{
  return JoinProcesses(*FindProcessLaunch([](const char * name) { return std::getenv(name); }),
                       std::chrono::seconds(60));
}

TEST(ProcessTrainingChild, DISABLED_Trains)
{
  torch::set_num_threads(1);
  const std::filesystem::path folder = std::getenv(runVariable);
  const std::string kind = std::getenv(caseVariable);
  const auto group = JoinAsLaunched();
  HarshRun run(folder / "run", kind, group);
  run.batches.poisoned = kind == "poisoned" ? 7 : -1;
  run.batches.fatal = kind == "fatal" ? 33 : -1;
  run.trainer->Resume();
  try
  {
    run.trainer->Run();
  }
  catch (const ProcessesLost & lost)
  {
    std::ofstream(folder / "reason.txt") << lost.what();
    std::_Exit(static_cast<int>(lost.Code()));
  }
  run.SaveWeights(folder / ("rank" + std::to_string(group->Rank()) + ".safetensors"));
}

void
TrainInTwo(const TestFolder & scratch, const std::string & kind, int zeroStatus, int oneStatus)
{
  const std::vector<std::string> variables{std::string(runVariable) + "=" + scratch.Path().string(),
                                           std::string(caseVariable) + "=" + kind};
  const int port = FreePort();
  const auto start = [&](int rank)
  { return StartTestAsRank(rank, 2, port, "ProcessTrainingChild.DISABLED_Trains", variables); };
  const auto zero = start(0);
  const auto one = start(1);
  EXPECT_EQ(StatusOf(one), oneStatus) << kind;
  EXPECT_EQ(StatusOf(zero), zeroStatus) << kind;
}

double
LargestDifference(const std::filesystem::path & a, const std::filesystem::path & b)
{
  const auto left = LoadTensorFile(a).tensors;
  const auto right = LoadTensorFile(b).tensors;
  EXPECT_EQ(left.size(), right.size());
  double largest = 0.0;
  for (const auto & [name, tensor] : left)
  {
    largest = std::max(largest, (tensor - right.at(name)).abs().max().item<double>());
  }
  return largest;
}

} // namespace

/** The goal: parameters as of one process to 1e-5 after 50 steps, in float64, whatever the loss
 * couples or divides by. */
TEST(ProcessTraining, TwoProcessesGiveTheWeightsOfOne)
{
  torch::set_num_threads(1);
  for (const std::string kind : {"plain", "batch-dice", "present-classes", "poisoned"})
  {
    const TestFolder scratch;
    HarshRun alone(scratch / "alone", kind, nullptr);
    if (kind != "poisoned")
    {
      alone.trainer->Run();
      alone.SaveWeights(scratch / "alone.safetensors");
    }
    TrainInTwo(scratch, kind, 0, 0);
    EXPECT_EQ(LargestDifference(scratch / "rank0.safetensors", scratch / "rank1.safetensors"), 0.0);
    if (kind != "poisoned")
    {
      const double largest =
          LargestDifference(scratch / "rank0.safetensors", scratch / "alone.safetensors");
      EXPECT_LT(largest, 1e-5) << kind;
      RecordProperty(kind, std::to_string(largest));
    }
    else
    {
      EXPECT_NE(TextOf(scratch / "run/log.jsonl").find("\"skipped\":true"), std::string::npos);
    }
  }
}

/** A lost worker ends the run with a reason and a checkpoint, from which it ends as if nothing had
 * happened. */
TEST(ProcessTraining, ALostWorkerLeavesAUsableCheckpoint)
{
  const TestFolder scratch;
  TrainInTwo(scratch, "fatal", static_cast<int>(ExitCode::RuntimeFailure), 128 + SIGKILL);
  const auto reason = TextOf(scratch / "reason.txt");
  EXPECT_NE(reason.find("another process of this run is gone"), std::string::npos) << reason;
  EXPECT_NE(reason.find("the checkpoint is of step 30"), std::string::npos) << reason;
  EXPECT_EQ(CheckpointStore(scratch / "run/checkpoints").LoadLast()->step, 30);
}

} // namespace sulcus
