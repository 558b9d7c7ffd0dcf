#pragma once

#include <sulcusImageGrid.h>

namespace sulcus
{

/** A small anisotropic grid with an offset origin. */
inline ImageGrid
TestGrid()
{
  ImageGrid grid;
  grid.size = {{14, 12, 8}};
  grid.spacing[0] = 0.9;
  grid.spacing[1] = 1.1;
  grid.spacing[2] = 2.0;
  grid.origin[0] = -20.0;
  return grid;
}

/** A flat ball in the middle of the grid. */
inline LabelImage::Pointer
Ball(double radius, std::uint16_t label, const ImageGrid & grid = TestGrid())
{
  auto image = NewImage<LabelImage>(grid);
  for (std::size_t p = 0; p < grid.VoxelCount(); ++p)
  {
    const double x = double(p % 14) - 6.5;
    const double y = double(p / 14 % 12) - 5.5;
    const double z = double(p / 168) - 3.5;
    image->GetBufferPointer()[p] = x * x + y * y + 2.0 * z * z < radius * radius ? label : 0;
  }
  return image;
}

/** Bright where a ball of this radius is, with a little texture. */
inline FloatImage::Pointer
ScanOfBall(double radius)
{
  const auto ball = Ball(radius, 1);
  auto scan = NewImage<FloatImage>(TestGrid());
  for (std::size_t p = 0; p < TestGrid().VoxelCount(); ++p)
  {
    scan->GetBufferPointer()[p] = 100.0F * ball->GetBufferPointer()[p] + float(p * 37 % 11);
  }
  return scan;
}

} // namespace sulcus
