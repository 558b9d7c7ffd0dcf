#include "sulcusAwkwardImages.h"
#include <sulcusError.h>
#include <sulcusGridResampleImageFilter.h>

#include <itkBSplineInterpolateImageFunction.h>
#include <itkLinearInterpolateImageFunction.h>
#include <itkNearestNeighborInterpolateImageFunction.h>
#include <itkResampleImageFilter.h>

#include <gtest/gtest.h>

namespace sulcus
{

namespace
{

FloatImage::Pointer
ItkResampled(const FloatImage * image,
             const ImageGrid & grid,
             Interpolation interpolation,
             float fill)
{
  auto filter = itk::ResampleImageFilter<FloatImage, FloatImage>::New();
  filter->SetInput(image);
  filter->SetSize(grid.size);
  filter->SetOutputSpacing(grid.spacing);
  filter->SetOutputOrigin(grid.origin);
  filter->SetOutputDirection(grid.direction);
  filter->SetDefaultPixelValue(fill);
  if (interpolation == Interpolation::Linear)
  {
    filter->SetInterpolator(itk::LinearInterpolateImageFunction<FloatImage>::New());
  }
  else if (interpolation == Interpolation::Nearest)
  {
    filter->SetInterpolator(itk::NearestNeighborInterpolateImageFunction<FloatImage>::New());
  }
  else
  {
    auto spline = itk::BSplineInterpolateImageFunction<FloatImage>::New();
    spline->SetSplineOrder(3);
    filter->SetInterpolator(spline);
  }
  filter->Update();
  return filter->GetOutput();
}

FloatImage::Pointer
Resampled(const FloatImage * image,
          const ImageGrid & grid,
          Interpolation interpolation,
          float fill,
          bool antialias = false)
{
  auto filter = GridResampleImageFilter<FloatImage>::New();
  filter->SetInput(image);
  filter->SetReferenceGrid(grid);
  filter->SetInterpolation(interpolation);
  filter->SetFillValue(fill);
  filter->SetAntialias(antialias);
  filter->Update();
  return filter->GetOutput();
}

/** Voxels whose place is on the brink of the input may be judged differently; they are left out. */
void
ExpectLikeItk(const FloatImage * image,
              const ImageGrid & grid,
              Interpolation interpolation,
              double tolerance)
{
  constexpr float fill = -777.0F;
  const auto ours = Resampled(image, grid, interpolation, fill);
  const auto theirs = ItkResampled(image, grid, interpolation, fill);
  ASSERT_TRUE(SameGrid(GridOf(ours), grid));
  std::size_t compared = 0;
  std::size_t filled = 0;
  itk::ImageRegionConstIteratorWithIndex<FloatImage> it(ours, ours->GetBufferedRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    FloatImage::PointType point;
    ours->TransformIndexToPhysicalPoint(it.GetIndex(), point);
    itk::ContinuousIndex<double, 3> index;
    image->TransformPhysicalPointToContinuousIndex(point, index);
    bool brink = false;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const double size = static_cast<double>(image->GetBufferedRegion().GetSize(axis));
      brink =
          brink || std::abs(index[axis] + 0.5) < 1e-4 || std::abs(index[axis] - size + 0.5) < 1e-4;
      const double fraction = index[axis] - std::floor(index[axis]);
      brink = brink || (interpolation == Interpolation::Nearest && std::abs(fraction - 0.5) < 1e-4);
    }
    if (!brink)
    {
      ASSERT_NEAR(it.Get(), theirs->GetPixel(it.GetIndex()), tolerance)
          << it.GetIndex() << ' ' << index;
      ++compared;
      filled += it.Get() == fill ? 1 : 0;
    }
  }
  EXPECT_GT(compared - filled, grid.VoxelCount() / 10);
}

constexpr Interpolation AllInterpolations[] = {
    Interpolation::Nearest, Interpolation::Linear, Interpolation::CubicBSpline};

} // namespace

TEST(GridResampleImageFilter, ToSpacingEqualsItk)
{
  const auto image = WaveImage(AwkwardGrid("RAS", {{21, 17, 11}}));
  for (const auto interpolation : AllInterpolations)
  {
    ExpectLikeItk(image, GridWithSpacing(GridOf(image), {0.5, 1.7, 0.9}), interpolation, 2e-3);
  }
}

TEST(GridResampleImageFilter, ToPermutedAndReversedAxesEqualsItk)
{
  const auto image = NoiseImage<FloatImage>(AwkwardGrid("RAS", {{14, 17, 11}}), 100, 4);
  for (const auto * code : {"LPS", "SAL", "PIR", "IRP"})
  {
    ImageGrid grid = AwkwardGrid(code, {{22, 23, 24}});
    const auto centre = GridOf(image).PointAt(6.3, 8.2, 5.1);
    grid.spacing[0] = 0.71;
    grid.origin = centre + (grid.origin - grid.PointAt(10.0, 11.0, 12.0));
    ASSERT_TRUE(MappingBetween(GridOf(image), grid).separable);
    for (const auto interpolation : AllInterpolations)
    {
      ExpectLikeItk(image, grid, interpolation, 2e-3);
    }
  }
}

TEST(GridResampleImageFilter, ToObliqueReferenceEqualsItk)
{
  const auto image = NoiseImage<FloatImage>(AwkwardGrid("RAS", {{14, 17, 11}}), 100, 4);
  ImageGrid grid = AwkwardGrid("ASR", {{22, 23, 24}}, -25.0);
  grid.origin =
      GridOf(image).PointAt(6.3, 8.2, 5.1) + (grid.origin - grid.PointAt(10.0, 11.0, 12.0));
  ASSERT_FALSE(MappingBetween(GridOf(image), grid).separable);
  for (const auto interpolation : AllInterpolations)
  {
    ExpectLikeItk(image, grid, interpolation, 2e-3);
  }
}

TEST(GridResampleImageFilter, ThinAndSingleVoxelAxesEqualItk)
{
  for (const auto & size : {itk::Size<3>{{1, 9, 8}}, itk::Size<3>{{7, 2, 3}}})
  {
    const auto image = NoiseImage<FloatImage>(AwkwardGrid("LPS", size), 100, 8);
    for (const auto interpolation : {Interpolation::Nearest, Interpolation::Linear})
    {
      ExpectLikeItk(image, GridWithSpacing(GridOf(image), {0.5, 0.5, 0.9}), interpolation, 1e-3);
    }
  }
}

TEST(GridResampleImageFilter, AveragedHalvingMatchesHandComputedTriangle)
{
  ImageGrid grid;
  grid.size = {{8, 1, 1}};
  auto image = NewImage<FloatImage>(grid);
  const float values[8] = {1, 5, 2, 8, 3, 0, 4, 16};
  std::copy(values, values + 8, image->GetBufferPointer());
  auto filter = GridResampleImageFilter<FloatImage>::New();
  filter->SetInput(image);
  filter->SetOutputSpacing({2.0, 0.0, 0.0});
  filter->Update();
  const auto * out = filter->GetOutput()->GetBufferPointer();
  ASSERT_EQ(GridOf(filter->GetOutput()).size[0], 4u);
  EXPECT_DOUBLE_EQ(filter->GetOutput()->GetOrigin()[0], 0.5);
  // Output 1 lies at 2.5 between voxels 2 and 3; a triangle of half-width 2 weighs voxels 1 to 4 by
  // 1, 3, 3, 1 eighths.
  EXPECT_FLOAT_EQ(out[1], (5.0F + 3.0F * 2.0F + 3.0F * 8.0F + 3.0F) / 8.0F);
  EXPECT_FLOAT_EQ(out[0],
                  (1.0F + 3.0F * 1.0F + 3.0F * 5.0F + 2.0F) / 8.0F); // voxel −1 is voxel 0 again
  EXPECT_FLOAT_EQ(out[3], (0.0F + 3.0F * 4.0F + 3.0F * 16.0F + 16.0F) / 8.0F);
}

TEST(GridResampleImageFilter, AveragingRemovesWhatTheCoarseGridCannotHold)
{
  ImageGrid grid = AwkwardGrid("LPS", {{60, 24, 24}});
  auto image = NewImage<FloatImage>(grid);
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    image->GetBufferPointer()[i] = i % 60 % 2 == 0 ? 1.0F : -1.0F; // alternates along x
  }
  for (const auto interpolation : {Interpolation::Linear, Interpolation::CubicBSpline})
  {
    for (const double degrees : {17.0, 20.0})
    {
      ImageGrid coarse = AwkwardGrid("LPS", {{9, 6, 6}}, degrees);
      coarse.spacing[0] = 3.0;
      coarse.origin =
          grid.PointAt(30.3, 12.0, 12.0) + (coarse.origin - coarse.PointAt(4.0, 3.0, 3.0));
      const auto smooth =
          VoxelsOf(Resampled(image, coarse, interpolation, 0.0F, true).GetPointer());
      const auto sharp =
          VoxelsOf(Resampled(image, coarse, interpolation, 0.0F, false).GetPointer());
      const auto magnitude = [](float a, float b) { return std::abs(a) < std::abs(b); };
      EXPECT_LT(std::abs(*std::max_element(smooth.begin(), smooth.end(), magnitude)), 0.15)
          << degrees;
      EXPECT_GT(std::abs(*std::max_element(sharp.begin(), sharp.end(), magnitude)), 0.4) << degrees;
    }
  }
}

TEST(GridResampleImageFilter, ConstantStaysConstantWhateverTheGrid)
{
  const auto image = NewImage<FloatImage>(AwkwardGrid("PIR", {{13, 12, 11}}), 42.5F);
  for (const auto interpolation : AllInterpolations)
  {
    for (const double factor : {0.37, 1.0, 2.9, 40.0})
    {
      auto filter = GridResampleImageFilter<FloatImage>::New();
      filter->SetInput(image);
      filter->SetOutputSpacing({0.8 * factor, 1.3 * factor, 2.1});
      filter->SetInterpolation(interpolation);
      filter->ExtendEdgesOn();
      filter->Update();
      for (const float value : VoxelsOf<FloatImage>(filter->GetOutput()))
      {
        ASSERT_NEAR(value, 42.5F, 1e-4);
      }
    }
  }
}

TEST(GridResampleImageFilter, OwnGridIsACopyToTheBit)
{
  const auto image = NoiseImage<FloatImage>(AwkwardGrid("SPR", {{13, 12, 11}}), 1 << 22, 1);
  for (const auto interpolation : AllInterpolations)
  {
    EXPECT_EQ(VoxelsOf(Resampled(image, GridOf(image), interpolation, 0.0F, true).GetPointer()),
              VoxelsOf(image.GetPointer()));
  }
}

TEST(GridResampleImageFilter, OneAxisUntouchedByTheSplineOfTheOthers)
{
  // Only z changes: every voxel whose plane falls on an old one keeps its value to float rounding.
  const auto image = NoiseImage<FloatImage>(AwkwardGrid("LPS", {{9, 8, 9}}), 100, 11);
  ImageGrid grid = GridOf(image);
  grid.spacing[2] /= 2.0;
  grid.size[2] = 17;
  const auto fine = Resampled(image, grid, Interpolation::CubicBSpline, 0.0F);
  for (std::size_t i = 0; i < 72; ++i)
  {
    for (std::size_t z = 0; z < 9; ++z)
    {
      ASSERT_NEAR(
          fine->GetBufferPointer()[2 * z * 72 + i], image->GetBufferPointer()[z * 72 + i], 2e-4);
    }
  }
}

TEST(GridResampleImageFilter, IntegersAreRoundedAndClamped)
{
  using ByteImage = itk::Image<std::uint8_t, 3>;
  const auto image = NewImage<ByteImage>(AwkwardGrid("LPS", {{6, 1, 1}}));
  const std::uint8_t values[6] = {0, 0, 255, 255, 0, 0};
  std::copy(values, values + 6, image->GetBufferPointer());
  auto filter = GridResampleImageFilter<ByteImage>::New();
  filter->SetInput(image);
  ImageGrid grid = GridOf(image);
  grid.spacing[0] /= 2.0;
  grid.size[0] = 11;
  filter->SetReferenceGrid(grid);
  filter->SetInterpolation(Interpolation::CubicBSpline);
  filter->Update();
  const auto out = VoxelsOf<ByteImage>(filter->GetOutput());
  EXPECT_EQ(out[5], 255); // overshoots between the two bright voxels
  EXPECT_EQ(out[1], 0);   // undershoots before them
  filter->SetInterpolation(Interpolation::Linear);
  filter->Update();
  EXPECT_EQ(VoxelsOf<ByteImage>(filter->GetOutput())[3], 128); // 127.5 goes up
}

TEST(GridResampleImageFilter, ResultDoesNotDependOnThreads)
{
  const auto image = NoiseImage<FloatImage>(AwkwardGrid("SPR", {{60, 55, 50}}), 1 << 22, 1);
  auto filter = GridResampleImageFilter<FloatImage>::New();
  filter->SetInput(image);
  filter->SetOutputSpacing({0.7, 0.9, 2.6});
  filter->SetInterpolation(Interpolation::CubicBSpline);
  filter->SetNumberOfWorkUnits(1);
  filter->Update();
  const auto one = VoxelsOf<FloatImage>(filter->GetOutput());
  filter->SetNumberOfWorkUnits(5);
  filter->Modified();
  filter->Update();
  EXPECT_EQ(VoxelsOf<FloatImage>(filter->GetOutput()), one);
}

TEST(GridWithSpacing, KeepsCentreAndCoversTheExtentBest)
{
  const ImageGrid grid = AwkwardGrid("RSP", {{21, 17, 11}});
  const ImageGrid fine = GridWithSpacing(grid, {0.33, 0.0, 5.0});
  EXPECT_EQ(fine.size[0], 51u); // 21 · 0.8 / 0.33 = 50.9
  EXPECT_EQ(fine.size[1], 17u);
  EXPECT_EQ(fine.size[2], 5u); // 23.1 / 5 = 4.62
  const auto a = grid.PointAt(10.0, 8.0, 5.0);
  const auto b = fine.PointAt(25.0, 8.0, 2.0);
  EXPECT_NEAR(a.EuclideanDistanceTo(b), 0.0, 1e-9);
  EXPECT_EQ(GridWithSpacing(grid, {100.0, 100.0, 100.0}).size, (itk::Size<3>{{1, 1, 1}}));
  EXPECT_EQ(GridWithSpacing(grid, {0.80001, 0.0, 0.0}).spacing[0], 0.8);
  EXPECT_THROW(GridWithSpacing(grid, {-1.0, 1.0, 1.0}), UsageError);
  EXPECT_THROW(GridWithSpacing(grid, {1.0, std::nan(""), 1.0}), UsageError);
}

} // namespace sulcus
