// A tiny cohort made by hand: what a manifest says and what becomes of it.
#include "sulcusBalls.h"
#include "sulcusFusionFixture.h"
#include <sulcusAtomicWrite.h>
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
class ConsensusManifest : public FusionFixture
{
protected:
  ConsensusManifest()
      : FusionFixture("manifest.tsv", {"--trees", "8", "--min_leaf", "3", "--max_samples", "300"})
  {
  }

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
    EXPECT_EQ(at(row, "confidence"), id + "_weight.nii.gz");
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
  ExpectSameBytesForAnyThreads();
}

TEST_F(ConsensusManifest, WeightsOfTheManifestStayAndCountWithTheEvidence)
{
  ASSERT_EQ(Fuse("plain").status, 0);
  auto half = NewImage<FloatImage>(TestGrid(), 0.5F);
  WriteImage(Path("half.nii.gz"), half.GetPointer());
  auto given = ReadTsv(Path("manifest.tsv"), CellTyping::Texts);
  std::ofstream table(Path("manifest.tsv"));
  for (const auto & column : given.Columns())
  {
    table << column << '\t';
  }
  table << "weight\n";
  for (std::size_t row = 0; row < given.RowCount(); ++row)
  {
    for (const auto & column : given.Columns())
    {
      table << (IsMissing(given.At(row, column)) ? "" : ToText(given.At(row, column))) << '\t';
    }
    table << (row == 0 || row == 3 ? "half.nii.gz" : "") << '\n';
  }
  table.close();
  const auto run = Fuse("fused");
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto result = ReadTsv(Path("fused/manifest.tsv"), CellTyping::Texts);
  const auto weight = [&](std::size_t row) { return ToText(result.At(row, "confidence")); };
  EXPECT_EQ(weight(0), "case0_weight.nii.gz");
  EXPECT_EQ(weight(1), "case1_weight.nii.gz");
  EXPECT_EQ(weight(3), "../half.nii.gz") << "a test case keeps its own";
  EXPECT_FALSE(result.HasColumn("weight")) << "a manifest has one of the two columns";
  const auto both = ReadImage(Path("fused/case0_weight.nii.gz")).image;
  const auto alone = ReadImage(Path("plain/case0_weight.nii.gz")).image;
  for (std::size_t p = 0; p < TestGrid().VoxelCount(); ++p)
  {
    ASSERT_FLOAT_EQ(both->GetBufferPointer()[p], 0.5F * alone->GetBufferPointer()[p]);
    ASSERT_GT(alone->GetBufferPointer()[p], 0.5F) << "all three drew this case";
  }
  auto shifted = TestGrid();
  shifted.origin[2] += 5.0;
  WriteImage(Path("half.nii.gz"),
             NewImage<FloatImage>(shifted, 0.5F).GetPointer(),
             WriteOptions{.overwrite = true});
  EXPECT_EQ(Fuse("other").status, 5) << "a weight on another grid";
}

TEST_F(ConsensusManifest, LabelsOfAnyCaseAreDeclaredAndIgnoredOnesSayNothing)
{
  // label 9 occurs in the test case's own label alone; anna marked a layer as ignored in case 0
  WriteImage(
      Path("test0_truth.nii.gz"), Ball(4.2, 9).GetPointer(), WriteOptions{.overwrite = true});
  std::ofstream(Path("dataset.json"))
      << R"({"labels": {"background": 0, "ball": 7, "shell": 8, "ignore": 12}})";
  auto drawn = Ball(4.0, 7);
  std::fill_n(drawn->GetBufferPointer(), 14 * 12, std::uint16_t(12));
  WriteImage(Path("case0_anna.nii.gz"), drawn.GetPointer(), WriteOptions{.overwrite = true});
  const auto run = Fuse("fused");
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto declared = nlohmann::json::parse(TextOf(Path("fused/dataset.json")))["labels"];
  EXPECT_EQ(declared["ball"], 7);
  EXPECT_EQ(declared["shell"], 8) << "declared by the study, drawn by nobody";
  EXPECT_EQ(declared["label_9"], 9) << "of a case that nobody fused";
  EXPECT_EQ(declared["ignore"], 12);
  EXPECT_EQ(declared.size(), 5U);
  for (int c = 0; c < 3; ++c)
  {
    const auto soft = ReadVector(Path("fused/case" + std::to_string(c) + "_soft.nii.gz")).image;
    EXPECT_EQ(soft->GetNumberOfComponentsPerPixel(), 4U) << "background, 7, 8 and 9";
  }
  const auto labels = ReadLabels(Path("fused/case0_consensus.nii.gz")).image;
  const auto * buffer = labels->GetBufferPointer();
  EXPECT_EQ(std::count(buffer, buffer + TestGrid().VoxelCount(), 12), 0);
  const auto prepared =
      RunProgram("prepare", {Path("fused"), "--output", Path("cache"), "--patch_size", "8,8,8"});
  EXPECT_EQ(prepared.status, 0) << prepared.errors;
}

} // namespace
} // namespace sulcus
