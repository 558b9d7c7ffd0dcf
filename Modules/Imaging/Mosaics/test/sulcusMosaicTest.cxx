#include "sulcusMosaic.h"

#include "sulcusAwkwardGrid.h"
#include "sulcusLabelOccupancy.h"
#include <sulcusAtomicFile.h>
#include <sulcusPngPicture.h>
#include <sulcusRandomEngine.h>
#include <sulcusRunProgram.h>
#include <sulcusThreads.h>

#include <itkImageRegionIteratorWithIndex.h>

#include <gtest/gtest.h>

#include <set>

namespace sulcus
{
namespace
{

/** Noise with a bright ball of label 1 and another of label 2 in it. */
struct Scene
{
  FloatImage::Pointer image;
  LabelImage::Pointer labels;
};

Scene
BallScene(const ImageGrid & grid)
{
  Scene scene{NewImage<FloatImage>(grid), NewImage<LabelImage>(grid)};
  RandomEngine random(3);
  itk::ImageRegionIteratorWithIndex<LabelImage> it(scene.labels,
                                                   scene.labels->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    const auto index = it.GetIndex();
    const auto distance = [&](double x, double y, double z)
    {
      return std::hypot((static_cast<double>(index[0]) - x) * grid.spacing[0],
                        (static_cast<double>(index[1]) - y) * grid.spacing[1],
                        (static_cast<double>(index[2]) - z) * grid.spacing[2]);
    };
    it.Set(distance(10, 14, 9) < 5 ? 1 : distance(20, 30, 12) < 4 ? 2 : 0);
    scene.image->SetPixel(index, static_cast<float>(random.Normal(it.Get() > 0 ? 80 : 40, 8)));
  }
  return scene;
}

} // namespace

TEST(LabelOccupancy, MatchesCountingOneByOne)
{
  const auto grid = AwkwardGrid({{7, 9, 21}});
  const auto labels = NewImage<LabelImage>(grid);
  RandomEngine random(5);
  std::array<std::vector<std::uint64_t>, 3> perSlice{
      std::vector<std::uint64_t>(7), std::vector<std::uint64_t>(9), std::vector<std::uint64_t>(21)};
  std::set<std::uint16_t> values;
  std::uint64_t voxels = 0;
  for (int round = 0; round < 25; ++round)
  {
    const LabelImage::IndexType index{
        {random.Integer(1, 5), random.Integer(2, 8), random.Integer(3, 17)}};
    const auto label =
        static_cast<std::uint16_t>(random.Chance(0.3) ? 255 : random.Integer(1, 900));
    if (labels->GetPixel(index) != 0)
    {
      continue;
    }
    labels->SetPixel(index, label);
    if (label != 255)
    {
      ++voxels;
      values.insert(label);
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        ++perSlice[axis][static_cast<std::size_t>(index[axis])];
      }
    }
  }
  const auto counts = CountLabels(labels, 255);
  EXPECT_EQ(counts.voxels, voxels);
  EXPECT_EQ(counts.perSlice, perSlice);
  EXPECT_EQ(counts.values, std::vector<std::uint16_t>(values.begin(), values.end()));
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    EXPECT_GT(perSlice[axis][static_cast<std::size_t>(counts.first[axis])], 0U);
    EXPECT_GT(perSlice[axis][static_cast<std::size_t>(counts.last[axis])], 0U);
    for (std::size_t slice = 0; slice < perSlice[axis].size(); ++slice)
    {
      const auto place = static_cast<std::int64_t>(slice);
      EXPECT_TRUE(perSlice[axis][slice] == 0 ||
                  (place >= counts.first[axis] && place <= counts.last[axis]));
    }
  }
}

TEST(ChooseSlices, TakesTheFullestOfEachPart)
{
  LabelOccupancy counts = NoLabels({{12, 1, 1}});
  EXPECT_EQ(ChooseSlices(counts, 0, 3), (std::vector<std::int64_t>{2, 6, 10}));
  EXPECT_EQ(ChooseSlices(counts, 1, 3), (std::vector<std::int64_t>{0}));
  counts.perSlice[0] = {0, 0, 5, 9, 1, 0, 0, 0, 7, 7, 2, 0};
  counts.first[0] = 2;
  counts.last[0] = 10;
  // parts 2-4, 5-7, 8-10: the fullest, the middle of nothing, the lowest of equals
  EXPECT_EQ(ChooseSlices(counts, 0, 3), (std::vector<std::int64_t>{3, 6, 8}));
  EXPECT_EQ(ChooseSlices(counts, 0, 1), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(ChooseSlices(counts, 0, 40).size(), 9U);
}

TEST(Mosaic, EveryTileShowsItsVoxelsWhereItsFrameSays)
{
  const auto grid = AwkwardGrid({{26, 40, 20}});
  const auto scene = BallScene(grid);
  MosaicOptions options;
  options.slices = 3;
  options.tile = 160;
  options.style = "fill";
  options.opacity = 1.0;
  const SliceLayers layers{.image = scene.image, .labels = scene.labels};
  const auto mosaic = DrawMosaic(layers, options);
  ASSERT_EQ(mosaic.tiles.size(), 9U);
  EXPECT_FALSE(mosaic.empty);
  std::size_t found = 0;
  for (const auto & tile : mosaic.tiles)
  {
    const auto & frame = tile.frame;
    for (const LabelImage::IndexType centre : {LabelImage::IndexType{{10, 14, 9}}, {{20, 30, 12}}})
    {
      LabelImage::IndexType index = centre;
      index[frame.axes.across] = frame.slice;
      const auto label = scene.labels->GetPixel(index);
      const auto [x, y] = frame.PlaceOf({static_cast<double>(index[0]),
                                         static_cast<double>(index[1]),
                                         static_cast<double>(index[2])});
      if (label != 0)
      {
        EXPECT_EQ(ColourAt(mosaic.picture,
                           tile.x + static_cast<std::size_t>(x),
                           tile.y + static_cast<std::size_t>(y)),
                  LabelColour({}, label));
        ++found;
      }
    }
  }
  EXPECT_GE(found, 6U);
}

TEST(Mosaic, SameBytesWhateverTheThreadsAndReadableByOthers)
{
  const auto grid = AwkwardGrid({{26, 40, 20}});
  const auto scene = BallScene(grid);
  const auto shifted = NewImage<LabelImage>(grid);
  shifted->SetPixel({{12, 14, 9}}, 1);
  SliceLayers layers{.image = scene.image,
                     .uncertainty = scene.image,
                     .labels = scene.labels,
                     .reference = shifted,
                     .annotators = {{"First", scene.labels}, {"Second", shifted}}};
  MosaicOptions options;
  options.title = "Case 12";
  SetThreadCount(1);
  const auto one = MosaicPng(layers, options);
  SetThreadCount(4);
  EXPECT_EQ(MosaicPng(layers, options), one);
  const TestFolder folder;
  AtomicWriteBytes(folder / "mosaic.png", one, Overwrite::Refuse);
  const auto picture = DrawMosaic(layers, options).picture;
  EXPECT_EQ(ReadPng((folder / "mosaic.png").string()).pixels, picture.pixels);
}

TEST(Mosaic, FewGreyLevelsKeepTwoHundredCasesBelowTenMegabytes)
{
  const auto grid = AwkwardGrid({{60, 80, 40}});
  const auto scene = BallScene(grid);
  const auto png =
      MosaicPng({.image = scene.image, .labels = scene.labels, .reference = scene.labels},
                {.slices = 3, .tile = 110, .greyLevels = 16},
                9);
  EXPECT_LT(png.size() * 4 / 3 * 200, 10'000'000U) << png.size(); // as base64 in a page
}

TEST(Mosaic, EmptySegmentationIsCalledSo)
{
  const auto grid = AwkwardGrid({{26, 40, 20}});
  const auto scene = BallScene(grid);
  const auto nothing = NewImage<LabelImage>(grid);
  const auto mosaic =
      DrawMosaic({.image = scene.image, .labels = nothing, .reference = scene.labels});
  EXPECT_TRUE(mosaic.empty);
  const auto full = DrawMosaic({.image = scene.image, .labels = scene.labels});
  EXPECT_FALSE(full.empty);
  EXPECT_EQ(mosaic.tiles[0].y, full.tiles[0].y + 22); // a line of large letters more
  const auto bare = DrawMosaic({.image = scene.image});
  EXPECT_FALSE(bare.empty);
  EXPECT_EQ(bare.tiles.size(), 15U);
}

TEST(Mosaic, PatientOfOneVoxelIsNoProblem)
{
  ImageGrid grid;
  grid.size = {{1, 1, 1}};
  const auto image = NewImage<FloatImage>(grid, 3.0F);
  const auto labels = NewImage<LabelImage>(grid, 7);
  const auto mosaic = DrawMosaic({.image = image, .labels = labels});
  EXPECT_EQ(mosaic.tiles.size(), 3U);
}

TEST(Mosaic, OptionsOutOfRangeAreRefused)
{
  ImageGrid grid;
  grid.size = {{4, 4, 4}};
  const auto image = NewImage<FloatImage>(grid);
  const SliceLayers layers{.image = image};
  EXPECT_THROW(DrawMosaic(layers, {.planes = {}}), UsageError);
  EXPECT_THROW(DrawMosaic(layers, {.planes = {"oblique"}}), UsageError);
  EXPECT_THROW(DrawMosaic(layers, {.slices = 0}), UsageError);
  EXPECT_THROW(DrawMosaic(layers, {.tile = 8}), UsageError);
  EXPECT_THROW(DrawMosaic(layers, {.field = "half"}), UsageError);
  EXPECT_THROW(DrawMosaic(layers, {.style = "dots"}), UsageError);
  EXPECT_THROW(DrawMosaic(layers, {.window = {5.0, 5.0}}), UsageError);
  EXPECT_THROW(DrawMosaic(layers, {.greyLevels = 1}), UsageError);
}

} // namespace sulcus
