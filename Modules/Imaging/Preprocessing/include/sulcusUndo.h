#pragma once

#include "sulcusAxisOrder.h"
#include "sulcusLabelResampleImageFilter.h"
#include <sulcusImages.h>

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** Where the voxels of one native axis lie on the prepared grid. */
struct NativeAxis
{
  unsigned int preparedAxis = 0;
  std::vector<double> position; ///< prepared index of native voxel i along `preparedAxis`; within
                                ///< 1e-6 of a voxel: it
  std::size_t coveredBegin =
      0; ///< native voxels [coveredBegin, coveredEnd) were kept; the rest was cropped away
  std::size_t coveredEnd = 0;
};

/** A storable record of what was done to a grid, step by step, and the way back.
 *
 * Each step keeps the grid it made, so the record alone brings an image to the prepared grid or
 * back without the other image. Orientation and boxes are undone exactly (voxels that a crop
 * removed come back as 0); resampling is undone by resampling to the grid before it, which restores
 * labels voxel for voxel where that grid was nowhere finer. */
class Undo
{
public:
  struct Step
  {
    enum class Kind
    {
      Orient,
      Box,
      Resample
    };
    Kind kind = Kind::Orient;
    AxisOrder order; ///< Orient
    std::array<std::int64_t, 3> start{
        0, 0, 0};   ///< Box: its first voxel in indices of the grid before
    ImageGrid grid; ///< after the step
  };

  Undo() = default;
  explicit Undo(const ImageGrid & nativeGrid);

  /** Each appends what it did, unless it did nothing. */
  void
  AddOrientation(const AxisOrder & order);
  void
  AddBox(const std::array<std::int64_t, 3> & start, const ImageGrid::Base::SizeType & size);
  /** The new grid must be parallel to the present one, axis by axis. \throws UsageError */
  void
  AddResampling(const ImageGrid & grid);

  const ImageGrid &
  NativeGrid() const
  {
    return m_Native;
  }
  const ImageGrid &
  PreparedGrid() const;
  const std::vector<Step> &
  Steps() const
  {
    return m_Steps;
  }

  /** The whole record seen from native axes x, y, z: what NativeLabelDecider works from. */
  std::array<NativeAxis, 3>
  NativeAxes() const;

  /** Exact: numbers are written with all their digits. */
  nlohmann::ordered_json
  ToJson() const;
  /** \throws UsageError naming origin and key for anything that is not such a record. */
  static Undo
  FromJson(const nlohmann::json & json, const std::string & origin);

private:
  ImageGrid m_Native;
  std::vector<Step> m_Steps;
};

/** A label map or mask of the native grid on the prepared grid. \throws GeometryError if it lies on
 * another grid. */
LabelImage::Pointer
ToPrepared(const LabelImage * native,
           const Undo & undo,
           LabelInterpolation interpolation = LabelInterpolation::Nearest);
MaskImage::Pointer
ToPrepared(const MaskImage * native, const Undo & undo);
/** Intensities, weights or soft labels: linear, averaged where the prepared grid is coarser. */
FloatImage::Pointer
ToPrepared(const FloatImage * native, const Undo & undo);

/** Back again; 0 where a crop had removed the tissue. For class probabilities use
 * NativeLabelDecider, which decides after interpolation and never holds classes × volume. \throws
 * GeometryError if it lies on another grid. */
LabelImage::Pointer
ToNative(const LabelImage * prepared,
         const Undo & undo,
         LabelInterpolation interpolation = LabelInterpolation::Nearest);
FloatImage::Pointer
ToNative(const FloatImage * prepared, const Undo & undo);

} // namespace sulcus
