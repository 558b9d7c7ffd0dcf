// What every filter promises: progress that ends at one, and an abort that is obeyed.
#include "sulcusAwkwardImages.h"
#include <sulcusBiasFieldImageFilter.h>
#include <sulcusCropPadImageFilter.h>
#include <sulcusGridResampleImageFilter.h>
#include <sulcusIntensityStatistics.h>
#include <sulcusLabelResampleImageFilter.h>
#include <sulcusNormaliseImageFilters.h>
#include <sulcusOrientImageFilter.h>

#include <gtest/gtest.h>

#include <functional>

namespace sulcus
{

namespace
{

/** More voxels than one batch of work, so that progress has steps and an abort something left to
 * stop. */
ImageGrid
LargeGrid()
{
  return AwkwardGrid("RAS", {{200, 200, 120}});
}

void
ExpectProgressAndAbort(itk::ProcessObject * filter)
{
  std::vector<float> seen;
  const auto watch =
      filter->AddObserver(itk::ProgressEvent(),
                          [&](const itk::EventObject &) { seen.push_back(filter->GetProgress()); });
  filter->Update();
  ASSERT_GT(seen.size(), 2u) << filter->GetNameOfClass();
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end())) << filter->GetNameOfClass();
  EXPECT_FLOAT_EQ(seen.back(), 1.0F) << filter->GetNameOfClass();
  filter->RemoveObserver(watch);

  int calls = 0;
  filter->AddObserver(itk::ProgressEvent(),
                      [&](const itk::EventObject &)
                      {
                        ++calls;
                        filter->AbortGenerateDataOn();
                      });
  filter->Modified();
  EXPECT_THROW(filter->Update(), itk::ProcessAborted) << filter->GetNameOfClass();
  EXPECT_LT(calls, static_cast<int>(seen.size()) + 1) << filter->GetNameOfClass();
}

} // namespace

TEST(EveryFilter, ReportsProgressAndObeysAbort)
{
  const auto image = WaveImage(LargeGrid());
  const auto labels = BlobLabels(LargeGrid(), 3);
  auto orient = OrientImageFilter<FloatImage>::New();
  orient->SetInput(image);
  orient->SetOrientation("SPL");
  ExpectProgressAndAbort(orient);
  auto crop = CropPadImageFilter<FloatImage>::New();
  crop->SetInput(image);
  crop->SetPadding({{1, 2, 3}}, {{3, 2, 1}});
  ExpectProgressAndAbort(crop);
  auto resample = GridResampleImageFilter<FloatImage>::New();
  resample->SetInput(image);
  resample->SetOutputSpacing({0.7, 1.2, 2.1});
  ExpectProgressAndAbort(resample);
  auto vote = LabelResampleImageFilter<LabelImage>::New();
  vote->SetInput(labels);
  vote->SetOutputSpacing({0.7, 1.2, 2.1});
  ExpectProgressAndAbort(vote);
  auto zScore = ZScoreImageFilter<FloatImage>::New();
  zScore->SetInput(image);
  ExpectProgressAndAbort(zScore);
}

TEST(BiasFieldImageFilter, RemovesASmoothFieldAndObeysAbort)
{
  // Two tissues under a field that grows by a factor of about two across the image.
  const ImageGrid grid = AwkwardGrid("RAS", {{48, 40, 24}});
  auto clean = NewImage<FloatImage>(grid);
  auto image = NewImage<FloatImage>(grid);
  RandomEngine random(3);
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    const double x = static_cast<double>(i % 48) / 47.0;
    const double y = static_cast<double>(i / 48 % 40) / 39.0;
    const bool inner = (i % 48 / 6 + i / 48 % 40 / 5 + i / 1920 / 4) % 2 == 0;
    const double tissue = (inner ? 100.0 : 160.0) + random.Normal(0.0, 3.0);
    clean->GetBufferPointer()[i] = static_cast<float>(tissue);
    image->GetBufferPointer()[i] =
        static_cast<float>(tissue * std::exp(0.7 * (x - 0.5) + 0.3 * (y - 0.5) * (y - 0.5)));
  }
  auto filter = BiasFieldImageFilter<FloatImage>::New();
  filter->SetInput(image);
  filter->SetMaskImage(NewImage<MaskImage>(grid, 1));
  BiasFieldOptions options;
  options.shrinkFactor = 2;
  options.iterations = {30, 20};
  filter->SetOptions(options);
  std::vector<float> seen;
  filter->AddObserver(itk::ProgressEvent(),
                      [&](const itk::EventObject &) { seen.push_back(filter->GetProgress()); });
  filter->Update();
  const auto spread =
      [&](const FloatImage * corrected) { // of the ratio to the truth, relative to its mean
        auto ratio = NewImage<FloatImage>(grid);
        for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
        {
          ratio->GetBufferPointer()[i] =
              corrected->GetBufferPointer()[i] / clean->GetBufferPointer()[i];
        }
        const auto found = MeasureIntensities(ratio, nullptr);
        return found.standardDeviation / found.mean;
      };
  EXPECT_GT(spread(image), 0.19);
  EXPECT_LT(spread(filter->GetOutput()), 0.04);
  EXPECT_GT(seen.size(), 3u);
  EXPECT_FLOAT_EQ(seen.back(), 1.0F);

  filter->AddObserver(itk::ProgressEvent(),
                      [&](const itk::EventObject &) { filter->AbortGenerateDataOn(); });
  filter->Modified();
  EXPECT_THROW(filter->Update(), itk::ProcessAborted);
}

} // namespace sulcus
