#include "sulcusVolumeGeometry.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus
{

namespace
{

using Matrix3 = std::array<std::array<double, 3>, 3>;

constexpr double LargestCoordinateInMm = 1e4;
constexpr double RoundingShear = 1e-4;
constexpr double SilentResidualInMm = 1e-3;
constexpr std::uint64_t LargestAxis = std::numeric_limits<std::int32_t>::max();

double
Determinant(const Matrix3 & m)
{
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
         m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

/** Transposed inverse; the cofactors over the determinant. */
Matrix3
InverseTransposed(const Matrix3 & m)
{
  const double determinant = Determinant(m);
  Matrix3 result{};
  for (int r = 0; r < 3; ++r)
  {
    for (int c = 0; c < 3; ++c)
    {
      const int r1 = (r + 1) % 3;
      const int r2 = (r + 2) % 3;
      const int c1 = (c + 1) % 3;
      const int c2 = (c + 2) % 3;
      result[r][c] = (m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]) / determinant;
    }
  }
  return result;
}

/** Orthogonal polar factor by Newton's iteration X <- (X + X^-T) / 2; converges for every regular
 * matrix. */
Matrix3
NearestOrthogonal(Matrix3 m)
{
  for (int step = 0; step < 60; ++step)
  {
    const auto other = InverseTransposed(m);
    double change = 0.0;
    for (int r = 0; r < 3; ++r)
    {
      for (int c = 0; c < 3; ++c)
      {
        const double next = 0.5 * (m[r][c] + other[r][c]);
        change = std::max(change, std::abs(next - m[r][c]));
        m[r][c] = next;
      }
    }
    if (change < 1e-15)
    {
      break;
    }
  }
  return m;
}

struct Axes
{
  Matrix3 unit{};
  std::array<double, 3> length{};
};

Axes
SplitAxes(const Matrix4 & matrix)
{
  Axes axes;
  for (int c = 0; c < 3; ++c)
  {
    axes.length[c] = std::hypot(matrix[0][c], matrix[1][c], matrix[2][c]);
    for (int r = 0; r < 3; ++r)
    {
      axes.unit[r][c] = matrix[r][c] / axes.length[c];
    }
  }
  return axes;
}

void
RequireFinite(const VolumeHeader & header, std::string_view path)
{
  for (const auto & row : header.lpsFromIndex)
  {
    for (const double value : row)
    {
      if (!(std::abs(value) <= LargestCoordinateInMm))
      {
        throw GeometryError(Message(path,
                                    ": ",
                                    header.geometrySource,
                                    " holds ",
                                    value,
                                    " (need a finite value up to ",
                                    LargestCoordinateInMm,
                                    " mm)"));
      }
    }
  }
}

void
RequireSpacing(const VolumeHeader & header, const Axes & axes, std::string_view path)
{
  for (int axis = 0; axis < 3; ++axis)
  {
    const double spacing = axes.length[axis];
    if (!(spacing >= SmallestSpacingInMm && spacing <= LargestSpacingInMm))
    {
      throw GeometryError(Message(path,
                                  ": spacing of axis ",
                                  axis,
                                  " from ",
                                  header.geometrySource,
                                  " is ",
                                  spacing,
                                  " mm (need ",
                                  SmallestSpacingInMm,
                                  " to ",
                                  LargestSpacingInMm,
                                  ")"));
    }
  }
  if (!(std::abs(Determinant(axes.unit)) > 1e-3))
  {
    throw GeometryError(Message(
        path, ": the matrix of ", header.geometrySource, " is singular (two axes coincide)"));
  }
}

double
LargestCosine(const Axes & axes)
{
  double largest = 0.0;
  for (int a = 0; a < 3; ++a)
  {
    const int b = (a + 1) % 3;
    double cosine = 0.0;
    for (int r = 0; r < 3; ++r)
    {
      cosine += axes.unit[r][a] * axes.unit[r][b];
    }
    largest = std::max(largest, std::abs(cosine));
  }
  return largest;
}

/** Keeps the centre of the volume and the spacings, replaces the axes. */
Matrix4
WithAxes(const VolumeHeader & header, const Matrix3 & unit, const std::array<double, 3> & length)
{
  Matrix4 result = header.lpsFromIndex;
  for (int r = 0; r < 3; ++r)
  {
    double centre = header.lpsFromIndex[r][3];
    double origin = 0.0;
    for (int c = 0; c < 3; ++c)
    {
      const double half = 0.5 * (static_cast<double>(header.size[c]) - 1.0);
      centre += header.lpsFromIndex[r][c] * half;
      result[r][c] = unit[r][c] * length[c];
      origin -= result[r][c] * half;
    }
    result[r][3] = origin + centre;
  }
  return result;
}

double
LargestAngleInDegrees(const Matrix3 & a, const Matrix3 & b)
{
  double smallestCosine = 1.0;
  for (int c = 0; c < 3; ++c)
  {
    const double cosine = a[0][c] * b[0][c] + a[1][c] * b[1][c] + a[2][c] * b[2][c];
    smallestCosine = std::min(smallestCosine, cosine);
  }
  return std::acos(std::clamp(smallestCosine, -1.0, 1.0)) * 180.0 / M_PI;
}

} // namespace

void
CheckSize(const VolumeHeader & header, const VolumeReadOptions & options, std::string_view path)
{
  std::uint64_t total = SizeOf(header.voxelType);
  for (const std::uint64_t extent :
       {header.size[0], header.size[1], header.size[2], header.components, header.volumes})
  {
    if (extent == 0 || extent > LargestAxis)
    {
      throw InputError(Message(path, ": size ", extent, " (need 1 to ", LargestAxis, ")"));
    }
    if (!MultiplyChecked(total, extent, total))
    {
      throw InputError(Message(path, ": the sizes multiply to more than 64 bits"));
    }
  }
  if (total > options.memoryBudgetInBytes)
  {
    throw ResourceError(Message(path,
                                ": voxels need ",
                                total >> 20,
                                " MiB, the limit is ",
                                options.memoryBudgetInBytes >> 20,
                                " MiB"));
  }
}

void
CheckGeometry(VolumeHeader & header, const VolumeReadOptions & options, std::string_view path)
{
  RequireFinite(header, path);
  const auto axes = SplitAxes(header.lpsFromIndex);
  RequireSpacing(header, axes, path);
  const double cosine = LargestCosine(axes);
  if (cosine == 0.0)
  {
    return;
  }
  const auto unit = NearestOrthogonal(axes.unit);
  const auto repaired = WithAxes(header, unit, axes.length);
  const double residual = CornerDistance(header.lpsFromIndex, repaired, header.size);
  const double angle = LargestAngleInDegrees(axes.unit, unit);
  const auto state = Message("axes are not at right angles (sheared, cosine ",
                             cosine,
                             "; nearest rotation turns an axis by ",
                             angle,
                             " degrees and moves a corner by ",
                             residual,
                             " mm)");
  if (cosine > RoundingShear)
  {
    if (!options.fixNonOrthogonal)
    {
      throw GeometryError(
          Message(path, ": ", header.geometrySource, " ", state, "; see --fix-nonorthogonal"));
    }
    if (angle > options.maximumFixAngleInDegrees)
    {
      throw GeometryError(Message(path,
                                  ": ",
                                  header.geometrySource,
                                  " ",
                                  state,
                                  "; the limit is ",
                                  options.maximumFixAngleInDegrees,
                                  " degrees"));
    }
  }
  if (residual > SilentResidualInMm)
  {
    header.warnings.push_back(Message(header.geometrySource, " ", state, "; repaired"));
  }
  header.lpsFromIndex = repaired;
  header.repairedResidualInMm = residual;
}

double
CornerDistance(const Matrix4 & a, const Matrix4 & b, const std::array<std::uint64_t, 3> & size)
{
  double largest = 0.0;
  for (int corner = 0; corner < 8; ++corner)
  {
    double squared = 0.0;
    for (int r = 0; r < 3; ++r)
    {
      double difference = a[r][3] - b[r][3];
      for (int c = 0; c < 3; ++c)
      {
        const double index = (corner >> c & 1) != 0 ? static_cast<double>(size[c]) - 1.0 : 0.0;
        difference += (a[r][c] - b[r][c]) * index;
      }
      squared += difference * difference;
    }
    const double distance = std::sqrt(squared);
    if (!std::isfinite(distance))
    {
      return std::numeric_limits<double>::infinity();
    }
    largest = std::max(largest, distance);
  }
  return largest;
}

Matrix4
FlipRasLps(const Matrix4 & matrix)
{
  auto flipped = matrix;
  for (int r = 0; r < 2; ++r)
  {
    for (double & value : flipped[r])
    {
      value = value == 0.0 ? 0.0 : -value;
    }
  }
  return flipped;
}

} // namespace sulcus
