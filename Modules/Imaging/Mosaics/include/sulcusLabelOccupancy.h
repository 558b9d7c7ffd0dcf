#pragma once

#include <sulcusImages.h>

#include <array>
#include <cstdint>
#include <vector>

namespace sulcus
{

/** Where a label map holds anything. */
struct LabelOccupancy
{
  std::uint64_t voxels = 0;                           ///< that are not background
  std::vector<std::uint16_t> values;                  ///< rising
  std::array<std::vector<std::uint64_t>, 3> perSlice; ///< for each index axis, of every slice
  std::array<std::int64_t, 3> first{};                ///< box of all of them, both ends included;
  std::array<std::int64_t, 3> last{};                 ///< the whole image where there are none

  /** Adds the counts of another map of the same grid. */
  void
  Add(const LabelOccupancy & other);
};

/** One pass over the voxels. \param missingLabel value that counts as background; negative: none */
LabelOccupancy
CountLabels(const LabelImage * labels, int missingLabel = -1);

/** An empty map of this size. */
LabelOccupancy
NoLabels(const LabelImage::SizeType & size);

/** Up to `count` slices along an index axis in rising order. The slices with labels are divided
 * into `count` parts of equal length, and each part gives the slice with the most labelled voxels
 * (the lowest of equals) or, where it has none, its middle. */
std::vector<std::int64_t>
ChooseSlices(const LabelOccupancy & occupancy, unsigned int axis, int count);

} // namespace sulcus
