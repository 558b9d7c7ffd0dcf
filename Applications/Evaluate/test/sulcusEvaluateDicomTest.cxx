#include <sulcusAtomicWrite.h>
#include <sulcusDicomFolder.h>
#include <sulcusRunProgram.h>
#include <sulcusTable.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

ImageGrid
Grid()
{
  ImageGrid grid;
  grid.size = {{13, 15, 8}}; // 195 pixels: frames do not end at whole bytes
  grid.spacing[0] = 0.75;
  grid.spacing[2] = 2.5;
  grid.origin[0] = -40.0;
  grid.direction.Fill(0.0); // sagittal slices
  grid.direction[1][0] = 1;
  grid.direction[2][1] = -1;
  grid.direction[0][2] = -1;
  return grid;
}

/** Labels 2 and 5 side by side, in four slices from `first` on. */
LabelImage::Pointer
Boxes(std::int64_t first)
{
  const auto image = NewImage<LabelImage>(Grid());
  for (std::int64_t z = first; z < first + 4; ++z)
  {
    for (std::int64_t y = 3; y < 9; ++y)
    {
      for (std::int64_t x = 2; x < 8; ++x)
      {
        image->SetPixel({{x, y, z}}, x < 5 ? 2 : 5);
      }
    }
  }
  return image;
}

class EvaluateDicom : public testing::Test
{
protected:
  void
  SetUp() override
  {
    WriteDicomFolder(m_Folder / "scan", NewImage<FloatImage>(Grid(), 7.0F).GetPointer());
    std::ofstream(m_Folder / "dataset.json")
        << R"({"labels": {"background": 0, "front": 2, "back": 5}})";
    WriteOptions write;
    write.dicomSource = Path("scan");
    write.segments = {DefaultSegment(2), DefaultSegment(5)};
    write.segments[0].name = "front";
    write.segments[1].name = "back";
    WriteImage(Path("truth.nii.gz"), Boxes(1).GetPointer());
    WriteImage(Path("truth.dcm"), Boxes(1).GetPointer(), write);
    WriteImage(Path("found.dcm"), Boxes(2).GetPointer(), write);
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  ProgramResult
  Run(const std::string & reference,
      const std::string & prediction,
      const std::string & output,
      const std::vector<std::string> & more = {}) const
  {
    std::vector<std::string> arguments{Path(reference),
                                       Path(prediction),
                                       Path(output),
                                       "--labels",
                                       Path("dataset.json"),
                                       "--resamples",
                                       "50"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("evaluate", arguments);
  }

  /** Three of four slices in common: Dice 2 * 3 / (4 + 4). */
  void
  ExpectThreeQuarters(const std::string & output) const
  {
    const auto scores = ReadTsv(m_Folder / output / "scores.tsv");
    ASSERT_EQ(scores.RowCount(), 2U);
    for (const double dice : scores.Numbers("dice"))
    {
      EXPECT_DOUBLE_EQ(dice, 0.75);
    }
  }

  TestFolder m_Folder;
};

TEST_F(EvaluateDicom, SegmentationIsScoredOnTheGridOfAnotherFile)
{
  const auto prediction = Run("truth.nii.gz", "found.dcm", "a");
  ASSERT_EQ(prediction.status, 0) << prediction.errors;
  ExpectThreeQuarters("a");
  WriteImage(Path("found.nii.gz"), Boxes(2).GetPointer());
  const auto reference = Run("truth.dcm", "found.nii.gz", "b");
  ASSERT_EQ(reference.status, 0) << reference.errors;
  ExpectThreeQuarters("b");
}

TEST_F(EvaluateDicom, TwoSegmentationsNeedTheirImage)
{
  const auto without = Run("truth.dcm", "found.dcm", "a");
  EXPECT_EQ(without.status, 5) << without.errors;
  EXPECT_NE(without.errors.find("--image"), std::string::npos) << without.errors;
  const auto with = Run("truth.dcm", "found.dcm", "b", {"--image", Path("scan")});
  ASSERT_EQ(with.status, 0) << with.errors;
  ExpectThreeQuarters("b");
}

TEST_F(EvaluateDicom, FoldersAreMatchedByCase)
{
  namespace fs = std::filesystem;
  for (const std::string folder : {"images", "truths", "founds"})
  {
    fs::create_directory(m_Folder / folder);
  }
  fs::rename(m_Folder / "scan", m_Folder / "images" / "one");
  fs::rename(m_Folder / "truth.dcm", m_Folder / "truths" / "one.dcm");
  fs::rename(m_Folder / "found.dcm", m_Folder / "founds" / "one.dcm");
  const auto run = Run("truths", "founds", "a", {"--image", Path("images")});
  ASSERT_EQ(run.status, 0) << run.errors;
  ExpectThreeQuarters("a");
}

} // namespace
} // namespace sulcus
