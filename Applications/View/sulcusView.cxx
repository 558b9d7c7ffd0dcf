#include <sulcusAtomicFile.h>
#include <sulcusDisplay.h>
#include <sulcusError.h>
#include <sulcusLabelSurface.h>
#include <sulcusLayerFiles.h>
#include <sulcusLog.h>
#include <sulcusMain.h>
#include <sulcusViewer.h>

#include <nlohmann/json.hpp>

namespace
{

struct Options
{
  std::string snapshot;
  std::string convention = "radiological";
  std::vector<double> cursor;
  std::vector<double> window;
  int width = 1000;
  int height = 800;
  bool surfaces = true;
  sulcus::LayerFiles files;
  sulcus::SurfaceOptions surface;
  sulcus::ReadSettings reading;
};

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "view";
  program.summary = "Look at an image with segmentation, uncertainty and outlines in a window";
  program.details = "Three planes through one cursor and, in the fourth pane, the surfaces of the "
                    "labels. Mouse: left button in a plane moves the cursor, in the fourth pane it "
                    "turns the surfaces; the wheel moves through slices or zooms. Keys: ";
  for (const auto & [keys, meaning] : sulcus::LinkedView::KeyHelp())
  {
    program.details += keys + ": " + meaning + "; ";
  }
  program.details += "3: surfaces on or off; q: close. Needs an X display with OpenGL; without "
                     "one the exit status is 6.";
  program.example = "sulcus-view t1.nii.gz --labels segmentation.nii.gz --uncertainty "
                    "uncertainty.nii.gz";
  return program;
}

void
Describe(sulcus::Parameters & visit, Options & options)
{
  sulcus::Describe(visit, options.files);
  visit.Group("Window");
  visit("snapshot", options.snapshot, "Write a picture of the window (.png) and close it.")
      .Kind(sulcus::ParameterKind::OutputFile);
  visit("convention",
        options.convention,
        "radiological: the patient's right is on the left of axial and coronal pictures.")
      .Choices({"radiological", "neurological"});
  visit("cursor",
        options.cursor,
        "Where the cursor begins, LPS millimetres; by default the middle of the labels.");
  visit("window",
        options.window,
        "Image values drawn black and white; by default percentiles 0.5 and 99.5.");
  visit("width", options.width, "Pixels.").Range(128, 8192);
  visit("height", options.height, "Pixels.").Range(128, 8192);
  visit("surfaces", options.surfaces, "Surfaces of the labels in the fourth pane.");
  sulcus::Describe(visit, options.surface);
  sulcus::Describe(visit, options.reading);
}

void
CheckOptions(const Options & options)
{
  if (!options.snapshot.empty() && !options.snapshot.ends_with(".png"))
  {
    throw sulcus::UsageError("snapshot: " + options.snapshot + " must end in .png");
  }
  if (!options.cursor.empty() && options.cursor.size() != 3)
  {
    throw sulcus::UsageError(
        "cursor: need three values, millimetres to the left, the back and the head");
  }
  if (!options.window.empty() &&
      (options.window.size() != 2 || !(options.window[0] < options.window[1])))
  {
    throw sulcus::UsageError("window: need two values, black and white, in rising order");
  }
}

/** Nothing, with a warning, for an empty segmentation: the planes are still worth a look. */
std::vector<sulcus::SurfaceMesh>
SurfacesOf(const sulcus::SliceLayers & layers, const Options & options)
{
  if (!options.surfaces || layers.labels == nullptr)
  {
    return {};
  }
  if (sulcus::FindLabels(layers.labels).empty())
  {
    sulcus::LogWarning("the segmentation is empty");
    return {};
  }
  return sulcus::ExtractSurfaces(layers.labels, {}, layers.segments, options.surface);
}

void
Run(const Options & options, sulcus::RunContext & context)
{
  CheckOptions(options);
  sulcus::RequireDisplay();
  if (context.common.dryRun)
  {
    sulcus::CheckLayers(options.files, options.reading);
    return;
  }
  const auto loaded = sulcus::LoadLayers(options.files, options.reading, context.record);
  const auto width = static_cast<std::size_t>(options.width);
  const auto height = static_cast<std::size_t>(options.height);
  sulcus::LinkedView view(
      loaded.layers, sulcus::ConventionFromName(options.convention), width, height);
  if (!options.cursor.empty())
  {
    view.MoveToMm({options.cursor[0], options.cursor[1], options.cursor[2]});
  }
  if (!options.window.empty())
  {
    view.Style().windowLow = options.window[0];
    view.Style().windowHigh = options.window[1];
  }
  sulcus::Viewer viewer(view, SurfacesOf(loaded.layers, options), width, height);
  if (options.snapshot.empty())
  {
    viewer.Run();
    return;
  }
  sulcus::AtomicWriteBytes(
      options.snapshot, sulcus::EncodePng(viewer.Photograph(), 6), context.OverwriteRule());
  context.record.AddOutput(options.snapshot);
  context.record.Results()["cursor_index"] = view.Cursor();
}

} // namespace

int
main(int argc, char ** argv)
{
  Options options;
  return sulcus::RunApplicationWith(argc, argv, Program(), options, Run);
}
