#include "sulcusStudySample.h"
#include <sulcusJson.h>
#include <sulcusRunProgram.h>
#include <sulcusStudyManifest.h>
#include <sulcusTable.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <sstream>
#include <thread>

namespace sulcus
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST_F(StudyProgram, AnUnknownKeyIsNamedWithTheNearest)
{
  MakeCohort();
  const std::vector<std::pair<std::string, std::string>> files{
      {"data = 'cohort'\noutput = 'study'\nmethds = ['supervised']\n", "did you mean 'methods'"},
      {"data = 'cohort'\noutput = 'study'\n[prepar]\nflips = ['x']\n", "did you mean 'prepare'"},
      {"data = 'cohort'\noutput = 'study'\n[train]\nstesp = 3\n", "did you mean 'steps'"},
      {"data = 'cohort'\noutput = 'study'\nmethods = ['fixmach']\n", "did you mean 'fixmatch'"},
      {"data = 'cohort'\noutput = 'study'\n[train]\nsteps = 'many'\n", "train.steps"},
      {"data = 'cohort'\noutput = 'study'\n[train]\nsteps = -1\n", "at least 1"},
      {"data = 'cohort'\noutput = 'study'\n[train]\noutput = 'x'\n", "sets this itself"},
      {"data = 'cohort'\noutput = 'study'\nlabelled = 2.5\n", "labelled: expected integer"},
      {"data = 'cohort'\noutput = 'study'\n[train.unimatch]\nsteps = 2\n", "does not train"},
      {"output = 'study'\n", "'data' is missing"},
      {"data = 'cohort'\ndata = 'again'\n", "line 2"}};
  for (const auto & [text, part] : files)
  {
    Write("study.toml", text);
    ExpectRefused({Path("study.toml")}, 2, part);
    EXPECT_FALSE(std::filesystem::exists(m_Folder / "study")) << text;
  }
}

TEST_F(StudyProgram, FoldersThatAreNoneAreRefused)
{
  ExpectRefused({Path("none"), "--output", Path("study")}, 3, "no such file or folder");
  Write("empty/readme.txt", "nothing");
  ExpectRefused({Path("empty"), "--output", Path("study")}, 3, "no dataset.json");
  MakeCohort();
  ExpectRefused({Path("cohort")}, 2, "--output is missing");
  ExpectRefused({Path("cohort"), "--output", Path("empty")}, 4, "is no study");
  ExpectRefused({Path("cohort"), "--output", Path("study"), "--from", "trian/supervised"},
                2,
                "did you mean 'train/supervised'");
  EXPECT_EQ(TextOf(m_Folder / "empty/readme.txt"), "nothing");
}

TEST_F(StudyProgram, DryRunPlansAndWritesNothing)
{
  MakeCohort();
  auto arguments = Quick({"--fuse", "none", "--dry_run"});
  const auto run = RunProgram("study", arguments);
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_THAT(run.output, HasSubstr("train/correction"));
  EXPECT_THAT(run.output, HasSubstr("pretrain/global"));
  EXPECT_THAT(run.output, HasSubstr("not done yet"));
  EXPECT_THAT(run.output, HasSubstr("MB of memory"));
  EXPECT_THAT(run.output, Not(HasSubstr("consensus")));
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "study"));
}

TEST_F(StudyProgram, SlowWholeChainRunsOnceAndIsSkippedAfterwards)
{
  MakeCohort();
  const auto arguments = Quick({"--splits",
                                Path("cohort/splits.json"),
                                "--labelled",
                                "2",
                                "--fuse",
                                "all",
                                "--methods",
                                "supervised,fixmatch"});
  const auto run = RunProgram("study", arguments);
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_THAT(Stages(),
              ElementsAre("data",
                          "check",
                          "consensus",
                          "prepare",
                          "pretrain/global",
                          "pretrain/local",
                          "train/supervised",
                          "segment/supervised",
                          "evaluate/supervised",
                          "train/fixmatch",
                          "segment/fixmatch",
                          "evaluate/fixmatch",
                          "report"));
  std::istringstream printed(run.output);
  std::string line;
  std::getline(printed, line);
  EXPECT_EQ(line, "Mean Dice of 1 test cases");
  std::getline(printed, line);
  for (const auto * structure : {"method", "hippocampus_head", "lesion", "all structures"})
  {
    EXPECT_THAT(line, HasSubstr(structure));
  }
  const auto summary = ReadTsv(m_Folder / "study/scores/fixmatch/summary.tsv");
  const auto dice = ToText(summary.At(0, "mean"), NumberFormat{3});
  EXPECT_THAT(run.output, testing::ContainsRegex("\nfixmatch +" + dice + " "));
  EXPECT_THAT(run.output, HasSubstr("Report: " + Path("study/report.html")));
  const auto page = TextOf(m_Folder / "study/report.html");
  for (const auto * part :
       {"Worst cases", "Annotators", "Calibration", "fixmatch against", "sha256"})
  {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_THAT(page, Not(HasSubstr(m_Folder.Path().string()))) << "no absolute path";
  // Two unlabelled training cases and the test case; scored is the test case alone.
  const auto scores = ReadTsv(m_Folder / "study/scores/fixmatch/scores.tsv");
  EXPECT_EQ(scores.RowCount(), 4U) << "one case, four structures";
  EXPECT_EQ(ReadTsv(m_Folder / "study/data/segment.tsv").RowCount(), 3U);

  const auto again = RunProgram("study", arguments);
  ASSERT_EQ(again.status, 0) << again.errors;
  std::size_t skipped = 0;
  for (auto at = again.errors.find("unchanged, skipped"); at != std::string::npos;
       at = again.errors.find("unchanged, skipped", at + 1))
  {
    ++skipped;
  }
  EXPECT_EQ(skipped, 13U) << again.errors;

  EXPECT_EQ(RunProgram("study", {Path("study"), "--verify"}).status, 0);
  Write("study/cache/plan.json", "{}");
  const auto verified = RunProgram("study", {Path("study"), "--verify"});
  EXPECT_EQ(verified.status, 3);
  EXPECT_THAT(verified.output, HasSubstr("changed\tprepare\tcache/plan.json"));
  ExpectRefused({Path("study")}, 4, "cache/plan.json was changed after the study wrote it");
  EXPECT_EQ(TextOf(m_Folder / "study/cache/plan.json"), "{}");
}

TEST_F(StudyProgram, SlowItsOwnFileCanBeEditedAndRunAgain)
{
  MakeCohort();
  const auto arguments =
      Quick({"--fuse", "none", "--pretraining", "none", "--methods", "supervised"});
  ASSERT_EQ(RunProgram("study", arguments).status, 0);
  auto text = TextOf(m_Folder / "study/study.json");
  EXPECT_THAT(text, HasSubstr("\"data\": \"../cohort\""));
  const auto place = text.find("\"steps\": 3");
  ASSERT_NE(place, std::string::npos) << text;
  Write("study/study.json", text.replace(place, 10, "\"steps\": 4"));
  ExpectRefused(arguments, 4, "was edited");
  const auto run = RunProgram("study", {Path("study"), "--threads", "2"});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr("train/supervised: setting steps is 4, was 3"));
  EXPECT_THAT(run.errors, HasSubstr("prepare: unchanged, skipped"));
  EXPECT_EQ(StudyManifest(m_Folder / "study").Find("train/supervised")->settings["steps"], 4);
}

TEST_F(StudyProgram, SlowAStoppedStudyGoesOnAndEndsWithTheSameWeights)
{
  MakeCohort();
  const auto arguments = Quick({"--fuse",
                                "none",
                                "--pretraining",
                                "none",
                                "--methods",
                                "supervised",
                                "--steps",
                                "60",
                                "--until",
                                "train/supervised",
                                "--set",
                                "train.checkpoint_seconds=0",
                                "--set",
                                "train.snapshot_every=2"});
  std::vector<std::string> texts{std::string(std::getenv("SULCUS_PROGRAMS")) + "/sulcus-study"};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char *> argv;
  for (auto & text : texts)
  {
    argv.push_back(text.data());
  }
  argv.push_back(nullptr);
  pid_t child = 0;
  ASSERT_EQ(posix_spawn(&child, argv[0], nullptr, nullptr, argv.data(), environ), 0);
  const auto log = m_Folder / "study/train/supervised/log.jsonl";
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (TextOf(log).find("\"step\":6") == std::string::npos &&
         std::chrono::steady_clock::now() < end)
  {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  kill(child, SIGTERM);
  int state = 0;
  waitpid(child, &state, 0);
  ASSERT_TRUE(WIFEXITED(state));
  EXPECT_EQ(WEXITSTATUS(state), 143);
  EXPECT_EQ(StudyManifest(m_Folder / "study").Find("train/supervised")->status, "started");

  const auto resumed = RunProgram("study", arguments);
  ASSERT_EQ(resumed.status, 0) << resumed.errors;
  EXPECT_THAT(resumed.errors, HasSubstr("train/supervised: was interrupted, goes on"));
  const auto model = StudyManifest(m_Folder / "study").Find("train/supervised")->outputs;
  std::filesystem::rename(m_Folder / "study", m_Folder / "stopped");
  ASSERT_EQ(RunProgram("study", arguments).status, 0);
  EXPECT_EQ(TextOf(m_Folder / "study/train/supervised/model.safetensors"),
            TextOf(m_Folder / "stopped/train/supervised/model.safetensors"));
}

TEST_F(StudyProgram, SlowRealHippocampusWithFourLabelsByOneCommand)
{
  const char * root = std::getenv("SULCUS_TEST_DATA");
  if (root == nullptr)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  const auto data = std::filesystem::path(root) / "hippocampus";
  const auto run = RunProgram("study",
                              {data.string(),
                               "--output",
                               Path("study"),
                               "--splits",
                               (data / "splits.json").string(),
                               "--labelled",
                               "4",
                               "--methods",
                               "supervised",
                               "--pretraining",
                               "none",
                               "--steps",
                               "60",
                               "--no_segment_unlabelled",
                               "--seed",
                               "1",
                               "--threads",
                               "2"});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr("4 labelled training cases, 0 fused from annotators, "));
  const auto split = ReadJsonFile(data / "splits.json");
  const auto summary = ReadTsv(m_Folder / "study/scores/supervised/summary.tsv");
  EXPECT_EQ(NumberIn(summary.At(0, "cases")), static_cast<double>(split.at("test").size()));
  // Labels that the split withholds appear in no list of the study.
  const auto manifest = ReadTsv(m_Folder / "study/data/manifest.tsv", CellTyping::Texts);
  std::size_t labels = 0;
  for (std::size_t row = 0; row < manifest.RowCount(); ++row)
  {
    labels += ToText(manifest.At(row, "split")) == "train" && !IsMissing(manifest.At(row, "label"));
  }
  EXPECT_EQ(labels, 4U);
}

} // namespace
} // namespace sulcus
