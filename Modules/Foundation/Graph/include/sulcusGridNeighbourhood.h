#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sulcus
{

/** Number of voxels along x, y, z; voxel index = x + nx * (y + ny * z), x fastest. */
using GridSize = std::array<std::size_t, 3>;

/** Product of the three extents. \throws UsageError for an extent of 0 or a product above 2^32 - 2.
 */
std::size_t
GridVoxelCount(const GridSize & size);

/** The 6, 18 or 26 neighbours of a voxel.
 *
 * Neighbours are ordered by their linear offset, so neighbour `k` and neighbour `count - 1 - k` are
 * opposite, and the second half (`k >= count / 2`) points forward in memory. */
class GridNeighbourhood
{
public:
  using Step = std::array<int, 3>;

  /** \throws UsageError unless count is 6, 18 or 26. */
  explicit GridNeighbourhood(unsigned count);

  unsigned
  Count() const
  {
    return static_cast<unsigned>(m_Steps.size());
  }

  const Step &
  operator[](unsigned k) const
  {
    return m_Steps[k];
  }

  /** The neighbours that follow a voxel in memory, half of all: one entry for each undirected edge.
   */
  std::vector<Step>
  ForwardSteps() const;

  /** Linear offset of every neighbour in a grid of the given size. */
  std::vector<std::ptrdiff_t>
  Offsets(const GridSize & size) const;

  /** Length in mm of the step to every neighbour. */
  std::vector<double>
  Distances(const std::array<double, 3> & spacingInMm) const;

  /** Number of undirected edges inside a grid of the given size. */
  std::uint64_t
  EdgeCount(const GridSize & size) const;

private:
  std::vector<Step> m_Steps;
};

} // namespace sulcus
