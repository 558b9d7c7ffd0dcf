#include <sulcusAtomicWrite.h>
#include <sulcusDisplay.h>
#include <sulcusImageGrid.h>
#include <sulcusLinkedView.h>
#include <sulcusPngPicture.h>
#include <sulcusRunProgram.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <thread>

namespace sulcus
{
namespace
{

/** Label 1 is a box at the patient's left; the image is twice as large as the box. */
class RenderViewProgram : public testing::Test
{
protected:
  RenderViewProgram()
  {
    m_Grid.size = {{40, 40, 40}};
    m_Grid.origin[0] = -20.0;
    m_Grid.origin[1] = -20.0;
    m_Grid.origin[2] = 100.0;
    const auto image = NewImage<FloatImage>(m_Grid, 50.0F);
    const auto labels = NewImage<LabelImage>(m_Grid);
    for (int z = 10; z < 30; ++z)
    {
      for (int y = 10; y < 30; ++y)
      {
        for (int x = 24; x < 36; ++x)
        {
          labels->SetPixel({{x, y, z}}, 1);
          image->SetPixel({{x, y, z}}, 150.0F);
        }
      }
    }
    WriteImage(Path("t1.nii"), image.GetPointer());
    WriteImage(Path("labels.nii"), labels.GetPointer());
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  ImageGrid m_Grid;
  TestFolder m_Folder;
};

class ViewProgram : public RenderViewProgram
{
};

} // namespace

TEST_F(ViewProgram, HelpListsKeysAndMouse)
{
  const auto help = RunProgram("view", {"--help"}).output;
  for (const auto & [keys, meaning] : LinkedView::KeyHelp())
  {
    EXPECT_NE(help.find(keys.substr(0, keys.find(','))), std::string::npos) << keys;
  }
  EXPECT_NE(help.find("Mouse:"), std::string::npos);
}

TEST_F(ViewProgram, WithoutDisplayTheStatusIsSix)
{
  unsetenv("DISPLAY");
  const auto run = RunProgram("view", {Path("t1.nii"), "--snapshot", Path("x.png")});
  EXPECT_EQ(run.status, 6);
  EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
  EXPECT_EQ(RunProgram("view", {Path("t1.nii"), "--snapshot", Path("x.gif")}).status, 2);
}

TEST_F(RenderViewProgram, WindowStaysOpenUntilASignalEndsIt)
{
  if (!HasDisplay())
  {
    GTEST_SKIP() << "no X display; run the test under xvfb-run";
  }
  const auto program = std::string(std::getenv("SULCUS_PROGRAMS")) + "/sulcus-view";
  std::vector<std::string> texts{program, Path("t1.nii"), "--labels", Path("labels.nii")};
  std::vector<char *> argv;
  for (auto & text : texts)
  {
    argv.push_back(text.data());
  }
  argv.push_back(nullptr);
  pid_t child = 0;
  ASSERT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, argv.data(), environ), 0);
  std::this_thread::sleep_for(std::chrono::seconds(5));
  int state = 0;
  EXPECT_EQ(waitpid(child, &state, WNOHANG), 0) << "the window closed by itself";
  kill(child, SIGINT);
  waitpid(child, &state, 0);
  ASSERT_TRUE(WIFEXITED(state));
  EXPECT_EQ(WEXITSTATUS(state), 130);
}

TEST_F(RenderViewProgram, SnapshotShowsCursorAndLabelWhereTheyAre)
{
  if (!HasDisplay())
  {
    GTEST_SKIP() << "no X display; run the test under xvfb-run";
  }
  const auto run = RunProgram("view",
                              {Path("t1.nii"),
                               "--labels",
                               Path("labels.nii"),
                               "--cursor",
                               "10,0,120",
                               "--width",
                               "800",
                               "--height",
                               "800",
                               "--snapshot",
                               Path("view.png"),
                               "--report",
                               Path("report.json")});
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto picture = ReadPng(Path("view.png"));
  ASSERT_EQ(picture.width, 800U);
  ASSERT_EQ(picture.height, 800U);
  const auto report = nlohmann::json::parse(TextOf(Path("report.json")));
  EXPECT_EQ(report["results"]["cursor_index"], nlohmann::json::parse("[30,20,20]"));
  // 40 voxels of 1 mm fill a pane of 400 pixels: ten pixels a voxel, voxel i at 10 i to 10 i + 9.
  const std::size_t across = 305; // the middle of voxel 30, to the patient's left
  const std::size_t down = 205;   // of voxel 20
  EXPECT_EQ(ColourAt(picture, across, 15), CursorColour); // axial
  EXPECT_EQ(ColourAt(picture, 15, down), CursorColour);
  EXPECT_EQ(ColourAt(picture, 400 + across, 30), CursorColour);  // coronal
  EXPECT_EQ(ColourAt(picture, 200 + 5, 400 + 30), CursorColour); // sagittal: from front to back
  // The label's rim is its own colour; its inside is a mixture, the background is grey.
  EXPECT_EQ(ColourAt(picture, 240, 150), LabelColour({}, 1));
  const auto inside = ColourAt(picture, 275, 150);
  EXPECT_NE(inside[0], inside[2]);
  const auto outside = ColourAt(picture, 100, 150);
  EXPECT_EQ(outside[0], outside[2]);
  // The fourth pane shows the box's surface around its middle.
  const auto surface = ColourAt(picture, 600, 560);
  EXPECT_GT(std::abs(surface[0] - surface[2]) + std::abs(surface[1] - surface[2]), 20);
}

} // namespace sulcus
