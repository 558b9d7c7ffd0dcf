#include <sulcusRunProgram.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

using testing::HasSubstr;

TEST(ReportProgram, WhatIsNoStudyIsRefused)
{
  const TestFolder folder;
  const auto refused = [&](const std::string & part)
  {
    const auto run = RunProgram("report", {folder.Path().string()});
    EXPECT_EQ(run.status, 3) << run.errors;
    EXPECT_EQ(run.ErrorLines(), 1);
    EXPECT_THAT(run.errors, HasSubstr(part));
    EXPECT_FALSE(std::filesystem::exists(folder / "report.html"));
  };
  refused("no study");
  std::ofstream(folder / "manifest.json") << "{\"format\": \"other\"}";
  refused("manifest");
  std::ofstream(folder / "manifest.json") << "{";
  refused("manifest.json");
}

TEST(ReportProgram, AStudyWithoutScoresSaysSo)
{
  const TestFolder folder;
  std::ofstream(folder / "manifest.json")
      << R"({"format": "sulcus-study-manifest", "format_version": 1, "settings_file_sha256": "",
             "study": {"data": "<img src=x>", "methods": ["supervised"]}, "stages": []})";
  const auto run = RunProgram("report", {folder.Path().string()});
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto page = TextOf(folder / "report.html");
  EXPECT_THAT(page, HasSubstr("No case with a reference was scored."));
  EXPECT_THAT(page, testing::Not(HasSubstr("<img src=x>"))) << "texts are escaped";
  EXPECT_EQ(RunProgram("report", {folder.Path().string()}).status, 4);
  EXPECT_EQ(RunProgram("report", {folder.Path().string(), "--overwrite"}).status, 0);
}

} // namespace
} // namespace sulcus
