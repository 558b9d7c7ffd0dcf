#pragma once

#include <sulcusRunProgram.h>
#include <sulcusStudyManifest.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sulcus
{

/** A phantom cohort: four training cases, two of them labelled, five annotators, one test case. */
class StudyProgram : public testing::Test
{
protected:
  void
  MakeCohort()
  {
    const auto made = RunProgram("phantom",
                                 {"--output",
                                  Path("cohort"),
                                  "--cases",
                                  "6",
                                  "--test_cases",
                                  "1",
                                  "--validation_cases",
                                  "1",
                                  "--labelled_cases",
                                  "2",
                                  "--annotators",
                                  "3",
                                  "--field_of_view",
                                  "30",
                                  "--seed",
                                  "5"});
    ASSERT_EQ(made.status, 0) << made.errors;
  }

  /** A study that takes seconds; what it learns does not matter. */
  std::vector<std::string>
  Quick(std::vector<std::string> more) const
  {
    std::vector<std::string> arguments{Path("cohort"),
                                       "--output",
                                       Path("study"),
                                       "--steps",
                                       "3",
                                       "--pretraining_steps",
                                       "2",
                                       "--threads",
                                       "2",
                                       "--set",
                                       "prepare.patch_size=16,16,16",
                                       "--set",
                                       "prepare.levels=2",
                                       "--set",
                                       "consensus.trees=5",
                                       "--set",
                                       "pretrain.global_volumes=2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  void
  Write(const std::string & name, const std::string & text) const
  {
    std::filesystem::create_directories((m_Folder / name).parent_path());
    std::ofstream(m_Folder / name) << text;
  }

  void
  ExpectRefused(const std::vector<std::string> & arguments, int status, const std::string & part)
  {
    const auto run = RunProgram("study", arguments);
    EXPECT_EQ(run.status, status) << run.errors;
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
    EXPECT_THAT(run.errors, testing::HasSubstr(part));
  }

  /** Stages of the manifest in order. */
  std::vector<std::string>
  Stages() const
  {
    std::vector<std::string> names;
    const StudyManifest manifest(m_Folder / "study");
    for (const auto & record : manifest.Stages())
    {
      names.push_back(record.stage);
    }
    return names;
  }

  TestFolder m_Folder;
};

} // namespace sulcus
