#pragma once

#include "sulcusSmoothGrid.h"
#include <sulcusAffine.h>

#include <array>
#include <cstdint>
#include <span>

namespace sulcus
{

/** The arrays of one volume, axes z, y, x with x fastest. Empty spans: not present. Does not own
 * them. */
struct VolumeView
{
  std::array<std::int64_t, 3> size{};
  int channels = 0;
  int classes = 0;
  std::span<const float> image;           ///< [channels, z, y, x]
  std::span<const std::uint8_t> label;    ///< [z, y, x]
  std::span<const float> softLabel;       ///< [classes, z, y, x]
  std::span<const float> weight;          ///< [z, y, x]
  std::span<const std::uint8_t> observed; ///< [z, y, x]
};

/** Where the arrays of one patch are written; empty spans are not computed. */
struct PatchTarget
{
  std::array<std::int64_t, 3> size{};
  std::span<float> image;
  std::span<std::int64_t> label;
  std::span<float> softLabel;
  std::span<float> weight;
  std::span<bool> observed;
};

/** Where each voxel of a patch comes from: source = matrix · (patch voxel, 1) + displacement(patch
 * voxel), in voxels of the source. Points x, y, z; the displacement's components too. */
struct ResampleMap
{
  Affine sourceFromPatch;
  SmoothGrid displacement; ///< 3 components in source voxels over the patch; empty: none

  Affine::Point
  operator()(const Affine::Point & patchVoxel) const;

  /** The patch voxel that comes from a source point. With a displacement by fixed-point iteration
   * to 1e-6 voxels, which converges because drawn displacements do not fold; RuntimeError if it
   * does not. */
  Affine::Point
  Invert(const Affine::Point & sourceVoxel) const;
};

/** How class indices are interpolated. */
enum class LabelRule
{
  Nearest,
  LinearVote ///< the class with the largest trilinear weight, ties to the lowest; Nearest where
             ///< there is an observed mask
};

/** What lies outside the source. */
struct BorderRule
{
  bool replicate = true; ///< the nearest voxel's intensity, otherwise `value`
  float value = 0.0f;
  bool observed = false; ///< whether the label outside counts as known background; if not, observed
                         ///< = false there
};

/** Samples a patch once, straight from the volume: trilinear for image, soft label and weight,
 * `rule` for the label, nearest for the observed mask. Outside the source the label is 0, the soft
 * label all background and the weight 1. A patch that is a plain piece of the volume is copied
 * exactly. One thread; same bits on every machine. \throws UsageError if a target span has not the
 * size of its array or has no source. */
void
SamplePatch(const VolumeView & source,
            const ResampleMap & map,
            LabelRule rule,
            const BorderRule & border,
            const PatchTarget & target);

/** Trilinear samples of [channels, z, y, x] at positions [3 (x, y, z), count] in its voxels: out
 * [channels, count]. */
void
SampleAtPositions(std::span<const float> source,
                  const std::array<std::int64_t, 3> & size,
                  std::span<const float> positions,
                  const BorderRule & border,
                  std::span<float> out);

} // namespace sulcus
