#pragma once

#include "sulcusLabelOccupancy.h"
#include "sulcusMosaic.h"

#include <utility>

namespace sulcus
{

/** First and last index along each axis, both included. */
using IndexBox = std::pair<std::array<std::int64_t, 3>, std::array<std::int64_t, 3>>;

/** The slices of one plane. */
struct MosaicRow
{
  PlaneAxes axes;
  std::vector<std::int64_t> slices;
  std::int64_t tileWidth = 0;
  std::int64_t tileHeight = 0;
};

/** Everything about a mosaic but its pixels. */
struct MosaicPlan
{
  ImageGrid grid;
  LabelOccupancy labels; ///< of the segmentation alone
  IndexBox box;
  std::vector<MosaicRow> rows;
  double mmPerPixel = 1.0;
  SliceStyle style;
  bool empty = false; ///< there is something to outline, but it holds no voxel
};

/** \throws UsageError, GeometryError as DrawMosaic */
MosaicPlan
PlanMosaic(const SliceLayers & layers, const MosaicOptions & options);

SliceFrame
FrameOfTile(const MosaicPlan & plan, const MosaicRow & row, std::int64_t slice);

} // namespace sulcus
