#pragma once

#include "sulcusAxisTaps.h"
#include "sulcusBiasFieldImageFilter.h"
#include "sulcusUndo.h"
#include <sulcusImages.h>
#include <sulcusPlan.h>

#include <array>
#include <string>
#include <vector>

namespace sulcus
{

/** How a volume is brought to the grid and intensities a network expects. */
struct PreprocessOptions
{
  std::string orientation = "LPS";
  std::array<double, 3> targetSpacingInMm{
      0, 0, 0}; ///< x, y, z of the oriented grid; 0 keeps an axis as it is
  bool cropToForeground = true;
  double cropMarginInMm = 10.0;
  bool correctBiasField = false;
  BiasFieldOptions biasField;
  std::vector<NormalisationPlan> normalisation; ///< one a channel; empty: z-score for each
  Interpolation interpolation = Interpolation::CubicBSpline; ///< of resampling
  double thickSliceRatio =
      3.0; ///< axes this many times coarser than the finest are interpolated linearly, others by
           ///< cubic B-spline, which would ring between thick slices
};

/** The settings that a plan fixes. */
PreprocessOptions
PreprocessOptionsFromPlan(const Plan & plan);

/** What Preprocess starts from. All on one grid. */
struct PreprocessInput
{
  std::vector<FloatImage::ConstPointer> channels;
  std::vector<std::string> names; ///< of the channels, for messages; may be empty
  MaskImage::ConstPointer
      foreground; ///< tissue for crop, statistics and bias field; null: ForegroundMask
  LabelImage::ConstPointer keep; ///< labelled voxels that the crop must not remove; may be null
};

/** A volume ready for a network, and the way back. */
struct PreprocessedVolume
{
  std::vector<FloatImage::Pointer> channels; ///< all on Undo's prepared grid
  Undo undo;
  ImageGrid::Base::RegionType foreground; ///< box of the tissue on the prepared grid
};

/** Orients, crops, corrects the bias field, normalises inside the foreground and resamples, in this
 * order.
 *
 * The foreground is the union over channels. Statistics are those of the foreground before
 * resampling. \throws GeometryError if channels, mask or label lie on different grids; InputError
 * for a channel that holds values that are not finite, or that is constant and shall be normalised;
 * UsageError for contradictory options. */
PreprocessedVolume
Preprocess(const PreprocessInput & input, const PreprocessOptions & options);

} // namespace sulcus
