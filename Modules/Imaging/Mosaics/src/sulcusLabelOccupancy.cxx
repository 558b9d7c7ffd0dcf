#include "sulcusLabelOccupancy.h"

#include <sulcusError.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>

namespace sulcus
{
namespace
{

/** The counts of the slices [begin, end) of z. */
void
CountSlab(const std::uint16_t * buffer,
          int missingLabel,
          std::size_t begin,
          std::size_t end,
          LabelOccupancy & counts)
{
  const std::size_t nx = counts.perSlice[0].size();
  const std::size_t ny = counts.perSlice[1].size();
  std::vector<bool> seen(std::numeric_limits<std::uint16_t>::max() + std::size_t{1}, false);
  for (std::size_t z = begin; z < end; ++z)
  {
    for (std::size_t y = 0; y < ny; ++y)
    {
      const std::uint16_t * row = buffer + nx * (y + ny * z);
      if (std::all_of(row, row + nx, [](auto label) { return label == 0; }))
      {
        continue;
      }
      std::uint64_t inRow = 0;
      for (std::size_t x = 0; x < nx; ++x)
      {
        const bool labelled = row[x] != 0 && row[x] != missingLabel;
        counts.perSlice[0][x] += labelled;
        inRow += labelled;
        if (labelled)
        {
          seen[row[x]] = true;
        }
      }
      counts.perSlice[1][y] += inRow;
      counts.perSlice[2][z] += inRow;
      counts.voxels += inRow;
    }
  }
  for (std::size_t label = 0; label < seen.size(); ++label)
  {
    if (seen[label])
    {
      counts.values.push_back(static_cast<std::uint16_t>(label));
    }
  }
}

void
FindBox(LabelOccupancy & counts)
{
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    const auto & slices = counts.perSlice[axis];
    counts.first[axis] = 0;
    counts.last[axis] = static_cast<std::int64_t>(slices.size()) - 1;
    if (counts.voxels > 0)
    {
      const auto occupied = [](auto count) { return count > 0; };
      counts.first[axis] = std::find_if(slices.begin(), slices.end(), occupied) - slices.begin();
      counts.last[axis] =
          slices.rend() - std::find_if(slices.rbegin(), slices.rend(), occupied) - 1;
    }
  }
}

} // namespace

void
LabelOccupancy::Add(const LabelOccupancy & other)
{
  voxels += other.voxels;
  std::vector<std::uint16_t> both;
  std::set_union(values.begin(),
                 values.end(),
                 other.values.begin(),
                 other.values.end(),
                 std::back_inserter(both));
  values = both;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    if (perSlice[axis].size() != other.perSlice[axis].size())
    {
      throw GeometryError("label counts of images of different sizes");
    }
    std::transform(perSlice[axis].begin(),
                   perSlice[axis].end(),
                   other.perSlice[axis].begin(),
                   perSlice[axis].begin(),
                   std::plus<>());
  }
  FindBox(*this);
}

LabelOccupancy
NoLabels(const LabelImage::SizeType & size)
{
  LabelOccupancy counts;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    counts.perSlice[axis].assign(size[axis], 0);
  }
  FindBox(counts);
  return counts;
}

LabelOccupancy
CountLabels(const LabelImage * labels, int missingLabel)
{
  const auto size = labels->GetLargestPossibleRegion().GetSize();
  constexpr std::size_t slabs = 16; // whole numbers are summed: the order does not matter
  std::vector<LabelOccupancy> parts(slabs, NoLabels(size));
  ParallelForEach(slabs,
                  [&](std::size_t slab)
                  {
                    CountSlab(labels->GetBufferPointer(),
                              missingLabel,
                              slab * size[2] / slabs,
                              (slab + 1) * size[2] / slabs,
                              parts[slab]);
                  });
  for (std::size_t slab = 1; slab < slabs; ++slab)
  {
    parts[0].Add(parts[slab]);
  }
  FindBox(parts[0]);
  return parts[0];
}

std::vector<std::int64_t>
ChooseSlices(const LabelOccupancy & occupancy, unsigned int axis, int count)
{
  const auto & slices = occupancy.perSlice[axis];
  const auto first = occupancy.first[axis];
  const auto length = occupancy.last[axis] - first + 1;
  const std::int64_t parts = std::min<std::int64_t>(std::max(count, 1), length);
  std::vector<std::int64_t> chosen;
  for (std::int64_t part = 0; part < parts; ++part)
  {
    const auto begin = slices.begin() + first + part * length / parts;
    const auto end = slices.begin() + first + (part + 1) * length / parts;
    const auto fullest = std::max_element(begin, end);
    const auto place = *fullest > 0 ? fullest : begin + (end - begin) / 2;
    chosen.push_back(place - slices.begin());
  }
  return chosen;
}

} // namespace sulcus
