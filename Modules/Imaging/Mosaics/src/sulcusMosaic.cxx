#include "sulcusMosaic.h"

#include "sulcusMosaicPlan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

constexpr std::int64_t Gap = 4;           // pixels between tiles
constexpr std::int64_t LineHeight = 11;   // of a line of text
constexpr std::size_t LongestLegend = 12; // labels named one by one
constexpr Colour Ground{18, 18, 18};
constexpr Colour Ink{225, 225, 225};
constexpr Colour Alarm{255, 110, 60};

/** Text with a square of its colour in front. */
struct LegendEntry
{
  std::string text;
  Colour colour;
};

std::vector<LegendEntry>
LegendOf(const SliceLayers & layers, const std::vector<std::uint16_t> & values)
{
  std::vector<LegendEntry> legend;
  for (std::size_t i = 0; i < std::min(values.size(), LongestLegend); ++i)
  {
    const auto named = std::find_if(layers.segments.begin(),
                                    layers.segments.end(),
                                    [&](const auto & s) { return s.labelValue == values[i]; });
    const std::string name = named == layers.segments.end() ? "" : " " + named->name;
    legend.push_back(
        {fmt::format("{}{}", values[i], name), LabelColour(layers.segments, values[i])});
  }
  if (values.size() > LongestLegend)
  {
    legend.push_back({fmt::format("AND {} MORE", values.size() - LongestLegend), Ground});
  }
  if (layers.reference)
  {
    legend.push_back({"REFERENCE", ReferenceColour});
  }
  for (std::size_t i = 0; i < layers.annotators.size(); ++i)
  {
    legend.push_back({layers.annotators[i].name, AnnotatorColour(i)});
  }
  if (layers.uncertainty)
  {
    legend.push_back({"UNCERTAIN", {255, 60, 0}});
  }
  return legend;
}

/** A round length in mm that takes at most half a tile. */
int
BarLengthInMm(double mmPerPixel, int tile)
{
  int length = 1;
  for (const int candidate : {2, 5, 10, 20, 50, 100})
  {
    length = candidate <= 0.5 * tile * mmPerPixel ? candidate : length;
  }
  return length;
}

/** Draws bar and legend from y on, in as many lines as they need, or only counts these.
 * \returns the height */
std::int64_t
DrawFooter(RgbPicture * picture,
           std::int64_t width,
           std::int64_t y,
           const std::vector<LegendEntry> & legend,
           double mmPerPixel,
           int tile)
{
  const std::int64_t top = y;
  const int barInMm = BarLengthInMm(mmPerPixel, tile);
  const auto bar = std::llround(barInMm / mmPerPixel);
  const auto barText = fmt::format("{} MM", barInMm);
  std::int64_t x = Gap;
  if (picture)
  {
    FillRectangle(*picture, x, y + 2, bar, 3, Ink);
    DrawText(*picture, x + bar + Gap, y, barText, Ink);
  }
  x += bar + TextWidth(barText) + 4 * Gap;
  for (const auto & entry : legend)
  {
    const auto needed = 12 + TextWidth(entry.text);
    if (x + needed > width && x > Gap)
    {
      x = Gap;
      y += LineHeight;
    }
    if (picture)
    {
      FillRectangle(*picture, x, y, 8, 7, entry.colour);
      DrawText(*picture, x + 12, y, entry.text, Ink);
    }
    x += needed + 2 * Gap;
  }
  return y + LineHeight - top;
}

/** Title, convention, window, alarm: text, scale and colour of each line. */
struct HeaderLine
{
  std::string text;
  Colour colour;
  int scale = 1;
};

std::vector<HeaderLine>
HeaderOf(const MosaicOptions & options, const SliceStyle & style, bool empty)
{
  std::vector<HeaderLine> lines;
  if (!options.title.empty())
  {
    lines.push_back({options.title, Ink, 2});
  }
  lines.push_back({StatementOf(ConventionFromName(options.convention)), Ink});
  lines.push_back({fmt::format("WINDOW {:.4g} TO {:.4g}", style.windowLow, style.windowHigh), Ink});
  if (empty)
  {
    lines.push_back({"EMPTY SEGMENTATION", Alarm, 2});
  }
  return lines;
}

std::string
CaptionOf(const SliceFrame & frame)
{
  auto index = frame.centre;
  index[frame.axes.across] = static_cast<double>(frame.slice);
  return fmt::format(
      "{}  {}",
      frame.slice,
      PositionText(frame.axes.plane, frame.grid.PointAt(index[0], index[1], index[2])));
}

/** Paints the tiles of all rows from y on. */
void
DrawRows(Mosaic & mosaic, const SliceLayers & layers, const MosaicPlan & plan, std::int64_t y)
{
  for (const auto & row : plan.rows)
  {
    std::int64_t x = Gap;
    for (const auto slice : row.slices)
    {
      const auto frame = FrameOfTile(plan, row, slice);
      Paste(mosaic.picture, PaintSlice(layers, frame, plan.style), x, y);
      DrawText(mosaic.picture, x, y + row.tileHeight + 2, CaptionOf(frame), Ink);
      mosaic.tiles.push_back({frame, static_cast<std::size_t>(x), static_cast<std::size_t>(y)});
      x += row.tileWidth + Gap;
    }
    y += row.tileHeight + LineHeight + Gap;
  }
}

std::int64_t
WidthOf(const std::vector<MosaicRow> & rows, const std::vector<HeaderLine> & header)
{
  std::int64_t width = 0;
  for (const auto & row : rows)
  {
    const auto tiles = static_cast<std::int64_t>(row.slices.size());
    width = std::max(width, Gap + tiles * (row.tileWidth + Gap));
  }
  for (const auto & line : header) // the statement must be readable, whatever the tiles
  {
    width =
        std::max(width, std::min<std::int64_t>(TextWidth(line.text, line.scale) + 2 * Gap, 600));
  }
  return width;
}

} // namespace

void
Describe(Parameters & visit, MosaicOptions & options)
{
  visit.Group("Picture");
  visit("planes",
        options.planes,
        "One row of slices for each of these planes: axial, coronal, sagittal.");
  visit("slices", options.slices, "Slices of a plane, chosen where the labels are.").Range(1, 50);
  visit("tile", options.tile, "Longest side of a slice in pixels.").Range(32, 2000);
  visit("convention",
        options.convention,
        "radiological: the patient's right is on the left of axial and coronal pictures.")
      .Choices({"radiological", "neurological"});
  visit("field", options.field, "Show the box of the labels with a margin, or the whole image.")
      .Choices({"labels", "whole"});
  visit("margin", options.marginInMm, "Margin around the labels in mm.").Range(0, 1000);
  visit("style", options.style, "How label areas are drawn.").Choices({"outline", "fill", "both"});
  visit("opacity", options.opacity, "Of filled areas; 1 hides the image.").Range(0, 1);
  visit(
      "window",
      options.window,
      "Image values drawn black and white; by default percentiles 0.5 and 99.5 of what is shown.");
  visit("uncertainty_highest",
        options.uncertaintyHighest,
        "Uncertainty drawn in the full colour; 0: the largest there is.")
      .Range(0)
      .Advanced();
  visit("grey_levels", options.greyLevels, "Few levels make small files.").Range(2, 256).Advanced();
  visit("title", options.title, "Text above the slices.");
}

Mosaic
DrawMosaic(const SliceLayers & layers, const MosaicOptions & options)
{
  const auto plan = PlanMosaic(layers, options);
  Mosaic mosaic;
  mosaic.empty = plan.empty;
  const auto header = HeaderOf(options, plan.style, plan.empty);
  const auto legend =
      options.legend ? LegendOf(layers, plan.labels.values) : std::vector<LegendEntry>{};
  const auto width = WidthOf(plan.rows, header);
  std::int64_t headerHeight = Gap;
  for (const auto & line : header)
  {
    headerHeight += LineHeight * line.scale;
  }
  std::int64_t height = headerHeight;
  for (const auto & row : plan.rows)
  {
    height += row.tileHeight + LineHeight + Gap;
  }
  const auto footerTop = height;
  height += DrawFooter(nullptr, width, 0, legend, plan.mmPerPixel, options.tile) + Gap;

  mosaic.picture =
      NewPicture(static_cast<std::size_t>(width), static_cast<std::size_t>(height), Ground);
  std::int64_t y = Gap;
  for (const auto & line : header)
  {
    DrawText(mosaic.picture, Gap, y, line.text, line.colour, line.scale);
    y += LineHeight * line.scale;
  }
  DrawRows(mosaic, layers, plan, headerHeight);
  DrawFooter(&mosaic.picture, width, footerTop, legend, plan.mmPerPixel, options.tile);
  return mosaic;
}

std::vector<std::byte>
MosaicPng(const SliceLayers & layers, const MosaicOptions & options, int compression)
{
  return EncodePng(DrawMosaic(layers, options).picture, compression);
}

} // namespace sulcus
