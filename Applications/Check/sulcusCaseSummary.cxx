#include "sulcusCaseSummary.h"

#include <sulcusImageGrid.h>
#include <sulcusOrientImageFilter.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

constexpr std::size_t ThumbnailEdge = 12;

FloatImage::Pointer
InLps(FloatImage * image)
{
  const auto orient = OrientImageFilter<FloatImage>::New();
  orient->SetInput(image);
  orient->SetOrientation("LPS");
  orient->Update();
  return orient->GetOutput();
}

/** Block means in LPS order, made comparable whatever scale and offset the intensities have. */
std::vector<float>
ThumbnailOf(const FloatImage * image)
{
  const auto size = image->GetLargestPossibleRegion().GetSize();
  const std::size_t cells = ThumbnailEdge * ThumbnailEdge * ThumbnailEdge;
  std::vector<double> sum(cells, 0.0);
  std::vector<double> count(cells, 0.0);
  const float * value = image->GetBufferPointer();
  for (std::size_t z = 0; z < size[2]; ++z)
  {
    for (std::size_t y = 0; y < size[1]; ++y)
    {
      const auto line =
          (z * ThumbnailEdge / size[2] * ThumbnailEdge + y * ThumbnailEdge / size[1]) *
          ThumbnailEdge;
      for (std::size_t x = 0; x < size[0]; ++x, ++value)
      {
        const auto cell = line + x * ThumbnailEdge / size[0];
        sum[cell] += *value;
        count[cell] += 1.0;
      }
    }
  }
  std::vector<float> thumbnail(cells);
  double mean = 0.0;
  for (std::size_t i = 0; i < cells; ++i)
  {
    sum[i] = count[i] > 0.0 ? sum[i] / count[i] : 0.0;
    mean += sum[i] / static_cast<double>(cells);
  }
  double length = 0.0;
  for (const double s : sum)
  {
    length += (s - mean) * (s - mean);
  }
  length = std::sqrt(length);
  for (std::size_t i = 0; i < cells; ++i)
  {
    thumbnail[i] = length > 0.0 ? static_cast<float>((sum[i] - mean) / length) : 0.0F;
  }
  return thumbnail;
}

double
QuantileOf(std::vector<float> & values, double level)
{
  const auto place = static_cast<std::ptrdiff_t>(level * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[static_cast<std::size_t>(place)];
}

} // namespace

double
MedianOf(std::vector<double> values)
{
  std::nth_element(values.begin(),
                   values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

void
SummariseImage(FloatImage * image, CaseSummary & summary)
{
  const auto grid = GridOf(image);
  summary.orientation = OrientationCode(grid);
  const auto lps = InLps(image);
  const auto lpsGrid = GridOf(lps.GetPointer());
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    summary.size[axis] = lpsGrid.size[axis];
    summary.spacing[axis] = lpsGrid.spacing[axis];
  }
  const auto centre = grid.PointAt(0.5 * (static_cast<double>(grid.size[0]) - 1),
                                   0.5 * (static_cast<double>(grid.size[1]) - 1),
                                   0.5 * (static_cast<double>(grid.size[2]) - 1));
  summary.centre = {centre[0], centre[1], centre[2]};
  std::vector<float> values(image->GetBufferPointer(),
                            image->GetBufferPointer() + grid.VoxelCount());
  summary.median = QuantileOf(values, 0.5);
  summary.high = QuantileOf(values, 0.99);
  summary.thumbnail = ThumbnailOf(lps);
}

void
SummariseLabel(const LabelImage * label, CaseSummary & summary)
{
  std::map<int, std::array<double, 4>> sums;
  itk::ImageRegionConstIteratorWithIndex<LabelImage> it(label, label->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    if (it.Get() != 0)
    {
      auto & sum = sums[it.Get()];
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        sum[axis] += static_cast<double>(it.GetIndex()[axis]);
      }
      sum[3] += 1.0;
    }
  }
  const auto grid = GridOf(label);
  for (const auto & [value, sum] : sums)
  {
    const auto point = grid.PointAt(sum[0] / sum[3], sum[1] / sum[3], sum[2] / sum[3]);
    summary.labelVoxels[value] = static_cast<std::uint64_t>(sum[3]);
    summary.centroids[value] = {point[0], point[1], point[2]};
  }
}

std::optional<int>
InterpolatedValue(const LabelImage * label, const CaseSummary & summary)
{
  if (summary.labelVoxels.size() < 2)
  {
    return std::nullopt;
  }
  const auto size = label->GetLargestPossibleRegion().GetSize();
  std::map<int, std::array<std::uint64_t, 2>> between; // value → voxels between others, voxels
  const auto * const values = label->GetBufferPointer();
  const std::size_t strides[3] = {1, size[0], size[0] * size[1]};
  for (std::size_t z = 1; z + 1 < size[2]; ++z)
  {
    for (std::size_t y = 1; y + 1 < size[1]; ++y)
    {
      for (std::size_t x = 1; x + 1 < size[0]; ++x)
      {
        const auto at = x + y * strides[1] + z * strides[2];
        const int value = values[at];
        bool inside = false;
        for (const auto stride : strides)
        {
          const int a = values[at - stride];
          const int b = values[at + stride];
          inside = inside || (std::min(a, b) < value && std::max(a, b) > value);
        }
        ++between[value][1];
        between[value][0] += inside ? 1 : 0;
      }
    }
  }
  for (const auto & [value, counts] : between)
  {
    if (value != 0 && counts[1] >= 10 &&
        static_cast<double>(counts[0]) >= 0.8 * static_cast<double>(counts[1]))
    {
      return value;
    }
  }
  return std::nullopt;
}

} // namespace sulcus
