#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusRunProgram.h>
#include <sulcusStudyRunner.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/** A study of two stages whose program copies its input, adds a text and notes that it ran. */
class TwoStages : public testing::Test
{
protected:
  void
  SetUp() override
  {
    SetLogLevel(LogLevel::Error);
    std::ofstream(m_Folder / "sulcus-copy")
        << "#!/bin/sh\n"
           "value() { sed -n \"s/.*\\\"$1\\\": \\\"\\([^\\\"]*\\)\\\".*/\\1/p\" \"$2\"; }\n"
           "output=$(value output \"$2\")\n"
           "echo \"$output $7\" >> ran.txt\n"
           "echo '{\"task\":\"copy\",\"fraction\":0.5,\"comment\":\"\"}'\n"
           "[ -e fail ] && { echo 'sulcus-copy: error: it broke [E-INPUT]' >&2; exit 3; }\n"
           "mkdir -p \"$output\"\n"
           "cat \"$(value input \"$2\")\" > \"$output/copy.txt\"\n"
           "value text \"$2\" >> \"$output/copy.txt\"\n"
           "echo '{\"warnings\": [\"careful\"], \"threads\": 2}' > \"$4\"\n";
    std::filesystem::permissions(m_Folder / "sulcus-copy", std::filesystem::perms::owner_all);
    std::filesystem::create_directory(m_Study);
    std::ofstream(m_Study / "data.txt") << "data\n";
  }

  static Stage
  Copy(const std::string & name,
       const std::string & input,
       const std::string & output,
       const std::string & text)
  {
    Stage stage;
    stage.name = name;
    stage.program = "copy";
    stage.settings["text"] = text;
    stage.plumbing = {{"input", input}, {"output", output}};
    stage.inputs = {input};
    stage.outputs = {output};
    return stage;
  }

  std::vector<Stage>
  Stages() const
  {
    std::vector<Stage> stages{Copy("one", "data.txt", "a", m_TextOfOne),
                              Copy("two/x", "a/copy.txt", "b", m_TextOfTwo)};
    stages[1].after = {"one"};
    stages[1].resumes = m_TwoResumes;
    return stages;
  }

  /** Runs the study anew, as a second call of the program would; what its stages did. */
  std::vector<std::string>
  Run(bool overwrite = false, const std::string & from = "", const std::string & until = "")
  {
    std::filesystem::remove(m_Study / "ran.txt");
    StudyManifest manifest(m_Study);
    StudyRunner runner(m_Study, Stages(), manifest, {m_Folder.Path(), from, until, overwrite});
    runner.Run();
    return Ran();
  }

  std::vector<std::string>
  Ran() const
  {
    std::vector<std::string> lines;
    std::istringstream text(TextOf(m_Study / "ran.txt"));
    for (std::string line; std::getline(text, line);)
    {
      lines.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
    }
    return lines;
  }

  template <typename TError>
  std::string
  RefusalOf(const std::function<void()> & call)
  {
    try
    {
      call();
    }
    catch (const TError & error)
    {
      return error.what();
    }
    return "";
  }

  std::vector<StageAction>
  Actions()
  {
    StudyManifest manifest(m_Study);
    StudyRunner runner(m_Study, Stages(), manifest, {m_Folder.Path(), "", "", false});
    std::vector<StageAction> actions;
    for (const auto & one : runner.Plan())
    {
      actions.push_back(one.decision.action);
    }
    return actions;
  }

  TestFolder m_Folder;
  std::filesystem::path m_Study = m_Folder / "study";
  std::string m_TextOfOne = "first";
  std::string m_TextOfTwo = "second";
  bool m_TwoResumes = false;
};

TEST_F(TwoStages, EachRunsOnceAndIsSkippedAfterwards)
{
  EXPECT_THAT(Actions(), ElementsAre(StageAction::Run, StageAction::Run));
  EXPECT_THAT(FilesBelow(m_Study), ElementsAre("data.txt")) << "planning writes nothing";
  EXPECT_THAT(Run(), ElementsAre("a", "b"));
  EXPECT_EQ(TextOf(m_Study / "b/copy.txt"), "data\nfirst\nsecond\n");
  EXPECT_THAT(Actions(), ElementsAre(StageAction::Skip, StageAction::Skip));
  EXPECT_THAT(Run(), IsEmpty());
}

TEST_F(TwoStages, AChangedSettingRunsThatStageAndWhatDependsOnIt)
{
  Run();
  m_TextOfTwo = "other";
  EXPECT_THAT(Actions(), ElementsAre(StageAction::Skip, StageAction::Run));
  EXPECT_THAT(Run(), ElementsAre("b --overwrite"));
  m_TextOfOne = "new";
  EXPECT_THAT(Run(), ElementsAre("a --overwrite", "b --overwrite"));
  EXPECT_EQ(TextOf(m_Study / "b/copy.txt"), "data\nnew\nother\n");
}

TEST_F(TwoStages, AChangedInputIsNamed)
{
  Run();
  std::ofstream(m_Study / "data.txt") << "other data\n";
  StudyManifest manifest(m_Study);
  StudyRunner runner(m_Study, Stages(), manifest, {m_Folder.Path(), "", "", false});
  const auto plan = runner.Plan();
  EXPECT_EQ(plan[0].decision.reason, "input data.txt has changed");
  EXPECT_EQ(plan[1].decision.reason, "follows one");
  EXPECT_THAT(Run(), ElementsAre("a --overwrite", "b --overwrite"));
}

TEST_F(TwoStages, AStageWhoseInputsComeOutTheSameIsNotRepeated)
{
  Run();
  std::filesystem::remove(m_Study / "a/copy.txt");
  EXPECT_THAT(Actions(), ElementsAre(StageAction::Run, StageAction::Run));
  EXPECT_THAT(Run(), ElementsAre("a --overwrite")) << "the same bytes came back";
}

TEST_F(TwoStages, AnEditedOutputIsNeverOverwrittenUnasked)
{
  Run();
  std::ofstream(m_Study / "b/copy.txt") << "edited\n";
  m_TextOfOne = "new"; // stage one must not start before the refusal
  const auto refusal = RefusalOf<OutputError>([&] { Run(); });
  EXPECT_THAT(refusal, HasSubstr("b/copy.txt was changed after the study wrote it"));
  EXPECT_THAT(refusal, HasSubstr("two/x"));
  EXPECT_THAT(Ran(), IsEmpty());
  EXPECT_EQ(TextOf(m_Study / "b/copy.txt"), "edited\n");
  EXPECT_THAT(Run(true), ElementsAre("a --overwrite", "b --overwrite"));
  EXPECT_EQ(TextOf(m_Study / "b/copy.txt"), "data\nnew\nsecond\n");
}

TEST_F(TwoStages, FromALaterStageKeepsTheEdit)
{
  Run();
  std::ofstream(m_Study / "a/copy.txt") << "edited\n";
  EXPECT_THAT(Run(false, "two/x"), ElementsAre("b --overwrite"));
  EXPECT_EQ(TextOf(m_Study / "b/copy.txt"), "edited\nsecond\n");
  EXPECT_TRUE(StudyManifest(m_Study).Find("one")->edited);
  EXPECT_THAT(Run(), IsEmpty()) << "the edit counts from now on";
}

TEST_F(TwoStages, UntilStopsEarlierAndFromNeedsWhatComesBefore)
{
  EXPECT_THAT(RefusalOf<OutputError>([&] { Run(false, "two/x"); }), HasSubstr("stage one"));
  EXPECT_THAT(Run(false, "", "one"), ElementsAre("a"));
  EXPECT_THAT(Run(), ElementsAre("b"));
  EXPECT_THAT(RefusalOf<UsageError>([&] { Run(false, "two/y"); }), HasSubstr("'two/x'"));
  EXPECT_THAT(RefusalOf<UsageError>([&] { Run(false, "two/x", "one"); }), HasSubstr("after"));
}

TEST_F(TwoStages, FilesOfOthersAreNotReplaced)
{
  std::filesystem::create_directory(m_Study / "b");
  std::ofstream(m_Study / "b/notes.txt") << "mine\n";
  EXPECT_THAT(RefusalOf<OutputError>([&] { Run(); }), HasSubstr("did not make"));
  EXPECT_THAT(Ran(), IsEmpty());
}

TEST_F(TwoStages, AFailureKeepsItsMessageAndStatusAndIsRepeated)
{
  std::ofstream(m_Study / "fail") << "";
  const auto message = RefusalOf<Error>([&] { Run(); });
  EXPECT_EQ(message, "stage one: it broke (see stages/one.log)");
  EXPECT_EQ(StudyManifest(m_Study).Find("one")->status, "failed");
  std::filesystem::remove(m_Study / "fail");
  EXPECT_THAT(Run(), ElementsAre("a --overwrite", "b"));
  EXPECT_EQ(StudyManifest(m_Study).Find("one")->status, "done");
}

TEST_F(TwoStages, AnInterruptedStageStartsAgainOrGoesOn)
{
  Run();
  for (const bool resumes : {false, true})
  {
    m_TwoResumes = resumes;
    StudyManifest manifest(m_Study); // as a kill in mid-stage leaves it
    auto record = *manifest.Find("two/x");
    record.status = "started";
    record.outputs.clear();
    manifest.Set(record);
    manifest.Write();
    EXPECT_THAT(Run(), ElementsAre(resumes ? "b" : "b --overwrite"));
  }
}

TEST_F(TwoStages, TheManifestHoldsWhatHappened)
{
  Run();
  const StudyManifest manifest(m_Study);
  ASSERT_EQ(manifest.Stages().size(), 2U);
  const auto & two = *manifest.Find("two/x");
  EXPECT_EQ(two.status, "done");
  EXPECT_EQ(two.settings, (nlohmann::ordered_json{{"text", "second"}}));
  EXPECT_THAT(two.warnings, ElementsAre("careful"));
  EXPECT_EQ(two.threads, 2);
  EXPECT_GT(two.peakMemoryInBytes, 0U);
  ASSERT_EQ(two.outputs.size(), 1U);
  EXPECT_EQ(two.outputs[0].path, "b/copy.txt");
  // sha256sum of "data\nfirst\nsecond\n", by coreutils
  EXPECT_EQ(two.outputs[0].sha256,
            "fdd5add8b68d42ebc52521bd1df4d158367c9bdc3ccee98c397467bd944d0548");
}

TEST_F(TwoStages, CheckingAManifestFindsEveryDifference)
{
  Run();
  auto check = CheckManifest(StudyManifest(m_Study), m_Study);
  EXPECT_EQ(check.files, 3U) << "two outputs and the data; a/copy.txt counts once";
  EXPECT_THAT(check.differences, IsEmpty());
  std::ofstream(m_Study / "data.txt") << "other\n";
  std::filesystem::remove(m_Study / "b/copy.txt");
  check = CheckManifest(StudyManifest(m_Study), m_Study);
  ASSERT_EQ(check.differences.size(), 2U);
  EXPECT_EQ(check.differences[0].path, "b/copy.txt");
  EXPECT_EQ(check.differences[0].what, "missing");
  EXPECT_EQ(check.differences[1].path, "data.txt");
  EXPECT_EQ(check.differences[1].what, "changed");
}

TEST_F(TwoStages, ADamagedManifestIsRefused)
{
  Run();
  const auto text = TextOf(m_Study / "manifest.json");
  for (const auto & damaged : {text.substr(0, text.size() / 2),
                               std::string("{}"),
                               std::string("[]"),
                               std::string("{\"format\": 1}")})
  {
    std::ofstream(m_Study / "manifest.json") << damaged;
    EXPECT_THROW(StudyManifest{m_Study}, InputError) << damaged.substr(0, 40);
  }
}

TEST(FileHasher, FoldersHashNamesAndContents)
{
  const TestFolder folder;
  const auto write = [&](const std::string & name, const std::string & text)
  {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
  };
  write("f/a", "1");
  write("f/sub/b", "2");
  write("f/.lock", "anything");
  const auto hashNow = [&] { return FileHasher(folder.Path()).Hash("f"); };
  const auto first = hashNow();
  EXPECT_EQ(first.bytes, 2U);
  write("f/.lock", "something else");
  EXPECT_EQ(hashNow(), first);
  std::filesystem::rename(folder / "f/a", folder / "f/c");
  EXPECT_NE(hashNow().sha256, first.sha256);
  std::filesystem::rename(folder / "f/c", folder / "f/a");
  EXPECT_EQ(hashNow(), first);
  EXPECT_EQ(FileHasher(folder.Path()).Hash("none").sha256, "");
  const auto files = FileHasher(folder.Path()).FilesBelow("f");
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[1].path, "f/sub/b");
}

} // namespace
} // namespace sulcus
