#pragma once

#include <sulcusImages.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

/** Voxel indices from `first` to `last`, both included; empty where first > last on an axis. */
struct IndexBox
{
  std::array<std::int64_t, 3> first{0, 0, 0};
  std::array<std::int64_t, 3> last{-1, -1, -1};

  bool
  IsEmpty() const
  {
    return first[0] > last[0] || first[1] > last[1] || first[2] > last[2];
  }
  /** Grows to hold the index. */
  void
  Include(const std::array<std::int64_t, 3> & index);
  /** Grows to hold the other box. */
  void
  Include(const IndexBox & other);
};

/** Two binary masks on one small grid, x fastest. Outside the box both are background. */
struct MaskPair
{
  static constexpr std::uint8_t Reference = 1;
  static constexpr std::uint8_t Prediction = 2;

  std::array<std::size_t, 3> size{0, 0, 0};
  std::array<double, 3> spacingInMm{1.0, 1.0, 1.0};
  std::vector<std::uint8_t> voxels; ///< bits Reference and Prediction

  std::size_t
  VoxelCount() const
  {
    return size[0] * size[1] * size[2];
  }
};

/** Cuts a box out of two label images on one grid; a voxel belongs to a mask if its label is among
 * `values`. Directions are orthonormal, so distances within the box need the spacing alone. */
MaskPair
CropMasks(const LabelImage * reference,
          const LabelImage * prediction,
          std::span<const std::uint16_t> values,
          const IndexBox & box);

} // namespace sulcus
