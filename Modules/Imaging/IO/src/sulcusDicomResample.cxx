#include "sulcusDicomVolume.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus
{

namespace
{

/** The regular grid: axes of the frames, their usual gap along the normal, wide enough for every
 * frame. */
struct RegularGrid
{
  Vector3 origin{};
  Vector3 row{};
  Vector3 column{};
  Vector3 normal{};
  std::array<double, 3> spacing{};
  std::array<std::uint64_t, 3> size{};
};

double
SmallestGap(const std::vector<DicomFrame> & frames, const Vector3 & normal)
{
  double smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < frames.size(); ++i)
  {
    smallest =
        std::min(smallest, Dot(frames[i].position, normal) - Dot(frames[i - 1].position, normal));
  }
  return smallest;
}

RegularGrid
GridFor(const DicomStack & stack, const StackPixels & pixels)
{
  const auto & first = stack.frames.front();
  RegularGrid grid;
  grid.row = first.rowDirection;
  grid.column = first.columnDirection;
  grid.normal = Cross(grid.row, grid.column);
  grid.spacing = {first.columnSpacing, first.rowSpacing, SmallestGap(stack.frames, grid.normal)};
  std::array<double, 3> low{};
  std::array<double, 3> high{};
  for (const auto & frame : stack.frames)
  {
    const std::array<double, 3> relative{
        Dot(frame.position, grid.row) - Dot(first.position, grid.row),
        Dot(frame.position, grid.column) - Dot(first.position, grid.column),
        Dot(frame.position, grid.normal) - Dot(first.position, grid.normal)};
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      low[axis] = std::min(low[axis], relative[axis]);
      high[axis] = std::max(high[axis], relative[axis]);
    }
  }
  const std::array<std::uint64_t, 3> plane{pixels.columns, pixels.rows, 1};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    // Whole voxels below keep an unshifted first slice exactly in place.
    const double below = std::ceil(-low[axis] / grid.spacing[axis] - 1e-6);
    const double above = std::ceil(high[axis] / grid.spacing[axis] - 1e-6);
    grid.size[axis] = plane[axis] + static_cast<std::uint64_t>(below + above);
    for (std::size_t i = 0; i < 3; ++i)
    {
      const double direction = axis == 0   ? grid.row[i]
                               : axis == 1 ? grid.column[i]
                                           : grid.normal[i];
      grid.origin[i] -= below * grid.spacing[axis] * direction;
    }
  }
  for (std::size_t i = 0; i < 3; ++i)
  {
    grid.origin[i] += first.position[i];
  }
  return grid;
}

/** Bilinear value of a plane at fractional column and row; false outside (half a pixel of slack is
 * not given). */
bool
SamplePlane(const float * plane, const StackPixels & pixels, double x, double y, double & value)
{
  constexpr double slack = 1e-6;
  const auto lastX = static_cast<double>(pixels.columns - 1);
  const auto lastY = static_cast<double>(pixels.rows - 1);
  if (x < -slack || y < -slack || x > lastX + slack || y > lastY + slack)
  {
    return false;
  }
  x = std::clamp(x, 0.0, lastX);
  y = std::clamp(y, 0.0, lastY);
  const auto x0 = static_cast<std::uint64_t>(x);
  const auto y0 = static_cast<std::uint64_t>(y);
  const auto x1 = std::min(x0 + 1, pixels.columns - 1);
  const auto y1 = std::min(y0 + 1, pixels.rows - 1);
  const double fx = x - static_cast<double>(x0);
  const double fy = y - static_cast<double>(y0);
  const auto at = [&](std::uint64_t column, std::uint64_t row)
  { return static_cast<double>(plane[row * pixels.columns + column]); };
  value = (1 - fy) * ((1 - fx) * at(x0, y0) + fx * at(x1, y0)) +
          fy * ((1 - fx) * at(x0, y1) + fx * at(x1, y1));
  return true;
}

struct Neighbours
{
  std::size_t lower = 0;
  std::size_t upper = 0;
  double fraction = 0.0;
};

Neighbours
FindNeighbours(const std::vector<double> & places, double place)
{
  const auto above = std::upper_bound(places.begin(), places.end(), place + 1e-6) - places.begin();
  Neighbours result;
  result.lower = above == 0 ? 0 : static_cast<std::size_t>(above - 1);
  result.upper = std::min<std::size_t>(result.lower + 1, places.size() - 1);
  const double gap = places[result.upper] - places[result.lower];
  result.fraction = gap > 0.0 ? std::clamp((place - places[result.lower]) / gap, 0.0, 1.0) : 0.0;
  return result;
}

} // namespace

void
ResampleStack(DicomStack & stack, StackPixels & pixels, float outside)
{
  const auto grid = GridFor(stack, pixels);
  std::vector<double> places;
  for (const auto & frame : stack.frames)
  {
    places.push_back(Dot(frame.position, grid.normal));
  }
  const auto planeSize = pixels.columns * pixels.rows;
  std::vector<float> result(grid.size[0] * grid.size[1] * grid.size[2], outside);
  const double startPlace = Dot(grid.origin, grid.normal);
  const auto fillSlice = [&](std::size_t z)
  {
    const auto near = FindNeighbours(places, startPlace + static_cast<double>(z) * grid.spacing[2]);
    const auto offset = [&](std::size_t slice, const Vector3 & axis)
    { return Dot(grid.origin, axis) - Dot(stack.frames[slice].position, axis); };
    const double lowerX = offset(near.lower, grid.row) / grid.spacing[0];
    const double lowerY = offset(near.lower, grid.column) / grid.spacing[1];
    const double upperX = offset(near.upper, grid.row) / grid.spacing[0];
    const double upperY = offset(near.upper, grid.column) / grid.spacing[1];
    float * target = result.data() + z * grid.size[0] * grid.size[1];
    for (std::uint64_t y = 0; y < grid.size[1]; ++y)
    {
      for (std::uint64_t x = 0; x < grid.size[0]; ++x, ++target)
      {
        double lower = 0.0;
        double upper = 0.0;
        const auto fx = static_cast<double>(x);
        const auto fy = static_cast<double>(y);
        const bool hasLower = SamplePlane(
            pixels.values.data() + near.lower * planeSize, pixels, fx + lowerX, fy + lowerY, lower);
        const bool hasUpper =
            near.fraction > 0.0 && SamplePlane(pixels.values.data() + near.upper * planeSize,
                                               pixels,
                                               fx + upperX,
                                               fy + upperY,
                                               upper);
        if (hasLower && (hasUpper || near.fraction == 0.0))
        {
          *target = static_cast<float>(
              hasUpper ? (1 - near.fraction) * lower + near.fraction * upper : lower);
        }
        else if (hasLower != hasUpper)
        {
          *target = static_cast<float>(hasLower ? lower : upper);
        }
      }
    }
  };
  for (std::size_t z = 0; z < grid.size[2]; ++z)
  {
    fillSlice(z);
  }
  pixels.values = std::move(result);
  pixels.columns = grid.size[0];
  pixels.rows = grid.size[1];
  for (std::size_t row = 0; row < 3; ++row)
  {
    stack.lpsFromIndex[row] = {grid.row[row] * grid.spacing[0],
                               grid.column[row] * grid.spacing[1],
                               grid.normal[row] * grid.spacing[2],
                               grid.origin[row]};
  }
}

} // namespace sulcus
