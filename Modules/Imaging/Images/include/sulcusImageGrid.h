#pragma once

#include "sulcusImages.h"
#include <sulcusAffine.h>
#include <sulcusError.h>

#include <itkImageBase.h>

#include <string>
#include <string_view>

namespace sulcus
{

/** Where the voxels of an image are: index (x, y, z) to millimetres, LPS (x to the left, y to the
 * back, z to the head).
 *
 * `origin` is the centre of voxel (0, 0, 0) and column c of `direction` is the unit vector of index
 * axis c. */
struct ImageGrid
{
  using Base = itk::ImageBase<ImageDimension>;

  Base::SizeType size{{0, 0, 0}};
  Base::SpacingType spacing{1.0};
  Base::PointType origin{0.0};
  Base::DirectionType direction{IdentityDirection()};

  static Base::DirectionType
  IdentityDirection();

  /** Centre of a voxel, or of a point between voxels, in mm. */
  Base::PointType
  PointAt(double x, double y, double z) const;

  std::uint64_t
  VoxelCount() const;
};

/** The grid of an image's largest region; a region that does not start at index 0 moves the origin.
 */
ImageGrid
GridOf(const ImageGrid::Base * image);

/** lpsFromIndex of the grid. */
Affine
AffineOf(const ImageGrid & grid);

/** The same in the RAS convention of NIfTI, FreeSurfer and 3D Slicer's scene. */
Affine
RasAffineOf(const ImageGrid & grid);

/** Splits lpsFromIndex into origin, spacing and direction.
 * \throws GeometryError for an axis of length 0, a value that is not finite, or axes that are not
 * at right angles. */
ImageGrid
GridFromAffine(const Affine & lpsFromIndex, const ImageGrid::Base::SizeType & size);

/** Largest distance in mm between corresponding corners (outermost voxel centres) of two grids of
 * one size. */
double
LargestCornerDistance(const ImageGrid & a, const ImageGrid & b);

inline constexpr double SameGridToleranceInMm = 1e-3;

/** Equal sizes, and all eight corners within the tolerance. */
bool
SameGrid(const ImageGrid & a, const ImageGrid & b, double toleranceInMm = SameGridToleranceInMm);

/** \throws GeometryError naming both images and what differs. Call wherever two images meet. */
void
RequireSameGrid(const ImageGrid & a,
                const ImageGrid & b,
                std::string_view nameOfA,
                std::string_view nameOfB,
                double toleranceInMm = SameGridToleranceInMm);
void
RequireSameGrid(const ImageGrid::Base * a,
                const ImageGrid::Base * b,
                std::string_view nameOfA,
                std::string_view nameOfB,
                double toleranceInMm = SameGridToleranceInMm);

/** Size, spacing, origin and axis letters in one line, for messages and listings: "35x51x35, 1 x 1
 * x 1 mm, RAS". */
std::string
ToText(const ImageGrid & grid);

/** Towards which body side the index axes run, one letter an axis: "LPS" for the identity
 * direction. */
std::string
OrientationCode(const ImageGrid & grid);

/** Puts the grid on an image and allocates nothing. */
void
SetGrid(ImageGrid::Base * image, const ImageGrid & grid);

/** A new image on this grid, every voxel set to `value`. */
template <typename TImage>
typename TImage::Pointer
NewImage(const ImageGrid & grid, typename TImage::PixelType value = {})
{
  auto image = TImage::New();
  SetGrid(image, grid);
  image->Allocate();
  image->FillBuffer(value);
  return image;
}

} // namespace sulcus
