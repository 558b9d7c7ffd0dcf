#pragma once

#include <sulcusImageGrid.h>

#include <cmath>

namespace sulcus
{

/** Unequal spacing, an offset origin, index axes that run to the head, the right and the front and
 * lean by the given angle about the axis from feet to head. */
inline ImageGrid
AwkwardGrid(const ImageGrid::Base::SizeType & size, double degrees = 12.0)
{
  ImageGrid grid;
  grid.size = size;
  grid.spacing[0] = 1.3;
  grid.spacing[1] = 0.8;
  grid.spacing[2] = 2.0;
  grid.origin[0] = 31.0;
  grid.origin[1] = -47.5;
  grid.origin[2] = 9.25;
  const double c = std::cos(degrees * 3.14159265358979 / 180.0);
  const double s = std::sin(degrees * 3.14159265358979 / 180.0);
  const double columns[3][3] = {{0, 0, 1}, {-c, -s, 0}, {s, -c, 0}};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    for (unsigned int row = 0; row < 3; ++row)
    {
      grid.direction[row][axis] = columns[axis][row];
    }
  }
  return grid;
}

} // namespace sulcus
