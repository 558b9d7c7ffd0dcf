#include "sulcusPartitions.h"

#include <sulcusError.h>

#include <cmath>

namespace sulcus
{

std::vector<std::int64_t>
PartitionBounds(std::int64_t extent, int parts)
{
  if (parts < 1 || extent < parts)
  {
    throw UsageError(
        Message("partitions: ", extent, " slices cannot be cut into ", parts, " parts"));
  }
  std::vector<std::int64_t> bounds;
  for (std::int64_t s = 0; s <= parts; ++s)
  {
    bounds.push_back(s * extent / parts);
  }
  return bounds;
}

double
AnatomicalExtent::Position(double voxel) const
{
  const double extent = static_cast<double>(end - begin);
  const double along = (voxel + 0.5 - static_cast<double>(begin)) / extent;
  return reversed ? 1.0 - along : along;
}

double
AnatomicalExtent::Voxel(double position) const
{
  const double along = reversed ? 1.0 - position : position;
  return along * static_cast<double>(end - begin) + static_cast<double>(begin) - 0.5;
}

AnatomicalExtent
FindAnatomicalExtent(const PreparedCase & entry, int axis)
{
  if (axis < 0 || axis > 2)
  {
    throw UsageError(Message("partitions: axis ", axis, ", need 0 (left), 1 (back) or 2 (head)"));
  }
  const auto & m = entry.millimetreFromVoxel.RowMajor();
  const auto spacing = entry.millimetreFromVoxel.Spacing();
  AnatomicalExtent extent;
  double best = -1.0;
  for (std::size_t column = 0; column < 3; ++column) // x, y, z
  {
    const double cosine = m[4 * static_cast<std::size_t>(axis) + column] / spacing[column];
    if (std::abs(cosine) > best)
    {
      best = std::abs(cosine);
      extent.arrayAxis = 2 - column;
      extent.reversed = cosine < 0;
    }
  }
  extent.begin = entry.foreground.begin[extent.arrayAxis];
  extent.end = entry.foreground.end[extent.arrayAxis];
  if (extent.end <= extent.begin) // no foreground was stored
  {
    extent.begin = 0;
    extent.end = entry.size[extent.arrayAxis];
  }
  return extent;
}

} // namespace sulcus
