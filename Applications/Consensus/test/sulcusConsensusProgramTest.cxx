#include "sulcusBalls.h"
#include <sulcusAtomicWrite.h>
#include <sulcusRunProgram.h>
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>
#include <numeric>

namespace sulcus
{
namespace
{

struct ThreeAnnotators
{
  TestFolder folder;
  std::vector<std::string> files;

  ThreeAnnotators()
  {
    const double radii[] = {4.0, 4.6, 3.4};
    for (int r = 0; r < 3; ++r)
    {
      files.push_back((folder / ("rater" + std::to_string(r) + ".nii.gz")).string());
      WriteImage(files.back(), Ball(radii[r], 7).GetPointer());
    }
  }

  ProgramResult
  Run(std::vector<std::string> arguments) const
  {
    arguments.insert(arguments.end(), {"--output", Output()});
    return RunProgram("consensus", arguments);
  }
  std::string
  Output() const
  {
    return (folder / "fused").string();
  }
};

TEST(ConsensusProgram, AnswersHelpAndDescription)
{
  EXPECT_EQ(RunProgram("consensus", {"--help"}).status, 0);
  const auto xml = RunProgram("consensus", {"--xml"});
  EXPECT_EQ(xml.status, 0);
  EXPECT_EQ(xml.output.rfind("<?xml ", 0), 0U);
}

TEST(ConsensusProgram, FusesThreeFilesAndReportsEveryRule)
{
  const ThreeAnnotators raters;
  const auto run = raters.Run(raters.files);
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto consensus = ReadLabels(raters.Output() + "/case_consensus.nii.gz");
  EXPECT_TRUE(SameGrid(GridOf(consensus.image.GetPointer()), TestGrid()));
  std::size_t different = 0;
  const auto middle = Ball(4.0, 7);
  for (std::size_t p = 0; p < TestGrid().VoxelCount(); ++p)
  {
    different += consensus.image->GetBufferPointer()[p] != middle->GetBufferPointer()[p];
  }
  EXPECT_LT(different, 40U) << "the middle of three balls, with label value 7 kept";
  const auto report = nlohmann::json::parse(TextOf(raters.Output() + "/report.json"));
  EXPECT_TRUE(report["cases"]["case"]["annotators"][0]["self_consistency"].is_null()) << "no image";
  EXPECT_EQ(report["cases"]["case"]["annotators"].size(), 3U);
  const auto rules = TextOf(raters.Output() + "/rules.tsv");
  for (const char * rule : {"graph_cut", "majority", "staple", "simple", "shape_averaging"})
  {
    EXPECT_NE(rules.find(rule), std::string::npos) << rule;
  }
  EXPECT_NE(TextOf(raters.Output() + "/manifest.tsv").find("soft_label"), std::string::npos);
  EXPECT_NE(TextOf(raters.Output() + "/report.html").find("data:image/png"), std::string::npos);
}

TEST(ConsensusProgram, AllBackgroundEndsWellWithNullDice)
{
  const ThreeAnnotators raters;
  for (int r = 0; r < 2; ++r)
  {
    WriteImage((raters.folder / ("empty" + std::to_string(r) + ".nii")).string(),
               Ball(0.0, 1).GetPointer());
  }
  const auto run = raters.Run(
      {(raters.folder / "empty0.nii").string(), (raters.folder / "empty1.nii").string()});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(TextOf(raters.Output() + "/report.json").find("nan"), std::string::npos);
}

TEST(ConsensusProgram, RefusesBadInputInOneLineAndWritesNothing)
{
  const ThreeAnnotators raters;
  const auto shifted = (raters.folder / "shifted.nii.gz").string();
  auto grid = TestGrid();
  grid.origin[1] += 3.0;
  WriteImage(shifted, Ball(4.0, 7, grid).GetPointer());
  const auto probability = (raters.folder / "probability.nii.gz").string();
  WriteImage(probability, NewImage<FloatImage>(TestGrid(), 0.5F).GetPointer());
  const auto oneVolume = (raters.folder / "volume.nii.gz").string();
  auto single = VectorImage::New();
  SetGrid(single, TestGrid());
  single->SetNumberOfComponentsPerPixel(1);
  single->Allocate();
  std::fill_n(single->GetBufferPointer(), TestGrid().VoxelCount(), 0.0F);
  WriteImage(oneVolume, single.GetPointer());
  const auto many = (raters.folder / "many.nii").string();
  ImageGrid wide;
  wide.size = {{700, 100, 1}};
  auto numbers = NewImage<FloatImage>(wide);
  std::iota(numbers->GetBufferPointer(), numbers->GetBufferPointer() + 70000, 0.0F);
  WriteImage(many, numbers.GetPointer());
  const auto nan = (raters.folder / "hole.nii").string();
  WriteImage(nan, NewImage<FloatImage>(TestGrid(), 1.0F).GetPointer());
  const float hole = std::numeric_limits<float>::quiet_NaN();
  std::fstream file(nan, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-8, std::ios::end);
  file.write(reinterpret_cast<const char *>(&hole), sizeof(hole));
  file.close();
  const auto broken = (raters.folder / "broken.nii.gz").string();
  std::ofstream(broken) << "not an image";
  const auto unannotated = (raters.folder / "unannotated.tsv").string();
  std::ofstream(unannotated) << "case\timage\none\tone.nii\n";
  const auto empty = (raters.folder / "empty.tsv").string();
  std::ofstream(empty) << "case\tannotator_anna\n";
  struct Bad
  {
    std::vector<std::string> arguments;
    int status;
    std::string names;
  };
  const std::vector<Bad> cases{
      {{}, 2, "manifest"},
      {{raters.files[0], shifted}, 5, "shifted"},
      {{raters.files[0], probability}, 3, "probability"},
      {{raters.files[0], raters.files[1], broken, raters.files[2], raters.files[0]}, 3, "broken"},
      {{raters.files[0]}, 2, "one volume"},
      {{oneVolume}, 2, "one volume"},
      {{many, many}, 3, "many"},
      {{raters.files[0], raters.files[1], "--image", nan}, 3, "hole"},
      {{raters.files[0], raters.files[1], "--missing_value", "70000"}, 2, "missing_value"},
      {{raters.files[0], raters.files[1], "--neighbours", "7"}, 2, "neighbours"},
      {{raters.files[0], raters.files[1], "--rule", "stapel"}, 2, "rule"},
      {{"--manifest", unannotated}, 2, "annotator_"},
      {{"--manifest", empty}, 2, "annotator_"},
  };
  for (const auto & bad : cases)
  {
    const auto run = raters.Run(bad.arguments);
    EXPECT_EQ(run.status, bad.status) << bad.names << ": " << run.errors;
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
    EXPECT_NE(run.errors.find(bad.names), std::string::npos) << run.errors;
    EXPECT_FALSE(std::filesystem::exists(raters.Output())) << bad.names;
  }
  EXPECT_EQ(raters.Run({raters.files[0], shifted, "--resample"}).status, 0);
}

} // namespace
} // namespace sulcus
