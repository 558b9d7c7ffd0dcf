#include "sulcusMosaicPlan.h"

#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace sulcus
{
namespace
{

void
CheckOptions(const MosaicOptions & options)
{
  const auto require = [](bool condition, const std::string & what)
  {
    if (!condition)
    {
      throw UsageError(what);
    }
  };
  require(!options.planes.empty(), "planes: none given");
  require(options.slices >= 1 && options.slices <= 50, "slices: need 1 to 50");
  require(options.tile >= 32 && options.tile <= 2000, "tile: need 32 to 2000 pixels");
  require(options.field == "labels" || options.field == "whole",
          "field: unknown value '" + options.field + "'; known: labels, whole");
  require(options.style == "outline" || options.style == "fill" || options.style == "both",
          "style: unknown value '" + options.style + "'; known: outline, fill, both");
  require(options.window.empty() ||
              (options.window.size() == 2 && options.window[0] < options.window[1]),
          "window: need two values, black and white, in rising order");
  require(options.greyLevels >= 2 && options.greyLevels <= 256, "grey_levels: need 2 to 256");
}

/** What reference and annotators hold. */
LabelOccupancy
CountOthers(const SliceLayers & layers)
{
  auto counts = NoLabels(layers.image->GetLargestPossibleRegion().GetSize());
  if (layers.reference)
  {
    counts.Add(CountLabels(layers.reference, layers.missingLabel));
  }
  for (const auto & annotator : layers.annotators)
  {
    if (annotator.labels)
    {
      counts.Add(CountLabels(annotator.labels, layers.missingLabel));
    }
  }
  return counts;
}

IndexBox
ShownBox(const LabelOccupancy & counts, const ImageGrid & grid, const MosaicOptions & options)
{
  IndexBox box{counts.first, counts.last};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const auto last = static_cast<std::int64_t>(grid.size[axis]) - 1;
    if (options.field == "whole")
    {
      box.first[axis] = 0;
      box.second[axis] = last;
      continue;
    }
    const auto margin =
        static_cast<std::int64_t>(std::ceil(options.marginInMm / grid.spacing[axis]));
    box.first[axis] = std::max<std::int64_t>(box.first[axis] - margin, 0);
    box.second[axis] = std::min(box.second[axis] + margin, last);
  }
  return box;
}

double
ExtentInMm(const IndexBox & box, const ImageGrid & grid, unsigned int axis)
{
  return static_cast<double>(box.second[axis] - box.first[axis] + 1) * grid.spacing[axis];
}

std::vector<MosaicRow>
PlanRows(const LabelOccupancy & counts, const ImageGrid & grid, const MosaicOptions & options)
{
  std::vector<MosaicRow> rows;
  for (const auto & name : options.planes)
  {
    MosaicRow row;
    row.axes = AxesOf(grid, PlaneFromName(name), ConventionFromName(options.convention));
    row.slices = ChooseSlices(counts, row.axes.across, options.slices);
    if (row.axes.acrossReversed)
    {
      std::reverse(row.slices.begin(), row.slices.end()); // from right, front, feet
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/** One scale for all rows: the longest side becomes `tile` pixels. */
double
ScaleRows(std::vector<MosaicRow> & rows, const IndexBox & box, const ImageGrid & grid, int tile)
{
  double longest = 0.0;
  for (const auto & row : rows)
  {
    longest = std::max(
        {longest, ExtentInMm(box, grid, row.axes.right), ExtentInMm(box, grid, row.axes.down)});
  }
  const double mmPerPixel = longest / tile;
  const auto pixels = [&](unsigned int axis)
  { return std::max<std::int64_t>(std::llround(ExtentInMm(box, grid, axis) / mmPerPixel), 1); };
  for (auto & row : rows)
  {
    row.tileWidth = pixels(row.axes.right);
    row.tileHeight = pixels(row.axes.down);
  }
  return mmPerPixel;
}

SliceStyle
StyleOf(const SliceLayers & layers, const IndexBox & box, const MosaicOptions & options)
{
  SliceStyle style;
  if (options.window.empty())
  {
    const auto window = WindowOf(layers.image, box.first, box.second, 0.5, 99.5);
    std::tie(style.windowLow, style.windowHigh) = window;
  }
  else
  {
    style.windowLow = options.window[0];
    style.windowHigh = options.window[1];
  }
  style.greyLevels = options.greyLevels;
  style.fillOpacity = options.opacity;
  style.fill = options.style != "outline";
  style.outline = options.style != "fill";
  style.uncertaintyHighest = options.uncertaintyHighest;
  if (layers.uncertainty && options.uncertaintyHighest <= 0)
  {
    const auto * values = layers.uncertainty->GetBufferPointer();
    const auto count = layers.uncertainty->GetLargestPossibleRegion().GetNumberOfPixels();
    const double highest = *std::max_element(values, values + count);
    style.uncertaintyHighest = highest > 0 ? highest : 1.0;
  }
  return style;
}

} // namespace

MosaicPlan
PlanMosaic(const SliceLayers & layers, const MosaicOptions & options)
{
  CheckOptions(options);
  RequireOneGrid(layers);
  MosaicPlan plan;
  plan.grid = GridOf(layers.image);
  plan.labels = layers.labels ? CountLabels(layers.labels)
                              : NoLabels(layers.image->GetLargestPossibleRegion().GetSize());
  auto everything = CountOthers(layers);
  everything.Add(plan.labels);
  const bool someGiven = layers.reference || !layers.annotators.empty();
  plan.empty = layers.labels ? plan.labels.voxels == 0 : someGiven && everything.voxels == 0;
  plan.box = ShownBox(everything, plan.grid, options);
  plan.rows = PlanRows(everything, plan.grid, options);
  plan.mmPerPixel = ScaleRows(plan.rows, plan.box, plan.grid, options.tile);
  plan.style = StyleOf(layers, plan.box, options);
  return plan;
}

SliceFrame
FrameOfTile(const MosaicPlan & plan, const MosaicRow & row, std::int64_t slice)
{
  SliceFrame frame;
  frame.axes = row.axes;
  frame.grid = plan.grid;
  frame.slice = slice;
  frame.width = static_cast<std::size_t>(row.tileWidth);
  frame.height = static_cast<std::size_t>(row.tileHeight);
  frame.mmPerPixel = plan.mmPerPixel;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    frame.centre[axis] = 0.5 * static_cast<double>(plan.box.first[axis] + plan.box.second[axis]);
  }
  return frame;
}

} // namespace sulcus
