#include "sulcusSlicePainter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace sulcus
{
namespace
{

using LabelRaster = std::vector<std::uint16_t>;

constexpr std::int64_t Outside = -1;

/** For every column (or row) of the picture the index along one axis of the image, or Outside. */
struct RasterAxis
{
  std::vector<double> continuous;
  std::vector<std::int64_t> nearest;
};

RasterAxis
AxisOf(const SliceFrame & frame, unsigned int axis, std::size_t count, bool isColumn)
{
  RasterAxis raster;
  const auto size = static_cast<std::int64_t>(frame.grid.size[axis]);
  for (std::size_t i = 0; i < count; ++i)
  {
    const double place = static_cast<double>(i) + 0.5;
    const double index = frame.IndexAt(isColumn ? place : 0.5, isColumn ? 0.5 : place)[axis];
    const double nearest = std::floor(index + 0.5);
    const bool inside = nearest >= 0 && nearest < static_cast<double>(size);
    raster.nearest.push_back(inside ? static_cast<std::int64_t>(nearest) : Outside);
    raster.continuous.push_back(std::clamp(index, 0.0, static_cast<double>(size - 1)));
  }
  return raster;
}

/** One slice of an image as the picture samples it. */
class SliceSampler
{
public:
  explicit SliceSampler(const SliceFrame & frame)
      : m_Columns(AxisOf(frame, frame.axes.right, frame.width, true)),
        m_Rows(AxisOf(frame, frame.axes.down, frame.height, false))
  {
    const auto & size = frame.grid.size;
    const std::array<std::int64_t, 3> strides{
        1, static_cast<std::int64_t>(size[0]), static_cast<std::int64_t>(size[0] * size[1])};
    m_Right = strides[frame.axes.right];
    m_Down = strides[frame.axes.down];
    m_First = strides[frame.axes.across] * frame.slice;
    m_LastColumn = static_cast<std::int64_t>(size[frame.axes.right]) - 1;
    m_LastRow = static_cast<std::int64_t>(size[frame.axes.down]) - 1;
  }

  std::size_t
  Width() const
  {
    return m_Columns.nearest.size();
  }
  std::size_t
  Height() const
  {
    return m_Rows.nearest.size();
  }
  bool
  IsInside(std::size_t x, std::size_t y) const
  {
    return m_Columns.nearest[x] != Outside && m_Rows.nearest[y] != Outside;
  }

  template <typename TPixel>
  TPixel
  Nearest(const TPixel * buffer, std::size_t x, std::size_t y) const
  {
    return buffer[m_First + m_Right * m_Columns.nearest[x] + m_Down * m_Rows.nearest[y]];
  }

  double
  Linear(const float * buffer, std::size_t x, std::size_t y) const
  {
    const double column = m_Columns.continuous[x];
    const double row = m_Rows.continuous[y];
    const auto left = static_cast<std::int64_t>(column);
    const auto upper = static_cast<std::int64_t>(row);
    const auto right = std::min(left + 1, m_LastColumn);
    const auto lower = std::min(upper + 1, m_LastRow);
    const auto at = [&](std::int64_t c, std::int64_t r)
    { return static_cast<double>(buffer[m_First + m_Right * c + m_Down * r]); };
    const double shareX = column - static_cast<double>(left);
    const double shareY = row - static_cast<double>(upper);
    return (1 - shareY) * ((1 - shareX) * at(left, upper) + shareX * at(right, upper)) +
           shareY * ((1 - shareX) * at(left, lower) + shareX * at(right, lower));
  }

private:
  RasterAxis m_Columns;
  RasterAxis m_Rows;
  std::int64_t m_Right = 0;
  std::int64_t m_Down = 0;
  std::int64_t m_First = 0;
  std::int64_t m_LastColumn = 0;
  std::int64_t m_LastRow = 0;
};

LabelRaster
RasterOf(const LabelImage * labels, const SliceSampler & sampler, int missingLabel = -1)
{
  LabelRaster raster(sampler.Width() * sampler.Height(), 0);
  const auto * buffer = labels->GetBufferPointer();
  for (std::size_t y = 0; y < sampler.Height(); ++y)
  {
    for (std::size_t x = 0; x < sampler.Width(); ++x)
    {
      if (sampler.IsInside(x, y))
      {
        const auto label = sampler.Nearest(buffer, x, y);
        raster[x + y * sampler.Width()] = label == missingLabel ? 0 : label;
      }
    }
  }
  return raster;
}

/** An outline to be drawn: a raster and the colour of its rims, or the colours of its labels. */
struct Outline
{
  const LabelRaster * raster;
  const Colour * colour; ///< nullptr: the colours of the labels
};

/** Inside a structure and beside something else; where the picture ends nothing is known. */
bool
IsRim(
    const LabelRaster & raster, std::size_t x, std::size_t y, std::size_t width, std::size_t height)
{
  const std::size_t p = x + y * width;
  const auto label = raster[p];
  return label != 0 &&
         ((x > 0 && raster[p - 1] != label) || (x + 1 < width && raster[p + 1] != label) ||
          (y > 0 && raster[p - width] != label) || (y + 1 < height && raster[p + width] != label));
}

class LabelColours
{
public:
  explicit LabelColours(const std::vector<SegmentInfo> & segments) : m_Segments(segments)
  {
  }
  const Colour &
  operator[](std::uint16_t label)
  {
    const auto place = m_Known.find(label);
    return place != m_Known.end()
               ? place->second
               : m_Known.emplace(label, LabelColour(m_Segments, label)).first->second;
  }

private:
  const std::vector<SegmentInfo> & m_Segments;
  std::map<std::uint16_t, Colour> m_Known;
};

void
PaintImage(RgbPicture & picture,
           const SliceSampler & sampler,
           const FloatImage * image,
           const SliceStyle & style)
{
  const double highest = std::max(style.greyLevels, 2) - 1;
  const double scale = highest / (style.windowHigh - style.windowLow);
  auto * rgb = picture.pixels.data();
  for (std::size_t y = 0; y < picture.height; ++y)
  {
    for (std::size_t x = 0; x < picture.width; ++x, rgb += 3)
    {
      if (!sampler.IsInside(x, y))
      {
        continue;
      }
      const double value = sampler.Linear(image->GetBufferPointer(), x, y) - style.windowLow;
      const double level = std::floor(std::clamp(value * scale, 0.0, highest) + 0.5);
      std::fill_n(rgb, 3, static_cast<std::uint8_t>(std::lround(level * 255.0 / highest)));
    }
  }
}

/** From clear over yellow to red. */
void
PaintUncertainty(RgbPicture & picture,
                 const SliceSampler & sampler,
                 const FloatImage * uncertainty,
                 double highest)
{
  for (std::size_t y = 0; y < picture.height; ++y)
  {
    for (std::size_t x = 0; x < picture.width; ++x)
    {
      if (sampler.IsInside(x, y))
      {
        const double value = sampler.Linear(uncertainty->GetBufferPointer(), x, y);
        const double share = std::clamp(value / highest, 0.0, 1.0);
        const Colour heat{255, static_cast<std::uint8_t>(std::lround(220 * (1 - share))), 0};
        Blend(picture,
              static_cast<std::int64_t>(x),
              static_cast<std::int64_t>(y),
              heat,
              0.75 * share);
      }
    }
  }
}

void
PaintFill(RgbPicture & picture, const LabelRaster & raster, LabelColours & colours, double opacity)
{
  for (std::size_t y = 0; y < picture.height; ++y)
  {
    for (std::size_t x = 0; x < picture.width; ++x)
    {
      if (const auto label = raster[x + y * picture.width])
      {
        Blend(picture,
              static_cast<std::int64_t>(x),
              static_cast<std::int64_t>(y),
              colours[label],
              opacity);
      }
    }
  }
}

void
PaintOutlines(RgbPicture & picture, const std::vector<Outline> & outlines, LabelColours & colours)
{
  std::vector<const Colour *> here;
  for (std::size_t y = 0; y < picture.height; ++y)
  {
    for (std::size_t x = 0; x < picture.width; ++x)
    {
      here.clear();
      for (const auto & outline : outlines)
      {
        if (IsRim(*outline.raster, x, y, picture.width, picture.height))
        {
          here.push_back(outline.colour ? outline.colour
                                        : &colours[(*outline.raster)[x + y * picture.width]]);
        }
      }
      if (!here.empty())
      {
        Blend(picture,
              static_cast<std::int64_t>(x),
              static_cast<std::int64_t>(y),
              *here[((x + y) / 2) % here.size()],
              1.0);
      }
    }
  }
}

void
PaintMarks(RgbPicture & picture, const PlaneAxes & axes)
{
  const Colour white{255, 255, 255};
  const auto width = static_cast<std::int64_t>(picture.width);
  const auto height = static_cast<std::int64_t>(picture.height);
  const auto middleX = [&](const std::string & text) { return (width - TextWidth(text)) / 2; };
  const auto middleY = (height - LetterHeight) / 2;
  DrawText(picture, 2, middleY, axes.marks[0], white);
  DrawText(picture, width - TextWidth(axes.marks[1]) - 1, middleY, axes.marks[1], white);
  DrawText(picture, middleX(axes.marks[2]), 2, axes.marks[2], white);
  DrawText(picture, middleX(axes.marks[3]), height - LetterHeight - 1, axes.marks[3], white);
}

} // namespace

void
RequireOneGrid(const SliceLayers & layers)
{
  if (layers.image == nullptr)
  {
    throw UsageError("picture: no image to draw on");
  }
  const auto require = [&](const ImageGrid::Base * other, const std::string & name)
  {
    if (other != nullptr)
    {
      RequireSameGrid(layers.image, other, "image", name);
    }
  };
  require(layers.labels, "labels");
  require(layers.reference, "reference");
  require(layers.uncertainty, "uncertainty");
  for (const auto & annotator : layers.annotators)
  {
    require(annotator.labels, annotator.name);
  }
}

Colour
AnnotatorColour(std::size_t place)
{
  constexpr std::array<Colour, 7> colours{{{230, 159, 0},
                                           {86, 180, 233},
                                           {0, 158, 115},
                                           {240, 228, 66},
                                           {0, 114, 178},
                                           {213, 94, 0},
                                           {204, 121, 167}}};
  return colours[place % colours.size()];
}

Colour
LabelColour(const std::vector<SegmentInfo> & segments, std::uint16_t label)
{
  const auto place = std::find_if(
      segments.begin(), segments.end(), [label](const auto & s) { return s.labelValue == label; });
  return place != segments.end() ? place->color : DefaultSegment(label).color;
}

RgbPicture
PaintSlice(const SliceLayers & layers, const SliceFrame & frame, const SliceStyle & style)
{
  auto picture = NewPicture(frame.width, frame.height, {0, 0, 0});
  const SliceSampler sampler(frame);
  LabelColours colours(layers.segments);
  PaintImage(picture, sampler, layers.image, style);
  if (layers.uncertainty && style.showUncertainty)
  {
    PaintUncertainty(picture, sampler, layers.uncertainty, style.uncertaintyHighest);
  }
  std::vector<LabelRaster> rasters;
  rasters.reserve(2 + layers.annotators.size()); // outlines keep their addresses
  std::vector<Colour> annotatorColours;
  annotatorColours.reserve(layers.annotators.size());
  std::vector<Outline> outlines;
  if (layers.labels && style.showLabels)
  {
    rasters.push_back(RasterOf(layers.labels, sampler));
    if (style.fill)
    {
      PaintFill(picture, rasters.back(), colours, style.fillOpacity);
    }
    outlines.push_back({&rasters.back(), nullptr});
  }
  if (layers.reference && style.showReference)
  {
    rasters.push_back(RasterOf(layers.reference, sampler, layers.missingLabel));
    outlines.push_back({&rasters.back(), &ReferenceColour});
  }
  for (std::size_t i = 0; i < layers.annotators.size(); ++i)
  {
    if (layers.annotators[i].labels && style.showAnnotators)
    {
      rasters.push_back(RasterOf(layers.annotators[i].labels, sampler, layers.missingLabel));
      annotatorColours.push_back(AnnotatorColour(i));
      outlines.push_back({&rasters.back(), &annotatorColours.back()});
    }
  }
  if (style.outline)
  {
    PaintOutlines(picture, outlines, colours);
  }
  if (style.marks)
  {
    PaintMarks(picture, frame.axes);
  }
  return picture;
}

} // namespace sulcus
