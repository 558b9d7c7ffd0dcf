#pragma once

#include <sulcusImageGrid.h>

#include <array>
#include <string>

namespace sulcus
{

/** A permutation of index axes with reversals: output axis i is input axis `source[i]`, run
 * backwards where `flipped[i]`. Moves voxels without changing any, so it is undone exactly. */
struct AxisOrder
{
  std::array<unsigned int, 3> source{0, 1, 2};
  std::array<bool, 3> flipped{false, false, false};

  bool
  IsIdentity() const;

  /** The order that leads back. */
  AxisOrder
  Inverse() const;
};

/** The order that turns axes running towards `from` into axes running towards `to`, e.g. "RAS" into
 * "LPS". Each letter names the body side towards which an index grows: L or R, P or A, S or I, one
 * of each pair. \throws UsageError for a code that is not three such letters. */
AxisOrder
AxisOrderBetween(const std::string & from, const std::string & to);

/** The grid of the same voxels after reordering: every voxel keeps its place in millimetres. */
ImageGrid
Reordered(const ImageGrid & grid, const AxisOrder & order);

} // namespace sulcus
