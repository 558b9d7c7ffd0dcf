#pragma once

#include "sulcusLinkedView.h"
#include <sulcusSurfaceMesh.h>

#include <memory>
#include <vector>

namespace sulcus
{

/** A window with the three planes of a LinkedView and, in the fourth pane, surfaces with the
 * cursor's axes. The left button moves the cursor in a plane and turns the surfaces in the fourth
 * pane; the wheel moves through slices or zooms. `q` and `e` close the window, `3` shows or hides
 * the surfaces. */
class Viewer
{
public:
  /** \throws ResourceError without a display */
  Viewer(LinkedView & view,
         const std::vector<SurfaceMesh> & surfaces,
         std::size_t width,
         std::size_t height);
  ~Viewer();
  Viewer(const Viewer &) = delete;
  Viewer &
  operator=(const Viewer &) = delete;

  /** What the window shows now. */
  RgbPicture
  Photograph();
  /** What a press of the left button at this pixel, or of a key, does in the window. */
  void
  SendPress(int x, int y);
  void
  SendKey(const std::string & name);
  /** Waits until the user closes the window. \throws InterruptedError after a signal */
  void
  Run();

private:
  struct Parts;
  std::unique_ptr<Parts> m_Parts;
};

} // namespace sulcus
