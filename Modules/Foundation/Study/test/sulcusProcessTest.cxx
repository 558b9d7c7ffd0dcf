#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusProcess.h>
#include <sulcusRunProgram.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace sulcus
{
namespace
{

using testing::HasSubstr;

TEST(Process, ArgumentsReachTheProgramUntouchedByAnyShell)
{
  const std::vector<std::string> given{"a b", "$(touch x)", "'", "\"", "*", ";", "é", ""};
  std::vector<std::string> lines;
  ProcessOptions options;
  options.program = "/usr/bin/printf";
  options.arguments = {"%s\n"};
  options.arguments.insert(options.arguments.end(), given.begin(), given.end());
  options.onLine = [&](const std::string & line)
  {
    lines.push_back(line);
    return true;
  };
  const auto result = RunProcess(options);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(lines, given);
  EXPECT_GT(result.peakMemoryInBytes, 100'000U);
}

TEST(Process, StatusLogAndWorkingFolder)
{
  const TestFolder folder;
  std::ofstream(folder / "program") << "#!/bin/sh\npwd\necho problem >&2\necho unfinished line | "
                                       "tr -d '\\n'\nexit 7\n";
  std::filesystem::permissions(folder / "program", std::filesystem::perms::owner_all);
  ProcessOptions options;
  options.program = folder / "program";
  options.workingFolder = folder.Path();
  options.log = folder / "log";
  EXPECT_EQ(RunProcess(options).status, 7);
  EXPECT_EQ(RunProcess(options).status, 7) << "the log is appended to";
  const auto log = TextOf(folder / "log");
  EXPECT_THAT(log, HasSubstr(folder.Path().filename().string() + "\n"));
  EXPECT_THAT(log, HasSubstr("problem\n"));
  EXPECT_THAT(log, HasSubstr("unfinished line\n"));
}

TEST(Process, DeathBySignalAndMissingProgram)
{
  const TestFolder folder;
  std::ofstream(folder / "program") << "#!/bin/sh\nkill -9 $$\n";
  std::filesystem::permissions(folder / "program", std::filesystem::perms::owner_all);
  ProcessOptions options;
  options.program = folder / "program";
  EXPECT_EQ(RunProcess(options).status, 128 + SIGKILL);
  options.program = folder / "none";
  EXPECT_THROW(RunProcess(options), UsageError);
  options.program = "/bin/true";
  options.log = folder / "no" / "such" / "folder";
  EXPECT_THROW(RunProcess(options), OutputError);
}

/** Ends the process with 0 if a program that sleeps is stopped by a signal this process got. */
void
StopASleeper(int signal)
{
  InstallInterruptHandlers();
  std::thread sender(
      [signal]
      {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        ::kill(::getpid(), signal);
      });
  ProcessOptions options;
  options.program = "/bin/sleep";
  options.arguments = {"30"};
  const auto result = RunProcess(options);
  sender.join();
  std::_Exit(
      result.forwardedSignal == signal && result.status == 128 + signal && result.seconds < 10 ? 0
                                                                                               : 1);
}

/** The same for a program that ignores the signal. */
void
StopADeafProgram(const std::filesystem::path & program)
{
  InstallInterruptHandlers();
  std::thread sender(
      []
      {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        ::kill(::getpid(), SIGTERM);
      });
  ProcessOptions options;
  options.program = program;
  options.patienceInSeconds = 0.3;
  const auto result = RunProcess(options);
  sender.join();
  std::_Exit(result.status == 128 + SIGKILL && result.seconds < 10 ? 0 : 1);
}

TEST(ProcessDeathTest, SignalsArePassedOn)
{
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(StopASleeper(SIGTERM), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(StopASleeper(SIGINT), testing::ExitedWithCode(0), "");
}

TEST(ProcessDeathTest, AProgramThatDoesNotListenIsKilled)
{
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const TestFolder folder;
  std::ofstream(folder / "program") << "#!/bin/sh\ntrap '' TERM\nexec sleep 30\n";
  std::filesystem::permissions(folder / "program", std::filesystem::perms::owner_all);
  EXPECT_EXIT(StopADeafProgram(folder / "program"), testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace sulcus
