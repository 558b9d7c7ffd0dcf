// Times preprocessing and the way back; ITK's filters run in turn with ours. One argument: the edge
// length (default 256). Prints a Markdown table: operation, milliseconds (median of five), million
// voxels a second, ratio to ITK.
#include <sulcusComponentRules.h>
#include <sulcusGridResampleImageFilter.h>
#include <sulcusIntensityStatistics.h>
#include <sulcusMemory.h>
#include <sulcusNativeLabelDecider.h>
#include <sulcusOrientImageFilter.h>
#include <sulcusPreprocess.h>
#include <sulcusRandomEngine.h>

#include <itkBSplineInterpolateImageFunction.h>
#include <itkOrientImageFilter.h>
#include <itkResampleImageFilter.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace
{

using namespace sulcus;

double
Seconds(const std::function<void()> & work)
{
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double
Median(std::vector<double> values)
{
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void
Row(const char * name,
    std::size_t voxels,
    const std::function<void()> & ours,
    const std::function<void()> & itks = {})
{
  std::vector<double> mine;
  std::vector<double> theirs;
  for (int repeat = 0; repeat < 5; ++repeat)
  {
    mine.push_back(Seconds(ours));
    if (itks && repeat < 3)
    {
      theirs.push_back(Seconds(itks));
    }
  }
  const double median = Median(mine);
  std::printf(
      "| %s | %.1f | %.0f | ", name, 1e3 * median, static_cast<double>(voxels) / median / 1e6);
  if (itks)
  {
    std::printf("%.1f | %.1f |\n", 1e3 * Median(theirs), Median(theirs) / median);
  }
  else
  {
    std::printf("- | - |\n");
  }
  std::fflush(stdout);
}

FloatImage::Pointer
TestImage(std::size_t edge)
{
  ImageGrid grid;
  grid.size = {{edge, edge, edge}};
  grid.direction[0][0] = -1.0;
  auto image = NewImage<FloatImage>(grid);
  RandomEngine random(1);
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    const double x = static_cast<double>(i % edge) / static_cast<double>(edge) - 0.5;
    const double y = static_cast<double>(i / edge % edge) / static_cast<double>(edge) - 0.5;
    const double z = static_cast<double>(i / edge / edge) / static_cast<double>(edge) - 0.5;
    const bool head = x * x + y * y + z * z < 0.16;
    image->GetBufferPointer()[i] =
        static_cast<float>(head ? 300.0 + 100.0 * std::sin(20.0 * x) + 10.0 * random.Normal()
                                : 5.0 * random.Uniform());
  }
  return image;
}

void
ResampleRow(const char * name,
            const FloatImage * image,
            const ImageGrid & grid,
            Interpolation interpolation)
{
  Row(
      name,
      grid.VoxelCount(),
      [&]
      {
        auto filter = GridResampleImageFilter<FloatImage>::New();
        filter->SetInput(image);
        filter->SetReferenceGrid(grid);
        filter->SetInterpolation(interpolation);
        filter->Update();
      },
      [&]
      {
        auto filter = itk::ResampleImageFilter<FloatImage, FloatImage>::New();
        filter->SetInput(image);
        filter->SetSize(grid.size);
        filter->SetOutputSpacing(grid.spacing);
        filter->SetOutputOrigin(grid.origin);
        filter->SetOutputDirection(grid.direction);
        if (interpolation == Interpolation::CubicBSpline)
        {
          filter->SetInterpolator(itk::BSplineInterpolateImageFunction<FloatImage>::New());
        }
        filter->Update();
      });
}

void
DeciderRow(const ImageGrid & native, double spacing, int classes)
{
  Undo undo(native);
  undo.AddOrientation(AxisOrderBetween(OrientationCode(native), "LPS"));
  undo.AddResampling(GridWithSpacing(undo.PreparedGrid(), {spacing, spacing, spacing}));
  const auto & size = undo.PreparedGrid().size;
  const std::int64_t planes = std::min<std::int64_t>(16, static_cast<std::int64_t>(size[2]));
  std::vector<float> slab(static_cast<std::size_t>(classes * planes) * size[0] * size[1]);
  for (std::size_t i = 0; i < slab.size(); ++i)
  {
    slab[i] = static_cast<float>((i * 2654435761U) % 1024) / 1024.0F;
  }
  char name[96];
  std::snprintf(name, sizeof name, "decide %d classes, %g mm -> 1 mm", classes, spacing);
  Row(name,
      native.VoxelCount(),
      [&]
      {
        NativeLabelDecider decider(undo, classes, {.confidence = true});
        while (decider.NextPlane() < static_cast<std::int64_t>(size[2]))
        {
          const auto dz =
              std::min(planes, static_cast<std::int64_t>(size[2]) - decider.NextPlane());
          decider.Accept({.data = slab.data(), .planes = dz});
        }
        decider.Finish();
      });
}

} // namespace

int
main(int argc, char ** argv)
{
  const std::size_t edge = argc > 1 ? static_cast<std::size_t>(std::atol(argv[1])) : 256;
  const auto image = TestImage(edge);
  const ImageGrid grid = GridOf(image);
  std::printf(
      "| %zu^3 voxels of 1 mm | ms | Mvoxel/s | ITK ms | ITK / ours |\n|---|---|---|---|---|\n",
      edge);
  Row(
      "orient RPS to SLP",
      grid.VoxelCount(),
      [&]
      {
        auto filter = OrientImageFilter<FloatImage>::New();
        filter->SetInput(image);
        filter->SetOrientation("SLP");
        filter->Update();
      },
      [&]
      {
        auto filter = itk::OrientImageFilter<FloatImage, FloatImage>::New();
        filter->SetInput(image);
        filter->UseImageDirectionOn();
        filter->SetDesiredCoordinateOrientation(
            itk::SpatialOrientation::ITK_COORDINATE_ORIENTATION_IRA);
        filter->Update();
      });
  const ImageGrid fine = GridWithSpacing(grid, {0.93, 0.93, 0.93});
  ResampleRow("resample linear to 0.93 mm", image, fine, Interpolation::Linear);
  ResampleRow("resample cubic B-spline to 0.93 mm", image, fine, Interpolation::CubicBSpline);
  const ImageGrid coarse = GridWithSpacing(grid, {2.0, 2.0, 2.0});
  ResampleRow("resample linear, averaged, to 2 mm", image, coarse, Interpolation::Linear);
  Row("percentiles 0.5 and 99.5",
      grid.VoxelCount(),
      [&] {
        MeasureIntensities(image, nullptr, {0.5, 99.5});
      });
  PreprocessInput input;
  input.channels = {image.GetPointer()};
  PreprocessOptions options;
  Row("Preprocess: orient, crop, clip, z-score",
      grid.VoxelCount(),
      [&] { Preprocess(input, options); });
  options.targetSpacingInMm = {0.93, 0.93, 0.93};
  Row("Preprocess: the same and cubic to 0.93 mm",
      grid.VoxelCount(),
      [&] { Preprocess(input, options); });
  for (const int classes : {3, 30})
  {
    DeciderRow(grid, 1.0, classes);
    DeciderRow(grid, 1.5, classes);
  }
  auto labels = NewImage<LabelImage>(grid);
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    labels->GetBufferPointer()[i] =
        image->GetBufferPointer()[i] > 390.0F ? 2 : (image->GetBufferPointer()[i] > 100.0F ? 1 : 0);
  }
  Row("connected components of 2 labels",
      grid.VoxelCount(),
      [&] { LabelComponents found(labels); });
  std::printf("\npeak memory %.0f MB\n", static_cast<double>(PeakMemory()) / 1e6);
  return 0;
}
