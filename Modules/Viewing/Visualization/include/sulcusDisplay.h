#pragma once

namespace sulcus
{

/** Whether an X display with OpenGL can be opened. VTK ends the process where it cannot, so ask
 * before any window is made. */
bool
HasDisplay();

/** \throws ResourceError (exit 6) with advice, unless HasDisplay */
void
RequireDisplay();

} // namespace sulcus
