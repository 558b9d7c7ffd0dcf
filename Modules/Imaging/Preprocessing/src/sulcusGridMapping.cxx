#include "sulcusGridMapping.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

/** Displacement across a whole grid, in voxels, that counts as rounding. */
constexpr double StrayTolerance = 1e-3;

void
FindSeparableAxes(GridMapping & mapping, const ImageGrid & output)
{
  bool taken[3] = {};
  mapping.separable = true;
  for (unsigned int i = 0; i < 3; ++i)
  {
    unsigned int largest = 0;
    for (unsigned int row = 1; row < 3; ++row)
    {
      if (std::abs(mapping.matrix[row][i]) > std::abs(mapping.matrix[largest][i]))
      {
        largest = row;
      }
    }
    mapping.source[i] = largest;
    mapping.separable = mapping.separable && !taken[largest];
    taken[largest] = true;
    for (unsigned int row = 0; row < 3; ++row)
    {
      const double stray = std::abs(mapping.matrix[row][i]) * static_cast<double>(output.size[i]);
      mapping.separable = mapping.separable && (row == largest || stray < StrayTolerance);
    }
  }
  if (!mapping.separable)
  {
    mapping.source = {0, 1, 2};
  }
}

} // namespace

GridMapping
MappingBetween(const ImageGrid & input, const ImageGrid & output)
{
  const auto values = AffineOf(input).Inverse().After(AffineOf(output)).RowMajor();
  GridMapping mapping;
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 3; ++column)
    {
      mapping.matrix[row][column] = values[4 * row + column];
    }
    mapping.offset[row] = values[4 * row + 3];
  }
  FindSeparableAxes(mapping, output);
  return mapping;
}

ImageGrid
GridWithSpacing(const ImageGrid & grid, const std::array<double, 3> & spacingInMm)
{
  constexpr double sameSpacing = 1e-4;
  ImageGrid result = grid;
  double first[3] = {0.0, 0.0, 0.0}; // centre of the new voxel 0 in old indices
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const double target = spacingInMm[axis];
    const double present = grid.spacing[axis];
    if (!(target >= 0.0) || !std::isfinite(target))
    {
      throw UsageError(Message(
          "target spacing of axis ", axis, " is ", target, " mm, need a positive number or 0"));
    }
    if (target == 0.0 || std::abs(target - present) <= sameSpacing * target || grid.size[axis] == 0)
    {
      continue;
    }
    const auto count = static_cast<double>(grid.size[axis]);
    const double fitting = std::max(1.0, std::round(count * present / target));
    result.size[axis] = static_cast<itk::SizeValueType>(fitting);
    result.spacing[axis] = target;
    first[axis] = 0.5 * (count - 1.0) - 0.5 * (fitting - 1.0) * target / present;
  }
  result.origin = grid.PointAt(first[0], first[1], first[2]);
  return result;
}

} // namespace sulcus
