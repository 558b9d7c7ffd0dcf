#include "sulcusSliceFrame.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sulcus
{

std::array<double, 3>
SliceFrame::IndexAt(double x, double y) const
{
  const auto step = [this](unsigned int axis, bool reversed)
  { return (reversed ? -1.0 : 1.0) * mmPerPixel / grid.spacing[axis]; };
  std::array<double, 3> index = centre;
  index[axes.across] = static_cast<double>(slice);
  index[axes.right] +=
      (x - 0.5 * static_cast<double>(width)) * step(axes.right, axes.rightReversed);
  index[axes.down] += (y - 0.5 * static_cast<double>(height)) * step(axes.down, axes.downReversed);
  return index;
}

std::array<double, 2>
SliceFrame::PlaceOf(const std::array<double, 3> & index) const
{
  const auto pixels = [&](unsigned int axis, bool reversed)
  {
    return (reversed ? -1.0 : 1.0) * (index[axis] - centre[axis]) * grid.spacing[axis] / mmPerPixel;
  };
  return {0.5 * static_cast<double>(width) + pixels(axes.right, axes.rightReversed),
          0.5 * static_cast<double>(height) + pixels(axes.down, axes.downReversed)};
}

SliceFrame
FrameOfWholeSlice(const ImageGrid & grid,
                  const PlaneAxes & axes,
                  std::int64_t slice,
                  std::size_t width,
                  std::size_t height)
{
  SliceFrame frame{axes, grid, slice, width, height};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    frame.centre[axis] = 0.5 * (static_cast<double>(grid.size[axis]) - 1.0);
  }
  const auto extentInMm = [&](unsigned int axis)
  { return static_cast<double>(grid.size[axis]) * grid.spacing[axis]; };
  frame.mmPerPixel =
      std::max(extentInMm(axes.right) / static_cast<double>(std::max<std::size_t>(width, 1)),
               extentInMm(axes.down) / static_cast<double>(std::max<std::size_t>(height, 1)));
  return frame;
}

std::pair<double, double>
WindowOf(const FloatImage * image,
         const std::array<std::int64_t, 3> & first,
         const std::array<std::int64_t, 3> & last,
         double lowPercentile,
         double highPercentile)
{
  const auto size = image->GetLargestPossibleRegion().GetSize();
  std::int64_t voxels = 1;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    voxels *= std::max<std::int64_t>(last[axis] - first[axis] + 1, 0);
  }
  constexpr std::int64_t most = 1 << 17;
  // Two strides without a common factor with usual sizes would alias less; an odd one suffices.
  const std::int64_t stride = (voxels / most) | 1;
  const auto nx = last[0] - first[0] + 1;
  const auto ny = last[1] - first[1] + 1;
  std::vector<float> values;
  for (std::int64_t i = 0; i < voxels; i += stride)
  {
    const auto x = first[0] + i % nx;
    const auto y = first[1] + (i / nx) % ny;
    const auto z = first[2] + i / (nx * ny);
    const float value =
        image->GetBufferPointer()[x + static_cast<std::int64_t>(size[0]) *
                                          (y + static_cast<std::int64_t>(size[1]) * z)];
    if (std::isfinite(value))
    {
      values.push_back(value);
    }
  }
  const auto percentile = [&values](double percent)
  {
    const double place = percent / 100.0 * static_cast<double>(values.size() - 1);
    const auto nth = values.begin() + static_cast<std::ptrdiff_t>(std::lround(place));
    std::nth_element(values.begin(), nth, values.end());
    return static_cast<double>(*nth);
  };
  if (values.empty())
  {
    return {0.0, 1.0};
  }
  const double low = percentile(lowPercentile);
  const double high = percentile(highPercentile);
  return {low, high > low ? high : low + 1.0};
}

} // namespace sulcus
