#pragma once

#include <sulcusSlicePainter.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace sulcus
{

enum class Pane
{
  Axial,    ///< upper left
  Coronal,  ///< upper right
  Sagittal, ///< lower left
  Space     ///< lower right, drawn by somebody else
};

/** A part of the window in pixels from its upper left corner. */
struct PaneRectangle
{
  std::size_t x = 0;
  std::size_t y = 0;
  std::size_t width = 0;
  std::size_t height = 0;
};

inline constexpr Colour CursorColour{0, 230, 230};

/** Three planes through one cursor, and what mouse and keys do to them: everything about a viewer
 * but its window. Places are pixels from the upper left corner of the window. */
class LinkedView
{
public:
  /** The layers' images must outlive the view. \throws as RequireOneGrid; UsageError for a window
   * below 128 x 128 pixels */
  LinkedView(SliceLayers layers, Convention convention, std::size_t width, std::size_t height);

  void
  Resize(std::size_t width, std::size_t height);

  PaneRectangle
  RectangleOf(Pane pane) const;
  Pane
  PaneAt(std::int64_t x, std::int64_t y) const;

  /** Slice and scale of one of the three planes. */
  SliceFrame
  FrameOf(Pane pane) const;
  /** The plane with cross-hair, marks, name and position; as large as its rectangle. */
  RgbPicture
  PictureOfPane(Pane pane) const;
  /** Cursor, values under it and legend, for the fourth pane. */
  RgbPicture
  Information() const;

  const std::array<std::int64_t, 3> &
  Cursor() const
  {
    return m_Cursor;
  }
  ImageGrid::Base::PointType
  CursorInMm() const;
  /** The nearest voxel becomes the cursor. \throws UsageError for a point outside the image */
  void
  MoveToMm(const std::array<double, 3> & point);
  /** Left button in a plane: the cursor goes to the voxel there. \returns false where nothing is */
  bool
  Press(std::int64_t x, std::int64_t y);
  /** Wheel: the plane under the mouse moves by so many slices. */
  bool
  Scroll(std::int64_t x, std::int64_t y, int slices);
  /** A key by its X name, see KeyHelp. \returns false if it means nothing */
  bool
  Key(const std::string & name);

  SliceStyle &
  Style()
  {
    return m_Style;
  }

  /** One line a key: "o  labels on or off". */
  static const std::vector<std::array<std::string, 2>> &
  KeyHelp();

private:
  void
  Step(unsigned int axis, std::int64_t steps);
  void
  NextAnnotator();
  SliceLayers
  ShownLayers() const;
  void
  ResetWindow();

  SliceLayers m_Layers;
  ImageGrid m_Grid;
  Convention m_Convention;
  std::size_t m_Width;
  std::size_t m_Height;
  std::array<std::int64_t, 3> m_Cursor{};
  SliceStyle m_Style;
  double m_Zoom = 1.0;
  std::optional<std::size_t> m_OnlyAnnotator; ///< nothing: all of them
};

} // namespace sulcus
