#include "sulcusAxisTaps.h"
#include "sulcusBiasFieldImageFilter.h"
#include "sulcusGridResampleImageFilter.h"
#include "sulcusLabelResampleImageFilter.h"
#include "sulcusTapRows.h"
#include <sulcusError.h>
#include <sulcusThreads.h>

#include <itkN4BiasFieldCorrectionImageFilter.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sulcus
{

namespace
{

using N4Filter = itk::N4BiasFieldCorrectionImageFilter<FloatImage, MaskImage, FloatImage>;

constexpr std::size_t FewestVoxels = 64;

ImageGrid
ShrunkGrid(const ImageGrid & grid, int shrinkFactor)
{
  const double finest = std::min({grid.spacing[0], grid.spacing[1], grid.spacing[2]});
  std::array<double, 3> spacing{};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const double wanted = std::floor(shrinkFactor * finest / grid.spacing[axis] + 0.5);
    const double allowed = std::floor(static_cast<double>(grid.size[axis]) / 8.0);
    spacing[axis] = grid.spacing[axis] * std::max(1.0, std::min(wanted, allowed));
  }
  return GridWithSpacing(grid, spacing);
}

FloatImage::Pointer
ShrunkImage(const FloatImage * image, const ImageGrid & grid)
{
  auto filter = GridResampleImageFilter<FloatImage>::New();
  filter->SetInput(image);
  filter->SetReferenceGrid(grid);
  filter->ExtendEdgesOn();
  filter->Update();
  return filter->GetOutput();
}

MaskImage::Pointer
ShrunkMask(const MaskImage * mask, const FloatImage * shrunk)
{
  const auto binary = NewImage<MaskImage>(GridOf(mask));
  const std::size_t count = mask->GetBufferedRegion().GetNumberOfPixels();
  std::transform(mask->GetBufferPointer(),
                 mask->GetBufferPointer() + count,
                 binary->GetBufferPointer(),
                 [](auto v) { return static_cast<std::uint8_t>(v != 0); });
  auto filter = LabelResampleImageFilter<MaskImage>::New();
  filter->SetInput(binary);
  filter->SetReferenceImage(shrunk);
  filter->ExtendEdgesOn();
  filter->Update();
  MaskImage::Pointer result = filter->GetOutput();
  std::size_t usable = 0;
  const std::size_t few = result->GetBufferedRegion().GetNumberOfPixels();
  for (std::size_t i = 0; i < few; ++i)
  {
    std::uint8_t & voxel = result->GetBufferPointer()[i];
    voxel = voxel != 0 && shrunk->GetBufferPointer()[i] > 0.0F ? 1 : 0;
    usable += voxel;
  }
  if (usable < FewestVoxels)
  {
    throw InputError(Message("bias field: only ",
                             usable,
                             " positive voxels inside the mask of the shrunk image, need ",
                             FewestVoxels));
  }
  return result;
}

void
Configure(N4Filter & filter, const ImageGrid & grid, const BiasFieldOptions & options)
{
  N4Filter::VariableSizeArrayType iterations(static_cast<unsigned int>(options.iterations.size()));
  N4Filter::ArrayType controlPoints;
  for (unsigned int level = 0; level < iterations.Size(); ++level)
  {
    iterations[level] = static_cast<unsigned int>(options.iterations[level]);
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const double extent = static_cast<double>(grid.size[axis]) * grid.spacing[axis];
    const double mesh = std::max(1.0, std::ceil(extent / options.splineDistanceInMm - 1e-6));
    controlPoints[axis] = static_cast<unsigned int>(mesh) + filter.GetSplineOrder();
  }
  filter.SetNumberOfControlPoints(controlPoints);
  filter.SetNumberOfFittingLevels(iterations.Size());
  filter.SetMaximumNumberOfIterations(iterations);
  filter.SetConvergenceThreshold(static_cast<float>(options.convergence));
}

/** Taps of one image axis on the lattice: N4's spline parameter runs from 0 to `lattice − 3` over
 * the centres of the shrunk image's first and last voxel. */
AxisTaps
LatticeTaps(
    std::size_t voxels, double scale, double offset, std::size_t shrunkSize, std::size_t lattice)
{
  AxisTaps taps;
  taps.count = 4;
  const auto spans = static_cast<double>(lattice) - 3.0;
  const double perVoxel = shrunkSize > 1 ? spans / (static_cast<double>(shrunkSize) - 1.0) : 0.0;
  for (std::size_t i = 0; i < voxels; ++i)
  {
    const double parameter =
        std::clamp((offset + scale * static_cast<double>(i)) * perVoxel, 0.0, spans);
    const double below = std::min(std::floor(parameter), spans - 1.0);
    double weights[4];
    CubicBSplineWeights(parameter - below, weights);
    taps.first.push_back(static_cast<std::size_t>(below));
    std::transform(weights,
                   weights + 4,
                   std::back_inserter(taps.weights),
                   [](double w) { return static_cast<float>(w); });
  }
  return taps;
}

FloatImage::Pointer
EvaluateLattice(const N4Filter::BiasFieldControlPointLatticeType * lattice,
                const ImageGrid & shrunk,
                const ImageGrid & grid)
{
  const auto size = lattice->GetBufferedRegion().GetSize();
  const GridMapping mapping = MappingBetween(shrunk, grid);
  std::array<AxisTaps, 3> taps;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    taps[axis] = LatticeTaps(
        grid.size[axis], mapping.Scale(axis), mapping.Offset(axis), shrunk.size[axis], size[axis]);
  }
  const auto * coefficients = lattice->GetBufferPointer()->GetDataPointer();
  auto field = NewImage<FloatImage>(grid);
  float * out = field->GetBufferPointer();
  ParallelFor(grid.size[2],
              [&](std::size_t begin, std::size_t end)
              {
                std::vector<float> plane(size[0] * size[1]);
                std::vector<float> row(size[0]);
                for (std::size_t z = begin; z < end; ++z)
                {
                  CombineLines(taps[2], z, coefficients, plane.size(), plane.size(), plane.data());
                  for (std::size_t y = 0; y < grid.size[1]; ++y)
                  {
                    CombineLines(taps[1], y, plane.data(), size[0], size[0], row.data());
                    TapRow(taps[0], row.data(), out + (z * grid.size[1] + y) * grid.size[0]);
                  }
                }
              });
  return field;
}

} // namespace

FloatImage::Pointer
EstimateLogBiasField(const FloatImage * image,
                     const MaskImage * mask,
                     const BiasFieldOptions & options,
                     const std::function<void(double)> & progress)
{
  RequireSameGrid(image, mask, "the image", "the mask");
  if (options.shrinkFactor < 1 || options.iterations.empty() || !(options.splineDistanceInMm > 0.0))
  {
    throw UsageError("bias field: need a shrink factor of at least 1, iterations and a positive "
                     "spline distance");
  }
  const ImageGrid grid = GridOf(image);
  const ImageGrid shrunk = ShrunkGrid(grid, options.shrinkFactor);
  const auto small = ShrunkImage(image, shrunk);
  const auto smallMask = ShrunkMask(mask, small);
  auto n4 = N4Filter::New();
  n4->SetInput(small);
  n4->SetMaskImage(smallMask);
  n4->SetMaskLabel(1);
  n4->UseMaskLabelOn();
  Configure(*n4, shrunk, options);
  const auto total = static_cast<double>(
      std::accumulate(options.iterations.begin(), options.iterations.end(), std::int64_t{0}));
  double done = 0.0;
  n4->AddObserver(itk::IterationEvent(),
                  [&](const itk::EventObject &)
                  {
                    done = std::min(total, done + 1.0);
                    progress(done / total);
                  });
  n4->Update();
  return EvaluateLattice(n4->GetLogBiasFieldControlPointLattice(), shrunk, grid);
}

} // namespace sulcus
