#pragma once

#include "sulcusAnatomicalPlane.h"
#include <sulcusImages.h>

#include <array>
#include <cstdint>
#include <utility>

namespace sulcus
{

/** Where one slice lies in a picture: pixels are square in millimetres. */
struct SliceFrame
{
  PlaneAxes axes;
  ImageGrid grid;
  std::int64_t slice = 0; ///< index along axes.across
  std::size_t width = 0;  ///< pixels
  std::size_t height = 0;
  double mmPerPixel = 1.0;
  /** Continuous index (x, y, z) shown in the middle of the picture; along axes.across not used. */
  std::array<double, 3> centre{};

  /** Continuous index at a place of the picture; the first pixel's centre is at (0.5, 0.5). */
  std::array<double, 3>
  IndexAt(double x, double y) const;
  /** Inverse of IndexAt. */
  std::array<double, 2>
  PlaceOf(const std::array<double, 3> & index) const;
};

/** A frame that shows the whole slice, as large as fits. */
SliceFrame
FrameOfWholeSlice(const ImageGrid & grid,
                  const PlaneAxes & axes,
                  std::int64_t slice,
                  std::size_t width,
                  std::size_t height);

/** Percentiles of the image within a box of indices (first … last, both included), from at most
 * 2^17 voxels evenly spread; the high one is made larger than the low one where all are equal. */
std::pair<double, double>
WindowOf(const FloatImage * image,
         const std::array<std::int64_t, 3> & first,
         const std::array<std::int64_t, 3> & last,
         double lowPercentile,
         double highPercentile);

} // namespace sulcus
