#include "sulcusLinkedView.h"

#include <sulcusError.h>
#include <sulcusLabelOccupancy.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <tuple>

namespace sulcus
{
namespace
{

constexpr Colour Ink{225, 225, 225};
constexpr std::int64_t CursorGap = 5; // pixels left free around the cursor

Plane
PlaneOf(Pane pane)
{
  return pane == Pane::Axial     ? Plane::Axial
         : pane == Pane::Coronal ? Plane::Coronal
                                 : Plane::Sagittal;
}

void
DrawCrossHair(RgbPicture & picture, std::int64_t x, std::int64_t y)
{
  const auto width = static_cast<std::int64_t>(picture.width);
  const auto height = static_cast<std::int64_t>(picture.height);
  FillRectangle(picture, 0, y, x - CursorGap, 1, CursorColour);
  FillRectangle(picture, x + CursorGap + 1, y, width, 1, CursorColour);
  FillRectangle(picture, x, 0, 1, y - CursorGap, CursorColour);
  FillRectangle(picture, x, y + CursorGap + 1, 1, height, CursorColour);
}

} // namespace

LinkedView::LinkedView(SliceLayers layers,
                       Convention convention,
                       std::size_t width,
                       std::size_t height)
    : m_Layers(std::move(layers)), m_Convention(convention), m_Width(0), m_Height(0)
{
  RequireOneGrid(m_Layers);
  Resize(width, height);
  m_Grid = GridOf(m_Layers.image);
  const auto size = m_Layers.image->GetLargestPossibleRegion().GetSize();
  const auto * labels = m_Layers.labels ? m_Layers.labels : m_Layers.reference;
  const auto counts = labels ? CountLabels(labels) : NoLabels(size);
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    m_Cursor[axis] = (counts.first[axis] + counts.last[axis]) / 2;
  }
  ResetWindow();
  if (m_Layers.uncertainty)
  {
    const auto * values = m_Layers.uncertainty->GetBufferPointer();
    const double highest = *std::max_element(values, values + m_Grid.VoxelCount());
    m_Style.uncertaintyHighest = highest > 0 ? highest : 1.0;
  }
}

void
LinkedView::ResetWindow()
{
  std::array<std::int64_t, 3> last{};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    last[axis] = static_cast<std::int64_t>(m_Grid.size[axis]) - 1;
  }
  std::tie(m_Style.windowLow, m_Style.windowHigh) =
      WindowOf(m_Layers.image, {0, 0, 0}, last, 0.5, 99.5);
}

void
LinkedView::Resize(std::size_t width, std::size_t height)
{
  if (width < 128 || height < 128)
  {
    throw UsageError(Message("window: ", width, " x ", height, " pixels, need 128 x 128 at least"));
  }
  m_Width = width;
  m_Height = height;
}

PaneRectangle
LinkedView::RectangleOf(Pane pane) const
{
  const bool right = pane == Pane::Coronal || pane == Pane::Space;
  const bool lower = pane == Pane::Sagittal || pane == Pane::Space;
  const std::size_t half = m_Width / 2;
  const std::size_t middle = m_Height / 2;
  return {right ? half : 0,
          lower ? middle : 0,
          right ? m_Width - half : half,
          lower ? m_Height - middle : middle};
}

Pane
LinkedView::PaneAt(std::int64_t x, std::int64_t y) const
{
  const bool right = x >= static_cast<std::int64_t>(m_Width / 2);
  const bool lower = y >= static_cast<std::int64_t>(m_Height / 2);
  return lower ? (right ? Pane::Space : Pane::Sagittal) : (right ? Pane::Coronal : Pane::Axial);
}

SliceFrame
LinkedView::FrameOf(Pane pane) const
{
  const auto rectangle = RectangleOf(pane);
  const auto axes = AxesOf(m_Grid, PlaneOf(pane), m_Convention);
  auto frame =
      FrameOfWholeSlice(m_Grid, axes, m_Cursor[axes.across], rectangle.width, rectangle.height);
  if (m_Zoom > 1.0)
  {
    frame.mmPerPixel /= m_Zoom;
    for (const auto axis : {axes.right, axes.down})
    {
      frame.centre[axis] = static_cast<double>(m_Cursor[axis]);
    }
  }
  return frame;
}

SliceLayers
LinkedView::ShownLayers() const
{
  auto layers = m_Layers;
  for (std::size_t i = 0; i < layers.annotators.size(); ++i)
  {
    if (m_OnlyAnnotator && *m_OnlyAnnotator != i)
    {
      layers.annotators[i].labels = nullptr;
    }
  }
  return layers;
}

RgbPicture
LinkedView::PictureOfPane(Pane pane) const
{
  const auto frame = FrameOf(pane);
  auto picture = PaintSlice(ShownLayers(), frame, m_Style);
  const auto place = frame.PlaceOf({static_cast<double>(m_Cursor[0]),
                                    static_cast<double>(m_Cursor[1]),
                                    static_cast<double>(m_Cursor[2])});
  DrawCrossHair(picture,
                static_cast<std::int64_t>(std::floor(place[0])),
                static_cast<std::int64_t>(std::floor(place[1])));
  DrawText(picture, 4, 4, NameOf(PlaneOf(pane)), Ink);
  const auto caption =
      fmt::format("{}  {}", frame.slice, PositionText(PlaneOf(pane), CursorInMm()));
  DrawText(picture, 4, static_cast<std::int64_t>(frame.height) - LetterHeight - 3, caption, Ink);
  return picture;
}

RgbPicture
LinkedView::Information() const
{
  const LabelImage::IndexType index{{m_Cursor[0], m_Cursor[1], m_Cursor[2]}};
  const auto point = CursorInMm();
  std::vector<std::pair<std::string, Colour>> lines{
      {StatementOf(m_Convention), Ink},
      {fmt::format("INDEX {} {} {}", m_Cursor[0], m_Cursor[1], m_Cursor[2]), Ink},
      {fmt::format("LPS {:.1f} {:.1f} {:.1f} MM", point[0], point[1], point[2]), Ink},
      {fmt::format("IMAGE {:.6g}", m_Layers.image->GetPixel(index)), Ink}};
  const auto describe = [&](const std::string & what, std::uint16_t label, const Colour & colour)
  {
    const auto named = std::find_if(m_Layers.segments.begin(),
                                    m_Layers.segments.end(),
                                    [&](const auto & s) { return s.labelValue == label; });
    const std::string name = named == m_Layers.segments.end() ? "" : " " + named->name;
    lines.emplace_back(fmt::format("{} {}{}", what, label, name), colour);
  };
  if (m_Layers.labels)
  {
    const auto label = m_Layers.labels->GetPixel(index);
    describe("LABEL", label, label ? LabelColour(m_Layers.segments, label) : Ink);
  }
  if (m_Layers.reference)
  {
    describe("REFERENCE", m_Layers.reference->GetPixel(index), ReferenceColour);
  }
  if (m_Layers.uncertainty)
  {
    const double value = m_Layers.uncertainty->GetPixel(index);
    lines.emplace_back(fmt::format("UNCERTAIN {:.3g}", value), Colour{255, 120, 0});
  }
  for (std::size_t i = 0; i < m_Layers.annotators.size(); ++i)
  {
    if (!m_OnlyAnnotator || *m_OnlyAnnotator == i)
    {
      const auto & annotator = m_Layers.annotators[i];
      describe(annotator.name, annotator.labels->GetPixel(index), AnnotatorColour(i));
    }
  }
  std::int64_t width = 0;
  for (const auto & [text, colour] : lines)
  {
    width = std::max(width, TextWidth(text));
  }
  auto picture =
      NewPicture(static_cast<std::size_t>(width) + 6, 11 * lines.size() + 5, {18, 18, 23});
  std::int64_t y = 4;
  for (const auto & [text, colour] : lines)
  {
    DrawText(picture, 4, y, text, colour);
    y += 11;
  }
  return picture;
}

ImageGrid::Base::PointType
LinkedView::CursorInMm() const
{
  return m_Grid.PointAt(static_cast<double>(m_Cursor[0]),
                        static_cast<double>(m_Cursor[1]),
                        static_cast<double>(m_Cursor[2]));
}

void
LinkedView::MoveToMm(const std::array<double, 3> & point)
{
  const auto index = AffineOf(m_Grid).Inverse()(point);
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (!(index[axis] >= -0.5 && index[axis] < static_cast<double>(m_Grid.size[axis]) - 0.5))
    {
      throw UsageError(Message(
          "cursor: ", point[0], ", ", point[1], ", ", point[2], " mm lies outside the image"));
    }
  }
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    m_Cursor[axis] = std::llround(index[axis]);
    Step(static_cast<unsigned int>(axis), 0); // llround(-0.5) is -1
  }
}

void
LinkedView::Step(unsigned int axis, std::int64_t steps)
{
  const auto last = static_cast<std::int64_t>(m_Grid.size[axis]) - 1;
  m_Cursor[axis] = std::clamp<std::int64_t>(m_Cursor[axis] + steps, 0, last);
}

bool
LinkedView::Press(std::int64_t x, std::int64_t y)
{
  const auto pane = PaneAt(x, y);
  if (pane == Pane::Space)
  {
    return false;
  }
  const auto rectangle = RectangleOf(pane);
  const auto frame = FrameOf(pane);
  const auto index = frame.IndexAt(static_cast<double>(x) - static_cast<double>(rectangle.x) + 0.5,
                                   static_cast<double>(y) - static_cast<double>(rectangle.y) + 0.5);
  for (const auto axis : {frame.axes.right, frame.axes.down})
  {
    m_Cursor[axis] = static_cast<std::int64_t>(std::floor(index[axis] + 0.5));
    Step(axis, 0); // outside the image: its edge
  }
  return true;
}

bool
LinkedView::Scroll(std::int64_t x, std::int64_t y, int slices)
{
  const auto pane = PaneAt(x, y);
  if (pane == Pane::Space)
  {
    return false;
  }
  const auto axes = AxesOf(m_Grid, PlaneOf(pane), m_Convention);
  Step(axes.across, axes.acrossReversed ? -slices : slices);
  return true;
}

void
LinkedView::NextAnnotator()
{
  const std::size_t count = m_Layers.annotators.size();
  const std::size_t next = m_OnlyAnnotator ? *m_OnlyAnnotator + 1 : 0;
  m_OnlyAnnotator = next < count ? std::optional(next) : std::nullopt;
}

const std::vector<std::array<std::string, 2>> &
LinkedView::KeyHelp()
{
  static const std::vector<std::array<std::string, 2>> help{
      {"Left, Right, Up, Down", "move the cursor one voxel in the axial plane"},
      {"Prior, Next", "(page up, page down) one axial slice towards head or feet"},
      {"o", "labels on or off"},
      {"f", "filled or outlined labels"},
      {"g", "reference on or off"},
      {"c", "annotators' outlines on or off"},
      {"a", "all annotators, then one after the other"},
      {"u", "uncertainty on or off"},
      {"bracketleft, bracketright", "less or more opaque labels"},
      {"plus, minus", "zoom at the cursor"},
      {"comma, period", "darker or brighter"},
      {"n", "radiological or neurological"},
      {"r", "reset window and zoom"}};
  return help;
}

bool
LinkedView::Key(const std::string & name)
{
  const auto axial = AxesOf(m_Grid, Plane::Axial, m_Convention);
  const auto sign = [](bool reversed) { return reversed ? -1 : 1; };
  const auto brighten = [this](double share)
  {
    const double shift = share * (m_Style.windowHigh - m_Style.windowLow);
    m_Style.windowHigh -= shift;
  };
  const std::map<std::string, std::function<void()>> actions{
      {"Left", [&] { Step(axial.right, -sign(axial.rightReversed)); }},
      {"Right", [&] { Step(axial.right, sign(axial.rightReversed)); }},
      {"Up", [&] { Step(axial.down, -sign(axial.downReversed)); }},
      {"Down", [&] { Step(axial.down, sign(axial.downReversed)); }},
      {"Prior", [&] { Step(axial.across, sign(axial.acrossReversed)); }},
      {"Next", [&] { Step(axial.across, -sign(axial.acrossReversed)); }},
      {"o", [&] { m_Style.showLabels = !m_Style.showLabels; }},
      {"f", [&] { m_Style.fill = !m_Style.fill; }},
      {"g", [&] { m_Style.showReference = !m_Style.showReference; }},
      {"c", [&] { m_Style.showAnnotators = !m_Style.showAnnotators; }},
      {"a", [&] { NextAnnotator(); }},
      {"u", [&] { m_Style.showUncertainty = !m_Style.showUncertainty; }},
      {"bracketleft", [&] { m_Style.fillOpacity = std::max(m_Style.fillOpacity - 0.1, 0.0); }},
      {"bracketright", [&] { m_Style.fillOpacity = std::min(m_Style.fillOpacity + 0.1, 1.0); }},
      {"plus", [&] { m_Zoom = std::min(m_Zoom * 1.25, 32.0); }},
      {"minus", [&] { m_Zoom = std::max(m_Zoom / 1.25, 1.0); }},
      {"comma", [&] { brighten(-0.1); }},
      {"period", [&] { brighten(0.1); }},
      {"n",
       [&]
       {
         m_Convention = m_Convention == Convention::Radiological ? Convention::Neurological
                                                                 : Convention::Radiological;
       }},
      {"r",
       [&]
       {
         ResetWindow();
         m_Zoom = 1.0;
       }}};
  const auto action = actions.find(name);
  if (action == actions.end())
  {
    return false;
  }
  action->second();
  return true;
}

} // namespace sulcus
