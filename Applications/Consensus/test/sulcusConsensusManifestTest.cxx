// A tiny cohort made by hand: what a manifest says and what becomes of it.
#include "sulcusBalls.h"
#include <sulcusAtomicWrite.h>
#include <sulcusRunProgram.h>
#include <sulcusSafeRead.h>
#include <sulcusTable.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace sulcus
{
namespace
{

/** Three training cases of which ben left the second out, a test case that anna drew, and a case
 * that nobody drew. */
class ConsensusManifest : public testing::Test
{
protected:
  void
  SetUp() override
  {
    std::ofstream table(Path("manifest.tsv"));
    table << "case\timage\tsplit\tlabel\tannotator_anna\tannotator_ben\tannotator_carla\n";
    const double radii[] = {4.0, 4.5, 3.6};
    for (int c = 0; c < 3; ++c)
    {
      const std::string id = "case" + std::to_string(c);
      table << id << '\t' << Scan(id, radii[c]) << "\ttrain\t";
      table << '\t' << Drawn(id, "anna", radii[c]);
      table << '\t' << (c == 1 ? "" : Drawn(id, "ben", radii[c] + 0.7));
      table << '\t' << Drawn(id, "carla", radii[c] - 0.7) << '\n';
    }
    table << "test0\t" << Scan("test0", 4.2) << "\ttest\t" << Drawn("test0", "truth", 4.2) << '\t'
          << Drawn("test0", "anna", 4.2) << "\t\t\n";
    table << "alone\t" << Scan("alone", 4.2) << "\ttrain\t\t\t\t\n";
    std::ofstream(Path("dataset.json")) << R"({"labels": {"background": 0, "ball": 7}})";
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  ProgramResult
  Fuse(const std::string & output, std::vector<std::string> more = {})
  {
    std::vector<std::string> arguments{"--manifest",
                                       Path("manifest.tsv"),
                                       "--output",
                                       Path(output),
                                       "--trees",
                                       "8",
                                       "--min_leaf",
                                       "3",
                                       "--max_samples",
                                       "300"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("consensus", arguments);
  }

  TestFolder m_Folder;

private:
  std::string
  Scan(const std::string & id, double radius)
  {
    const auto name = id + "_scan.nii.gz";
    WriteImage(Path(name), ScanOfBall(radius).GetPointer());
    return name;
  }
  std::string
  Drawn(const std::string & id, const std::string & annotator, double radius)
  {
    const auto name = id + "_" + annotator + ".nii.gz";
    WriteImage(Path(name), Ball(radius, 7).GetPointer());
    return name;
  }
};

TEST_F(ConsensusManifest, TrainingCasesGetSoftLabelsAndOthersKeepWhatTheyHad)
{
  const auto run = Fuse("fused");
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto table = ReadTsv(Path("fused/manifest.tsv"), CellTyping::Texts);
  ASSERT_EQ(table.RowCount(), 5U);
  const auto at = [&](std::size_t row, const std::string & column)
  { return IsMissing(table.At(row, column)) ? "" : ToText(table.At(row, column)); };
  for (std::size_t row = 0; row < 3; ++row)
  {
    const auto id = at(row, "case");
    EXPECT_EQ(at(row, "label"), "");
    EXPECT_EQ(at(row, "soft_label"), id + "_soft.nii.gz");
    EXPECT_EQ(at(row, "confidence"), id + "_confidence.nii.gz");
    EXPECT_TRUE(std::filesystem::exists(m_Folder / "fused" / at(row, "image")));
    const auto soft = ReadVector(Path("fused/" + at(row, "soft_label"))).image;
    ASSERT_EQ(soft->GetNumberOfComponentsPerPixel(), 2U);
    for (std::size_t p = 0; p < TestGrid().VoxelCount(); ++p)
    {
      const float * shares = soft->GetBufferPointer() + 2 * p;
      ASSERT_NEAR(shares[0] + shares[1], 1.0F, 1e-5F);
    }
  }
  EXPECT_EQ(at(3, "label"), "../test0_truth.nii.gz") << "a computed label is no reference";
  EXPECT_EQ(at(3, "soft_label"), "");
  EXPECT_EQ(at(4, "case"), "alone");
  EXPECT_EQ(at(4, "confidence"), "");
  const auto description = nlohmann::json::parse(TextOf(Path("fused/dataset.json")));
  EXPECT_EQ(description["labels"]["ball"], 7);
}

TEST_F(ConsensusManifest, ReportComparesAllRulesAndPutsCasesInOrder)
{
  const auto run = Fuse("fused", {"--progress", "json"});
  ASSERT_EQ(run.status, 0) << run.errors;
  for (const char * name :
       {"raters.tsv", "annotators.tsv", "pairs.tsv", "confusion.tsv", "report.html"})
  {
    EXPECT_TRUE(std::filesystem::exists(m_Folder / "fused" / name)) << name;
  }
  const auto priorities = ReadTsv(Path("fused/cases.tsv")).Numbers("reannotation_priority");
  ASSERT_EQ(priorities.size(), 4U);
  EXPECT_TRUE(std::is_sorted(priorities.rbegin(), priorities.rend()));
  EXPECT_EQ(ReadTsv(Path("fused/rules.tsv")).RowCount(), 4U * 7U) << "cases times rules";
  const auto annotators = ReadTsv(Path("fused/annotators.tsv"));
  EXPECT_TRUE(annotators.HasColumn("drift"));
  for (std::size_t row = 0; row < annotators.RowCount(); ++row)
  {
    const auto cases = NumberIn(annotators.At(row, "cases"));
    const auto name = ToText(annotators.At(row, "annotator"));
    EXPECT_EQ(cases, name == "anna" ? 4.0 : name == "ben" ? 2.0 : 3.0) << name;
  }
  EXPECT_NE(run.output.find("\"task\":\"reading\""), std::string::npos);
  EXPECT_NE(run.output.find("\"task\":\"consensus\""), std::string::npos);
  EXPECT_NE(run.output.find(" left"), std::string::npos) << "the time left";
}

TEST_F(ConsensusManifest, AnnotatorWhoLeftACaseOutIsImputedAndMarked)
{
  ASSERT_EQ(Fuse("fused").status, 0);
  const auto report = nlohmann::json::parse(TextOf(Path("fused/report.json")));
  const auto & one = report["cases"]["case1"];
  EXPECT_EQ(one["annotators"].size(), 2U) << "ben is not reported on where he drew nothing";
  EXPECT_NE(one["notes"].dump().find("ben did not annotate this case"), std::string::npos);
  const auto completed = ReadLabels(Path("fused/case1_completed_ben.nii.gz")).image;
  const auto provenance = ReadLabels(Path("fused/case1_provenance_ben.nii.gz")).image;
  const auto flags = ReadLabels(Path("fused/case1_flags.nii.gz")).image;
  std::size_t imputed = 0;
  for (std::size_t p = 0; p < TestGrid().VoxelCount(); ++p)
  {
    const auto source = provenance->GetBufferPointer()[p];
    ASSERT_TRUE(source == 0 || source == 2) << "ben saw nothing of this case";
    EXPECT_EQ(source == 0, completed->GetBufferPointer()[p] == 65535);
    EXPECT_EQ(source == 2, (flags->GetBufferPointer()[p] & 1) == 0) << "the others agree elsewhere";
    imputed += source == 2;
  }
  EXPECT_GT(imputed, 20U);
  ASSERT_EQ(Fuse("plain", {"--no_impute_absent"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "plain/case1_completed_ben.nii.gz"));
}

TEST_F(ConsensusManifest, SameBytesForAnyNumberOfThreads)
{
  ASSERT_EQ(Fuse("one", {"--threads", "1", "--no_compare"}).status, 0);
  ASSERT_EQ(Fuse("three", {"--threads", "3", "--no_compare"}).status, 0);
  const auto files = FilesBelow(m_Folder / "one");
  ASSERT_GT(files.size(), 15U);
  EXPECT_EQ(files, FilesBelow(m_Folder / "three"));
  for (const auto & file : files)
  {
    EXPECT_EQ(TextOf(m_Folder / "one" / file), TextOf(m_Folder / "three" / file)) << file;
  }
}

} // namespace
} // namespace sulcus
