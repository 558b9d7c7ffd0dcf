#include "sulcusSurfelTable.h"

#include <bit>
#include <cmath>
#include <vector>

namespace sulcus
{
namespace
{

using Point = std::array<double, 3>;

/** Where the surface crosses the edge between an inside and an outside corner of the unit cell. */
struct Crossing
{
  unsigned int inside;
  unsigned int outside;
};

bool
Holds(unsigned int corners, unsigned int corner)
{
  return (corners >> corner & 1U) != 0;
}

/** The face-connected group of corners around one corner. */
unsigned int
GroupOf(unsigned int corners, unsigned int seed)
{
  unsigned int group = 1U << seed;
  for (unsigned int before = 0; before != group;)
  {
    before = group;
    for (unsigned int corner = 0; corner < 8; ++corner)
    {
      for (unsigned int axis = 0; axis < 3 && Holds(group, corner); ++axis)
      {
        group |= corners & (1U << (corner ^ (1U << axis)));
      }
    }
  }
  return group;
}

/** True if both crossed edges lie on one face of the cell: all four corners share a coordinate. */
bool
ShareFace(const Crossing & a, const Crossing & b)
{
  const unsigned int same =
      ~((a.inside ^ a.outside) | (a.inside ^ b.inside) | (a.inside ^ b.outside));
  return (same & 7U) != 0;
}

/** Crossings around the group in order; neighbours lie on one face. A connected group of at most
 * four corners has exactly two crossings on each face that it cuts, hence one closed polygon. */
std::vector<Crossing>
PolygonAround(unsigned int group)
{
  std::vector<Crossing> open;
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    for (unsigned int axis = 0; axis < 3 && Holds(group, corner); ++axis)
    {
      const unsigned int other = corner ^ (1U << axis);
      if (!Holds(group, other))
      {
        open.push_back({corner, other});
      }
    }
  }
  std::vector<Crossing> polygon{open.back()};
  open.pop_back();
  while (!open.empty())
  {
    std::size_t next = 0;
    while (!ShareFace(polygon.back(), open[next]))
    {
      ++next;
    }
    polygon.push_back(open[next]);
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(next));
  }
  return polygon;
}

/** The crossing of the pentagon whose inside corner has both its neighbours inside. */
std::size_t
MiddleOfPentagon(const std::vector<Crossing> & polygon)
{
  std::array<int, 8> crossingsOfCorner{};
  for (const auto & crossing : polygon)
  {
    ++crossingsOfCorner[crossing.inside];
  }
  std::size_t middle = 0;
  while (crossingsOfCorner[polygon[middle].inside] != 1)
  {
    ++middle;
  }
  return middle;
}

double
TriangleArea(const Point & a, const Point & b, const Point & c)
{
  Point u;
  Point v;
  for (std::size_t k = 0; k < 3; ++k)
  {
    u[k] = b[k] - a[k];
    v[k] = c[k] - a[k];
  }
  const double x = u[1] * v[2] - u[2] * v[1];
  const double y = u[2] * v[0] - u[0] * v[2];
  const double z = u[0] * v[1] - u[1] * v[0];
  return 0.5 * std::sqrt(x * x + y * y + z * z);
}

double
PolygonArea(const std::vector<Crossing> & polygon, const Point & spacing)
{
  std::vector<Point> corners;
  for (const auto & crossing : polygon)
  {
    Point point;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const auto sum = (crossing.inside >> axis & 1U) + (crossing.outside >> axis & 1U);
      point[axis] = 0.5 * sum * spacing[axis];
    }
    corners.push_back(point);
  }
  const auto count = corners.size();
  const auto area = [&](std::size_t a, std::size_t b, std::size_t c)
  { return TriangleArea(corners[a % count], corners[b % count], corners[c % count]); };
  switch (count)
  {
  case 3:
    return area(0, 1, 2);
  case 4:
    return area(0, 1, 2) + area(0, 2, 3);
  case 5:
  {
    const auto m = MiddleOfPentagon(polygon);
    return area(m + 4, m, m + 1) + area(m + 1, m + 2, m + 3) + area(m + 1, m + 3, m + 4);
  }
  default:
    return area(0, 2, 4) + area(0, 1, 2) + area(2, 3, 4) + area(4, 5, 0);
  }
}

} // namespace

std::array<double, 256>
SurfelAreas(const std::array<double, 3> & spacingInMm)
{
  std::array<double, 256> areas{};
  for (unsigned int code = 1; code < 255; ++code)
  {
    unsigned int left = std::popcount(code) > 4 ? ~code & 255U : code;
    while (left != 0)
    {
      const auto group = GroupOf(left, static_cast<unsigned int>(std::countr_zero(left)));
      areas[code] += PolygonArea(PolygonAround(group), spacingInMm);
      left &= ~group;
    }
  }
  return areas;
}

std::array<double, 16>
ContourLengths(double spacingXInMm, double spacingYInMm)
{
  const double slanted = 0.5 * std::hypot(spacingXInMm, spacingYInMm);
  std::array<double, 16> lengths{};
  for (unsigned int code = 1; code < 15; ++code)
  {
    switch (code)
    {
    case 0b0011:
    case 0b1100: // a row of pixels: the contour runs along x
      lengths[code] = spacingXInMm;
      break;
    case 0b0101:
    case 0b1010:
      lengths[code] = spacingYInMm;
      break;
    case 0b0110:
    case 0b1001: // two pixels that touch at the corner are cut off one by one
      lengths[code] = 2.0 * slanted;
      break;
    default:
      lengths[code] = slanted;
    }
  }
  return lengths;
}

} // namespace sulcus
