#include "sulcusScene.h"

#include "sulcusDisplay.h"
#include "sulcusVtkParts.h"
#include <sulcusError.h>
#include <sulcusLabelOccupancy.h>
#include <sulcusThreads.h>
#include <sulcusVtkGlue.h>

#include <vtkActor.h>
#include <vtkCamera.h>
#include <vtkColorTransferFunction.h>
#include <vtkFixedPointVolumeRayCastMapper.h>
#include <vtkImageData.h>
#include <vtkMatrix4x4.h>
#include <vtkNew.h>
#include <vtkPiecewiseFunction.h>
#include <vtkRenderWindow.h>
#include <vtkRenderer.h>
#include <vtkVolume.h>
#include <vtkVolumeProperty.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace sulcus
{
namespace
{

using Vector = std::array<double, 3>;

constexpr double DegreesToRadians = 3.14159265358979323846 / 180.0;

void
CheckOptions(const SceneOptions & options)
{
  const std::vector<std::string> views{"surfaces", "slices", "scene", "volume"};
  if (std::find(views.begin(), views.end(), options.view) == views.end())
  {
    throw UsageError("view: " + options.view + "; " + SuggestName(options.view, views));
  }
  if (options.width < 64 || options.height < 64 || options.width > 8192 || options.height > 8192)
  {
    throw UsageError("width, height: need 64 to 8192 pixels");
  }
  if (!options.cursor.empty() && options.cursor.size() != 3)
  {
    throw UsageError("cursor: need three values, millimetres to the left, the back and the head");
  }
  if (!options.window.empty() &&
      (options.window.size() != 2 || !(options.window[0] < options.window[1])))
  {
    throw UsageError("window: need two values, black and white, in rising order");
  }
  if (!(options.zoom > 0.0) || std::abs(options.elevation) > 85.0)
  {
    throw UsageError("zoom must be above 0, elevation between -85 and 85 degrees");
  }
}

/** Towards the camera, from azimuth and elevation. */
Vector
DirectionOf(double azimuth, double elevation)
{
  const double a = azimuth * DegreesToRadians;
  const double e = elevation * DegreesToRadians;
  return {std::cos(e) * std::sin(a), -std::cos(e) * std::cos(a), std::sin(e)};
}

/** To the right and up on the screen, for a camera in that direction with the head up. */
std::pair<Vector, Vector>
ScreenAxes(double azimuth, double elevation)
{
  const double a = azimuth * DegreesToRadians;
  const double e = elevation * DegreesToRadians;
  const Vector right{std::cos(a), std::sin(a), 0.0};
  const Vector up{-std::sin(e) * std::sin(a), std::sin(e) * std::cos(a), std::cos(e)};
  return {right, up};
}

/** Index in the middle of what is outlined, or of the image. */
std::array<double, 3>
MiddleOf(const SliceLayers & layers)
{
  const auto * labels = layers.labels ? layers.labels : layers.reference;
  const auto size = layers.image->GetLargestPossibleRegion().GetSize();
  const auto counts = labels ? CountLabels(labels) : NoLabels(size);
  std::array<double, 3> middle{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    middle[axis] = 0.5 * static_cast<double>(counts.first[axis] + counts.last[axis]);
  }
  return middle;
}

std::array<double, 3>
CursorOf(const SliceLayers & layers, const SceneOptions & options, const ImageGrid & grid)
{
  if (options.cursor.empty())
  {
    return MiddleOf(layers);
  }
  const auto index =
      AffineOf(grid).Inverse()({options.cursor[0], options.cursor[1], options.cursor[2]});
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (!(index[axis] >= -0.5 && index[axis] < static_cast<double>(grid.size[axis]) - 0.5))
    {
      throw UsageError("cursor: the point lies outside the image");
    }
  }
  return index;
}

std::pair<double, double>
WindowFor(const SliceLayers & layers, const SceneOptions & options, const ImageGrid & grid)
{
  if (!options.window.empty())
  {
    return {options.window[0], options.window[1]};
  }
  std::array<std::int64_t, 3> last{};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    last[axis] = static_cast<std::int64_t>(grid.size[axis]) - 1;
  }
  return WindowOf(layers.image, {0, 0, 0}, last, 0.5, 99.5);
}

} // namespace

struct SceneRenderer::Parts
{
  SceneOptions options;
  vtkNew<vtkRenderer> renderer;
  vtkNew<vtkRenderWindow> window;

  void
  AddSurfaces(const SliceLayers & layers);
  void
  AddSlices(const SliceLayers & layers, const ImageGrid & grid);
  void
  AddVolume(const SliceLayers & layers, const ImageGrid & grid);
  void
  PlaceCamera(double turnInDegrees);
};

void
SceneRenderer::Parts::AddSurfaces(const SliceLayers & layers)
{
  if (layers.labels == nullptr)
  {
    throw UsageError("surfaces need a segmentation; give one, or choose the view 'slices' or "
                     "'volume'");
  }
  for (const auto & mesh : ExtractSurfaces(layers.labels, {}, layers.segments, options.surface))
  {
    renderer->AddActor(ActorOf(mesh, options.surfaceOpacity));
  }
}

void
SceneRenderer::Parts::AddSlices(const SliceLayers & layers, const ImageGrid & grid)
{
  const auto cursor = CursorOf(layers, options, grid);
  SliceStyle style;
  std::tie(style.windowLow, style.windowHigh) = WindowFor(layers, options, grid);
  style.marks = false;
  if (layers.uncertainty)
  {
    const auto * values = layers.uncertainty->GetBufferPointer();
    const double highest = *std::max_element(values, values + grid.VoxelCount());
    style.uncertaintyHighest = highest > 0 ? highest : 1.0;
  }
  for (const auto plane : {Plane::Axial, Plane::Coronal, Plane::Sagittal})
  {
    const auto axes = AxesOf(grid, plane, Convention::Radiological);
    // One pixel for the smallest side of a voxel in this slice, at most 1024 across.
    const double finest = std::min(grid.spacing[axes.right], grid.spacing[axes.down]);
    const auto pixels = [&](unsigned int axis)
    {
      const double count = static_cast<double>(grid.size[axis]) * grid.spacing[axis] / finest;
      return static_cast<std::size_t>(std::clamp(std::ceil(2 * count), 16.0, 1024.0));
    };
    const auto frame = FrameOfWholeSlice(
        grid, axes, std::llround(cursor[axes.across]), pixels(axes.right), pixels(axes.down));
    renderer->AddActor(ActorOf(PaintSlice(layers, frame, style), frame));
  }
}

void
SceneRenderer::Parts::AddVolume(const SliceLayers & layers, const ImageGrid & grid)
{
  const auto [low, high] = WindowFor(layers, options, grid);
  const auto volume = NewImage<MaskImage>(grid); // windowed to 1 … 255, 0: cut away
  const auto * values = layers.image->GetBufferPointer();
  const auto * labels = layers.labels ? layers.labels->GetBufferPointer() : nullptr;
  auto * target = volume->GetBufferPointer();
  ParallelFor(grid.VoxelCount(),
              [&, low = low, high = high](std::size_t begin, std::size_t end)
              {
                for (std::size_t p = begin; p < end; ++p)
                {
                  const double share = std::clamp((values[p] - low) / (high - low), 0.0, 1.0);
                  const bool shown = labels == nullptr || labels[p] != 0;
                  target[p] = shown ? static_cast<std::uint8_t>(1 + std::lround(254 * share)) : 0;
                }
              });
  vtkNew<vtkFixedPointVolumeRayCastMapper> mapper;
  mapper->SetInputData(ToVtk(volume.GetPointer(), VtkFrame::Millimetres));
  mapper->SetNumberOfThreads(GetThreadCount());
  mapper->AutoAdjustSampleDistancesOff();
  vtkNew<vtkColorTransferFunction> colour;
  colour->AddRGBPoint(0, 0, 0, 0);
  colour->AddRGBPoint(1, 0.4, 0.25, 0.2);
  colour->AddRGBPoint(120, 0.85, 0.7, 0.6);
  colour->AddRGBPoint(255, 1.0, 0.97, 0.92);
  vtkNew<vtkPiecewiseFunction> opacity;
  opacity->AddPoint(0, 0.0);
  opacity->AddPoint(labels ? 1 : 50, labels ? 0.15 : 0.0);
  opacity->AddPoint(255, 0.8);
  vtkNew<vtkVolume> prop;
  prop->SetMapper(mapper);
  prop->GetProperty()->SetColor(colour);
  prop->GetProperty()->SetScalarOpacity(opacity);
  prop->GetProperty()->SetInterpolationTypeToLinear();
  prop->GetProperty()->ShadeOn();
  prop->GetProperty()->SetAmbient(0.35);
  prop->GetProperty()->SetDiffuse(0.75);
  prop->SetUserMatrix(LpsFromMillimetres(grid));
  renderer->AddVolume(prop);
}

void
SceneRenderer::Parts::PlaceCamera(double turnInDegrees)
{
  const double azimuth = options.azimuth + turnInDegrees;
  double bounds[6];
  renderer->ComputeVisiblePropBounds(bounds);
  Vector centre{};
  double diagonal = 0.0;
  for (std::size_t i = 0; i < 3; ++i)
  {
    centre[i] = 0.5 * (bounds[2 * i] + bounds[2 * i + 1]);
    diagonal += (bounds[2 * i + 1] - bounds[2 * i]) * (bounds[2 * i + 1] - bounds[2 * i]);
  }
  const double radius = std::max(0.5 * std::sqrt(diagonal), 1e-3);
  const auto direction = DirectionOf(azimuth, options.elevation);
  const auto up = ScreenAxes(azimuth, options.elevation).second;
  auto * camera = renderer->GetActiveCamera();
  constexpr double viewAngle = 30.0;
  camera->SetViewAngle(viewAngle);
  const double distance = radius / std::sin(0.5 * viewAngle * DegreesToRadians);
  camera->SetFocalPoint(centre.data());
  camera->SetPosition(centre[0] + distance * direction[0],
                      centre[1] + distance * direction[1],
                      centre[2] + distance * direction[2]);
  camera->SetViewUp(up.data());
  camera->Zoom(options.zoom);
  renderer->ResetCameraClippingRange();
}

SceneRenderer::SceneRenderer(const SliceLayers & layers, const SceneOptions & options)
    : m_Parts(std::make_unique<Parts>())
{
  CheckOptions(options);
  RequireOneGrid(layers);
  RequireDisplay();
  UseThreadCountInVtk();
  auto & parts = *m_Parts;
  parts.options = options;
  const auto grid = GridOf(layers.image);
  if (options.view == "surfaces" || options.view == "scene")
  {
    parts.AddSurfaces(layers);
  }
  if (options.view == "slices" || options.view == "scene")
  {
    parts.AddSlices(layers, grid);
  }
  if (options.view == "volume")
  {
    parts.AddVolume(layers, grid);
  }
  parts.renderer->SetBackground(0.07, 0.07, 0.09);
  if (options.surfaceOpacity < 1.0)
  {
    parts.window->SetAlphaBitPlanes(1);
    parts.renderer->UseDepthPeelingOn();
    parts.renderer->SetMaximumNumberOfPeels(12);
  }
  parts.window->SetOffScreenRendering(1);
  parts.window->SetMultiSamples(0);
  parts.window->SetSize(options.width, options.height);
  parts.window->AddRenderer(parts.renderer);
}

SceneRenderer::~SceneRenderer() = default;

RgbPicture
SceneRenderer::Draw(double turnInDegrees)
{
  auto & parts = *m_Parts;
  parts.PlaceCamera(turnInDegrees);
  parts.window->Render();
  auto picture = PictureOf(parts.window);
  const auto [right, up] =
      ScreenAxes(parts.options.azimuth + turnInDegrees, parts.options.elevation);
  const Vector left{-right[0], -right[1], -right[2]};
  const Vector down{-up[0], -up[1], -up[2]};
  const Colour white{255, 255, 255};
  const auto width = static_cast<std::int64_t>(picture.width);
  const auto height = static_cast<std::int64_t>(picture.height);
  constexpr int scale = 2;
  const auto draw = [&](const std::string & text, std::int64_t x, std::int64_t y)
  { DrawText(picture, x, y, text, white, scale); };
  draw(SidesOf(left), 4, height / 2 - 8);
  draw(SidesOf(right), width - TextWidth(SidesOf(right), scale) - 2, height / 2 - 8);
  draw(SidesOf(up), (width - TextWidth(SidesOf(up), scale)) / 2, 4);
  draw(SidesOf(down), (width - TextWidth(SidesOf(down), scale)) / 2, height - 18);
  return picture;
}

void
Describe(Parameters & visit, SceneOptions & options)
{
  visit.Group("Picture");
  visit("view", options.view, "What is drawn; scene: surfaces and slices.")
      .Choices({"scene", "surfaces", "slices", "volume"});
  visit("width", options.width, "Pixels.").Range(64, 8192);
  visit("height", options.height, "Pixels.").Range(64, 8192);
  visit("azimuth",
        options.azimuth,
        "Where the camera is: degrees from the front of the patient towards the left side; 90 is "
        "the left, 180 the back, 270 the right.")
      .Range(-360, 360);
  visit("elevation", options.elevation, "Degrees of the camera above the patient's middle.")
      .Range(-85, 85);
  visit("zoom", options.zoom, "Above 1 is nearer.").Range(0.1, 20);
  visit("surface_opacity", options.surfaceOpacity, "Below 1 lets the slices shine through.")
      .Range(0, 1);
  visit("cursor",
        options.cursor,
        "Where the slices cross, LPS millimetres; by default the middle of the labels.");
  visit("window",
        options.window,
        "Image values drawn black and white; by default percentiles 0.5 and 99.5.");
  Describe(visit, options.surface);
}

} // namespace sulcus
