#pragma once

#include <sulcusLabelSurface.h>
#include <sulcusSlicePainter.h>

#include <memory>
#include <string>
#include <vector>

namespace sulcus
{

struct SceneOptions
{
  std::string view = "scene"; ///< "surfaces", "slices", "scene" (both) or "volume"
  int width = 800;            ///< pixels
  int height = 600;
  double azimuth = 30.0; ///< degrees from the front of the patient towards the left side
  double elevation = 20.0;
  double zoom = 1.0;
  double surfaceOpacity = 1.0;
  std::vector<double> cursor{}; ///< LPS mm of the slices' crossing; empty: the middle of the labels
  std::vector<double> window{}; ///< image values of black and white
  SurfaceOptions surface;
};

/** Describes what users choose, under the titles "Picture" and "Surface". */
void
Describe(Parameters & visit, SceneOptions & options);

/** A scene in space, drawn off-screen: surfaces of the labels in their colours; slices of the image
 * with everything PaintSlice draws; or the image as a translucent volume, cut out by the labels
 * where there are any (a whole head shows a face). Letters at the edges name the sides of the
 * patient.
 *
 * Needs an X display (RequireDisplay is called first). Pictures of the same scene are the same on
 * the same machine; another OpenGL may round otherwise. */
class SceneRenderer
{
public:
  /** \throws ResourceError without a display; UsageError for options out of range; InputError for
   * surfaces of an empty segmentation; GeometryError as RequireOneGrid */
  SceneRenderer(const SliceLayers & layers, const SceneOptions & options);
  ~SceneRenderer();
  SceneRenderer(const SceneRenderer &) = delete;
  SceneRenderer &
  operator=(const SceneRenderer &) = delete;

  /** The picture with the camera turned by so many degrees more towards the patient's left. */
  RgbPicture
  Draw(double turnInDegrees = 0.0);

private:
  struct Parts;
  std::unique_ptr<Parts> m_Parts;
};

} // namespace sulcus
