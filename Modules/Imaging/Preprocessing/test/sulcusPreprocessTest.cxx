#include "sulcusAwkwardImages.h"
#include <sulcusError.h>
#include <sulcusForeground.h>
#include <sulcusForegroundCropImageFilter.h>
#include <sulcusIntensityStatistics.h>
#include <sulcusNyul.h>
#include <sulcusPreprocess.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace sulcus
{

namespace
{

/** A bright ellipsoid with texture in dark noise; `centre` and `radius` in voxels. */
FloatImage::Pointer
HeadImage(const ImageGrid & grid,
          const std::array<double, 3> & centre,
          const std::array<double, 3> & radius)
{
  auto image = WaveImage(grid);
  RandomEngine random(5);
  float * out = image->GetBufferPointer();
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    const double index[3] = {static_cast<double>(i % grid.size[0]),
                             static_cast<double>(i / grid.size[0] % grid.size[1]),
                             static_cast<double>(i / grid.size[0] / grid.size[1])};
    double distance = 0.0;
    for (unsigned int a = 0; a < 3; ++a)
    {
      distance += (index[a] - centre[a]) * (index[a] - centre[a]) / radius[a] / radius[a];
    }
    out[i] = distance <= 1.0 ? out[i] : static_cast<float>(random.Uniform(0.0, 3.0));
  }
  return image;
}

FloatImage::Pointer
Head()
{
  return HeadImage(AwkwardGrid("RSA", {{40, 36, 30}}), {22, 14, 16}, {12.5, 9.5, 8.5});
}

PreprocessInput
Channel(const FloatImage * image)
{
  PreprocessInput input;
  input.channels = {image};
  input.names = {"t1.nii.gz"};
  return input;
}

template <typename TFunction>
std::string
ErrorText(const TFunction & function)
{
  try
  {
    function();
  }
  catch (const Error & error)
  {
    return error.what();
  }
  return "";
}

} // namespace

TEST(Foreground, BoxOfAnEllipsoidInNoise)
{
  const auto head = Head();
  const auto box = MaskBox(ForegroundMask(head), ForegroundPlaneShare);
  EXPECT_EQ(box.start[0], 10);
  EXPECT_EQ(box.start[1], 5);
  EXPECT_EQ(box.start[2], 8);
  EXPECT_EQ(box.size, (itk::Size<3>{{25, 19, 17}}));
  const auto grown = Grown(box, 4.0, GridOf(head)); // 5, 4 and 2 voxels of 0.8, 1.3 and 2.1 mm
  EXPECT_EQ(grown.start[0], 5);
  EXPECT_EQ(grown.start[1], 1);
  EXPECT_EQ(grown.start[2], 6);
  EXPECT_EQ(grown.size, (itk::Size<3>{{35, 27, 21}}));
}

TEST(Foreground, ConstantAndEmptyMaskMeanTheWholeImage)
{
  const auto image = NewImage<FloatImage>(AwkwardGrid("LPS", {{4, 5, 6}}), 3.0F);
  const auto mask = ForegroundMask(image);
  EXPECT_EQ(VoxelsOf(mask.GetPointer()), std::vector<std::uint8_t>(120, 1));
  mask->FillBuffer(0);
  EXPECT_EQ(MaskBox(mask).size, (itk::Size<3>{{4, 5, 6}}));
}

TEST(ForegroundCropImageFilter, KeepsTissueInItsPlace)
{
  const auto head = Head();
  auto filter = ForegroundCropImageFilter<FloatImage>::New();
  filter->SetInput(head);
  filter->SetMarginInMm(1.0);
  filter->Update();
  const auto * cropped = filter->GetOutput();
  EXPECT_EQ(cropped->GetBufferedRegion().GetSize(), (itk::Size<3>{{29, 21, 19}}));
  FloatImage::PointType point;
  cropped->TransformIndexToPhysicalPoint({{3, 4, 5}}, point);
  FloatImage::IndexType index;
  ASSERT_TRUE(head->TransformPhysicalPointToIndex(point, index));
  EXPECT_EQ(cropped->GetPixel({{3, 4, 5}}), head->GetPixel(index));
}

TEST(Preprocess, FollowsThePlan)
{
  Plan plan;
  plan.orientation = "LPS";
  plan.targetSpacingInMm = {1.0, 1.0, 1.0};
  plan.cropMarginInMm = 3.0;
  plan.normalisation = {NormalisationPlan{}};
  const auto head = Head();
  const auto prepared = Preprocess(Channel(head), PreprocessOptionsFromPlan(plan));
  const ImageGrid grid = GridOf(prepared.channels[0]);
  EXPECT_TRUE(SameGrid(grid, prepared.undo.PreparedGrid(), 1e-9));
  EXPECT_EQ(OrientationCode(grid), "LPS");
  for (unsigned int a = 0; a < 3; ++a)
  {
    EXPECT_DOUBLE_EQ(grid.spacing[a], 1.0);
  }
  // Native x (R), y (S), z (A) of 25, 19, 17 voxels, each with its margin of 4, 3, 2 voxels on both
  // sides.
  EXPECT_EQ(grid.size[0], 26u); // 33 · 0.8 = 26.4 mm
  EXPECT_EQ(grid.size[2], 33u); // 25 · 1.3 = 32.5 mm
  EXPECT_EQ(grid.size[1], 44u); // 21 · 2.1 = 44.1 mm
  EXPECT_EQ(prepared.undo.Steps().size(), 3u);

  // Inside the tissue the values are the waves of the place, shifted and scaled: correlation is
  // almost one.
  double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0, n = 0;
  const auto box = prepared.foreground;
  itk::ImageRegionConstIteratorWithIndex<FloatImage> it(prepared.channels[0], box);
  for (; !it.IsAtEnd(); ++it)
  {
    FloatImage::PointType point;
    prepared.channels[0]->TransformIndexToPhysicalPoint(it.GetIndex(), point);
    itk::ContinuousIndex<double, 3> native;
    head->TransformPhysicalPointToContinuousIndex(point, native);
    const double distance = std::pow((native[0] - 22) / 12, 2) + std::pow((native[1] - 14) / 9, 2) +
                            std::pow((native[2] - 16) / 8, 2);
    if (distance < 0.5)
    {
      const double x = it.Get();
      const double y = Wave(point);
      sx += x;
      sy += y;
      sxx += x * x;
      syy += y * y;
      sxy += x * y;
      n += 1;
    }
  }
  EXPECT_GT(n, 1000);
  EXPECT_GT((sxy - sx * sy / n) / std::sqrt((sxx - sx * sx / n) * (syy - sy * sy / n)), 0.999);
}

TEST(Preprocess, ZScoreHasMeanZeroAndDeviationOneInsideTheForeground)
{
  const auto head = Head();
  PreprocessInput input = Channel(head);
  input.foreground = ForegroundMask(head);
  PreprocessOptions options;
  const auto prepared = Preprocess(input, options);
  const auto mask = ToPrepared(input.foreground.GetPointer(), prepared.undo);
  const auto found = MeasureIntensities(prepared.channels[0], mask);
  EXPECT_NEAR(found.mean, 0.0, 1e-5);
  EXPECT_NEAR(found.standardDeviation, 1.0, 1e-5);
}

TEST(Preprocess, EveryNormalisationKind)
{
  const auto head = Head();
  const auto mask = ForegroundMask(head);
  NormalisationPlan plan;
  plan.clipLowPercentile = 0.0;
  plan.clipHighPercentile = 100.0;
  PreprocessInput input = Channel(head);
  input.foreground = mask;
  PreprocessOptions options;
  options.orientation = "RSA";
  options.cropToForeground = false;

  plan.kind = "none";
  options.normalisation = {plan};
  EXPECT_EQ(VoxelsOf(Preprocess(input, options).channels[0].GetPointer()),
            VoxelsOf(head.GetPointer()));

  plan.kind = "percentile";
  options.normalisation = {plan};
  auto found = MeasureIntensities(Preprocess(input, options).channels[0], mask, {1, 99});
  EXPECT_NEAR(found.percentiles[0], 0.0, 1e-5);
  EXPECT_NEAR(found.percentiles[1], 1.0, 1e-5);

  plan.kind = "nyul";
  plan.landmarks = {0, .2, .3, .35, .4, .5, .6, .65, .7, .8, 1};
  options.normalisation = {plan};
  found = MeasureIntensities(Preprocess(input, options).channels[0], mask, NyulPercentiles());
  for (std::size_t i = 0; i < plan.landmarks.size(); ++i)
  {
    EXPECT_NEAR(found.percentiles[i], plan.landmarks[i], 2e-3) << i;
  }

  plan.kind = "sqrt";
  options.normalisation = {plan};
  EXPECT_THROW(Preprocess(input, options), UsageError);
}

TEST(Preprocess, DarkVoxelsOutsideTheTissueStayApart)
{
  const auto image = NewImage<FloatImage>(AwkwardGrid("LPS", {{20, 20, 20}}));
  float * voxels = image->GetBufferPointer();
  for (std::size_t i = 0; i < 8000; ++i)
  {
    voxels[i] = i < 4000 ? static_cast<float>(i % 40) : 1000.0F + static_cast<float>(i % 40);
  }
  voxels[4000] = 9000.0F; // an outlier of the tissue
  PreprocessOptions options;
  options.cropToForeground = false;
  NormalisationPlan plan;
  plan.kind = "none";
  options.normalisation = {plan};
  const auto prepared = Preprocess(Channel(image), options);
  const auto found = MeasureIntensities(prepared.channels[0], nullptr, {0, 25, 100});
  // of all 8000 values the 0.5th percentile is the first 0; of the bright half the 99.5th is 1039
  EXPECT_NEAR(found.percentiles[0], 0.0, 1e-4);
  EXPECT_NEAR(found.percentiles[1], 20.0, 1.0);
  EXPECT_NEAR(found.percentiles[2], 1039.0, 1e-3);
}

TEST(Preprocess, NothingToDoLeavesGridAndRecordAlone)
{
  const auto image = WaveImage(AwkwardGrid("LPS", {{7, 6, 5}}));
  PreprocessOptions options;
  options.cropToForeground = false;
  const auto prepared = Preprocess(Channel(image), options);
  EXPECT_TRUE(prepared.undo.Steps().empty());
  EXPECT_NE(prepared.channels[0]->GetBufferPointer(), image->GetBufferPointer());
}

TEST(Preprocess, LabelsOutsideTheTissueSurviveTheCrop)
{
  const auto head = Head();
  auto labels = NewImage<LabelImage>(GridOf(head));
  labels->SetPixel({{39, 35, 0}}, 3);
  labels->SetPixel({{20, 14, 16}}, 1);
  PreprocessInput input = Channel(head);
  input.keep = labels;
  PreprocessOptions options;
  options.cropMarginInMm = 0.0;
  const auto prepared = Preprocess(input, options);
  const auto back =
      ToNative(ToPrepared(labels.GetPointer(), prepared.undo).GetPointer(), prepared.undo);
  EXPECT_EQ(VoxelsOf(back.GetPointer()), VoxelsOf(labels.GetPointer()));
}

TEST(Preprocess, BadInputIsOneClearLine)
{
  const auto head = Head();
  PreprocessOptions options;
  EXPECT_THROW(Preprocess({}, options), UsageError);

  auto broken = Head();
  broken->GetBufferPointer()[77] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(Preprocess(Channel(broken), options), InputError);
  EXPECT_NE(ErrorText([&] { Preprocess(Channel(broken), options); }).find("t1.nii.gz"),
            std::string::npos);

  const auto constant = NewImage<FloatImage>(GridOf(head), 4.0F);
  EXPECT_THROW(Preprocess(Channel(constant), options), InputError);

  PreprocessInput two = Channel(head);
  ImageGrid moved = GridOf(head);
  moved.origin[2] += 0.01;
  two.channels.push_back(WaveImage(moved).GetPointer());
  EXPECT_THROW(Preprocess(two, options), GeometryError);

  PreprocessInput masked = Channel(head);
  masked.foreground = NewImage<MaskImage>(moved, 1);
  EXPECT_THROW(Preprocess(masked, options), GeometryError);

  options.normalisation.resize(2);
  EXPECT_THROW(Preprocess(Channel(head), options), UsageError);
  options.normalisation.clear();
  options.orientation = "XYZ";
  EXPECT_THROW(Preprocess(Channel(head), options), UsageError);
}

TEST(Preprocess, SameBitsForAnyNumberOfThreads)
{
  const auto head = Head();
  PreprocessOptions options;
  options.targetSpacingInMm = {1.1, 0.9, 1.3};
  const int before = GetThreadCount();
  SetThreadCount(1);
  const auto one = Preprocess(Channel(head), options);
  SetThreadCount(6);
  const auto six = Preprocess(Channel(head), options);
  SetThreadCount(before);
  EXPECT_EQ(VoxelsOf(one.channels[0].GetPointer()), VoxelsOf(six.channels[0].GetPointer()));
}

TEST(Preprocess, SmallVolumeTakesFarLessThanATenthOfASecond)
{
  const auto image = WaveImage(AwkwardGrid("RAS", {{35, 50, 35}}));
  PreprocessOptions options;
  options.targetSpacingInMm = {1.0, 1.0, 1.0};
  double fastest = 1e9;
  for (int repeat = 0; repeat < 3; ++repeat)
  {
    const auto start = std::chrono::steady_clock::now();
    Preprocess(Channel(image), options);
    fastest = std::min(
        fastest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  RecordProperty("seconds", std::to_string(fastest));
  EXPECT_LT(fastest, 0.1);
}

} // namespace sulcus
