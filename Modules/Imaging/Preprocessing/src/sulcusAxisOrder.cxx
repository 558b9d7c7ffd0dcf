#include "sulcusAxisOrder.h"

#include <sulcusError.h>

namespace sulcus
{

namespace
{

/** Body axis (0: left-right, 1: posterior-anterior, 2: superior-inferior) and whether the letter
 * runs against LPS. */
struct Side
{
  unsigned int axis;
  bool reversed;
};

std::array<Side, 3>
ParseCode(const std::string & code)
{
  static const std::string along = "LPS";
  static const std::string against = "RAI";
  std::array<Side, 3> sides{};
  std::array<bool, 3> seen{};
  bool valid = code.size() == 3;
  for (unsigned int i = 0; valid && i < 3; ++i)
  {
    const auto forward = along.find(code[i]);
    const auto backward = against.find(code[i]);
    valid = forward != std::string::npos || backward != std::string::npos;
    if (valid)
    {
      sides[i] = {static_cast<unsigned int>(std::min(forward, backward)),
                  forward == std::string::npos};
      valid = !seen[sides[i].axis];
      seen[sides[i].axis] = true;
    }
  }
  if (!valid)
  {
    throw UsageError(
        Message("orientation '",
                code,
                "': expected three letters, one each of L/R, P/A and S/I, such as LPS or RAS"));
  }
  return sides;
}

} // namespace

bool
AxisOrder::IsIdentity() const
{
  return source == std::array<unsigned int, 3>{0, 1, 2} && flipped == std::array<bool, 3>{};
}

AxisOrder
AxisOrder::Inverse() const
{
  AxisOrder inverse;
  for (unsigned int i = 0; i < 3; ++i)
  {
    inverse.source[source[i]] = i;
    inverse.flipped[source[i]] = flipped[i];
  }
  return inverse;
}

AxisOrder
AxisOrderBetween(const std::string & from, const std::string & to)
{
  const auto have = ParseCode(from);
  const auto want = ParseCode(to);
  AxisOrder order;
  for (unsigned int i = 0; i < 3; ++i)
  {
    for (unsigned int j = 0; j < 3; ++j)
    {
      if (have[j].axis == want[i].axis)
      {
        order.source[i] = j;
        order.flipped[i] = have[j].reversed != want[i].reversed;
      }
    }
  }
  return order;
}

ImageGrid
Reordered(const ImageGrid & grid, const AxisOrder & order)
{
  ImageGrid result;
  double first[3] = {0.0, 0.0, 0.0};
  for (unsigned int i = 0; i < 3; ++i)
  {
    const unsigned int from = order.source[i];
    result.size[i] = grid.size[from];
    result.spacing[i] = grid.spacing[from];
    first[from] =
        order.flipped[i] && grid.size[from] > 0 ? static_cast<double>(grid.size[from]) - 1.0 : 0.0;
    for (unsigned int row = 0; row < 3; ++row)
    {
      const double cosine = grid.direction[row][from];
      result.direction[row][i] = order.flipped[i] ? (cosine == 0.0 ? 0.0 : -cosine) : cosine;
    }
  }
  result.origin = grid.PointAt(first[0], first[1], first[2]);
  return result;
}

} // namespace sulcus
