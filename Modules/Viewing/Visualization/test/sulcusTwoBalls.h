#pragma once

#include <sulcusSlicePainter.h>

#include <itkImageRegionIteratorWithIndex.h>

#include <cmath>

namespace sulcus
{

/** A dark head with two bright balls, label 1 at the patient's left and label 2 at the right, on an
 * oblique grid with unequal spacing. */
struct TwoBalls
{
  ImageGrid grid;
  FloatImage::Pointer image;
  FloatImage::Pointer uncertainty;
  LabelImage::Pointer labels;
  SliceLayers layers;
  ImageGrid::Base::PointType middle;     ///< LPS mm
  static constexpr double Offset = 12.0; ///< of the balls' centres to the left and the right
  static constexpr double Radius = 7.0;

  TwoBalls()
  {
    grid.size = {{36, 44, 20}};
    grid.spacing[0] = 1.5;
    grid.spacing[1] = 1.0;
    grid.spacing[2] = 2.0;
    const double c = std::cos(0.2);
    const double s = std::sin(0.2);
    grid.direction[0][0] = -c; // the first axis runs to the right
    grid.direction[1][0] = s;
    grid.direction[0][1] = s;
    grid.direction[1][1] = c;
    grid.origin[0] = 40.0;
    grid.origin[1] = 11.0;
    grid.origin[2] = -70.0;
    middle = grid.PointAt(17.5, 21.5, 9.5);
    image = NewImage<FloatImage>(grid);
    uncertainty = NewImage<FloatImage>(grid);
    labels = NewImage<LabelImage>(grid);
    itk::ImageRegionIteratorWithIndex<LabelImage> it(labels, labels->GetLargestPossibleRegion());
    for (; !it.IsAtEnd(); ++it)
    {
      const auto index = it.GetIndex();
      const auto point = grid.PointAt(static_cast<double>(index[0]),
                                      static_cast<double>(index[1]),
                                      static_cast<double>(index[2]));
      const auto distance = [&](double side)
      {
        auto centre = middle;
        centre[0] += side * Offset;
        return point.EuclideanDistanceTo(centre);
      };
      it.Set(distance(1) < Radius ? 1 : distance(-1) < Radius ? 2 : 0);
      image->SetPixel(index, it.Get() ? 200.0F : 60.0F);
    }
    SegmentInfo left = DefaultSegment(1);
    left.name = "Left ball";
    left.color = {230, 30, 30};
    SegmentInfo right = DefaultSegment(2);
    right.color = {30, 30, 230};
    layers = {
        .image = image, .uncertainty = uncertainty, .labels = labels, .segments = {left, right}};
  }
};

/** Mean place of pixels that are much more red than blue (or the other way round), and how many. */
struct Blob
{
  double x = 0.0;
  double y = 0.0;
  std::size_t pixels = 0;
};

inline Blob
FindBlob(const RgbPicture & picture, bool red)
{
  Blob blob;
  for (std::size_t y = 0; y < picture.height; ++y)
  {
    for (std::size_t x = 0; x < picture.width; ++x)
    {
      const auto colour = ColourAt(picture, x, y);
      const int difference = colour[0] - colour[2];
      if ((red ? difference : -difference) > 40)
      {
        blob.x += static_cast<double>(x);
        blob.y += static_cast<double>(y);
        ++blob.pixels;
      }
    }
  }
  blob.x /= static_cast<double>(std::max<std::size_t>(blob.pixels, 1));
  blob.y /= static_cast<double>(std::max<std::size_t>(blob.pixels, 1));
  return blob;
}

} // namespace sulcus
