#include "sulcusToyRun.h"
#include <sulcusCheckpointStore.h>
#include <sulcusInterrupt.h>
#include <sulcusRunProgram.h>
#include <sulcusSha256.h>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sulcus
{
namespace
{

constexpr auto folderVariable = "SULCUS_TEST_RUN_FOLDER";

/** Starts this program again, running only the child below. */
pid_t
StartChild(const std::filesystem::path & folder)
{
  setenv(folderVariable, folder.c_str(), 1);
  std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string filter = "--gtest_filter=TrainerChild.DISABLED_Trains";
  std::string disabled = "--gtest_also_run_disabled_tests";
  std::string brief = "--gtest_brief=1";
  char * arguments[] = {program.data(), filter.data(), disabled.data(), brief.data(), nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ) != 0)
  {
    throw std::runtime_error("the child could not be started");
  }
  return child;
}

/** Waits for the checkpoint index, so that the signal falls into training and not into start-up,
 * then some more. */
void
SignalAfter(pid_t child, const std::filesystem::path & folder, int signal, int milliseconds)
{
  while (!CheckpointStore(folder / "checkpoints").HasAny() && kill(child, 0) == 0)
  {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  kill(child, signal);
}

int
WaitFor(pid_t child)
{
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

constexpr int childSteps = 400;

std::string
LastState(const std::filesystem::path & folder)
{
  return Sha256OfFile(folder / "final.safetensors");
}

} // namespace

TEST(TrainerChild, DISABLED_Trains)
{
  const char * folder = std::getenv(folderVariable);
  ASSERT_NE(folder, nullptr);
  InstallInterruptHandlers();
  ToyRun run(folder);
  run.options.steps = childSteps;
  run.Make().Resume();
  try
  {
    run.trainer->Run();
  }
  catch (const Error & error)
  {
    _exit(static_cast<int>(error.Code()));
  }
  SaveTensorFile(std::filesystem::path(folder) / "final.safetensors",
                 {run.FinalState(), {}},
                 Overwrite::Allow);
}

TEST(TrainerKilled, ResumesToTheSameBits)
{
  const TestFolder scratch;
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(WaitFor(StartChild(scratch / "whole")), 0);
  const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  RandomEngine random(static_cast<std::uint64_t>(duration.count()));
  RecordProperty("seed", std::to_string(duration.count()));
  int killed = 0;
  for (int round = 0; round < 12; ++round)
  {
    const auto child = StartChild(scratch / "killed");
    SignalAfter(child, scratch / "killed", SIGKILL, static_cast<int>(random.Integer(0, 120)));
    killed += WIFSIGNALED(WaitFor(child)) ? 1 : 0;
  }
  EXPECT_GT(killed, 0);
  ASSERT_EQ(WaitFor(StartChild(scratch / "killed")), 0);
  EXPECT_EQ(LastState(scratch / "killed"), LastState(scratch / "whole"));
  EXPECT_EQ(LogLines(scratch / "killed"), LogLines(scratch / "whole"));
  EXPECT_EQ(LogLines(scratch / "killed").size(), static_cast<std::size_t>(childSteps));
}

TEST(TrainerTerminated, LeavesACheckpointOfTheVeryStep)
{
  const TestFolder scratch;
  ASSERT_EQ(WaitFor(StartChild(scratch / "whole")), 0);
  const auto child = StartChild(scratch / "run");
  SignalAfter(child, scratch / "run", SIGTERM, 60);
  const int status = WaitFor(child);
  if (status == 0)
  {
    GTEST_SKIP() << "the run was over before the signal came";
  }
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 143);
  const auto checkpoint = CheckpointStore(scratch / "run/checkpoints").LoadLast();
  EXPECT_EQ(static_cast<std::size_t>(checkpoint->step), LogLines(scratch / "run").size());
  ASSERT_EQ(WaitFor(StartChild(scratch / "run")), 0);
  EXPECT_EQ(LastState(scratch / "run"), LastState(scratch / "whole"));
}

} // namespace sulcus
