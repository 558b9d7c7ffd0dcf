#include "sulcusCropPadImageFilter.h"

namespace sulcus
{

ImageGrid
BoxGrid(const ImageGrid & grid, const itk::Offset<3> & start, const itk::Size<3> & size)
{
  ImageGrid box = grid;
  box.size = size;
  box.origin = grid.PointAt(
      static_cast<double>(start[0]), static_cast<double>(start[1]), static_cast<double>(start[2]));
  return box;
}

} // namespace sulcus
