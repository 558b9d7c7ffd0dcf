#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusLayerFiles.h>
#include <sulcusLog.h>
#include <sulcusMain.h>
#include <sulcusMosaic.h>
#include <sulcusProgress.h>

namespace
{

struct Options
{
  std::string output;
  int compression = 6;
  sulcus::LayerFiles files;
  sulcus::MosaicOptions mosaic;
  sulcus::ReadSettings reading;
};

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "mosaic";
  program.summary = "Draw slices with segmentations and outlines as one picture, without a display";
  program.details = "Chooses the slices where the labels are and draws them on the CPU: no window "
                    "system and no font is needed. Letters at the edges name the sides of the "
                    "patient after the direction cosines of the image; the convention is written "
                    "in the picture. An empty segmentation is drawn and called empty, with a "
                    "warning.";
  program.example = "sulcus-mosaic t1.nii.gz check.png --labels segmentation.nii.gz "
                    "--reference_labels truth.nii.gz";
  return program;
}

void
Describe(sulcus::Parameters & visit, Options & options)
{
  sulcus::Describe(visit, options.files);
  visit("output", options.output, "Picture to write (.png).")
      .Kind(sulcus::ParameterKind::OutputFile)
      .Required()
      .Positional();
  sulcus::Describe(visit, options.mosaic);
  visit("compression", options.compression, "1 (fast) to 9 (small).").Range(1, 9).Advanced();
  sulcus::Describe(visit, options.reading);
}

void
Run(const Options & options, sulcus::RunContext & context)
{
  if (!options.output.ends_with(".png"))
  {
    throw sulcus::UsageError("output: " + options.output + " must end in .png");
  }
  if (context.common.dryRun)
  {
    sulcus::CheckLayers(options.files, options.reading);
    return;
  }
  sulcus::Progress progress("mosaic", 1.0);
  const sulcus::Stopwatch reading;
  const auto loaded = sulcus::LoadLayers(options.files, options.reading, context.record);
  context.record.AddStage("read", reading.Seconds());
  progress.Update(0.5);
  const sulcus::Stopwatch drawing;
  const auto mosaic = sulcus::DrawMosaic(loaded.layers, options.mosaic);
  const auto png = sulcus::EncodePng(mosaic.picture, options.compression);
  context.record.AddStage("draw", drawing.Seconds());
  progress.Update(1.0);
  if (mosaic.empty)
  {
    sulcus::LogWarning("the segmentation is empty; the picture says so");
  }
  sulcus::AtomicWriteBytes(options.output, png, context.OverwriteRule());
  context.record.AddOutput(options.output);
  context.record.Results()["empty"] = mosaic.empty;
  for (const auto & tile : mosaic.tiles)
  {
    context.record.Results()["slices"][sulcus::NameOf(tile.frame.axes.plane)].push_back(
        tile.frame.slice);
  }
}

} // namespace

int
main(int argc, char ** argv)
{
  Options options;
  return sulcus::RunApplicationWith(argc, argv, Program(), options, Run);
}
