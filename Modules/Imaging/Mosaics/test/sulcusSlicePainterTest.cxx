#include "sulcusSlicePainter.h"

#include "sulcusAwkwardGrid.h"

#include <itkImageRegionIteratorWithIndex.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

/** Picture pixel = voxel: a slice of an LPS grid of 1 mm, radiological. */
SliceFrame
OneToOne(const ImageGrid & grid, std::int64_t slice)
{
  return FrameOfWholeSlice(grid,
                           AxesOf(grid, Plane::Axial, Convention::Radiological),
                           slice,
                           grid.size[0],
                           grid.size[1]);
}

SliceStyle
Plain()
{
  SliceStyle style;
  style.windowHigh = 255.0;
  style.marks = false;
  return style;
}

ImageGrid
SmallGrid()
{
  ImageGrid grid;
  grid.size = {{9, 7, 3}};
  return grid;
}

/** A 5 x 3 rectangle of a label in slice 1, its corner at (2, 2). */
LabelImage::Pointer
Rectangle(std::uint16_t label)
{
  const auto labels = NewImage<LabelImage>(SmallGrid());
  for (int y = 2; y < 5; ++y)
  {
    for (int x = 2; x < 7; ++x)
    {
      labels->SetPixel({{x, y, 1}}, label);
    }
  }
  return labels;
}

const Colour black{0, 0, 0};

} // namespace

TEST(SliceFrame, PlaceAndIndexAreInverse)
{
  const auto grid = AwkwardGrid({{30, 41, 22}});
  for (const auto plane : {Plane::Axial, Plane::Coronal, Plane::Sagittal})
  {
    const auto frame =
        FrameOfWholeSlice(grid, AxesOf(grid, plane, Convention::Neurological), 7, 123, 77);
    const auto index = frame.IndexAt(31.25, 60.5);
    const auto place = frame.PlaceOf(index);
    EXPECT_NEAR(place[0], 31.25, 1e-9);
    EXPECT_NEAR(place[1], 60.5, 1e-9);
    EXPECT_DOUBLE_EQ(index[frame.axes.across], 7.0);
    // Ten pixels are as long in millimetres in either direction.
    const auto millimetres = [&](double dx, double dy)
    {
      const auto to = frame.IndexAt(31.25 + dx, 60.5 + dy);
      return grid.PointAt(to[0], to[1], to[2])
          .EuclideanDistanceTo(grid.PointAt(index[0], index[1], index[2]));
    };
    EXPECT_NEAR(millimetres(10, 0), 10 * frame.mmPerPixel, 1e-9);
    EXPECT_NEAR(millimetres(0, 10), 10 * frame.mmPerPixel, 1e-9);
    // The whole slice fits, and touches two opposite edges.
    double extreme = 0.0;
    for (const double right : {-0.5, grid.size[frame.axes.right] - 0.5})
    {
      for (const double down : {-0.5, grid.size[frame.axes.down] - 0.5})
      {
        auto corner = index;
        corner[frame.axes.right] = right;
        corner[frame.axes.down] = down;
        const auto [x, y] = frame.PlaceOf(corner);
        EXPECT_GE(std::min(x, y), -1e-9);
        extreme = std::max({extreme, x / 123.0, y / 77.0});
      }
    }
    EXPECT_NEAR(extreme, 1.0, 1e-9);
  }
}

TEST(SlicePainter, GreyIsLinearInTheWindow)
{
  const auto image = NewImage<FloatImage>(SmallGrid());
  image->SetPixel({{3, 4, 1}}, 228.0F);
  image->SetPixel({{4, 4, 1}}, 400.0F);
  image->SetPixel({{5, 4, 1}}, -20.0F);
  auto style = Plain();
  style.windowLow = 100.0;
  style.windowHigh = 355.0;
  const SliceLayers layers{.image = image};
  const auto picture = PaintSlice(layers, OneToOne(SmallGrid(), 1), style);
  EXPECT_EQ(ColourAt(picture, 3, 4), (Colour{128, 128, 128}));
  EXPECT_EQ(ColourAt(picture, 4, 4), (Colour{255, 255, 255}));
  EXPECT_EQ(ColourAt(picture, 5, 4), black);
  const auto other = PaintSlice(layers, OneToOne(SmallGrid(), 2), style);
  EXPECT_EQ(ColourAt(other, 4, 4), black);
  style.greyLevels = 3; // 0, 127.5, 255
  EXPECT_EQ(ColourAt(PaintSlice(layers, OneToOne(SmallGrid(), 1), style), 3, 4),
            (Colour{128, 128, 128}));
}

TEST(SlicePainter, ImageIsInterpolatedWithinTheSlice)
{
  ImageGrid grid;
  grid.size = {{2, 1, 1}};
  const auto image = NewImage<FloatImage>(grid);
  image->SetPixel({{1, 0, 0}}, 200.0F);
  const auto frame =
      FrameOfWholeSlice(grid, AxesOf(grid, Plane::Axial, Convention::Radiological), 0, 8, 4);
  const auto picture = PaintSlice({.image = image}, frame, Plain());
  // Centres of pixels lie at index (x + 0.5) / 4 - 0.5; beyond the outer voxel centres is constant.
  const std::array<int, 8> expected{0, 0, 25, 75, 125, 175, 200, 200};
  for (std::size_t x = 0; x < 8; ++x)
  {
    EXPECT_EQ(ColourAt(picture, x, 1)[0], expected[x]) << x;
  }
}

TEST(SlicePainter, FillMixesAndOutlineIsTheRimInside)
{
  const auto image = NewImage<FloatImage>(SmallGrid(), 100.0F);
  const auto labels = Rectangle(3);
  SegmentInfo segment = DefaultSegment(3);
  segment.color = {200, 0, 100};
  const SliceLayers layers{.image = image, .labels = labels, .segments = {segment}};
  auto style = Plain();
  style.fillOpacity = 0.5;
  const auto picture = PaintSlice(layers, OneToOne(SmallGrid(), 1), style);
  for (std::size_t y = 0; y < 7; ++y)
  {
    for (std::size_t x = 0; x < 9; ++x)
    {
      const bool inside = x >= 2 && x < 7 && y >= 2 && y < 5;
      const bool core = x >= 3 && x < 6 && y == 3;
      const Colour expected = core     ? Colour{150, 50, 100}
                              : inside ? Colour{200, 0, 100}
                                       : Colour{100, 100, 100};
      EXPECT_EQ(ColourAt(picture, x, y), expected) << x << ' ' << y;
    }
  }
  style.fill = false;
  EXPECT_EQ(ColourAt(PaintSlice(layers, OneToOne(SmallGrid(), 1), style), 4, 3),
            (Colour{100, 100, 100}));
  style.showLabels = false;
  EXPECT_EQ(ColourAt(PaintSlice(layers, OneToOne(SmallGrid(), 1), style), 2, 2),
            (Colour{100, 100, 100}));
}

TEST(SlicePainter, CoincidingOutlinesAlternateAndStayVisible)
{
  const auto image = NewImage<FloatImage>(SmallGrid());
  const auto labels = Rectangle(1);
  const SliceLayers layers{.image = image, .reference = labels, .annotators = {{"A", labels}}};
  const auto picture = PaintSlice(layers, OneToOne(SmallGrid(), 1), Plain());
  std::size_t white = 0;
  std::size_t orange = 0;
  for (std::size_t y = 0; y < 7; ++y)
  {
    for (std::size_t x = 0; x < 9; ++x)
    {
      white += ColourAt(picture, x, y) == ReferenceColour;
      orange += ColourAt(picture, x, y) == AnnotatorColour(0);
    }
  }
  EXPECT_EQ(white + orange, 12U); // the rim of 5 x 3
  EXPECT_GE(std::min(white, orange), 4U);
}

TEST(SlicePainter, MissingAnnotationsAreNotOutlined)
{
  const auto image = NewImage<FloatImage>(SmallGrid());
  const auto labels = Rectangle(255);
  SliceLayers layers{.image = image, .annotators = {{"A", labels}}};
  EXPECT_NE(ColourAt(PaintSlice(layers, OneToOne(SmallGrid(), 1), Plain()), 2, 2), black);
  layers.missingLabel = 255;
  EXPECT_EQ(ColourAt(PaintSlice(layers, OneToOne(SmallGrid(), 1), Plain()), 2, 2), black);
}

TEST(SlicePainter, UncertaintyIsHotWhereItIsHigh)
{
  const auto image = NewImage<FloatImage>(SmallGrid(), 100.0F);
  const auto uncertainty = NewImage<FloatImage>(SmallGrid());
  uncertainty->SetPixel({{4, 3, 1}}, 0.5F);
  auto style = Plain();
  style.uncertaintyHighest = 0.5;
  const SliceLayers layers{.image = image, .uncertainty = uncertainty};
  const auto picture = PaintSlice(layers, OneToOne(SmallGrid(), 1), style);
  EXPECT_EQ(ColourAt(picture, 4, 3), (Colour{216, 25, 25})); // a quarter of the image is left
  EXPECT_EQ(ColourAt(picture, 0, 0), (Colour{100, 100, 100}));
}

TEST(SlicePainter, PatientsLeftIsWhereTheConventionPutsIt)
{
  for (const double degrees : {0.0, 12.0, -31.0})
  {
    const auto grid = AwkwardGrid({{24, 40, 18}}, degrees);
    const auto image = NewImage<FloatImage>(grid);
    // Bright where the patient's left is, judged by millimetres alone.
    const auto middle = grid.PointAt(11.5, 19.5, 8.5);
    itk::ImageRegionIteratorWithIndex<FloatImage> it(image, image->GetLargestPossibleRegion());
    for (; !it.IsAtEnd(); ++it)
    {
      const auto index = it.GetIndex();
      const auto point = grid.PointAt(static_cast<double>(index[0]),
                                      static_cast<double>(index[1]),
                                      static_cast<double>(index[2]));
      it.Set(point[0] > middle[0] ? 255.0F : 0.0F);
    }
    for (const auto plane : {Plane::Axial, Plane::Coronal})
    {
      for (const auto convention : {Convention::Radiological, Convention::Neurological})
      {
        const auto axes = AxesOf(grid, plane, convention);
        const auto slice = static_cast<std::int64_t>(grid.size[axes.across] / 2);
        const auto picture =
            PaintSlice({.image = image}, FrameOfWholeSlice(grid, axes, slice, 80, 80), Plain());
        double balance = 0.0; // light on the right half minus light on the left half
        for (std::size_t y = 0; y < 80; ++y)
        {
          for (std::size_t x = 0; x < 80; ++x)
          {
            balance += (x < 40 ? -1.0 : 1.0) * ColourAt(picture, x, y)[0];
          }
        }
        EXPECT_GT(convention == Convention::Radiological ? balance : -balance, 0.0);
      }
    }
  }
}

TEST(SlicePainter, LayersMustShareOneGrid)
{
  const auto image = NewImage<FloatImage>(SmallGrid());
  auto shifted = SmallGrid();
  shifted.origin[1] = 0.5;
  const auto labels = NewImage<LabelImage>(shifted);
  EXPECT_THROW(RequireOneGrid({.image = image, .labels = labels}), GeometryError);
  EXPECT_THROW(RequireOneGrid({.image = image, .annotators = {{"B", labels}}}), GeometryError);
  EXPECT_THROW(RequireOneGrid({}), UsageError);
}

TEST(WindowOf, PercentilesOfTheBoxAlone)
{
  const auto image = NewImage<FloatImage>(SmallGrid(), 1000.0F);
  float value = 0.0F;
  for (int y = 0; y < 5; ++y)
  {
    for (int x = 0; x < 5; ++x)
    {
      image->SetPixel({{x + 1, y + 1, 2}}, value++);
    }
  }
  const auto [low, high] = WindowOf(image, {1, 1, 2}, {5, 5, 2}, 25, 75);
  EXPECT_DOUBLE_EQ(low, 6.0);
  EXPECT_DOUBLE_EQ(high, 18.0);
  const auto flat = WindowOf(image, {0, 0, 0}, {8, 6, 1}, 0.5, 99.5);
  EXPECT_EQ(flat, (std::pair{1000.0, 1001.0}));
}

} // namespace sulcus
