#include "sulcusForeground.h"

#include "sulcusIntensityStatistics.h"
#include <sulcusThreads.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace sulcus
{

namespace
{

/** Set voxels of every plane across x, y and z. */
template <typename TImage>
std::array<std::vector<std::size_t>, 3>
CountByPlane(const TImage * mask)
{
  const auto size = mask->GetBufferedRegion().GetSize();
  std::vector<std::vector<std::size_t>> ofPlane(size[2],
                                                std::vector<std::size_t>(size[0] + size[1], 0));
  const auto * voxels = mask->GetBufferPointer();
  ParallelFor(size[2],
              [&](std::size_t begin, std::size_t end)
              {
                for (std::size_t z = begin; z < end; ++z)
                {
                  auto & counts = ofPlane[z];
                  for (std::size_t y = 0; y < size[1]; ++y)
                  {
                    const auto * row = voxels + (z * size[1] + y) * size[0];
                    std::size_t inRow = 0;
                    for (std::size_t x = 0; x < size[0]; ++x)
                    {
                      const std::size_t set = row[x] != 0 ? 1 : 0;
                      counts[x] += set;
                      inRow += set;
                    }
                    counts[size[0] + y] = inRow;
                  }
                }
              });
  std::array<std::vector<std::size_t>, 3> counts;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    counts[axis].assign(size[axis], 0);
  }
  for (std::size_t z = 0; z < size[2]; ++z)
  {
    for (std::size_t x = 0; x < size[0]; ++x)
    {
      counts[0][x] += ofPlane[z][x];
    }
    for (std::size_t y = 0; y < size[1]; ++y)
    {
      counts[1][y] += ofPlane[z][size[0] + y];
      counts[2][z] += ofPlane[z][size[0] + y];
    }
  }
  return counts;
}

template <typename TImage>
IndexBox
BoxOf(const TImage * mask, double smallestShare)
{
  const auto size = mask->GetBufferedRegion().GetSize();
  const auto counts = CountByPlane(mask);
  const IndexBox whole{{{0, 0, 0}}, size};
  IndexBox box = whole;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto planeVoxels = static_cast<double>(size[(axis + 1) % 3] * size[(axis + 2) % 3]);
    const double need = std::max(1.0, smallestShare * planeVoxels);
    const auto enough = [&](std::size_t count) { return static_cast<double>(count) >= need; };
    const auto first = std::find_if(counts[axis].begin(), counts[axis].end(), enough);
    if (first == counts[axis].end())
    {
      return smallestShare > 0.0 ? BoxOf(mask, 0.0) : whole;
    }
    const auto last = std::find_if(counts[axis].rbegin(), counts[axis].rend(), enough).base();
    box.start[axis] = first - counts[axis].begin();
    box.size[axis] = static_cast<itk::SizeValueType>(last - first);
  }
  return box;
}

} // namespace

double
ForegroundThreshold(std::span<const float> values)
{
  const auto all = MeasureIntensities(values, {}, {2.0});
  std::vector<std::uint8_t> brighter(values.size());
  std::transform(values.begin(),
                 values.end(),
                 brighter.begin(),
                 [&](float value) { return static_cast<std::uint8_t>(value > all.minimum); });
  const auto upper = MeasureIntensities(values, brighter, {98.0});
  const double low = all.percentiles[0];
  const double high = std::max(low, upper.count > 0 ? upper.percentiles[0] : low);
  return low + 0.1 * (high - low);
}

MaskImage::Pointer
ForegroundMask(const FloatImage * image)
{
  const std::size_t count = image->GetBufferedRegion().GetNumberOfPixels();
  const std::span<const float> values(image->GetBufferPointer(), count);
  const auto threshold = static_cast<float>(ForegroundThreshold(values));
  const auto mask = NewImage<MaskImage>(GridOf(image));
  std::uint8_t * out = mask->GetBufferPointer();
  std::transform(values.begin(),
                 values.end(),
                 out,
                 [&](float value) { return static_cast<std::uint8_t>(value > threshold); });
  if (std::find(out, out + count, 1) == out + count)
  {
    mask->FillBuffer(1);
  }
  return mask;
}

IndexBox
MaskBox(const MaskImage * mask, double smallestShare)
{
  return BoxOf(mask, smallestShare);
}

IndexBox
MaskBox(const LabelImage * labels)
{
  return BoxOf(labels, 0.0);
}

IndexBox
Grown(const IndexBox & box, double marginInMm, const ImageGrid & grid)
{
  constexpr double rounding = 1e-6;
  IndexBox grown;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto margin =
        static_cast<std::int64_t>(std::ceil(marginInMm / grid.spacing[axis] - rounding));
    const auto size = static_cast<std::int64_t>(grid.size[axis]);
    const std::int64_t begin = std::clamp<std::int64_t>(box.start[axis] - margin, 0, size);
    const std::int64_t end = std::clamp<std::int64_t>(
        box.start[axis] + static_cast<std::int64_t>(box.size[axis]) + margin, begin, size);
    grown.start[axis] = begin;
    grown.size[axis] = static_cast<itk::SizeValueType>(end - begin);
  }
  return grown;
}

IndexBox
Joined(const IndexBox & a, const IndexBox & b)
{
  IndexBox box;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const std::int64_t begin = std::min(a.start[axis], b.start[axis]);
    const std::int64_t end = std::max(a.start[axis] + static_cast<std::int64_t>(a.size[axis]),
                                      b.start[axis] + static_cast<std::int64_t>(b.size[axis]));
    box.start[axis] = begin;
    box.size[axis] = static_cast<itk::SizeValueType>(end - begin);
  }
  return box;
}

} // namespace sulcus
