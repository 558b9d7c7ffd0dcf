#include "sulcusUndo.h"

#include "sulcusCropPadImageFilter.h"
#include "sulcusGridMapping.h"
#include "sulcusGridResampleImageFilter.h"
#include "sulcusOrientImageFilter.h"
#include <sulcusError.h>
#include <sulcusThreads.h>

#include <cmath>

namespace sulcus
{

namespace
{

constexpr double SameVoxel = 1e-6;

const ImageGrid &
GridBefore(const Undo & undo, std::size_t step)
{
  return step == 0 ? undo.NativeGrid() : undo.Steps()[step - 1].grid;
}

template <typename TImage>
typename TImage::Pointer
Orient(const TImage * image, const AxisOrder & order)
{
  auto filter = OrientImageFilter<TImage>::New();
  filter->SetInput(image);
  filter->SetAxisOrder(order);
  filter->SetNumberOfWorkUnits(static_cast<itk::ThreadIdType>(GetThreadCount()));
  filter->Update();
  return filter->GetOutput();
}

template <typename TImage>
typename TImage::Pointer
Box(const TImage * image,
    const std::array<std::int64_t, 3> & start,
    int sign,
    const itk::Size<3> & size)
{
  auto filter = CropPadImageFilter<TImage>::New();
  filter->SetInput(image);
  filter->SetStart({{sign * start[0], sign * start[1], sign * start[2]}});
  filter->SetSize(size);
  filter->SetNumberOfWorkUnits(static_cast<itk::ThreadIdType>(GetThreadCount()));
  filter->Update();
  return filter->GetOutput();
}

template <typename TImage>
typename TImage::Pointer
Resample(const TImage * image, const ImageGrid & grid, LabelInterpolation interpolation)
{
  auto filter = LabelResampleImageFilter<TImage>::New();
  filter->SetInput(image);
  filter->SetReferenceGrid(grid);
  filter->SetInterpolation(interpolation);
  filter->ExtendEdgesOn();
  filter->SetNumberOfWorkUnits(static_cast<itk::ThreadIdType>(GetThreadCount()));
  filter->Update();
  return filter->GetOutput();
}

FloatImage::Pointer
Resample(const FloatImage * image, const ImageGrid & grid, LabelInterpolation)
{
  auto filter = GridResampleImageFilter<FloatImage>::New();
  filter->SetInput(image);
  filter->SetReferenceGrid(grid);
  filter->ExtendEdgesOn();
  filter->SetNumberOfWorkUnits(static_cast<itk::ThreadIdType>(GetThreadCount()));
  filter->Update();
  return filter->GetOutput();
}

/** The voxels on exactly the stated grid, without the rounding of a chain of origins. What still
 * belongs to the caller is copied. */
template <typename TImage>
typename TImage::Pointer
OnGrid(const TImage * image, const ImageGrid & grid, const TImage * callers)
{
  if (image == callers)
  {
    auto copy = NewImage<TImage>(grid);
    const auto * voxels = image->GetBufferPointer();
    std::copy(
        voxels, voxels + image->GetBufferedRegion().GetNumberOfPixels(), copy->GetBufferPointer());
    return copy;
  }
  auto placed = TImage::New();
  SetGrid(placed, grid);
  placed->SetPixelContainer(
      const_cast<typename TImage::PixelContainer *>(image->GetPixelContainer()));
  return placed;
}

template <typename TImage>
typename TImage::Pointer
Replay(const TImage * native, const Undo & undo, LabelInterpolation interpolation)
{
  RequireSameGrid(
      undo.NativeGrid(), GridOf(native), "the undo record's native image", "the image to prepare");
  typename TImage::ConstPointer image = native;
  for (const auto & step : undo.Steps())
  {
    switch (step.kind)
    {
    case Undo::Step::Kind::Orient:
      image = Orient(image.GetPointer(), step.order);
      break;
    case Undo::Step::Kind::Box:
      image = Box(image.GetPointer(), step.start, 1, step.grid.size);
      break;
    case Undo::Step::Kind::Resample:
      image = Resample(image.GetPointer(), step.grid, interpolation);
      break;
    }
  }
  return OnGrid<TImage>(image, undo.PreparedGrid(), native);
}

template <typename TImage>
typename TImage::Pointer
Reverse(const TImage * prepared, const Undo & undo, LabelInterpolation interpolation)
{
  RequireSameGrid(undo.PreparedGrid(),
                  GridOf(prepared),
                  "the undo record's prepared grid",
                  "the image to bring back");
  typename TImage::ConstPointer image = prepared;
  for (std::size_t i = undo.Steps().size(); i-- > 0;)
  {
    const auto & step = undo.Steps()[i];
    const ImageGrid & before = GridBefore(undo, i);
    switch (step.kind)
    {
    case Undo::Step::Kind::Orient:
      image = Orient(image.GetPointer(), step.order.Inverse());
      break;
    case Undo::Step::Kind::Box:
      image = Box(image.GetPointer(), step.start, -1, before.size);
      break;
    case Undo::Step::Kind::Resample:
      image = Resample(image.GetPointer(), before, interpolation);
      break;
    }
  }
  return OnGrid<TImage>(image, undo.NativeGrid(), prepared);
}

/** Carries native positions of one axis through a step. */
void
Advance(NativeAxis & axis, const Undo::Step & step, const ImageGrid & before)
{
  if (step.kind == Undo::Step::Kind::Orient)
  {
    const AxisOrder inverse = step.order.Inverse();
    const unsigned int to = inverse.source[axis.preparedAxis];
    if (step.order.flipped[to])
    {
      const double last = static_cast<double>(before.size[axis.preparedAxis]) - 1.0;
      for (double & position : axis.position)
      {
        position = last - position;
      }
    }
    axis.preparedAxis = to;
    return;
  }
  const unsigned int a = axis.preparedAxis;
  if (step.kind == Undo::Step::Kind::Box)
  {
    const auto size = static_cast<double>(step.grid.size[a]);
    std::size_t begin = axis.coveredEnd;
    std::size_t end = axis.coveredEnd;
    for (std::size_t i = 0; i < axis.position.size(); ++i)
    {
      axis.position[i] -= static_cast<double>(step.start[a]);
      const bool inside = axis.position[i] >= -0.5 && axis.position[i] < size - 0.5;
      if (inside && i >= axis.coveredBegin && i < axis.coveredEnd)
      {
        begin = std::min(begin, i);
        end = i + 1;
      }
    }
    axis.coveredBegin = begin;
    axis.coveredEnd = begin < end ? end : begin;
    return;
  }
  const GridMapping mapping = MappingBetween(step.grid, before);
  for (double & position : axis.position)
  {
    position = mapping.Offset(a) + mapping.Scale(a) * position;
    const double nearest = std::round(position);
    position = std::abs(position - nearest) < SameVoxel ? nearest : position;
  }
}

} // namespace

Undo::Undo(const ImageGrid & nativeGrid) : m_Native(nativeGrid)
{
}

void
Undo::AddOrientation(const AxisOrder & order)
{
  if (!order.IsIdentity())
  {
    m_Steps.push_back({Step::Kind::Orient, order, {}, Reordered(PreparedGrid(), order)});
  }
}

void
Undo::AddBox(const std::array<std::int64_t, 3> & start, const ImageGrid::Base::SizeType & size)
{
  const ImageGrid & present = PreparedGrid();
  if (start != std::array<std::int64_t, 3>{} || size != present.size)
  {
    const ImageGrid grid = BoxGrid(present, {{start[0], start[1], start[2]}}, size);
    m_Steps.push_back({Step::Kind::Box, {}, start, grid});
  }
}

void
Undo::AddResampling(const ImageGrid & grid)
{
  const ImageGrid & present = PreparedGrid();
  if (SameGrid(present, grid, SameVoxel) && present.spacing == grid.spacing)
  {
    return;
  }
  const GridMapping mapping = MappingBetween(present, grid);
  if (!mapping.separable || mapping.source != std::array<unsigned int, 3>{0, 1, 2})
  {
    throw UsageError(Message("undo record: a resampling must keep the axes; from ",
                             ToText(present),
                             " to ",
                             ToText(grid)));
  }
  m_Steps.push_back({Step::Kind::Resample, {}, {}, grid});
}

const ImageGrid &
Undo::PreparedGrid() const
{
  return m_Steps.empty() ? m_Native : m_Steps.back().grid;
}

std::array<NativeAxis, 3>
Undo::NativeAxes() const
{
  std::array<NativeAxis, 3> axes;
  for (unsigned int a = 0; a < 3; ++a)
  {
    axes[a].preparedAxis = a;
    axes[a].coveredEnd = m_Native.size[a];
    axes[a].position.resize(m_Native.size[a]);
    for (std::size_t i = 0; i < axes[a].position.size(); ++i)
    {
      axes[a].position[i] = static_cast<double>(i);
    }
    for (std::size_t s = 0; s < m_Steps.size(); ++s)
    {
      Advance(axes[a], m_Steps[s], GridBefore(*this, s));
    }
  }
  return axes;
}

LabelImage::Pointer
ToPrepared(const LabelImage * native, const Undo & undo, LabelInterpolation interpolation)
{
  return Replay(native, undo, interpolation);
}

MaskImage::Pointer
ToPrepared(const MaskImage * native, const Undo & undo)
{
  return Replay(native, undo, LabelInterpolation::Nearest);
}

FloatImage::Pointer
ToPrepared(const FloatImage * native, const Undo & undo)
{
  return Replay(native, undo, LabelInterpolation::Vote);
}

LabelImage::Pointer
ToNative(const LabelImage * prepared, const Undo & undo, LabelInterpolation interpolation)
{
  return Reverse(prepared, undo, interpolation);
}

FloatImage::Pointer
ToNative(const FloatImage * prepared, const Undo & undo)
{
  return Reverse(prepared, undo, LabelInterpolation::Vote);
}

} // namespace sulcus
