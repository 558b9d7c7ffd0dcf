#include "sulcusImageGrid.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

/** Cosines between axes above this are a shear, not rounding. */
constexpr double LargestCosine = 1e-3;

std::string
SizeText(const ImageGrid::Base::SizeType & size)
{
  return Message(size[0], "x", size[1], "x", size[2]);
}

void
RequireRightAngles(const ImageGrid & grid)
{
  for (unsigned int a = 0; a < 3; ++a)
  {
    const unsigned int b = (a + 1) % 3;
    double cosine = 0.0;
    for (unsigned int row = 0; row < 3; ++row)
    {
      cosine += grid.direction[row][a] * grid.direction[row][b];
    }
    if (std::abs(cosine) > LargestCosine)
    {
      throw GeometryError(
          Message("matrix is sheared (cosine ", cosine, " between two axes, need 0)"));
    }
  }
}

} // namespace

ImageGrid::Base::DirectionType
ImageGrid::IdentityDirection()
{
  Base::DirectionType identity;
  identity.SetIdentity();
  return identity;
}

ImageGrid::Base::PointType
ImageGrid::PointAt(double x, double y, double z) const
{
  const double index[3] = {x, y, z};
  Base::PointType point = origin;
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      point[row] += direction[row][axis] * spacing[axis] * index[axis];
    }
  }
  return point;
}

std::uint64_t
ImageGrid::VoxelCount() const
{
  return std::uint64_t{size[0]} * size[1] * size[2];
}

ImageGrid
GridOf(const ImageGrid::Base * image)
{
  const auto & region = image->GetLargestPossibleRegion();
  ImageGrid grid;
  grid.size = region.GetSize();
  grid.spacing = image->GetSpacing();
  grid.origin = image->GetOrigin();
  grid.direction = image->GetDirection();
  const auto & start = region.GetIndex();
  grid.origin = grid.PointAt(
      static_cast<double>(start[0]), static_cast<double>(start[1]), static_cast<double>(start[2]));
  return grid;
}

Affine
AffineOf(const ImageGrid & grid)
{
  std::array<double, 12> values{};
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      values[4 * row + axis] = grid.direction[row][axis] * grid.spacing[axis];
    }
    values[4 * row + 3] = grid.origin[row];
  }
  return Affine(values);
}

Affine
RasAffineOf(const ImageGrid & grid)
{
  auto values = AffineOf(grid).RowMajor();
  for (std::size_t i = 0; i < 8; ++i)
  {
    values[i] = values[i] == 0.0 ? 0.0 : -values[i];
  }
  return Affine(values);
}

ImageGrid
GridFromAffine(const Affine & lpsFromIndex, const ImageGrid::Base::SizeType & size)
{
  const auto & values = lpsFromIndex.RowMajor();
  ImageGrid grid;
  grid.size = size;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const double length = std::hypot(values[axis], values[4 + axis], values[8 + axis]);
    const double origin = values[4 * axis + 3];
    if (!std::isfinite(length) || !(length > 0.0) || !std::isfinite(origin))
    {
      throw GeometryError(Message("matrix has no usable axis ", axis, " (length ", length, " mm)"));
    }
    grid.spacing[axis] = length;
    grid.origin[axis] = origin;
    for (unsigned int row = 0; row < 3; ++row)
    {
      grid.direction[row][axis] = values[4 * row + axis] / length;
    }
  }
  RequireRightAngles(grid);
  return grid;
}

double
LargestCornerDistance(const ImageGrid & a, const ImageGrid & b)
{
  double largest = 0.0;
  for (int corner = 0; corner < 8; ++corner)
  {
    double index[3];
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const bool far = (corner >> axis & 1) != 0;
      index[axis] = far && a.size[axis] > 0 ? static_cast<double>(a.size[axis]) - 1.0 : 0.0;
    }
    const auto difference =
        a.PointAt(index[0], index[1], index[2]) - b.PointAt(index[0], index[1], index[2]);
    const double distance = difference.GetNorm();
    if (!std::isfinite(distance))
    {
      return distance;
    }
    largest = std::max(largest, distance);
  }
  return largest;
}

bool
SameGrid(const ImageGrid & a, const ImageGrid & b, double toleranceInMm)
{
  return a.size == b.size && LargestCornerDistance(a, b) <= toleranceInMm;
}

void
RequireSameGrid(const ImageGrid & a,
                const ImageGrid & b,
                std::string_view nameOfA,
                std::string_view nameOfB,
                double toleranceInMm)
{
  if (a.size != b.size)
  {
    throw GeometryError(Message(nameOfB,
                                ": size ",
                                SizeText(b.size),
                                " differs from that of ",
                                nameOfA,
                                ", ",
                                SizeText(a.size)));
  }
  const double distance = LargestCornerDistance(a, b);
  if (!(distance <= toleranceInMm))
  {
    throw GeometryError(Message(nameOfB,
                                ": corners are up to ",
                                distance,
                                " mm away from those of ",
                                nameOfA,
                                " (need <= ",
                                toleranceInMm,
                                " mm); grids ",
                                ToText(b),
                                " and ",
                                ToText(a)));
  }
}

void
RequireSameGrid(const ImageGrid::Base * a,
                const ImageGrid::Base * b,
                std::string_view nameOfA,
                std::string_view nameOfB,
                double toleranceInMm)
{
  RequireSameGrid(GridOf(a), GridOf(b), nameOfA, nameOfB, toleranceInMm);
}

std::string
OrientationCode(const ImageGrid & grid)
{
  static constexpr char towards[3][2] = {{'L', 'R'}, {'P', 'A'}, {'S', 'I'}};
  // Axes are matched to body directions greedily by the largest cosine, so no letter pair appears
  // twice.
  std::string code(3, '?');
  bool rowTaken[3] = {};
  for (int round = 0; round < 3; ++round)
  {
    double best = -1.0;
    unsigned int bestRow = 0;
    unsigned int bestAxis = 0;
    for (unsigned int row = 0; row < 3; ++row)
    {
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        const double size = std::abs(grid.direction[row][axis]);
        if (!rowTaken[row] && code[axis] == '?' && size > best)
        {
          best = size;
          bestRow = row;
          bestAxis = axis;
        }
      }
    }
    rowTaken[bestRow] = true;
    code[bestAxis] = towards[bestRow][grid.direction[bestRow][bestAxis] < 0.0 ? 1 : 0];
  }
  return code;
}

std::string
ToText(const ImageGrid & grid)
{
  std::ostringstream text;
  text.precision(5);
  text << SizeText(grid.size) << ", " << grid.spacing[0] << " x " << grid.spacing[1] << " x "
       << grid.spacing[2] << " mm, " << OrientationCode(grid) << ", origin (" << grid.origin[0]
       << ", " << grid.origin[1] << ", " << grid.origin[2] << ") mm";
  return text.str();
}

void
SetGrid(ImageGrid::Base * image, const ImageGrid & grid)
{
  ImageGrid::Base::RegionType region;
  region.SetSize(grid.size);
  image->SetRegions(region);
  image->SetSpacing(grid.spacing);
  image->SetOrigin(grid.origin);
  image->SetDirection(grid.direction);
}

} // namespace sulcus
