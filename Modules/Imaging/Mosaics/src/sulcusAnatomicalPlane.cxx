#include "sulcusAnatomicalPlane.h"

#include <sulcusParameters.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

const std::vector<std::string> planeNames{"axial", "coronal", "sagittal"};
const std::vector<std::string> conventionNames{"radiological", "neurological"};

std::size_t
PlaceOf(const std::string & name, const std::vector<std::string> & names, const char * kind)
{
  const auto place = std::find(names.begin(), names.end(), name);
  if (place == names.end())
  {
    throw UsageError(Message("unknown ", kind, " '", name, "'; ", SuggestName(name, names)));
  }
  return static_cast<std::size_t>(place - names.begin());
}

/** For each axis of the body (to the left, to the back, to the head) the index axis along it:
 * the assignment with the largest sum of cosines, the first of equals. */
std::array<unsigned int, 3>
IndexAxes(const ImageGrid & grid)
{
  std::array<unsigned int, 3> axes{0, 1, 2};
  std::array<unsigned int, 3> best = axes;
  double largest = -1.0;
  do
  {
    double sum = 0.0;
    for (unsigned int body = 0; body < 3; ++body)
    {
      sum += std::abs(grid.direction[body][axes[body]]);
    }
    if (sum > largest + 1e-9)
    {
      largest = sum;
      best = axes;
    }
  } while (std::next_permutation(axes.begin(), axes.end()));
  return best;
}

} // namespace

Plane
PlaneFromName(const std::string & name)
{
  return static_cast<Plane>(PlaceOf(name, planeNames, "plane"));
}

Convention
ConventionFromName(const std::string & name)
{
  return static_cast<Convention>(PlaceOf(name, conventionNames, "convention"));
}

std::string
NameOf(Plane plane)
{
  return planeNames[static_cast<std::size_t>(plane)];
}

std::string
StatementOf(Convention convention)
{
  return convention == Convention::Radiological ? "RADIOLOGICAL: PATIENT'S RIGHT IS ON THE LEFT"
                                                : "NEUROLOGICAL: PATIENT'S RIGHT IS ON THE RIGHT";
}

std::string
SidesOf(const std::array<double, 3> & vector)
{
  constexpr double leaning = 0.342; // sine of 20 degrees
  std::array<std::size_t, 3> order{0, 1, 2};
  std::stable_sort(order.begin(),
                   order.end(),
                   [&](auto a, auto b) { return std::abs(vector[a]) > std::abs(vector[b]); });
  std::string letters;
  for (const auto body : {order[0], order[1]})
  {
    if (letters.empty() || std::abs(vector[body]) > leaning)
    {
      letters += vector[body] > 0 ? "LPS"[body] : "RAI"[body];
    }
  }
  return letters;
}

PlaneAxes
AxesOf(const ImageGrid & grid, Plane plane, Convention convention)
{
  struct BodyAxes
  {
    unsigned int across, right, down;
    bool rightReversed, downReversed; // against left, back, head
  };
  const bool mirrored = convention == Convention::Neurological;
  const BodyAxes body = plane == Plane::Axial     ? BodyAxes{2, 0, 1, mirrored, false}
                        : plane == Plane::Coronal ? BodyAxes{1, 0, 2, mirrored, true}
                                                  : BodyAxes{0, 1, 2, false, true};
  const auto indexAxes = IndexAxes(grid);
  const auto cosine = [&](unsigned int bodyAxis)
  { return grid.direction[bodyAxis][indexAxes[bodyAxis]]; };
  PlaneAxes axes;
  axes.plane = plane;
  axes.across = indexAxes[body.across];
  axes.right = indexAxes[body.right];
  axes.down = indexAxes[body.down];
  axes.rightReversed = (cosine(body.right) < 0) != body.rightReversed;
  axes.downReversed = (cosine(body.down) < 0) != body.downReversed;
  axes.acrossReversed = cosine(body.across) < 0;
  const auto sides = [&](unsigned int indexAxis, bool reversed)
  {
    std::array<double, 3> vector{};
    for (unsigned int row = 0; row < 3; ++row)
    {
      vector[row] = (reversed ? -1.0 : 1.0) * grid.direction[row][indexAxis];
    }
    return SidesOf(vector);
  };
  axes.marks = {sides(axes.right, !axes.rightReversed),
                sides(axes.right, axes.rightReversed),
                sides(axes.down, !axes.downReversed),
                sides(axes.down, axes.downReversed)};
  return axes;
}

std::string
PositionText(Plane plane, const ImageGrid::Base::PointType & point)
{
  const unsigned int body = plane == Plane::Axial ? 2 : plane == Plane::Coronal ? 1 : 0;
  return fmt::format(
      "{} {:.1f}", point[body] >= 0 ? "LPS"[body] : "RAI"[body], std::abs(point[body]));
}

} // namespace sulcus
