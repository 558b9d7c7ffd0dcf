#include "sulcusLinkedView.h"

#include "sulcusTwoBalls.h"
#include <sulcusError.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

const Pane planes[] = {Pane::Axial, Pane::Coronal, Pane::Sagittal};

LinkedView
Open(const TwoBalls & scene)
{
  return {scene.layers, Convention::Radiological, 640, 480};
}

std::array<double, 3>
PointOf(const ImageGrid::Base::PointType & point)
{
  return {point[0], point[1], point[2]};
}

} // namespace

TEST(LinkedView, CursorBeginsInTheMiddleOfTheLabels)
{
  const TwoBalls scene;
  const auto view = Open(scene);
  EXPECT_LT(view.CursorInMm().EuclideanDistanceTo(scene.middle), 2.5);
}

TEST(LinkedView, PressingAPixelPutsTheCrossHairOnIt)
{
  const TwoBalls scene;
  auto view = Open(scene);
  for (const auto pane : planes)
  {
    const auto before = view.Cursor();
    const auto r = view.RectangleOf(pane);
    const auto x = static_cast<std::int64_t>(r.x + r.width / 2 + 23);
    const auto y = static_cast<std::int64_t>(r.y + r.height / 2 - 31);
    ASSERT_EQ(view.PaneAt(x, y), pane);
    ASSERT_TRUE(view.Press(x, y));
    const auto frame = view.FrameOf(pane);
    EXPECT_EQ(view.Cursor()[frame.axes.across], before[frame.axes.across]);
    const auto place = frame.PlaceOf({static_cast<double>(view.Cursor()[0]),
                                      static_cast<double>(view.Cursor()[1]),
                                      static_cast<double>(view.Cursor()[2])});
    // Within half a voxel of the mouse.
    EXPECT_NEAR(place[0],
                static_cast<double>(x) - static_cast<double>(r.x) + 0.5,
                0.51 * scene.grid.spacing[frame.axes.right] / frame.mmPerPixel);
    EXPECT_NEAR(place[1],
                static_cast<double>(y) - static_cast<double>(r.y) + 0.5,
                0.51 * scene.grid.spacing[frame.axes.down] / frame.mmPerPixel);
    const auto picture = view.PictureOfPane(pane);
    const auto px = static_cast<std::size_t>(place[0]);
    const auto py = static_cast<std::size_t>(place[1]);
    EXPECT_EQ(ColourAt(picture, px, py - 20), CursorColour);
    EXPECT_EQ(ColourAt(picture, px + 20, py), CursorColour);
    EXPECT_NE(ColourAt(picture, px, py), CursorColour); // free in the middle
  }
  EXPECT_FALSE(view.Press(600, 400)); // the pane of the surfaces
}

TEST(LinkedView, PanesAgreeOnThePointInMillimetres)
{
  const TwoBalls scene;
  auto view = Open(scene);
  auto centre = PointOf(scene.middle);
  centre[0] += TwoBalls::Offset;
  view.MoveToMm(centre);
  EXPECT_EQ(scene.labels->GetPixel({{view.Cursor()[0], view.Cursor()[1], view.Cursor()[2]}}), 1);
  view.Key("f"); // outlines only: the middle shows the image
  for (const auto pane : planes)
  {
    const auto frame = view.FrameOf(pane);
    const auto place = frame.PlaceOf({static_cast<double>(view.Cursor()[0]),
                                      static_cast<double>(view.Cursor()[1]),
                                      static_cast<double>(view.Cursor()[2])});
    const auto colour = ColourAt(view.PictureOfPane(pane),
                                 static_cast<std::size_t>(place[0]),
                                 static_cast<std::size_t>(place[1]));
    EXPECT_GT(colour[0], 200) << static_cast<int>(pane); // the bright ball
  }
}

TEST(LinkedView, PatientsLeftIsOnTheRightUntilTheConventionChanges)
{
  const TwoBalls scene;
  auto view = Open(scene);
  EXPECT_GT(FindBlob(view.PictureOfPane(Pane::Axial), true).x,
            FindBlob(view.PictureOfPane(Pane::Axial), false).x + 20);
  view.Key("n");
  EXPECT_LT(FindBlob(view.PictureOfPane(Pane::Coronal), true).x,
            FindBlob(view.PictureOfPane(Pane::Coronal), false).x - 20);
}

TEST(LinkedView, WheelAndKeysMoveSlicesAndStayInside)
{
  const TwoBalls scene;
  auto view = Open(scene);
  const auto start = view.Cursor();
  EXPECT_TRUE(view.Scroll(10, 10, 3)); // axial: towards the head
  EXPECT_EQ(view.Cursor()[2], start[2] + 3);
  EXPECT_TRUE(view.Key("Next"));
  EXPECT_EQ(view.Cursor()[2], start[2] + 2);
  const auto before = view.CursorInMm();
  EXPECT_TRUE(view.Key("Right")); // to the right of the picture: the patient's left
  EXPECT_GT(view.CursorInMm()[0], before[0] + 1.0);
  for (int i = 0; i < 100; ++i)
  {
    view.Scroll(10, 10, -5);
  }
  EXPECT_EQ(view.Cursor()[2], 0);
  EXPECT_FALSE(view.Scroll(600, 400, 1));
  EXPECT_FALSE(view.Key("F12"));
}

TEST(LinkedView, KeysShowAndHideLayers)
{
  TwoBalls scene;
  scene.layers.annotators = {{"Anna", scene.labels}, {"Ben", scene.labels}};
  scene.layers.reference = scene.labels;
  scene.uncertainty->SetPixel({{17, 21, 9}}, 1.0F);
  auto view = Open(scene);
  const auto count = [&](const Colour & colour)
  {
    const auto picture = view.PictureOfPane(Pane::Axial);
    std::size_t pixels = 0;
    for (std::size_t p = 0; p < picture.pixels.size(); p += 3)
    {
      pixels += picture.pixels[p] == colour[0] && picture.pixels[p + 1] == colour[1] &&
                picture.pixels[p + 2] == colour[2];
    }
    return pixels;
  };
  EXPECT_GT(count(AnnotatorColour(0)), 10U);
  EXPECT_GT(count(AnnotatorColour(1)), 10U);
  view.Key("a"); // the first alone
  EXPECT_GT(count(AnnotatorColour(0)), 10U);
  EXPECT_EQ(count(AnnotatorColour(1)), 0U);
  view.Key("a");
  EXPECT_EQ(count(AnnotatorColour(0)), 0U);
  view.Key("a"); // all again
  view.Key("c");
  EXPECT_EQ(count(AnnotatorColour(0)), 0U);
  const auto red = Colour{230, 30, 30};
  EXPECT_GT(count(red), 10U);
  view.Key("o");
  EXPECT_EQ(count(red), 0U);
  const auto hot = FindBlob(view.PictureOfPane(Pane::Axial), true).pixels;
  view.Key("u");
  EXPECT_LT(FindBlob(view.PictureOfPane(Pane::Axial), true).pixels, hot);
}

TEST(LinkedView, ZoomKeepsTheCursorInTheMiddle)
{
  const TwoBalls scene;
  auto view = Open(scene);
  const double scale = view.FrameOf(Pane::Axial).mmPerPixel;
  view.Key("plus");
  const auto frame = view.FrameOf(Pane::Axial);
  EXPECT_NEAR(frame.mmPerPixel, scale / 1.25, 1e-12);
  const auto place = frame.PlaceOf({static_cast<double>(view.Cursor()[0]),
                                    static_cast<double>(view.Cursor()[1]),
                                    static_cast<double>(view.Cursor()[2])});
  EXPECT_NEAR(place[0], 160.0, 1e-9);
  EXPECT_NEAR(place[1], 120.0, 1e-9);
  view.Key("r");
  EXPECT_NEAR(view.FrameOf(Pane::Axial).mmPerPixel, scale, 1e-12);
}

TEST(LinkedView, EveryKeyOfTheHelpMeansSomething)
{
  const TwoBalls scene;
  auto view = Open(scene);
  for (const auto & [keys, meaning] : LinkedView::KeyHelp())
  {
    for (std::size_t begin = 0; begin < keys.size();)
    {
      const auto end = std::min(keys.find(", ", begin), keys.size());
      EXPECT_TRUE(view.Key(keys.substr(begin, end - begin))) << keys;
      begin = end + 2;
    }
  }
}

TEST(LinkedView, PointsOutsideAndTinyWindowsAreRefused)
{
  const TwoBalls scene;
  auto view = Open(scene);
  EXPECT_THROW(view.MoveToMm({500.0, 0.0, 0.0}), UsageError);
  EXPECT_THROW(view.Resize(100, 480), UsageError);
  EXPECT_GT(view.Information().width, 100U);
}

} // namespace sulcus
