#pragma once

#include <sulcusImageGrid.h>

#include <array>

namespace sulcus
{

/** Where the voxels of one grid lie in the voxel indices of another: inputIndex = matrix ·
 * outputIndex + offset.
 *
 * `separable`: every output axis i runs along one input axis `source[i]` (to within a thousandth of
 * a voxel over the whole grid), so resampling works axis by axis. */
struct GridMapping
{
  std::array<std::array<double, 3>, 3> matrix{};
  std::array<double, 3> offset{};
  bool separable = false;
  std::array<unsigned int, 3> source{0, 1, 2};

  /** Input voxels per output voxel along output axis i, negative where the axes run against each
   * other. */
  double
  Scale(unsigned int i) const
  {
    return matrix[source[i]][i];
  }
  double
  Offset(unsigned int i) const
  {
    return offset[source[i]];
  }
};

/** \throws GeometryError if the input grid cannot be inverted. */
GridMapping
MappingBetween(const ImageGrid & input, const ImageGrid & output);

/** A grid over the same block of tissue with another spacing: the same centre and direction, as
 * many voxels as fit the old extent best (at least one). A target of 0, or within 1e-4 of the
 * present spacing, keeps an axis as it is. \throws UsageError for a negative or non-finite spacing.
 */
ImageGrid
GridWithSpacing(const ImageGrid & grid, const std::array<double, 3> & spacingInMm);

} // namespace sulcus
