#include "sulcusTrainSample.h"
#include <sulcusBallCache.h>
#include <sulcusCheckpointStore.h>
#include <sulcusError.h>
#include <sulcusModelFile.h>
#include <sulcusNoSocket.h>
#include <sulcusTwoProcesses.h>

#include <torch/types.h>

#include <gtest/gtest.h>

#include <chrono>
#include <signal.h>
#include <thread>

namespace sulcus
{
namespace
{

/** sulcus-train as two processes that know of each other through environment variables alone. */
class TwoTrainPrograms : public testing::Test
{
protected:
  TwoTrainPrograms()
  {
    Plan plan = BallPlan();
    plan.network.dropout = 0.0; // its masks are the only thing that differs by process
    plan.batchSize = 4;
    WriteBallCache(m_Folder / "cache", 2, 1, 1, plan);
  }

  std::vector<std::string>
  Arguments(const std::string & run, const std::vector<std::string> & more = {}) const
  {
    auto all =
        ShortRunArguments(m_Folder, run, 20, 5, {"--precision", "fp32", "--optimizer", "sgd"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  pid_t
  Start(int rank, int port, const std::vector<std::string> & arguments) const
  {
    auto texts = arguments;
    texts.insert(texts.begin(), TrainProgramPath());
    return StartRank(rank, 2, port, texts);
  }

  TestFolder m_Folder;
};

TEST_F(TwoTrainPrograms, GiveTheModelOfOne)
{
  const auto alone = RunProgram("train", Arguments("alone"));
  ASSERT_EQ(alone.status, 0) << alone.errors;
  const int port = FreePort();
  const auto zero = Start(0, port, Arguments("both"));
  const auto one = Start(1, port, Arguments("both"));
  ASSERT_EQ(StatusOf(one), 0);
  ASSERT_EQ(StatusOf(zero), 0);
  const auto a = ReadModelFile(m_Folder / "alone" / "model.safetensors");
  const auto b = ReadModelFile(m_Folder / "both" / "model.safetensors");
  double largest = 0.0;
  for (const auto & [name, tensor] : a.weights)
  {
    largest = std::max(largest, (tensor - b.weights.at(name)).abs().max().item<double>());
  }
  EXPECT_LT(largest, 1e-4); // float32
  RecordProperty("largest_difference", std::to_string(largest));
}

TEST_F(TwoTrainPrograms, GoOnAfterALostWorkerToTheSameModel)
{
  const auto longer = [&](const std::string & run) { return Arguments(run, {"--steps", "200"}); };
  int port = FreePort();
  auto zero = Start(0, port, longer("whole"));
  auto one = Start(1, port, longer("whole"));
  ASSERT_EQ(StatusOf(one) + StatusOf(zero), 0);

  port = FreePort();
  zero = Start(0, port, longer("cut"));
  one = Start(1, port, longer("cut"));
  const CheckpointStore store(m_Folder / "cut/checkpoints");
  while (!store.HasAny() || store.LoadLast()->step < 10)
  {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  kill(one, SIGKILL);
  EXPECT_EQ(StatusOf(one), 128 + SIGKILL);
  EXPECT_EQ(StatusOf(zero), static_cast<int>(ExitCode::RuntimeFailure));
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "cut/model.safetensors"));

  port = FreePort();
  zero = Start(0, port, longer("cut"));
  one = Start(1, port, longer("cut"));
  EXPECT_EQ(StatusOf(one) + StatusOf(zero), 0);
  EXPECT_EQ(TextOf(m_Folder / "cut/model.safetensors"),
            TextOf(m_Folder / "whole/model.safetensors"));
}

TEST_F(TwoTrainPrograms, RefuseWhatCannotBeShared)
{
  const auto refuse = [&](const std::vector<std::string> & more)
  {
    const auto status = StatusOf(Start(0, FreePort(), Arguments("refused", more)));
    EXPECT_EQ(status, static_cast<int>(ExitCode::Usage)) << more.front();
    EXPECT_FALSE(std::filesystem::exists(m_Folder / "refused/model.safetensors"));
  };
  refuse({"--mixup", "0.1"});
  refuse({"--labelled_patches", "3"});
  refuse({"--method", "mean_teacher"});
}

/** Settings that differ between processes would train one model under two recipes. */
TEST_F(TwoTrainPrograms, RefuseToStartUnlike)
{
  const int port = FreePort();
  const auto zero = Start(0, port, Arguments("unlike"));
  const auto one = Start(1, port, Arguments("unlike", {"--learning_rate", "0.5"}));
  EXPECT_EQ(StatusOf(one), static_cast<int>(ExitCode::Usage));
  EXPECT_EQ(StatusOf(zero), static_cast<int>(ExitCode::Usage));
}

/** A single process never opens an internet socket; that the guard works is shown by a process of a
 * group. */
TEST_F(TwoTrainPrograms, AloneTheyOpenNoSocket)
{
  auto arguments = Arguments("alone");
  arguments.insert(arguments.begin(),
                   std::string(std::getenv("SULCUS_PROGRAMS")) + "/sulcus-train");
  EXPECT_EQ(RunWithoutInternet(arguments), 0);
  setenv("RANK", "0", 1);
  setenv("WORLD_SIZE", "2", 1);
  setenv("MASTER_PORT", std::to_string(FreePort()).c_str(), 1);
  arguments[3] = (m_Folder / "group").string();
  EXPECT_EQ(RunWithoutInternet(arguments), 128 + SIGSYS);
  for (const char * name : {"RANK", "WORLD_SIZE", "MASTER_PORT"})
  {
    unsetenv(name);
  }
}

} // namespace
} // namespace sulcus
