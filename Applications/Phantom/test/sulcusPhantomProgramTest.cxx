#include <sulcusRunProgram.h>

#include <gtest/gtest.h>

namespace sulcus
{

TEST(PhantomProgram, AnswersHelpAndDescription)
{
  const auto help = RunProgram("phantom", {"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.output.find("--labelled_cases"), std::string::npos);
  const auto xml = RunProgram("phantom", {"--xml"});
  EXPECT_EQ(xml.status, 0);
  EXPECT_EQ(xml.output.rfind("<?xml ", 0), 0U);
  EXPECT_TRUE(xml.errors.empty());
}

TEST(PhantomProgram, WritesTheSameCohortTwice)
{
  const TestFolder folder;
  std::string manifest;
  for (const char * name : {"first", "second"})
  {
    const auto run = RunProgram("phantom",
                                {"--output",
                                 (folder / name).string(),
                                 "--cases",
                                 "4",
                                 "--test_cases",
                                 "1",
                                 "--validation_cases",
                                 "1",
                                 "--labelled_cases",
                                 "1",
                                 "--annotators",
                                 "1",
                                 "--channels",
                                 "2",
                                 "--seed",
                                 "3"});
    ASSERT_EQ(run.status, 0) << run.errors;
  }
  const auto files = FilesBelow(folder / "first");
  EXPECT_EQ(files, FilesBelow(folder / "second"));
  EXPECT_GE(files.size(), 4U * 4U + 3U);
  for (const auto & file : files)
  {
    EXPECT_EQ(TextOf(folder / "first" / file), TextOf(folder / "second" / file)) << file;
  }
}

TEST(PhantomProgram, RefusesBadOptionsInOneLineAndWritesNothing)
{
  const TestFolder folder;
  const std::string target = (folder / "cohort").string();
  const std::vector<std::vector<std::string>> cases{{"--cases", "3"}, // 4 test cases by default
                                                    {"--labelled_cases", "11"}, // of 10
                                                    {"--channels", "9"},
                                                    {"--lablled_cases", "2"},
                                                    {"--scans_per_subject", "3"}};
  for (auto arguments : cases)
  {
    arguments.insert(arguments.end(), {"--output", target});
    const auto run = RunProgram("phantom", arguments);
    EXPECT_EQ(run.status, 2) << arguments[0];
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
    EXPECT_FALSE(std::filesystem::exists(target)) << arguments[0];
  }
  EXPECT_EQ(RunProgram("phantom", {}).status, 2);
}

TEST(PhantomProgram, KeepsAnExistingFolderUnlessToldToOverwrite)
{
  const TestFolder folder;
  std::ofstream(folder / "mine.txt") << "precious";
  const auto run = RunProgram("phantom", {"--output", folder.Path().string()});
  EXPECT_EQ(run.status, 4);
  EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
  EXPECT_EQ(FilesBelow(folder.Path()), std::vector<std::string>{"mine.txt"});
}

TEST(PhantomProgram, DryRunWritesNothing)
{
  const TestFolder folder;
  const auto run = RunProgram("phantom", {"--output", (folder / "c").string(), "--dry_run"});
  EXPECT_EQ(run.status, 0) << run.errors;
  EXPECT_FALSE(std::filesystem::exists(folder / "c"));
}

} // namespace sulcus
