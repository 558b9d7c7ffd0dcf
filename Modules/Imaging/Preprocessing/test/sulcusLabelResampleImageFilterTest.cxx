#include "sulcusAwkwardImages.h"
#include <sulcusLabelResampleImageFilter.h>
#include <sulcusLabelVote.h>

#include <itkLinearInterpolateImageFunction.h>
#include <itkNearestNeighborInterpolateImageFunction.h>
#include <itkResampleImageFilter.h>

#include <gtest/gtest.h>

#include <set>

namespace sulcus
{

namespace
{

LabelImage::Pointer
Resampled(const LabelImage * image,
          const ImageGrid & grid,
          LabelInterpolation interpolation,
          bool extend = false)
{
  auto filter = LabelResampleImageFilter<LabelImage>::New();
  filter->SetInput(image);
  filter->SetReferenceGrid(grid);
  filter->SetInterpolation(interpolation);
  filter->SetExtendEdges(extend);
  filter->SetFillValue(99);
  filter->Update();
  return filter->GetOutput();
}

/** Linear interpolation of one label's indicator by ITK. */
FloatImage::Pointer
ItkIndicator(const LabelImage * labels, std::uint16_t label, const ImageGrid & grid)
{
  auto indicator = NewImage<FloatImage>(GridOf(labels));
  for (std::size_t i = 0; i < GridOf(labels).VoxelCount(); ++i)
  {
    indicator->GetBufferPointer()[i] = labels->GetBufferPointer()[i] == label ? 1.0F : 0.0F;
  }
  auto filter = itk::ResampleImageFilter<FloatImage, FloatImage>::New();
  filter->SetInput(indicator);
  filter->SetSize(grid.size);
  filter->SetOutputSpacing(grid.spacing);
  filter->SetOutputOrigin(grid.origin);
  filter->SetOutputDirection(grid.direction);
  filter->SetDefaultPixelValue(-1.0F);
  filter->Update();
  return filter->GetOutput();
}

} // namespace

TEST(LabelResampleImageFilter, FinerGridAndBackRestoresEveryVoxel)
{
  for (const auto * code : {"LPS", "ARI", "SPR"})
  {
    const auto labels = NoiseImage<LabelImage>(AwkwardGrid(code, {{13, 12, 11}}), 5, 9);
    for (const auto & spacing :
         {std::array<double, 3>{0.8, 0.65, 0.7}, std::array<double, 3>{0.51, 1.11, 1.9}})
    {
      const ImageGrid fine = GridWithSpacing(GridOf(labels), spacing);
      const auto there = Resampled(labels, fine, LabelInterpolation::Nearest, true);
      const auto back = Resampled(there, GridOf(labels), LabelInterpolation::Nearest, true);
      EXPECT_EQ(VoxelsOf(back.GetPointer()), VoxelsOf(labels.GetPointer()));
    }
  }
}

TEST(LabelResampleImageFilter, MakesNoNewLabel)
{
  auto labels = NoiseImage<LabelImage>(AwkwardGrid("LPS", {{13, 12, 11}}), 1, 9);
  for (std::size_t i = 0; i < GridOf(labels).VoxelCount(); ++i)
  {
    labels->GetBufferPointer()[i] = labels->GetBufferPointer()[i] == 0 ? 7 : 4000;
  }
  for (const double factor : {0.6, 1.7})
  {
    const ImageGrid grid = GridWithSpacing(GridOf(labels), {factor, factor, factor});
    for (const auto interpolation : {LabelInterpolation::Nearest, LabelInterpolation::Vote})
    {
      const auto found = VoxelsOf(Resampled(labels, grid, interpolation, true).GetPointer());
      EXPECT_EQ(std::set<std::uint16_t>(found.begin(), found.end()),
                (std::set<std::uint16_t>{7, 4000}));
    }
  }
}

TEST(LabelResampleImageFilter, VoteEqualsLargestItkIndicator)
{
  const auto labels = BlobLabels(AwkwardGrid("RAS", {{14, 15, 12}}), 3);
  ImageGrid fine = GridWithSpacing(GridOf(labels), {0.43, 0.77, 0.61});
  ImageGrid oblique = AwkwardGrid("LPS", {{16, 16, 16}}, -22.0);
  oblique.origin =
      GridOf(labels).PointAt(6.0, 7.0, 5.0) + (oblique.origin - oblique.PointAt(8.0, 8.0, 8.0));
  for (const auto & grid : {fine, oblique})
  {
    const auto ours = Resampled(labels, grid, LabelInterpolation::Vote);
    std::vector<FloatImage::Pointer> indicators;
    for (std::uint16_t label = 0; label < 4; ++label)
    {
      indicators.push_back(ItkIndicator(labels, label, grid));
    }
    std::size_t decided = 0;
    for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
    {
      std::vector<std::pair<float, int>> ranked;
      for (int label = 0; label < 4; ++label)
      {
        ranked.emplace_back(indicators[static_cast<std::size_t>(label)]->GetBufferPointer()[i],
                            label);
      }
      std::sort(ranked.rbegin(), ranked.rend());
      const bool outside = ranked[0].first < 0.0F;
      if (outside || ranked[0].first - ranked[1].first > 1e-4F)
      {
        ASSERT_EQ(ours->GetBufferPointer()[i], outside ? 99 : ranked[0].second) << i;
        ++decided;
      }
    }
    EXPECT_GT(decided, grid.VoxelCount() * 9 / 10);
  }
}

TEST(LabelResampleImageFilter, VoteOfAHalvedRowByHand)
{
  ImageGrid grid;
  grid.size = {{8, 1, 1}};
  auto labels = NewImage<LabelImage>(grid);
  const std::uint16_t values[8] = {2, 1, 1, 2, 2, 3, 3, 3};
  std::copy(values, values + 8, labels->GetBufferPointer());
  const auto half =
      Resampled(labels, GridWithSpacing(grid, {2.0, 1.0, 1.0}), LabelInterpolation::Vote, true);
  // Eighths for each output: 4×2 + 4×1 ties, lowest wins; 4×1 + 4×2 likewise; 4×2 + 4×3; 8×3.
  EXPECT_EQ(VoxelsOf(half.GetPointer()), (std::vector<std::uint16_t>{1, 1, 2, 3}));
}

TEST(LabelVote, TieGoesToTheLowestLabelWhateverTheOrder)
{
  LabelVote<std::uint16_t> vote;
  for (const auto & order :
       {std::vector<std::uint16_t>{5, 3, 9}, std::vector<std::uint16_t>{9, 5, 3}})
  {
    vote.Clear();
    for (const auto label : order)
    {
      vote.Add(label, 0.1);
      vote.Add(label, 0.2);
    }
    EXPECT_EQ(vote.Winner(), 3);
  }
}

} // namespace sulcus
