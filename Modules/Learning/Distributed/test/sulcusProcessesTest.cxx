#include <sulcusError.h>
#include <sulcusProcesses.h>
#include <sulcusTwoProcesses.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <signal.h>

using namespace sulcus;

namespace
{

std::optional<ProcessLaunch>
Find(const std::map<std::string, std::string> & variables)
{
  return FindProcessLaunch(
      [&](const char * name)
      {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
      });
}

TEST(FindProcessLaunch, ASingleProcessIsNoLaunch)
{
  EXPECT_FALSE(Find({}));
  EXPECT_FALSE(Find({{"RANK", "0"}, {"WORLD_SIZE", "1"}}));
  EXPECT_FALSE(Find({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}));
  EXPECT_FALSE(Find({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "4"}}));
}

TEST(FindProcessLaunch, ReadsTorchrunsVariables)
{
  const auto launch = Find({{"RANK", "3"},
                            {"WORLD_SIZE", "4"},
                            {"LOCAL_RANK", "1"},
                            {"LOCAL_WORLD_SIZE", "2"},
                            {"MASTER_ADDR", "node7"},
                            {"MASTER_PORT", "1234"},
                            {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                            {"TORCHELASTIC_RUN_ID", "abc"},
                            {"TORCHELASTIC_RESTART_COUNT", "2"}});
  ASSERT_TRUE(launch);
  EXPECT_EQ(launch->rank, 3);
  EXPECT_EQ(launch->size, 4);
  EXPECT_EQ(launch->localRank, 1);
  EXPECT_EQ(launch->localSize, 2);
  EXPECT_EQ(launch->address, "node7");
  EXPECT_EQ(launch->port, 1234);
  EXPECT_TRUE(launch->launcherListens);
  EXPECT_EQ(launch->name, "abc/2");
}

TEST(FindProcessLaunch, ReadsSlurmAndMpiWhereAMeetingPlaceIsNamed)
{
  const auto slurm = Find({{"SLURM_PROCID", "1"},
                           {"SLURM_NTASKS", "3"},
                           {"SLURM_LOCALID", "1"},
                           {"MASTER_ADDR", "10.0.0.1"}});
  ASSERT_TRUE(slurm);
  EXPECT_EQ(slurm->rank, 1);
  EXPECT_EQ(slurm->size, 3);
  EXPECT_EQ(slurm->localSize, 1);
  const auto mpi = Find({{"OMPI_COMM_WORLD_RANK", "0"},
                         {"OMPI_COMM_WORLD_SIZE", "2"},
                         {"OMPI_COMM_WORLD_LOCAL_RANK", "0"},
                         {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                         {"MASTER_ADDR", "127.0.0.1"}});
  ASSERT_TRUE(mpi);
  EXPECT_EQ(mpi->size, 2);
  EXPECT_EQ(mpi->localSize, 2);
}

TEST(FindProcessLaunch, OnOneMachineAllShareItsCores)
{
  const auto launch = Find({{"RANK", "1"}, {"WORLD_SIZE", "2"}});
  ASSERT_TRUE(launch);
  EXPECT_EQ(launch->address, "127.0.0.1");
  EXPECT_EQ(launch->localRank, 1);
  EXPECT_EQ(launch->localSize, 2);
}

TEST(FindProcessLaunch, MistakesAreNamed)
{
  for (const std::map<std::string, std::string> & variables :
       {std::map<std::string, std::string>{{"WORLD_SIZE", "2"}},
        {{"WORLD_SIZE", "2"}, {"RANK", "2"}},
        {{"WORLD_SIZE", "two"}, {"RANK", "0"}},
        {{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_PORT", "0"}}})
  {
    EXPECT_THROW(Find(variables), UsageError);
  }
}

TEST(ProcessGroup, AloneNothingChanges)
{
  const auto value = torch::randn({3});
  EXPECT_EQ(CurrentProcesses(), nullptr);
  EXPECT_TRUE(SumOverProcesses(value).is_same(value));
  EXPECT_TRUE(MeanOverProcesses(value).is_same(value));
  EXPECT_TRUE(GatherRows(value).is_same(value));
}

std::shared_ptr<ProcessGroup>
Join(int seconds = 60)
{
  return JoinProcesses(*FindProcessLaunch([](const char * name) { return std::getenv(name); }),
                       std::chrono::seconds(seconds));
}

/** Body of both processes: a coupled loss of rows that each half-owns has the gradient of the
 * whole.
 */
TEST(ProcessChild, DISABLED_CouplesAndSums)
{
  const auto group = Join();
  const int rank = group->Rank();
  ASSERT_EQ(group->Size(), 2);
  auto sum = torch::tensor({1.0 + rank, 10.0}, torch::kDouble);
  group->Sum(sum);
  EXPECT_TRUE(torch::equal(sum, torch::tensor({3.0, 20.0}, torch::kDouble)));
  auto first = torch::full({3}, rank + 5, torch::kLong);
  group->Broadcast(first);
  EXPECT_TRUE(torch::equal(first, torch::full({3}, 5, torch::kLong)));

  torch::manual_seed(1);
  const auto all = torch::randn({4, 3}, torch::kDouble);
  const auto weight = torch::randn({3, 2}, torch::kDouble).requires_grad_();
  const auto coupled = [](const torch::Tensor & rows)
  { return (rows.matmul(rows.t()).exp().sum() / (1 + rows.square().sum())).log(); };
  const auto whole = torch::autograd::grad({coupled(all.matmul(weight))}, {weight})[0];
  const ProcessScope together(group.get());
  const auto own = all.narrow(0, 2 * rank, 2).matmul(weight);
  const auto loss = coupled(GatherRows(own));
  EXPECT_NEAR(loss.item<double>(), coupled(all.matmul(weight)).item<double>(), 1e-12);
  auto mean = torch::autograd::grad({loss}, {weight})[0];
  group->Sum(mean);
  EXPECT_LT((mean / 2 - whole).abs().max().item<double>(), 1e-12);
  EXPECT_NEAR(MeanOverProcesses(torch::tensor(1.0 + rank)).item<double>(), 1.5, 1e-12);
}

TEST(ProcessGroup, TwoProcessesSumBroadcastAndCouple)
{
  const int port = FreePort();
  const auto zero = StartTestAsRank(0, 2, port, "ProcessChild.DISABLED_CouplesAndSums");
  const auto one = StartTestAsRank(1, 2, port, "ProcessChild.DISABLED_CouplesAndSums");
  EXPECT_EQ(StatusOf(one), 0);
  EXPECT_EQ(StatusOf(zero), 0);
}

TEST(ProcessChild, DISABLED_LosesTheOther)
{
  const auto group = Join();
  auto value = torch::ones({4});
  group->Sum(value);
  if (group->Rank() == 1)
  {
    raise(SIGKILL);
  }
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i)
        {
          group->Sum(value);
        }
      },
      ProcessesLost);
}

TEST(ProcessGroup, ALostProcessIsNoticed)
{
  const int port = FreePort();
  const auto zero = StartTestAsRank(0, 2, port, "ProcessChild.DISABLED_LosesTheOther");
  const auto one = StartTestAsRank(1, 2, port, "ProcessChild.DISABLED_LosesTheOther");
  EXPECT_EQ(StatusOf(one), 128 + SIGKILL);
  EXPECT_EQ(StatusOf(zero), 0);
}

TEST(ProcessChild, DISABLED_WaitsInVain)
{
  EXPECT_THROW(Join(2), ProcessesLost);
}

TEST(ProcessGroup, AMissingProcessIsNotWaitedForForever)
{
  EXPECT_EQ(StatusOf(StartTestAsRank(0, 2, FreePort(), "ProcessChild.DISABLED_WaitsInVain")), 0);
}

TEST(ProcessChild, DISABLED_LacksTheLibrary)
{
  EXPECT_THROW(Join(), ResourceError);
}

TEST(ProcessGroup, AMissingLibraryIsNamed)
{
  EXPECT_EQ(StatusOf(StartTestAsRank(0,
                                     2,
                                     FreePort(),
                                     "ProcessChild.DISABLED_LacksTheLibrary",
                                     {"SULCUS_DISTRIBUTED=/nowhere/lib.so"})),
            0);
}

} // namespace
