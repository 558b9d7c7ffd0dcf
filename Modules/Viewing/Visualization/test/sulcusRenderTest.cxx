#include "sulcusDisplay.h"
#include "sulcusScene.h"
#include "sulcusTwoBalls.h"
#include "sulcusViewer.h"
#include <sulcusError.h>

#include <gtest/gtest.h>

#include <cstdlib>

namespace sulcus
{
namespace
{

/** Suites that begin with Render are started under xvfb-run. */
class RenderScene : public testing::Test
{
protected:
  void
  SetUp() override
  {
    if (!HasDisplay())
    {
      GTEST_SKIP() << "no X display; run the test under xvfb-run";
    }
  }
  TwoBalls m_Scene;
};

using RenderViewer = RenderScene;

SceneOptions
Small(const std::string & view)
{
  SceneOptions options;
  options.view = view;
  options.width = 320;
  options.height = 240;
  options.azimuth = 0.0;
  options.elevation = 0.0;
  return options;
}

} // namespace

TEST(Display, WithoutOneTheAdviceComesBeforeAnyWindow)
{
  const char * before = std::getenv("DISPLAY");
  const std::string kept = before ? before : "";
  unsetenv("DISPLAY");
  EXPECT_FALSE(HasDisplay());
  const TwoBalls scene;
  try
  {
    SceneRenderer renderer(scene.layers, Small("surfaces"));
    FAIL();
  }
  catch (const ResourceError & error)
  {
    EXPECT_NE(std::string(error.what()).find("xvfb-run"), std::string::npos);
    EXPECT_EQ(error.Code(), ExitCode::Resources);
  }
  if (before)
  {
    setenv("DISPLAY", kept.c_str(), 1);
  }
}

TEST_F(RenderScene, SurfacesAreWhereTheStructuresAre)
{
  SceneRenderer front(m_Scene.layers, Small("surfaces"));
  const auto picture = front.Draw();
  const auto left = FindBlob(picture, true);
  const auto right = FindBlob(picture, false);
  // From the front the patient's left is on the right of the picture.
  EXPECT_GT(left.x, 160 + 30);
  EXPECT_LT(right.x, 160 - 30);
  EXPECT_NEAR(left.y, 120, 5);
  EXPECT_NEAR(left.x + right.x, 320, 6);
  // Two balls of 7 mm, 24 mm apart: a width of 38 mm; the distance of the centres is known.
  const double mmPerPixel = 2 * TwoBalls::Offset / (left.x - right.x);
  const double area = 3.14159265 * TwoBalls::Radius * TwoBalls::Radius / (mmPerPixel * mmPerPixel);
  EXPECT_NEAR(static_cast<double>(left.pixels) / area, 1.0, 0.15); // the shaded rim is too dark
  // Half a turn later left and right have changed sides; the same camera gives the same bytes.
  const auto back = front.Draw(180.0);
  EXPECT_LT(FindBlob(back, true).x, FindBlob(back, false).x - 60);
  EXPECT_EQ(front.Draw().pixels, picture.pixels);
  // From the left the right ball hides behind the left one.
  EXPECT_LT(FindBlob(front.Draw(90.0), false).pixels, left.pixels / 20);
}

TEST_F(RenderScene, SlicesCarryImageAndOverlay)
{
  auto options = Small("slices");
  options.elevation = 80.0;
  SceneRenderer above(m_Scene.layers, options);
  const auto picture = above.Draw();
  EXPECT_GT(FindBlob(picture, true).pixels, 300U);
  EXPECT_GT(FindBlob(picture, true).x, FindBlob(picture, false).x + 30);
}

TEST_F(RenderScene, VolumeShowsTheStructuresAlone)
{
  SceneRenderer volume(m_Scene.layers, Small("volume"));
  const auto picture = volume.Draw();
  const auto lit = [&](std::size_t x, std::size_t y) { return ColourAt(picture, x, y)[0] > 60; };
  std::size_t bright = 0;
  for (std::size_t y = 40; y < 200; ++y)
  {
    for (std::size_t x = 30; x < 290; ++x)
    {
      bright += lit(x, y);
    }
  }
  EXPECT_GT(bright, 500U);
  EXPECT_FALSE(lit(160, 120)); // between the balls the image is cut away
}

TEST_F(RenderScene, WhatCannotBeDrawnIsRefused)
{
  EXPECT_THROW(SceneRenderer(m_Scene.layers, Small("film")), UsageError);
  auto outside = Small("slices");
  outside.cursor = {900, 0, 0};
  EXPECT_THROW(SceneRenderer(m_Scene.layers, outside), UsageError);
  auto layers = m_Scene.layers;
  layers.labels = nullptr;
  EXPECT_THROW(SceneRenderer(layers, Small("scene")), UsageError);
  const auto empty = NewImage<LabelImage>(m_Scene.grid);
  layers.labels = empty;
  EXPECT_THROW(SceneRenderer(layers, Small("surfaces")), InputError);
}

TEST_F(RenderViewer, WindowShowsThePanesPixelByPixel)
{
  LinkedView view(m_Scene.layers, Convention::Radiological, 600, 500);
  Viewer viewer(view, ExtractSurfaces(m_Scene.labels, {}, m_Scene.layers.segments), 600, 500);
  const auto photograph = viewer.Photograph();
  ASSERT_EQ(photograph.width, 600U);
  ASSERT_EQ(photograph.height, 500U);
  for (const auto pane : {Pane::Axial, Pane::Coronal, Pane::Sagittal})
  {
    const auto r = view.RectangleOf(pane);
    const auto expected = view.PictureOfPane(pane);
    std::size_t different = 0;
    for (std::size_t y = 0; y < r.height; ++y)
    {
      for (std::size_t x = 0; x < r.width; ++x)
      {
        different += ColourAt(photograph, r.x + x, r.y + y) != ColourAt(expected, x, y);
      }
    }
    EXPECT_EQ(different, 0U) << static_cast<int>(pane);
  }
  RgbPicture space = NewPicture(300, 250, {0, 0, 0});
  Paste(space, photograph, -300, -250);
  EXPECT_GT(FindBlob(space, true).pixels, 300U); // the surface of the left ball
  EXPECT_GT(FindBlob(space, true).x, FindBlob(space, false).x);
}

TEST_F(RenderViewer, MouseAndKeysReachTheView)
{
  LinkedView view(m_Scene.layers, Convention::Radiological, 600, 500);
  Viewer viewer(view, {}, 600, 500);
  viewer.SendPress(110, 140);
  const auto frame = view.FrameOf(Pane::Axial);
  const auto place = frame.PlaceOf({static_cast<double>(view.Cursor()[0]),
                                    static_cast<double>(view.Cursor()[1]),
                                    static_cast<double>(view.Cursor()[2])});
  EXPECT_NEAR(place[0], 110.5, 0.51 * m_Scene.grid.spacing[frame.axes.right] / frame.mmPerPixel);
  EXPECT_NEAR(place[1], 140.5, 0.51 * m_Scene.grid.spacing[frame.axes.down] / frame.mmPerPixel);
  EXPECT_EQ(ColourAt(viewer.Photograph(), static_cast<std::size_t>(place[0]), 60), CursorColour);
  const auto before = view.Cursor()[2];
  viewer.SendKey("Prior");
  EXPECT_EQ(view.Cursor()[2], before + 1);
  viewer.SendKey("o");
  auto axial = NewPicture(300, 250, {0, 0, 0});
  Paste(axial, viewer.Photograph(), 0, 0);
  EXPECT_EQ(FindBlob(axial, true).pixels, 0U);
}

} // namespace sulcus
