#include <sulcusAtomicWrite.h>
#include <sulcusPhantomCohort.h>
#include <sulcusPngPicture.h>
#include <sulcusRunProgram.h>
#include <sulcusSlicePainter.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sulcus
{
namespace
{

/** A phantom scan with truth, two annotators and an empty segmentation in a folder. */
class MosaicProgram : public testing::Test
{
protected:
  MosaicProgram()
  {
    PhantomCohortOptions options;
    options.seed = 3;
    const auto one = MakePhantomCase(options, 1);
    WriteImage(Path("t1.nii.gz"), one.scan.channels.at(0).GetPointer());
    WriteImage(Path("truth.nii.gz"), one.scan.truth.GetPointer());
    const auto annotations = AnnotatePhantomCase(options, 1, one.scan.truth);
    WriteImage(Path("a.nii.gz"), annotations.at(0).labels.GetPointer());
    WriteImage(Path("b.nii.gz"), annotations.at(1).labels.GetPointer());
    const auto grid = GridOf(one.scan.channels.at(0).GetPointer());
    WriteImage(Path("empty.nii.gz"), NewImage<LabelImage>(grid).GetPointer());
    auto shifted = grid;
    shifted.origin[0] += 3;
    WriteImage(Path("shifted.nii.gz"), NewImage<LabelImage>(shifted, 1).GetPointer());
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  static std::size_t
  Count(const RgbPicture & picture, const Colour & colour)
  {
    std::size_t count = 0;
    for (std::size_t p = 0; p < picture.pixels.size(); p += 3)
    {
      count += std::equal(
          colour.begin(), colour.end(), picture.pixels.begin() + static_cast<std::ptrdiff_t>(p));
    }
    return count;
  }

  TestFolder m_Folder;
};

} // namespace

TEST_F(MosaicProgram, DrawsEveryLayerInItsColour)
{
  const auto run = RunProgram("mosaic",
                              {Path("t1.nii.gz"),
                               Path("mosaic.png"),
                               "--labels",
                               Path("truth.nii.gz"),
                               "--reference_labels",
                               Path("a.nii.gz"),
                               "--annotators",
                               Path("a.nii.gz"),
                               "--annotators",
                               Path("b.nii.gz"),
                               "--annotator_names",
                               "Anna,Ben",
                               "--missing_label",
                               "255",
                               "--report",
                               Path("report.json")});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(run.errors, "");
  const auto picture = ReadPng(Path("mosaic.png"));
  for (const auto & colour : {LabelColour({}, 1),
                              LabelColour({}, 3),
                              ReferenceColour,
                              AnnotatorColour(0),
                              AnnotatorColour(1)})
  {
    EXPECT_GT(Count(picture, colour), 100U) << int{colour[0]} << ' ' << int{colour[1]};
  }
  const auto report = nlohmann::json::parse(TextOf(Path("report.json")));
  EXPECT_EQ(report["results"]["slices"]["axial"].size(), 5U);
  EXPECT_EQ(report["results"]["empty"], false);
}

TEST_F(MosaicProgram, EmptySegmentationIsAWarningAndAPicture)
{
  const auto run = RunProgram(
      "mosaic", {Path("t1.nii.gz"), Path("mosaic.png"), "--labels", Path("empty.nii.gz")});
  EXPECT_EQ(run.status, 0);
  EXPECT_NE(run.errors.find("segmentation is empty"), std::string::npos) << run.errors;
  EXPECT_GT(ReadPng(Path("mosaic.png")).width, 200U);
}

TEST_F(MosaicProgram, RefusalsHaveTheirExitStatusAndLeaveNothing)
{
  const auto status = [this](std::vector<std::string> arguments)
  {
    arguments.insert(arguments.begin(), Path("t1.nii.gz"));
    const auto run = RunProgram("mosaic", arguments);
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
    return run.status;
  };
  const auto target = Path("x.png");
  EXPECT_EQ(status({target, "--labels", Path("shifted.nii.gz")}), 5);
  EXPECT_EQ(status({target, "--labels", Path("shifted.nii.gz"), "--dry_run"}), 5);
  EXPECT_EQ(status({target, "--labels", Path("none.nii.gz")}), 3);
  EXPECT_EQ(status({Path("x.jpg")}), 2);
  EXPECT_EQ(status({target, "--planes", "axial,oblique"}), 2);
  EXPECT_EQ(status({target, "--annotators", Path("a.nii.gz"), "--annotator_names", "A,B"}), 2);
  EXPECT_FALSE(std::filesystem::exists(target));
  ASSERT_EQ(RunProgram("mosaic", {Path("t1.nii.gz"), target}).status, 0);
  EXPECT_EQ(status({target}), 4);
  EXPECT_EQ(RunProgram("mosaic", {Path("t1.nii.gz"), target, "--overwrite"}).status, 0);
}

} // namespace sulcus
