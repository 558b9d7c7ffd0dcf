#include <sulcusAtomicFile.h>
#include <sulcusDisplay.h>
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusLayerFiles.h>
#include <sulcusMain.h>
#include <sulcusProgress.h>
#include <sulcusScene.h>

#include <fmt/format.h>

namespace
{

struct Options
{
  std::string output;
  int frames = 1;
  double secondsPerFrame = 0.06;
  sulcus::LayerFiles files;
  sulcus::SceneOptions scene;
  sulcus::ReadSettings reading;
};

sulcus::ProgramDescription
Program()
{
  sulcus::ProgramDescription program;
  program.verb = "render";
  program.summary = "Draw surfaces, slices or a volume in space as a picture or a turntable";
  program.details = "Draws off-screen, but needs an X display with OpenGL: without one the exit "
                    "status is 6, and 'xvfb-run -a sulcus-render …' gives it a virtual one. With "
                    "several frames the camera goes once around: a name ending in .png becomes an "
                    "animated PNG, a folder gets one PNG a frame. A volume is cut out by the "
                    "segmentation where there is one.";
  program.example = "sulcus-render t1.nii.gz brain.png --labels segmentation.nii.gz";
  return program;
}

void
Describe(sulcus::Parameters & visit, Options & options)
{
  sulcus::Describe(visit, options.files);
  visit("output", options.output, "Picture (.png), or a folder for the frames of a turntable.")
      .Kind(sulcus::ParameterKind::OutputFile)
      .Required()
      .Positional();
  visit("frames", options.frames, "Pictures of a turn; 1: a single view.").Range(1, 720);
  visit("seconds_per_frame", options.secondsPerFrame, "Of an animated PNG.").Range(0.01, 10);
  sulcus::Describe(visit, options.scene);
  sulcus::Describe(visit, options.reading);
}

std::vector<sulcus::RgbPicture>
DrawFrames(sulcus::SceneRenderer & renderer, int frames)
{
  std::vector<sulcus::RgbPicture> pictures;
  sulcus::Progress progress("frames", frames);
  for (int frame = 0; frame < frames; ++frame)
  {
    sulcus::ThrowIfInterrupted();
    pictures.push_back(renderer.Draw(360.0 * frame / frames));
    progress.Update(frame + 1);
  }
  return pictures;
}

void
WritePictures(const std::vector<sulcus::RgbPicture> & pictures,
              const Options & options,
              sulcus::RunContext & context)
{
  const auto rule = context.OverwriteRule();
  if (options.output.ends_with(".png"))
  {
    sulcus::AtomicWriteBytes(options.output,
                             pictures.size() == 1
                                 ? sulcus::EncodePng(pictures[0], 6)
                                 : sulcus::EncodeAnimatedPng(pictures, options.secondsPerFrame, 6),
                             rule);
    context.record.AddOutput(options.output);
    return;
  }
  sulcus::PrepareOutputFolder(options.output, rule);
  for (std::size_t frame = 0; frame < pictures.size(); ++frame)
  {
    const auto path = fmt::format("{}/frame_{:03}.png", options.output, frame);
    sulcus::AtomicWriteBytes(path, sulcus::EncodePng(pictures[frame], 6), rule);
    context.record.AddOutput(path);
  }
}

void
Run(const Options & options, sulcus::RunContext & context)
{
  if (!options.output.ends_with(".png") && options.frames == 1)
  {
    throw sulcus::UsageError("output: " + options.output +
                             " must end in .png, or be a folder for several --frames");
  }
  sulcus::RequireDisplay();
  if (context.common.dryRun)
  {
    sulcus::CheckLayers(options.files, options.reading);
    return;
  }
  const sulcus::Stopwatch reading;
  const auto loaded = sulcus::LoadLayers(options.files, options.reading, context.record);
  context.record.AddStage("read", reading.Seconds());
  const sulcus::Stopwatch drawing;
  sulcus::SceneRenderer renderer(loaded.layers, options.scene);
  const auto pictures = DrawFrames(renderer, options.frames);
  context.record.AddStage("draw", drawing.Seconds());
  WritePictures(pictures, options, context);
}

} // namespace

int
main(int argc, char ** argv)
{
  Options options;
  return sulcus::RunApplicationWith(argc, argv, Program(), options, Run);
}
