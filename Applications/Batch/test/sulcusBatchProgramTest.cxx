#include <sulcusRunProgram.h>

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

namespace
{

using namespace sulcus;

class BatchProgram : public testing::Test
{
protected:
  void
  SetUp() override
  {
    unsetenv("SLURM_ARRAY_TASK_ID");
    unsetenv("SLURM_ARRAY_TASK_COUNT");
    unsetenv("SLURM_ARRAY_TASK_MIN");
    std::ofstream(At("cases.tsv")) << "case\ttext\nanna\ta, b\nben\tc d\ncarla\t--e\ndora\tf\n";
  }

  std::string
  At(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  /** Copies a file named by the row; a missing one makes /bin/cp fail. */
  ProgramResult
  Copy(std::vector<std::string> options)
  {
    std::vector<std::string> arguments{At("cases.tsv"), "--state", At("state")};
    arguments.insert(arguments.end(), options.begin(), options.end());
    for (const std::string & word : {std::string("--expect"),
                                     At("{case}.out"),
                                     std::string("--"),
                                     std::string("/bin/cp"),
                                     At("{case}.in"),
                                     At("{case}.out")})
    {
      arguments.push_back(word);
    }
    return RunProgram("batch", arguments);
  }

  void
  WriteInputs(const std::vector<std::string> & names)
  {
    for (const std::string & name : names)
    {
      std::ofstream(At(name + ".in")) << name;
    }
  }

  std::string
  Summary(const std::string & name = "state/summary.tsv")
  {
    return TextOf(At(name));
  }

  TestFolder m_Folder;
};

TEST_F(BatchProgram, ArgumentsArriveWholeAndWithoutAShell)
{
  const auto run = RunProgram("batch",
                              {At("cases.tsv"),
                               "--state",
                               At("state"),
                               "--",
                               "/usr/bin/printf",
                               "<%s>",
                               "{text}",
                               "$HOME",
                               "{{x}}",
                               "--keep-hyphens",
                               "{folder}"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const std::string rest = "<$HOME><{x}><--keep-hyphens><" + m_Folder.Path().string() + ">";
  EXPECT_EQ(TextOf(At("state/anna.log")), "<a, b>" + rest);
  EXPECT_EQ(TextOf(At("state/ben.log")), "<c d>" + rest);
  EXPECT_EQ(TextOf(At("state/carla.log")), "<--e>" + rest);
}

TEST_F(BatchProgram, PartialFailureIsSevenAndOnlyTheRestRunsAgain)
{
  WriteInputs({"anna", "ben", "dora"});
  const auto first = Copy({"--jobs", "2"});
  EXPECT_EQ(first.status, 7);
  EXPECT_EQ(first.ErrorLines(), 1) << first.errors;
  EXPECT_NE(first.errors.find("1 of 4 cases failed"), std::string::npos) << first.errors;
  EXPECT_NE(first.errors.find("carla"), std::string::npos);
  EXPECT_NE(Summary().find("carla\tfailed\t1"), std::string::npos) << Summary();
  WriteInputs({"carla"});
  std::ofstream(At("anna.out")) << "kept";
  const auto second = Copy({});
  EXPECT_EQ(second.status, 0) << second.errors;
  EXPECT_EQ(TextOf(At("carla.out")), "carla");
  EXPECT_EQ(TextOf(At("anna.out")), "kept"); // was not run again
  EXPECT_NE(Summary().find("anna\tskipped"), std::string::npos);
  EXPECT_NE(Summary().find("carla\tdone"), std::string::npos);
  std::filesystem::remove(At("ben.out"));
  EXPECT_EQ(Copy({}).status, 0);
  EXPECT_EQ(TextOf(At("ben.out")), "ben"); // its output was gone
  EXPECT_EQ(Copy({"--again"}).status, 0);
  EXPECT_EQ(TextOf(At("anna.out")), "anna");
}

TEST_F(BatchProgram, AnotherCommandRunsAgain)
{
  const std::vector<std::string> start{At("cases.tsv"), "--state", At("state"), "--", "/bin/echo"};
  auto one = start;
  one.emplace_back("one");
  auto two = start;
  two.emplace_back("two");
  EXPECT_EQ(RunProgram("batch", one).status, 0);
  EXPECT_EQ(RunProgram("batch", two).status, 0);
  EXPECT_EQ(TextOf(At("state/anna.log")), "two\n");
}

TEST_F(BatchProgram, ADamagedMarkerMeansRunningAgain)
{
  WriteInputs({"anna", "ben", "carla", "dora"});
  ASSERT_EQ(Copy({}).status, 0);
  std::ofstream(At("state/ben.done.json")) << "{\"key\": ";
  EXPECT_EQ(Copy({}).status, 0);
  EXPECT_NE(Summary().find("ben\tdone"), std::string::npos) << Summary();
  EXPECT_NE(Summary().find("anna\tskipped"), std::string::npos) << Summary();
}

TEST_F(BatchProgram, PartsAreDisjointAndTogetherEverything)
{
  WriteInputs({"anna", "ben", "carla", "dora"});
  EXPECT_EQ(Copy({"--num_parts", "3", "--part_id", "0"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(At("anna.out")));
  EXPECT_TRUE(std::filesystem::exists(At("dora.out")));
  EXPECT_FALSE(std::filesystem::exists(At("ben.out")));
  setenv("SLURM_ARRAY_TASK_ID", "12", 1);
  setenv("SLURM_ARRAY_TASK_MIN", "10", 1);
  setenv("SLURM_ARRAY_TASK_COUNT", "3", 1);
  EXPECT_EQ(Copy({}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(At("carla.out")));
  EXPECT_FALSE(std::filesystem::exists(At("ben.out")));
  EXPECT_NE(Summary("state/summary_part-2_of-3.tsv").find("carla\tdone"), std::string::npos);
  setenv("SLURM_ARRAY_TASK_ID", "99", 1);
  EXPECT_EQ(Copy({}).status, 2);
  setenv("SLURM_ARRAY_TASK_ID", "eleven", 1);
  EXPECT_EQ(Copy({}).status, 2);
  unsetenv("SLURM_ARRAY_TASK_ID");
  const auto lost = Copy({"--num_parts", "3"});
  EXPECT_EQ(lost.status, 2);
  EXPECT_NE(lost.errors.find("--part_id is missing"), std::string::npos) << lost.errors;
}

TEST_F(BatchProgram, ACrashAndAnEndlessCaseDoNotStopTheOthers)
{
  std::ofstream(At("cases.tsv"))
      << "case\tscript\ncrash\tkill -11 $$\nendless\tsleep 60\nfine\ttrue\n";
  const auto run = RunProgram("batch",
                              {At("cases.tsv"),
                               "--state",
                               At("state"),
                               "--timeout",
                               "1",
                               "--",
                               "/bin/sh",
                               "-c",
                               "{script}"});
  EXPECT_EQ(run.status, 7);
  EXPECT_NE(Summary().find("crash\tfailed\t139"), std::string::npos) << Summary();
  EXPECT_NE(Summary().find("endless\tfailed\t6"), std::string::npos) << Summary();
  EXPECT_NE(Summary().find("fine\tdone"), std::string::npos) << Summary();
}

TEST_F(BatchProgram, RefusalsNameWhatIsWrong)
{
  const auto column =
      RunProgram("batch", {At("cases.tsv"), "--state", At("s"), "--", "/bin/echo", "{txet}"});
  EXPECT_EQ(column.status, 2);
  EXPECT_NE(column.errors.find("text"), std::string::npos) << column.errors;
  const auto program = RunProgram("batch", {At("cases.tsv"), "--state", At("s"), "--", "bacth"});
  EXPECT_EQ(program.status, 2);
  EXPECT_NE(program.errors.find("did you mean 'batch'"), std::string::npos) << program.errors;
  const auto brace =
      RunProgram("batch", {At("cases.tsv"), "--state", At("s"), "--", "/bin/echo", "{text"});
  EXPECT_EQ(brace.status, 2);
  std::ofstream(At("twice.tsv")) << "case\na\na\n";
  EXPECT_EQ(RunProgram("batch", {At("twice.tsv"), "--state", At("s"), "--", "/bin/echo"}).status,
            2);
  std::ofstream(At("path.tsv")) << "case\n../a\n";
  EXPECT_EQ(RunProgram("batch", {At("path.tsv"), "--state", At("s"), "--", "/bin/echo"}).status, 2);
  EXPECT_EQ(RunProgram("batch", {At("none.tsv"), "--state", At("s"), "--", "/bin/echo"}).status, 3);
  std::ofstream(At("empty.tsv")) << "case\n";
  EXPECT_EQ(RunProgram("batch", {At("empty.tsv"), "--state", At("s"), "--", "/bin/echo"}).status,
            2);
}

/** The child must be gone, and the case must run again. */
TEST_F(BatchProgram, AnInterruptStopsTheRunningCaseAndIsResumable)
{
  const std::string program = std::string(std::getenv("SULCUS_PROGRAMS")) + "/sulcus-batch";
  const std::string table = At("cases.tsv");
  const std::string state = At("state");
  const std::string flag = At("started");
  std::vector<const char *> argv{program.c_str(),
                                 table.c_str(),
                                 "--state",
                                 state.c_str(),
                                 "--",
                                 "/bin/sh",
                                 "-c",
                                 "echo $$ > $0; sleep 60",
                                 flag.c_str(),
                                 nullptr};
  pid_t child = 0;
  ASSERT_EQ(
      posix_spawn(
          &child, program.c_str(), nullptr, nullptr, const_cast<char **>(argv.data()), environ),
      0);
  for (int i = 0; i < 500 && TextOf(flag).find('\n') == std::string::npos; ++i)
  {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const pid_t grandchild = std::stoi("0" + TextOf(flag));
  ASSERT_GT(grandchild, 0);
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_NE(kill(grandchild, 0), 0);
  EXPECT_EQ(TextOf(At("state/anna.done.json")), "{\"key\": \"\"}\n");
}

} // namespace
