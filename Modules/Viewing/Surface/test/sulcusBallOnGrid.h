#pragma once

#include <sulcusImageGrid.h>

#include <itkImageRegionIteratorWithIndex.h>

#include <cmath>

namespace sulcus
{

/** Anisotropic, oblique about two axes, far from the origin; left-handed if mirrored. */
inline ImageGrid
TiltedGrid(const ImageGrid::Base::SizeType & size,
           const std::array<double, 3> & spacing,
           bool mirrored = false)
{
  ImageGrid grid;
  grid.size = size;
  grid.origin[0] = 85.0;
  grid.origin[1] = -120.5;
  grid.origin[2] = 40.0;
  const double a = 0.35;
  const double b = -0.5;
  const double columns[3][3] = {
      {std::cos(a), std::sin(a), 0.0},
      {-std::sin(a) * std::cos(b), std::cos(a) * std::cos(b), std::sin(b)},
      {std::sin(a) * std::sin(b), -std::cos(a) * std::sin(b), std::cos(b)}};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    grid.spacing[axis] = spacing[axis];
    for (unsigned int row = 0; row < 3; ++row)
    {
      grid.direction[row][axis] = (mirrored && axis == 2 ? -1.0 : 1.0) * columns[axis][row];
    }
  }
  return grid;
}

/** Voxels whose centre lies in a ball, measured in millimetres. */
inline void
DrawBall(LabelImage * labels,
         const ImageGrid::Base::PointType & centre,
         double radiusInMm,
         std::uint16_t label)
{
  const auto grid = GridOf(labels);
  itk::ImageRegionIteratorWithIndex<LabelImage> it(labels, labels->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    const auto index = it.GetIndex();
    const auto point = grid.PointAt(static_cast<double>(index[0]),
                                    static_cast<double>(index[1]),
                                    static_cast<double>(index[2]));
    if (point.EuclideanDistanceTo(centre) <= radiusInMm)
    {
      it.Set(label);
    }
  }
}

} // namespace sulcus
