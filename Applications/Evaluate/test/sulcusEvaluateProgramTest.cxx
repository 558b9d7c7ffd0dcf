#include <sulcusAtomicWrite.h>
#include <sulcusImageGrid.h>
#include <sulcusJson.h>
#include <sulcusRunProgram.h>
#include <sulcusTable.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace sulcus
{
namespace
{

using testing::HasSubstr;

ImageGrid
Grid()
{
  ImageGrid grid;
  grid.size = {{12, 10, 8}};
  grid.spacing[0] = 0.75;
  grid.spacing[1] = 1.0;
  grid.spacing[2] = 2.5;
  grid.origin[0] = -40.0;
  const double c = std::cos(0.3);
  const double s = std::sin(0.3);
  grid.direction(0, 0) = c;
  grid.direction(0, 1) = -s;
  grid.direction(1, 0) = s;
  grid.direction(1, 1) = c;
  return grid;
}

/** Label 1 is a box of 4 x 4 x 4 voxels from x = first, label 2 one of 2 x 4 x 4 behind it. */
void
WriteBoxes(const std::filesystem::path & path,
           int first,
           std::uint16_t second = 2,
           ImageGrid grid = Grid())
{
  auto image = NewImage<LabelImage>(grid);
  for (int z = 2; z < 6; ++z)
  {
    for (int y = 3; y < 7; ++y)
    {
      for (int x = first; x < first + 6; ++x)
      {
        image->SetPixel({{x, y, z}}, x < first + 4 ? std::uint16_t{1} : second);
      }
    }
  }
  std::filesystem::create_directories(path.parent_path());
  WriteImage(path.string(), image.GetPointer());
}

/** Three cases; the predictions of case k are k voxels off along x. */
class EvaluateProgram : public testing::Test
{
protected:
  void
  SetUp() override
  {
    for (int k = 0; k < 3; ++k)
    {
      const auto name = "case_" + std::to_string(k) + ".nii.gz";
      WriteBoxes(m_Folder / "truth" / name, 2);
      WriteBoxes(m_Folder / "found" / name, 2 + k);
      WriteBoxes(m_Folder / "other" / name, 4);
    }
    std::ofstream(m_Folder / "dataset.json")
        << R"({"labels": {"background": 0, "front": 1, "back": 2, "whole": [1, 2]}})";
  }

  ProgramResult
  Run(std::vector<std::string> more = {}, const std::string & found = "found")
  {
    std::vector<std::string> arguments{
        Path("truth"), Path(found), Path("scores"), "--resamples", "200"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("evaluate", arguments);
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  void
  ExpectRefused(const ProgramResult & run, int status, const std::string & part)
  {
    EXPECT_EQ(run.status, status) << run.errors;
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
    EXPECT_THAT(run.errors, HasSubstr(part));
    EXPECT_FALSE(std::filesystem::exists(m_Folder / "scores" / "scores.json"));
  }

  TestFolder m_Folder;
};

TEST_F(EvaluateProgram, AnswersHelpAndDescription)
{
  const auto help = RunProgram("evaluate", {"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.output, HasSubstr("--missed_distance"));
  const auto xml = RunProgram("evaluate", {"--xml"});
  EXPECT_EQ(xml.status, 0);
  EXPECT_EQ(xml.output.rfind("<?xml ", 0), 0U);
}

TEST_F(EvaluateProgram, WritesScoresByHand)
{
  const auto run = Run({"--labels", Path("dataset.json"), "--html"});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(FilesBelow(m_Folder / "scores"),
            (std::vector<std::string>{
                "confusion.tsv", "report.html", "scores.json", "scores.tsv", "summary.tsv"}));
  const auto scores = ReadTsv(m_Folder / "scores" / "scores.tsv");
  ASSERT_EQ(scores.RowCount(), 9U);
  for (std::size_t r = 0; r < 9; ++r)
  {
    const int shift = static_cast<int>(r / 3);
    const auto structure = ToText(scores.At(r, "structure"));
    const int length = structure == "front" ? 4 : structure == "back" ? 2 : 6;
    const double common = std::max(0, length - shift);
    EXPECT_NEAR(NumberIn(scores.At(r, "dice")), common / length, 1e-12) << structure << shift;
    EXPECT_NEAR(NumberIn(scores.At(r, "hd_mm")), 0.75 * shift, 1e-5) << structure << shift;
    EXPECT_NEAR(NumberIn(scores.At(r, "volume_difference_ml")), 0.0, 1e-12);
  }
  const auto summary = ReadTsv(m_Folder / "scores" / "summary.tsv");
  EXPECT_EQ(ToText(summary.At(0, "metric")), "dice");
  const auto json = ReadJsonFile(m_Folder / "scores" / "scores.json");
  EXPECT_EQ(json["scores"].size(), 9U);
  EXPECT_EQ(json["structures"]["whole"], (std::vector<int>{1, 2}));
  EXPECT_EQ(json["definitions"]["surface"], "surfels");
  EXPECT_THAT(run.output, HasSubstr("all structures"));
  EXPECT_THAT(TextOf(m_Folder / "scores" / "report.html"), HasSubstr("worst first"));
}

TEST_F(EvaluateProgram, SameBytesTwice)
{
  ASSERT_EQ(Run({"--threads", "1", "--html"}).status, 0);
  std::vector<std::string> first;
  for (const auto & file : FilesBelow(m_Folder / "scores"))
  {
    first.push_back(TextOf(m_Folder / "scores" / file));
  }
  ASSERT_EQ(Run({"--threads", "2", "--html", "--overwrite"}).status, 0);
  std::vector<std::string> second;
  for (const auto & file : FilesBelow(m_Folder / "scores"))
  {
    second.push_back(TextOf(m_Folder / "scores" / file));
  }
  EXPECT_EQ(first, second);
}

TEST_F(EvaluateProgram, ComparesWithOtherPredictionsAndWithATable)
{
  ASSERT_EQ(Run({"--baseline", Path("other"), "--metrics", "dice"}).status, 0);
  const auto comparison = ReadTsv(m_Folder / "scores" / "comparison.tsv");
  ASSERT_EQ(comparison.RowCount(), 3U); // two labels and all together
  // Label 1: other 0.5, 0.5, 0.5; found 1, 0.75, 0.5.
  EXPECT_NEAR(NumberIn(comparison.At(0, "mean_a")), 0.5, 1e-12);
  EXPECT_NEAR(NumberIn(comparison.At(0, "mean_difference")), 0.25, 1e-12);
  EXPECT_NEAR(NumberIn(comparison.At(0, "p_wilcoxon")), 0.5, 1e-12);
  EXPECT_EQ(ToText(comparison.At(0, "better_b")), "2");
  EXPECT_EQ(ToText(comparison.At(0, "equal")), "1");
  const auto bytes = TextOf(m_Folder / "scores" / "comparison.tsv");

  std::filesystem::copy_file(m_Folder / "scores" / "baseline_scores.tsv", m_Folder / "earlier.tsv");
  ASSERT_EQ(Run({"--baseline", Path("earlier.tsv"), "--metrics", "dice", "--overwrite"}).status, 0);
  EXPECT_EQ(TextOf(m_Folder / "scores" / "comparison.tsv"), bytes);
}

TEST_F(EvaluateProgram, MissedStructuresCountWithTheWorst)
{
  std::filesystem::remove(m_Folder / "found" / "case_1.nii.gz");
  ExpectRefused(Run(), 2, "case_1");
  const auto run = Run({"--unpaired", "count", "--missed_distance", "infinity"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto scores = ReadTsv(m_Folder / "scores" / "scores.tsv");
  ASSERT_EQ(scores.RowCount(), 6U);
  EXPECT_EQ(ToText(scores.At(2, "presence")), "missed");
  EXPECT_EQ(NumberIn(scores.At(2, "dice")), 0.0);
  EXPECT_TRUE(std::isinf(NumberIn(scores.At(2, "hd95_mm"))));
  const auto summary = ReadTsv(m_Folder / "scores" / "summary.tsv");
  EXPECT_EQ(ToText(summary.At(0, "missed")), "1");
}

TEST_F(EvaluateProgram, MapsBesideLabelMapsAreNoPredictions)
{
  ASSERT_EQ(Run().status, 0);
  const auto scores = TextOf(m_Folder / "scores" / "scores.tsv");
  for (const char * kind : {"confidence", "uncertainty", "probability_front", "erased_0001"})
  {
    WriteBoxes(m_Folder / "found" / (std::string("case_1_") + kind + ".nii.gz"), 2);
  }
  const auto run = Run({"--overwrite", "--log_level", "info"});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr("4 maps of confidence, uncertainty or the like"));
  EXPECT_EQ(TextOf(m_Folder / "scores" / "scores.tsv"), scores);
  const auto compared = Run({"--overwrite", "--baseline", Path("found")}, "other");
  EXPECT_EQ(compared.status, 0) << compared.errors;

  // Without its case it is a prediction like any other, and so it is where a reference says so.
  WriteBoxes(m_Folder / "found" / "case_9_mask.nii.gz", 2);
  EXPECT_THAT(Run({"--overwrite"}).errors, HasSubstr("case_9_mask"));
  std::filesystem::remove(m_Folder / "found" / "case_9_mask.nii.gz");
  WriteBoxes(m_Folder / "truth" / "case_1_confidence.nii.gz", 2);
  ASSERT_EQ(Run({"--overwrite"}).status, 0);
  EXPECT_EQ(ReadTsv(m_Folder / "scores" / "scores.tsv").RowCount(), 8U); // four cases by now
}

TEST_F(EvaluateProgram, BadInputIsRefusedInOneLine)
{
  WriteBoxes(m_Folder / "found" / "extra.nii.gz", 2);
  ExpectRefused(Run(), 2, "extra");
  std::filesystem::remove(m_Folder / "found" / "extra.nii.gz");

  WriteBoxes(m_Folder / "strange" / "case_0.nii.gz", 2, 7);
  ExpectRefused(Run({"--labels", Path("dataset.json"), "--cases", "case_0"}, "strange"),
                3,
                "label 7 (32 voxels) is not declared");

  auto moved = Grid();
  moved.origin[1] += 0.5;
  WriteBoxes(m_Folder / "moved" / "case_0.nii.gz", 2, 2, moved);
  ExpectRefused(Run({"--cases", "case_0"}, "moved"), 5, "case_0");

  ExpectRefused(Run({"--cases", "case_9"}), 2, "case_9");
  ExpectRefused(Run({"--labels", Path("nothing.json")}), 3, "nothing.json");
  ExpectRefused(Run({}, "nowhere"), 3, "nowhere");
  ExpectRefused(Run({"--tolerance", "1"}), 2, "tolerances");
  ExpectRefused(Run({"--regions", "all=1+9"}), 2, "label 9");
  ExpectRefused(
      RunProgram("evaluate", {Path("truth"), Path("found/case_0.nii.gz"), Path("scores")}),
      2,
      "folder");

  const auto whole = TextOf(m_Folder / "found" / "case_0.nii.gz");
  std::filesystem::create_directories(m_Folder / "cut");
  std::ofstream(m_Folder / "cut" / "case_0.nii.gz", std::ios::binary)
      << whole.substr(0, whole.size() - 20);
  ExpectRefused(Run({"--cases", "case_0"}, "cut"), 3, "case_0");
}

TEST_F(EvaluateProgram, KeepsAnExistingFolderUnlessToldToOverwrite)
{
  std::filesystem::create_directories(m_Folder / "scores");
  std::ofstream(m_Folder / "scores" / "mine.txt") << "precious";
  ExpectRefused(Run(), 4, "--overwrite");
  EXPECT_EQ(Run({"--overwrite"}).status, 0);
  EXPECT_EQ(TextOf(m_Folder / "scores" / "mine.txt"), "precious");
}

TEST_F(EvaluateProgram, DryRunChecksAndWritesNothing)
{
  const auto run = Run({"--dry_run"});
  EXPECT_EQ(run.status, 0) << run.errors;
  EXPECT_THAT(run.output, HasSubstr("3 cases, 2 structures"));
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "scores"));
}

TEST_F(EvaluateProgram, IgnoredVoxelsAreNotScored)
{
  // The last two slabs of label 1's row are unlabelled in the reference: the prediction may say
  // anything there.
  WriteBoxes(m_Folder / "partial" / "case_0.nii.gz", 2, 4);
  const auto run = RunProgram(
      "evaluate",
      {Path("partial"), Path("found"), Path("scores"), "--cases", "case_0", "--ignore_label", "4"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto scores = ReadTsv(m_Folder / "scores" / "scores.tsv");
  EXPECT_EQ(ToText(scores.At(0, "structure")), "label_1");
  EXPECT_EQ(NumberIn(scores.At(0, "dice")), 1.0);
  EXPECT_EQ(ToText(scores.At(1, "presence")), "absent"); // label 2, only where ignored
}

TEST_F(EvaluateProgram, WhatAnAnnotatorDidNotDrawIsNotScored)
{
  WriteBoxes(m_Folder / "drawn" / "case_0_anna.nii.gz", 2, 255);
  WriteBoxes(m_Folder / "drawn" / "case_0_bert.nii.gz", 5, 255);
  const auto run = Run({"--cases",
                        "case_0",
                        "--labels",
                        Path("dataset.json"),
                        "--prediction_suffix",
                        "_anna",
                        "--unknown_label",
                        "255"},
                       "drawn");
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto scores = ReadTsv(m_Folder / "scores" / "scores.tsv");
  ASSERT_EQ(scores.RowCount(), 3U);
  for (std::size_t r = 0; r < 3; ++r)
  {
    const auto structure = ToText(scores.At(r, "structure"));
    const bool isDrawn = structure != "back"; // label 2 is nowhere drawn
    EXPECT_EQ(ToText(scores.At(r, "presence")), isDrawn ? "both" : "absent") << structure;
    const double dice = NumberIn(scores.At(r, "dice"));
    EXPECT_TRUE(isDrawn ? dice == 1.0 : std::isnan(dice)) << structure << " " << dice;
  }
}

TEST_F(EvaluateProgram, CalibrationOfCertainProbabilitiesCountsErrors)
{
  // Probabilities 0.8 / 0.1 / 0.1 for the labels of the prediction that equals the reference.
  const auto grid = Grid();
  auto probabilities = VectorImage::New();
  SetGrid(probabilities, grid);
  probabilities->SetNumberOfComponentsPerPixel(3);
  probabilities->Allocate();
  const auto labels = NewImage<LabelImage>(grid);
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    const std::size_t x = i % 12;
    const std::size_t y = i / 12 % 10;
    const std::size_t z = i / 120;
    const bool inBox = z >= 2 && z < 6 && y >= 3 && y < 7 && x >= 2 && x < 8;
    const std::size_t label = !inBox ? 0 : x < 6 ? 1 : 2;
    for (std::size_t c = 0; c < 3; ++c)
    {
      probabilities->GetBufferPointer()[3 * i + c] = c == label ? 0.75F : 0.125F;
    }
  }
  std::filesystem::create_directories(m_Folder / "probabilities");
  WriteImage(Path("probabilities/case_0_probabilities.nii.gz"), probabilities.GetPointer());
  const auto run = Run({"--cases",
                        "case_0",
                        "--probabilities",
                        Path("probabilities"),
                        "--probability_suffix",
                        "_probabilities",
                        "--calibration_margin",
                        "100"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto table = ReadTsv(m_Folder / "scores" / "calibration.tsv");
  // Inside 0.75 stated and always right, outside 0.125 stated and always wrong.
  const double inside = 64.0 / 960.0;
  EXPECT_NEAR(NumberIn(table.At(0, "ece")), inside * 0.25 + (1.0 - inside) * 0.125, 1e-6);
  EXPECT_NEAR(NumberIn(table.At(0, "brier")), inside * 0.0625 + (1.0 - inside) * 0.015625, 1e-6);
}

TEST_F(EvaluateProgram, CalibrationOfAConfidenceMapCountsRightLabels)
{
  // Predicted boxes one voxel off along x: in each of 16 rows 3 of 12 voxels are wrong.
  auto confidence = NewImage<FloatImage>(Grid());
  confidence->FillBuffer(0.75F);
  std::filesystem::create_directories(m_Folder / "confidence");
  WriteImage(Path("confidence/case_1_confidence.nii.gz"), confidence.GetPointer());
  const auto run = Run({"--cases",
                        "case_1",
                        "--confidence_maps",
                        Path("confidence"),
                        "--calibration_margin",
                        "100"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto table = ReadTsv(m_Folder / "scores" / "calibration.tsv");
  ASSERT_EQ(table.RowCount(), 1U);
  EXPECT_EQ(ToText(table.At(0, "structure")), "chosen label");
  EXPECT_EQ(NumberIn(table.At(0, "voxels")), 960.0);
  EXPECT_NEAR(NumberIn(table.At(0, "ece")), 0.95 - 0.75, 1e-9);
  EXPECT_NEAR(NumberIn(table.At(0, "brier")), 0.95 * 0.0625 + 0.05 * 0.5625, 1e-9);
  const auto bins = ReadTsv(m_Folder / "scores" / "calibration_bins.tsv");
  ASSERT_EQ(bins.RowCount(), 1U);
  EXPECT_NEAR(NumberIn(bins.At(0, "confidence")), 0.75, 1e-9);
  EXPECT_NEAR(NumberIn(bins.At(0, "frequency")), 0.95, 1e-9);
  const auto missing = Run({"--confidence_maps", Path("confidence"), "--overwrite"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.errors, HasSubstr("no confidence map for case 'case_0'"));
}

TEST_F(EvaluateProgram, ATableOfLabelsStandsForAFolder)
{
  std::ofstream(m_Folder / "manifest.tsv") << "case\tsplit\tlabel\n"
                                              "one\ttest\ttruth/case_1.nii.gz\n"
                                              "none\ttrain\t\n";
  std::filesystem::copy(m_Folder / "found" / "case_1.nii.gz", m_Folder / "found" / "one.nii.gz");
  const auto run = [&](const std::string & table)
  {
    return RunProgram("evaluate",
                      {Path(table), Path("found"), Path("scores"), "--unpaired", "count"});
  };
  const auto done = run("manifest.tsv");
  ASSERT_EQ(done.status, 0) << done.errors;
  const auto scores = ReadTsv(m_Folder / "scores" / "scores.tsv");
  ASSERT_EQ(scores.RowCount(), 2U);
  EXPECT_EQ(ToText(scores.At(0, "case")), "one");
  EXPECT_NEAR(NumberIn(scores.At(0, "dice")), 0.75, 1e-12);
  std::filesystem::remove_all(m_Folder / "scores");
  std::ofstream(m_Folder / "bad.tsv") << "case\tlabel\none\ttruth/none.nii.gz\n";
  ExpectRefused(run("bad.tsv"), 3, "truth/none.nii.gz: no such file (case 'one'");
}

} // namespace
} // namespace sulcus
