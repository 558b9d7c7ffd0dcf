#include "sulcusAwkwardImages.h"
#include <sulcusError.h>
#include <sulcusNormaliseImageFilters.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>

#include <limits>

namespace sulcus
{

namespace
{

FloatImage::Pointer
RowImage(const std::vector<float> & values)
{
  ImageGrid grid = AwkwardGrid("RAS", {{values.size(), 1, 1}});
  auto image = NewImage<FloatImage>(grid);
  std::copy(values.begin(), values.end(), image->GetBufferPointer());
  return image;
}

} // namespace

TEST(IntensityStatistics, HandComputed)
{
  const std::vector<float> values{4, 1, 3, 2, 100};
  const auto all = MeasureIntensities(values, {}, {0, 25, 50, 90, 100});
  EXPECT_EQ(all.count, 5u);
  EXPECT_DOUBLE_EQ(all.mean, 22.0);
  EXPECT_DOUBLE_EQ(all.standardDeviation,
                   std::sqrt((18. * 18 + 21. * 21 + 19. * 19 + 20. * 20 + 78. * 78) / 5.0));
  // Sorted 1 2 3 4 100: position 3.6 of the 90th percentile is 4 + 0.6 · 96.
  const std::vector<double> expected{1, 2, 3, 4 + 0.6 * 96, 100};
  for (std::size_t i = 0; i < expected.size(); ++i)
  {
    EXPECT_DOUBLE_EQ(all.percentiles[i], expected[i]);
  }
  const auto masked = MeasureIntensities(values, std::vector<std::uint8_t>{1, 0, 1, 7, 0}, {50});
  EXPECT_EQ(masked.count, 3u);
  EXPECT_DOUBLE_EQ(masked.mean, 3.0);
  EXPECT_DOUBLE_EQ(masked.percentiles[0], 3.0);
}

TEST(IntensityStatistics, CountingAndSortingAgreeWithASortedCopy)
{
  for (const std::size_t count :
       {std::size_t{1001}, std::size_t{400001}}) // below and above the switch
  {
    RandomEngine random(count);
    std::vector<float> values(count);
    for (auto & value : values)
    {
      value = static_cast<float>(random.Chance(0.2) ? 0.0 : random.Normal(-3.0, 1000.0));
    }
    auto sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const std::vector<double> wanted{0, 0.5, 1, 12.3, 50, 77, 99.5, 100};
    const auto found = MeasureIntensities(values, {}, wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i)
    {
      const double position = wanted[i] / 100.0 * static_cast<double>(count - 1);
      const auto below = static_cast<std::size_t>(position);
      const double low = sorted[below];
      const double high = sorted[std::min(count - 1, below + 1)];
      EXPECT_NEAR(found.percentiles[i],
                  low + (position - static_cast<double>(below)) * (high - low),
                  1e-6 * 1000);
    }
  }
}

TEST(IntensityStatistics, EmptyConstantAndNotFinite)
{
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const auto none = MeasureIntensities(std::vector<float>{}, {}, {50});
  EXPECT_EQ(none.count, 0u);
  EXPECT_EQ(none.percentiles, std::vector<double>{0.0});
  const auto constant = MeasureIntensities(std::vector<float>(300000, 0.1F), {}, {1, 99});
  EXPECT_EQ(constant.standardDeviation, 0.0);
  EXPECT_EQ(constant.percentiles[0], static_cast<double>(0.1F));
  const auto mixed = MeasureIntensities(std::vector<float>{nan, 2, -infinity, 4}, {}, {50});
  EXPECT_EQ(mixed.notFinite, 2u);
  EXPECT_DOUBLE_EQ(mixed.mean, 3.0);
  EXPECT_DOUBLE_EQ(mixed.percentiles[0], 3.0);
  EXPECT_THROW(MeasureIntensities(std::vector<float>{1}, {}, {101}), UsageError);
  EXPECT_THROW(MeasureIntensities(std::vector<float>{1}, std::vector<std::uint8_t>{1, 1}),
               UsageError);
}

TEST(IntensityStatistics, SameBitsForAnyNumberOfThreads)
{
  RandomEngine random(4);
  std::vector<float> values(500000);
  for (auto & value : values)
  {
    value = static_cast<float>(random.Normal());
  }
  const int before = GetThreadCount();
  SetThreadCount(1);
  const auto one = MeasureIntensities(values, {}, {3, 97});
  SetThreadCount(7);
  const auto seven = MeasureIntensities(values, {}, {3, 97});
  SetThreadCount(before);
  EXPECT_EQ(one.mean, seven.mean);
  EXPECT_EQ(one.standardDeviation, seven.standardDeviation);
  EXPECT_EQ(one.percentiles, seven.percentiles);
}

TEST(IntensityMap, PiecesEqualTheMapAndComposeWithAClip)
{
  const IntensityMap map({1, 2, 5, 9}, {0, 3, 3, -4}, false);
  EXPECT_DOUBLE_EQ(map(0.0), -3.0);
  EXPECT_DOUBLE_EQ(map(1.5), 1.5);
  EXPECT_DOUBLE_EQ(map(4.0), 3.0);
  EXPECT_DOUBLE_EQ(map(13.0), -11.0);
  const IntensityMap clipped = map.After(ClipMap(1.5, 7.0));
  for (double value = -3.0; value < 20.0; value += 0.1)
  {
    EXPECT_NEAR(clipped(value), map(std::clamp(value, 1.5, 7.0)), 1e-12);
    for (const auto & each : {map, clipped})
    {
      const auto in = static_cast<float>(value);
      float out = 0.0F;
      ApplyPieces(each.Pieces(), &in, 1, &out);
      EXPECT_NEAR(out, each(in), 1e-5);
    }
  }
  EXPECT_THROW(IntensityMap({1, 1}, {0, 1}, true), UsageError);
  EXPECT_THROW(IntensityMap({1}, {}, true), UsageError);
}

TEST(NormaliseImageFilters, HandComputed)
{
  const auto image = RowImage({10, 20, 30, 40, 1000});
  auto mask = NewImage<MaskImage>(GridOf(image), 1);
  mask->GetBufferPointer()[4] = 0;

  auto zScore = ZScoreImageFilter<FloatImage>::New();
  zScore->SetInput(image);
  zScore->SetMaskImage(mask);
  zScore->Update();
  const double deviation = std::sqrt(125.0); // of 10 20 30 40
  EXPECT_NEAR(zScore->GetOutput()->GetBufferPointer()[0], -15.0 / deviation, 1e-6);
  EXPECT_NEAR(zScore->GetOutput()->GetBufferPointer()[4], 975.0 / deviation, 1e-4);

  auto clip = PercentileClipImageFilter<FloatImage>::New();
  clip->SetInput(image);
  clip->SetMaskImage(mask);
  clip->SetLowPercentile(10.0);
  clip->SetHighPercentile(90.0);
  clip->Update(); // positions 0.3 and 2.7 of 10 20 30 40: 13 and 37
  EXPECT_EQ(VoxelsOf<FloatImage>(clip->GetOutput()), (std::vector<float>{13, 20, 30, 37, 37}));

  auto rescale = PercentileRescaleImageFilter<FloatImage>::New();
  rescale->SetInput(image);
  rescale->SetMaskImage(mask);
  rescale->SetLowPercentile(0.0);
  rescale->SetHighPercentile(100.0);
  rescale->Update();
  EXPECT_NEAR(rescale->GetOutput()->GetBufferPointer()[1], 1.0 / 3.0, 1e-6);
  EXPECT_NEAR(rescale->GetOutput()->GetBufferPointer()[4], 33.0, 1e-5);
}

TEST(NormaliseImageFilters, ConstantBecomesZeroAndMaskOnAnotherGridIsRefused)
{
  const auto image = RowImage({7, 7, 7});
  auto zScore = ZScoreImageFilter<FloatImage>::New();
  zScore->SetInput(image);
  zScore->Update();
  EXPECT_EQ(VoxelsOf<FloatImage>(zScore->GetOutput()), (std::vector<float>{0, 0, 0}));
  auto rescale = PercentileRescaleImageFilter<FloatImage>::New();
  rescale->SetInput(image);
  rescale->Update();
  EXPECT_EQ(VoxelsOf<FloatImage>(rescale->GetOutput()), (std::vector<float>{0, 0, 0}));
  ImageGrid moved = GridOf(image);
  moved.origin[0] += 1.0;
  zScore->SetMaskImage(NewImage<MaskImage>(moved, 1));
  EXPECT_ANY_THROW(zScore->Update());
}

TEST(Nyul, ScaleAndMapByHand)
{
  // Landmarks of two images: one linear from 0 to 10, one bent.
  const std::vector<double> linear{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const std::vector<double> bent{100, 101, 102, 103, 104, 105, 110, 115, 120, 130, 140};
  const auto scale = LearnNyulScale({linear, bent});
  ASSERT_EQ(scale.size(), 11u);
  EXPECT_DOUBLE_EQ(scale[0], 0.0);
  EXPECT_DOUBLE_EQ(scale[10], 1.0);
  EXPECT_DOUBLE_EQ(scale[5], (0.5 + 5.0 / 40.0) / 2.0);
  const auto map = NyulMap(linear, scale);
  EXPECT_NEAR(map(5.0), scale[5], 1e-12);
  EXPECT_NEAR(map(5.5), (scale[5] + scale[6]) / 2.0, 1e-12);
  EXPECT_NEAR(map(12.0), 1.0 + 2.0 * (1.0 - scale[9]), 1e-12);
}

TEST(Nyul, CoincidingLandmarksJoin)
{
  const std::vector<double> flat{0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<double> scale{0, .1, .2, .3, .4, .5, .6, .7, .8, .9, 1};
  const auto map = NyulMap(flat, scale);
  EXPECT_NEAR(map(0.0), 0.1, 1e-12);
  EXPECT_NEAR(map(1.0), 0.3, 1e-12);
  EXPECT_THROW(LearnNyulScale({}), UsageError);
  EXPECT_THROW(LearnNyulScale({std::vector<double>(11, 3.0)}), UsageError);
  EXPECT_THROW(NyulMap({1, 2}, scale), UsageError);
  EXPECT_THROW(NyulMap(flat, {1, 0}), UsageError);
}

TEST(Nyul, UndoesAMonotoneChangeOfContrast)
{
  // The same anatomy under another, monotone contrast comes out alike after standardisation.
  const auto image = WaveImage(AwkwardGrid("RAS", {{30, 30, 20}}));
  auto other = WaveImage(GridOf(image));
  for (std::size_t i = 0; i < GridOf(image).VoxelCount(); ++i)
  {
    float & value = other->GetBufferPointer()[i];
    value = 5.0F + 0.02F * value * value;
  }
  const auto landmarks = MeasureIntensities(image, nullptr, NyulPercentiles()).percentiles;
  const auto scale = LearnNyulScale({landmarks});
  std::vector<std::vector<float>> results;
  for (const auto & each : {image, other})
  {
    auto filter = NyulImageFilter<FloatImage>::New();
    filter->SetInput(each);
    filter->SetStandardScale(scale);
    filter->Update();
    results.push_back(VoxelsOf<FloatImage>(filter->GetOutput()));
  }
  double worst = 0.0;
  for (std::size_t i = 0; i < results[0].size(); ++i)
  {
    worst = std::max(worst, static_cast<double>(std::abs(results[0][i] - results[1][i])));
  }
  EXPECT_LT(worst, 0.03); // of a scale from 0 to 1; the bends between landmarks
}

} // namespace sulcus
