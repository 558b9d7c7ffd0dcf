#include <sulcusAtomicWrite.h>
#include <sulcusDisplay.h>
#include <sulcusImageGrid.h>
#include <sulcusPngPicture.h>
#include <sulcusRunProgram.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

/** A bright box, label 1, in a dark image. */
class RenderProgram : public testing::Test
{
protected:
  RenderProgram()
  {
    ImageGrid grid;
    grid.size = {{20, 24, 16}};
    grid.spacing[2] = 1.5;
    grid.origin[1] = 80.0;
    const auto image = NewImage<FloatImage>(grid, 30.0F);
    const auto labels = NewImage<LabelImage>(grid);
    WriteImage(Path("empty.nii"), labels.GetPointer());
    for (int z = 4; z < 12; ++z)
    {
      for (int y = 6; y < 18; ++y)
      {
        for (int x = 5; x < 15; ++x)
        {
          image->SetPixel({{x, y, z}}, 200.0F);
          labels->SetPixel({{x, y, z}}, 1);
        }
      }
    }
    WriteImage(Path("t1.nii"), image.GetPointer());
    WriteImage(Path("labels.nii"), labels.GetPointer());
    grid.origin[1] = 81.0;
    WriteImage(Path("shifted.nii"), NewImage<LabelImage>(grid, 1).GetPointer());
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  int
  StatusOf(std::vector<std::string> arguments) const
  {
    arguments.insert(arguments.begin(), {Path("t1.nii"), "--width", "200", "--height", "160"});
    const auto run = RunProgram("render", arguments);
    EXPECT_EQ(run.ErrorLines(), run.status == 0 ? 0 : 1) << run.errors;
    return run.status;
  }

  TestFolder m_Folder;
};

class WithoutDisplay : public RenderProgram
{
};

} // namespace

TEST_F(WithoutDisplay, ProgramEndsWithStatusSixAndAdvice)
{
  unsetenv("DISPLAY");
  const auto run =
      RunProgram("render", {Path("t1.nii"), Path("x.png"), "--labels", Path("labels.nii")});
  EXPECT_EQ(run.status, 6);
  EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
  EXPECT_NE(run.errors.find("xvfb-run"), std::string::npos) << run.errors;
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "x.png"));
  EXPECT_EQ(RunProgram("render", {Path("t1.nii"), Path("x.jpg")}).status, 2);
}

TEST_F(RenderProgram, DrawsPicturesAnimationsAndFrames)
{
  if (!HasDisplay())
  {
    GTEST_SKIP() << "no X display; run the test under xvfb-run";
  }
  const auto labels = Path("labels.nii");
  for (const std::string view : {"scene", "surfaces", "slices", "volume"})
  {
    ASSERT_EQ(StatusOf({Path(view + ".png"), "--labels", labels, "--view", view}), 0);
    const auto picture = ReadPng(Path(view + ".png"));
    EXPECT_EQ(picture.width, 200U);
    EXPECT_EQ(picture.height, 160U);
    const auto * middle = &picture.pixels[3 * (100 + 200 * 80)];
    EXPECT_GT(middle[0] + middle[1] + middle[2], 150) << view; // the box, not the background
  }
  ASSERT_EQ(StatusOf({Path("turn.png"), "--labels", labels, "--view", "surfaces", "--frames", "4"}),
            0);
  EXPECT_NE(TextOf(m_Folder / "turn.png").find("acTL"), std::string::npos);
  ASSERT_EQ(StatusOf({Path("turn"), "--labels", labels, "--view", "surfaces", "--frames", "4"}), 0);
  EXPECT_EQ(FilesBelow(m_Folder / "turn"),
            (std::vector<std::string>{
                "frame_000.png", "frame_001.png", "frame_002.png", "frame_003.png"}));
  // A quarter turn looks at another side of the box.
  EXPECT_NE(ReadPng(Path("turn/frame_000.png")).pixels, ReadPng(Path("turn/frame_001.png")).pixels);
}

TEST_F(RenderProgram, RefusalsHaveTheirExitStatusAndLeaveNothing)
{
  if (!HasDisplay())
  {
    GTEST_SKIP() << "no X display; run the test under xvfb-run";
  }
  EXPECT_EQ(StatusOf({Path("x.png"), "--labels", Path("shifted.nii")}), 5);
  EXPECT_EQ(StatusOf({Path("x.png"), "--labels", Path("empty.nii")}), 3);
  EXPECT_EQ(StatusOf({Path("x.png")}), 2); // surfaces of nothing
  EXPECT_EQ(StatusOf({Path("x.png"), "--view", "slices", "--cursor", "0,0,999"}), 2);
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "x.png"));
}

} // namespace sulcus
