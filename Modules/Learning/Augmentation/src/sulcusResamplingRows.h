#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

/** Loops over one row of patch voxels. All give the same bits whatever the vector width. */
namespace sulcus::rows
{

/** Positions and trilinear taps of one row of patch voxels. */
struct RowTaps
{
  explicit RowTaps(std::int64_t width)
      : x(Size(width)), y(Size(width)), z(Size(width)), offset(Size(width)), nearest(Size(width)),
        outside(Size(width))
  {
  }

  static std::size_t
  Size(std::int64_t width)
  {
    return static_cast<std::size_t>(width);
  }

  std::vector<float> x; ///< first positions, then fractions
  std::vector<float> y;
  std::vector<float> z;
  std::vector<std::int32_t> offset;  ///< of the lowest corner
  std::vector<std::int32_t> nearest; ///< of the nearest voxel
  std::vector<std::int32_t> outside; ///< 1: beyond the source
};

/** What the loops need of the source's shape. Steps are 0 along an axis of one voxel. */
struct SourceShape
{
  explicit SourceShape(const std::array<std::int64_t, 3> & size)
      : sizeX(static_cast<std::int32_t>(size[2])), sizeY(static_cast<std::int32_t>(size[1])),
        sizeZ(static_cast<std::int32_t>(size[0])), strideY(sizeX), strideZ(sizeX * sizeY),
        stepX(sizeX > 1 ? 1 : 0), stepY(sizeY > 1 ? strideY : 0), stepZ(sizeZ > 1 ? strideZ : 0)
  {
  }

  std::int32_t sizeX, sizeY, sizeZ;
  std::int32_t strideY, strideZ;
  std::int32_t stepX, stepY, stepZ;
};

/** position[i] ← start + i · step, plus displacement[i] unless that is null. */
void
FillPositions(
    float * position, float start, float step, const float * displacement, std::int64_t width);

/** Turns positions along one axis into fractions and adds the axis's part of the offsets. */
void
FillTaps(float * position,
         std::int32_t * offset,
         std::int32_t * nearest,
         std::int32_t * outside,
         std::int32_t size,
         std::int32_t stride,
         std::int64_t width);

/** Trilinear interpolation at the taps' offsets and fractions. */
void
LinearRow(const float * source,
          const RowTaps & taps,
          const SourceShape & shape,
          float * out,
          std::int64_t width);

/** The class with the largest sum of trilinear weights among eight corners; ties to the lowest
 * class. */
void
VoteRow(const std::uint8_t * source,
        const RowTaps & taps,
        const SourceShape & shape,
        std::int64_t * out,
        std::int64_t width);

} // namespace sulcus::rows
