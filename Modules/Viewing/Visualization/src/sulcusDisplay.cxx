#include "sulcusDisplay.h"

#include <sulcusError.h>

#include <X11/Xlib.h>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace sulcus
{
namespace
{

enum class DisplayState
{
  Absent,
  WithoutOpenGl,
  Ready
};

/** Stays open until the process ends: an X server may start anew, and refuse clients meanwhile,
 * when its last client goes. For the same reason a display that is named gets half a second. */
::Display *
OpenDisplay()
{
  static ::Display * display = nullptr;
  for (int trial = 0; display == nullptr && trial < 6; ++trial)
  {
    if (trial > 0)
    {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    display = XOpenDisplay(nullptr);
  }
  return display;
}

DisplayState
StateOfDisplay()
{
  const char * name = std::getenv("DISPLAY");
  if (name == nullptr || *name == '\0' || OpenDisplay() == nullptr)
  {
    return DisplayState::Absent;
  }
  int opcode = 0;
  int event = 0;
  int error = 0;
  return XQueryExtension(OpenDisplay(), "GLX", &opcode, &event, &error)
             ? DisplayState::Ready
             : DisplayState::WithoutOpenGl;
}

} // namespace

bool
HasDisplay()
{
  return StateOfDisplay() == DisplayState::Ready;
}

void
RequireDisplay()
{
  const auto state = StateOfDisplay();
  if (state == DisplayState::Absent)
  {
    throw ResourceError("there is no X display to draw on; on a machine without a screen start the "
                        "program as: xvfb-run -a <command>");
  }
  if (state == DisplayState::WithoutOpenGl)
  {
    throw ResourceError("the X display has no OpenGL (GLX); start the program as: xvfb-run -a "
                        "<command>, or on the machine's own screen");
  }
}

} // namespace sulcus
