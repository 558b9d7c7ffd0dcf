#include <sulcusAtomicWrite.h>
#include <sulcusImageGrid.h>
#include <sulcusIntensityStatistics.h>
#include <sulcusRunProgram.h>
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace sulcus
{

namespace
{

ImageGrid
AwkwardGrid()
{
  ImageGrid grid;
  grid.size = {{30, 24, 12}};
  grid.spacing[0] = 0.75;
  grid.spacing[1] = 1.0;
  grid.spacing[2] = 2.5;
  grid.origin[0] = 13.0;
  grid.origin[1] = -41.5;
  grid.origin[2] = 7.25;
  const double c = std::cos(0.2);
  const double s = std::sin(0.2);
  // x runs to the right, y to the head, z to the front, all a little tilted.
  grid.direction.Fill(0.0);
  grid.direction[0][0] = -c;
  grid.direction[1][0] = -s;
  grid.direction[2][1] = 1.0;
  grid.direction[0][2] = s;
  grid.direction[1][2] = -c;
  return grid;
}

/** An image with an ellipsoid of tissue and a label map of two structures inside it. */
class PreprocessProgram : public testing::Test
{
protected:
  PreprocessProgram()
  {
    const ImageGrid grid = AwkwardGrid();
    image = NewImage<FloatImage>(grid, 2.0F);
    labels = NewImage<LabelImage>(grid);
    itk::ImageRegionIteratorWithIndex<LabelImage> it(labels, labels->GetBufferedRegion());
    for (; !it.IsAtEnd(); ++it)
    {
      const auto & i = it.GetIndex();
      const double d = std::pow((static_cast<double>(i[0]) - 16.0) / 9.0, 2) +
                       std::pow((static_cast<double>(i[1]) - 10.0) / 8.0, 2) +
                       std::pow((static_cast<double>(i[2]) - 6.0) / 4.0, 2);
      if (d < 1.0)
      {
        image->SetPixel(i, static_cast<float>(100 + 3 * i[0] + 5 * (i[1] % 4)));
        it.Set(d < 0.5 ? static_cast<std::uint16_t>(i[0] < 16 ? 1 : 2) : 0);
      }
    }
    WriteImage(Path("t1.nii.gz"), image);
    WriteImage(Path("label.nii.gz"), labels);
  }

  std::string
  Path(const std::string & name) const
  {
    return (folder / name).string();
  }

  TestFolder folder;
  FloatImage::Pointer image;
  LabelImage::Pointer labels;
};

template <typename TImage>
std::vector<typename TImage::PixelType>
VoxelsOf(const TImage * image)
{
  return {image->GetBufferPointer(),
          image->GetBufferPointer() + image->GetBufferedRegion().GetNumberOfPixels()};
}

} // namespace

TEST_F(PreprocessProgram, LabelsGoThereAndBackVoxelForVoxel)
{
  const auto there = RunProgram("preprocess",
                                {Path("label.nii.gz"),
                                 Path("prepared.nii.gz"),
                                 "--labels",
                                 "--orientation",
                                 "RAS",
                                 "--spacing",
                                 "0.7,0.9,0",
                                 "--crop",
                                 "--crop_margin",
                                 "2",
                                 "--mask",
                                 Path("label.nii.gz"),
                                 "--pad",
                                 "1,2,0",
                                 "--write_undo",
                                 Path("undo.json")});
  ASSERT_EQ(there.status, 0) << there.errors;
  const auto prepared = ReadLabels(Path("prepared.nii.gz")).image;
  EXPECT_EQ(OrientationCode(GridOf(prepared)), "RAS");
  EXPECT_NEAR(prepared->GetSpacing()[0], 0.7, 1e-6);
  EXPECT_NEAR(prepared->GetSpacing()[1], 0.9, 1e-6);
  const auto back = RunProgram(
      "preprocess",
      {Path("prepared.nii.gz"), Path("back.nii.gz"), "--labels", "--undo", Path("undo.json")});
  ASSERT_EQ(back.status, 0) << back.errors;
  const auto restored = ReadLabels(Path("back.nii.gz")).image;
  EXPECT_TRUE(SameGrid(GridOf(restored), GridOf(labels)));
  EXPECT_EQ(VoxelsOf(restored.GetPointer()), VoxelsOf(labels.GetPointer()));
}

TEST_F(PreprocessProgram, NormalisesInsideTheMask)
{
  const auto run = RunProgram("preprocess",
                              {Path("t1.nii.gz"),
                               Path("out.nii.gz"),
                               "--mask",
                               Path("label.nii.gz"),
                               "--normalise",
                               "z_score",
                               "--report",
                               Path("report.json")});
  ASSERT_EQ(run.status, 0) << run.errors;
  auto mask = NewImage<MaskImage>(GridOf(labels));
  for (std::size_t i = 0; i < GridOf(labels).VoxelCount(); ++i)
  {
    mask->GetBufferPointer()[i] = labels->GetBufferPointer()[i] != 0;
  }
  const auto found = MeasureIntensities(ReadImage(Path("out.nii.gz")).image, mask);
  EXPECT_NEAR(found.mean, 0.0, 1e-5);
  EXPECT_NEAR(found.standardDeviation, 1.0, 1e-5);
  const auto report = nlohmann::json::parse(TextOf(folder / "report.json"));
  EXPECT_EQ(report.at("results").at("landmarks").size(), 11u);
}

TEST_F(PreprocessProgram, ReferenceGivesItsGrid)
{
  ASSERT_EQ(RunProgram(
                "preprocess",
                {Path("t1.nii.gz"), Path("lps.nii.gz"), "--orientation", "LPS", "--spacing", "1.5"})
                .status,
            0);
  const auto run = RunProgram("preprocess",
                              {Path("label.nii.gz"),
                               Path("moved.nii.gz"),
                               "--labels",
                               "--label_interpolation",
                               "vote",
                               "--reference_image",
                               Path("lps.nii.gz")});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_TRUE(SameGrid(ReadHeader(Path("moved.nii.gz")).grid, ReadHeader(Path("lps.nii.gz")).grid));
}

TEST_F(PreprocessProgram, ContradictionsAreOneLineAndWriteNothing)
{
  const std::vector<std::vector<std::string>> cases{
      {"--undo", Path("undo.json"), "--crop"},
      {"--reference_image", Path("t1.nii.gz"), "--spacing", "1"},
      {"--labels", "--normalise", "z_score"},
      {"--labels", "--crop"},
      {"--spacing", "1,2"},
      {"--pad", "1"},
      {"--clip_low", "60", "--clip_high", "40"},
      {"--normalise", "nyul"},
      {"--orientation", "LRS"},
      {"--spacng", "1"}};
  for (auto arguments : cases)
  {
    arguments.insert(arguments.begin(), {Path("t1.nii.gz"), Path("out.nii.gz")});
    const auto run = RunProgram("preprocess", arguments);
    EXPECT_EQ(run.status, 2) << arguments[2];
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
    EXPECT_FALSE(std::filesystem::exists(Path("out.nii.gz"))) << arguments[2];
  }
}

TEST_F(PreprocessProgram, BadFilesHaveTheirExitCodes)
{
  EXPECT_EQ(RunProgram("preprocess", {Path("none.nii.gz"), Path("out.nii.gz")}).status, 3);
  WriteImage(Path("constant.nii.gz"), NewImage<FloatImage>(AwkwardGrid(), 5.0F).GetPointer());
  EXPECT_EQ(RunProgram("preprocess",
                       {Path("constant.nii.gz"), Path("out.nii.gz"), "--normalise", "z_score"})
                .status,
            3);
  EXPECT_EQ(RunProgram("preprocess", {Path("t1.nii.gz"), Path("label.nii.gz")}).status, 4);
  ImageGrid moved = AwkwardGrid();
  moved.origin[0] += 1.0;
  WriteImage(Path("moved.nii.gz"), NewImage<LabelImage>(moved, 1).GetPointer());
  EXPECT_EQ(
      RunProgram("preprocess",
                 {Path("t1.nii.gz"), Path("out.nii.gz"), "--crop", "--mask", Path("moved.nii.gz")})
          .status,
      5);
  std::ofstream(folder / "undo.json") << "{\"schema\": 1}";
  EXPECT_EQ(
      RunProgram("preprocess", {Path("t1.nii.gz"), Path("out.nii.gz"), "--undo", Path("undo.json")})
          .status,
      2);
  EXPECT_FALSE(std::filesystem::exists(Path("out.nii.gz")));
}

TEST_F(PreprocessProgram, TakesADicomFolder)
{
  const char * data = std::getenv("SULCUS_TEST_DATA");
  if (data == nullptr)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  const std::string folderOfSlices = std::string(data) + "/dicom/dicom2nifti/anatomical/001";
  const auto run = RunProgram("preprocess",
                              {folderOfSlices,
                               Path("out.nii.gz"),
                               "--orientation",
                               "RAS",
                               "--report",
                               Path("report.json")});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(OrientationCode(ReadHeader(Path("out.nii.gz")).grid), "RAS");
  EXPECT_GT(nlohmann::json::parse(TextOf(folder / "report.json")).at("inputs")[0].at("files"), 1);
}

TEST_F(PreprocessProgram, DryRunWritesNothing)
{
  EXPECT_EQ(RunProgram("preprocess", {Path("t1.nii.gz"), Path("out.nii.gz"), "--dry_run"}).status,
            0);
  EXPECT_FALSE(std::filesystem::exists(Path("out.nii.gz")));
}

} // namespace sulcus
