#include <sulcusAtomicWrite.h>
#include <sulcusImageGrid.h>
#include <sulcusRunProgram.h>
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>

namespace sulcus
{
namespace
{

ImageGrid
TestGrid()
{
  ImageGrid grid;
  grid.size = {{14, 12, 8}};
  grid.spacing[0] = 0.9;
  grid.spacing[1] = 1.1;
  grid.spacing[2] = 2.0;
  grid.origin[0] = -20.0;
  return grid;
}

LabelImage::Pointer
Ball(double radius, std::uint16_t label, const ImageGrid & grid = TestGrid())
{
  auto image = NewImage<LabelImage>(grid);
  for (std::size_t p = 0; p < grid.VoxelCount(); ++p)
  {
    const double x = double(p % 14) - 6.5;
    const double y = double(p / 14 % 12) - 5.5;
    const double z = double(p / 168) - 3.5;
    image->GetBufferPointer()[p] = x * x + y * y + 2.0 * z * z < radius * radius ? label : 0;
  }
  return image;
}

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
  const auto broken = (raters.folder / "broken.nii.gz").string();
  std::ofstream(broken) << "not an image";
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
      {{raters.files[0], raters.files[1], "--neighbours", "7"}, 2, "neighbours"},
      {{raters.files[0], raters.files[1], "--rule", "stapel"}, 2, "rule"},
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

TEST(ConsensusProgram, RealNodulesInOneCall)
{
  const char * root = std::getenv("SULCUS_TEST_DATA");
  if (!root)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  const TestFolder folder;
  std::vector<std::string> arguments;
  for (int n = 0; n < 6; ++n)
  {
    char name[64];
    std::snprintf(name, sizeof(name), "/lidc-readers/nodule%03d_readers.nii.gz", n);
    arguments.push_back(root + std::string(name));
  }
  arguments.insert(arguments.end(), {"--output", (folder / "fused").string()});
  const auto run = RunProgram("consensus", arguments);
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto report = nlohmann::json::parse(TextOf(folder / "fused/report.json"));
  EXPECT_EQ(report["cases"].size(), 6U);
  for (const auto & [name, one] : report["cases"].items())
  {
    EXPECT_EQ(one["annotators"].size(), 4U) << name;
    EXPECT_NEAR(one["lower_bound"].get<double>(),
                one["energy"].get<double>(),
                1e-3 * one["energy"].get<double>())
        << name;
  }
}

} // namespace
} // namespace sulcus
