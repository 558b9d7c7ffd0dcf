#pragma once

#include <sulcusPreparedCache.h>

#include <array>
#include <cstdint>
#include <vector>

namespace sulcus
{

/** Balanced boundaries: part s is [floor(s·extent/parts), floor((s+1)·extent/parts)). parts + 1
 * values. \throws UsageError if a part would be empty. */
std::vector<std::int64_t>
PartitionBounds(std::int64_t extent, int parts);

/** How a volume is laid out along an anatomical axis: which array axis runs along it, in which
 * sense, and where its foreground lies. */
struct AnatomicalExtent
{
  std::size_t arrayAxis = 0; ///< 0 = z, 1 = y, 2 = x
  bool reversed = false;     ///< the array runs against the anatomical axis
  std::int64_t begin = 0;    ///< foreground along the array axis, voxels
  std::int64_t end = 0;

  /** 0 at the foreground's lower anatomical end, 1 at the upper one. \param voxel along the array
   * axis */
  double
  Position(double voxel) const;
  /** The inverse of Position. */
  double
  Voxel(double position) const;
};

/** \param axis of LPS: 0 to the left, 1 to the back, 2 to the head. Taken from the direction
 * cosines, never from the array order. */
AnatomicalExtent
FindAnatomicalExtent(const PreparedCase & entry, int axis);

} // namespace sulcus
