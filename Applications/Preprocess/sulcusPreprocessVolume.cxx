#include "sulcusPreprocessVolume.h"

#include <sulcusAtomicFile.h>
#include <sulcusAtomicWrite.h>
#include <sulcusCropPadImageFilter.h>
#include <sulcusError.h>
#include <sulcusForeground.h>
#include <sulcusGridResampleImageFilter.h>
#include <sulcusIntensityStatistics.h>
#include <sulcusInterrupt.h>
#include <sulcusJson.h>
#include <sulcusLog.h>
#include <sulcusNyul.h>
#include <sulcusPreprocess.h>
#include <sulcusProgress.h>
#include <sulcusSafeRead.h>

#include <nlohmann/json.hpp>

namespace sulcus
{

namespace
{

void
CheckOptions(const PreprocessVolumeOptions & o)
{
  const bool spatial =
      !o.orientation.empty() || !o.spacing.empty() || o.crop || !o.pad.empty() || !o.plan.empty();
  const bool intensity =
      o.biasField || o.normalise != "none" || o.clipLow > 0.0 || o.clipHigh < 100.0;
  if (!o.undo.empty() && (spatial || intensity || !o.reference.empty() || !o.writeUndo.empty()))
  {
    throw UsageError("--undo goes alone: it brings the input back and does nothing else");
  }
  if (!o.reference.empty() && (spatial || intensity || !o.writeUndo.empty()))
  {
    throw UsageError(
        "--reference_image goes alone: the reference image fixes the whole grid, and there "
        "is no record of it");
  }
  if (o.labels && intensity)
  {
    throw UsageError("--labels: a label map has no intensities to correct, clip or normalise");
  }
  if (o.labels && o.crop && o.mask.empty())
  {
    throw UsageError("--labels with --crop needs --mask, the foreground to crop to");
  }
  if (!o.plan.empty() && (!o.orientation.empty() || !o.spacing.empty() || o.crop || intensity))
  {
    throw UsageError(
        "--plan fixes orientation, spacing, crop and normalisation; leave those options out");
  }
  if (!o.spacing.empty() && o.spacing.size() != 1 && o.spacing.size() != 3)
  {
    throw UsageError(
        Message("--spacing: got ", o.spacing.size(), " numbers, need one or three (x, y, z)"));
  }
  if (!o.pad.empty() && o.pad.size() != 3)
  {
    throw UsageError(Message("--pad: got ", o.pad.size(), " numbers, need three (x, y, z)"));
  }
  if (o.clipLow >= o.clipHigh)
  {
    throw UsageError(Message("--clip_low ", o.clipLow, " is not below --clip_high ", o.clipHigh));
  }
  if (o.normalise == "nyul" && o.landmarks.size() != NyulPercentiles().size())
  {
    throw UsageError(Message("--landmarks: got ",
                             o.landmarks.size(),
                             " numbers, need ",
                             NyulPercentiles().size(),
                             " for --normalise nyul"));
  }
}

Interpolation
InterpolationFromName(const std::string & name)
{
  if (name == "nearest")
  {
    return Interpolation::Nearest;
  }
  return name == "linear" ? Interpolation::Linear : Interpolation::CubicBSpline;
}

LabelInterpolation
LabelInterpolationFromName(const std::string & name)
{
  return name == "vote" ? LabelInterpolation::Vote : LabelInterpolation::Nearest;
}

ReadOptions
ReadingOf(const PreprocessVolumeOptions & o)
{
  ReadOptions options;
  options.series = o.series;
  options.resampleIrregular = o.resampleIrregular;
  options.fixNonOrthogonal = o.fixNonOrthogonal;
  options.allowMissingGeometry = o.allowMissingGeometry;
  if (o.volume >= 0)
  {
    options.volume = static_cast<std::uint64_t>(o.volume);
  }
  return options;
}

template <typename TImage>
typename TImage::Pointer
Noted(const Loaded<TImage> & loaded, const std::string & path, RunContext & context)
{
  for (const auto & warning : loaded.warnings)
  {
    LogWarning(Message(path, ": ", warning));
  }
  context.record.AddInput(path);
  return loaded.image;
}

FloatImage::Pointer
LoadImage(const std::string & path, const PreprocessVolumeOptions & o, RunContext & context)
{
  return Noted(ReadImage(path, ReadingOf(o)), path, context);
}

LabelImage::Pointer
LoadLabels(const std::string & path, const PreprocessVolumeOptions & o, RunContext & context)
{
  return Noted(ReadLabels(path, ReadingOf(o)), path, context);
}

PreprocessOptions
ResolveOptions(const PreprocessVolumeOptions & o, const ImageGrid & grid)
{
  PreprocessOptions options;
  options.interpolation = InterpolationFromName(o.interpolation);
  options.biasField.shrinkFactor = o.shrinkFactor;
  if (!o.plan.empty())
  {
    const Plan plan = ReadPlan(o.plan);
    options = PreprocessOptionsFromPlan(plan);
    options.interpolation = InterpolationFromName(o.interpolation);
    if (static_cast<std::size_t>(o.channel) > plan.normalisation.size())
    {
      throw UsageError(Message(o.plan,
                               ": has ",
                               plan.normalisation.size(),
                               " channels, --channel asks for ",
                               o.channel));
    }
    options.normalisation = {plan.normalisation[static_cast<std::size_t>(o.channel) - 1]};
    return options;
  }
  options.orientation = o.orientation.empty() ? OrientationCode(grid) : o.orientation;
  for (unsigned int axis = 0; axis < 3 && !o.spacing.empty(); ++axis)
  {
    options.targetSpacingInMm[axis] = o.spacing[o.spacing.size() == 1 ? 0 : axis];
  }
  options.cropToForeground = o.crop;
  options.cropMarginInMm = o.cropMargin;
  options.correctBiasField = o.biasField;
  NormalisationPlan normalisation;
  normalisation.kind = o.normalise;
  normalisation.clipLowPercentile = o.clipLow;
  normalisation.clipHighPercentile = o.clipHigh;
  normalisation.landmarks = o.landmarks;
  options.normalisation = {normalisation};
  return options;
}

/** Adds voxels of value 0 on both sides of each axis. */
template <typename TImage>
typename TImage::Pointer
Padded(const TImage * image, const std::vector<std::int64_t> & pad, Undo & undo)
{
  if (pad.empty())
  {
    return const_cast<TImage *>(image);
  }
  auto filter = CropPadImageFilter<TImage>::New();
  filter->SetInput(image);
  filter->SetPadding({{pad[0], pad[1], pad[2]}}, {{pad[0], pad[1], pad[2]}});
  filter->Update();
  undo.AddBox({-pad[0], -pad[1], -pad[2]}, filter->GetSize());
  return filter->GetOutput();
}

template <typename TImage>
void
Write(const TImage * image, const PreprocessVolumeOptions & o, RunContext & context)
{
  WriteOptions options;
  options.overwrite = context.common.overwrite;
  WriteImage(o.output, image, options);
  context.record.AddOutput(o.output);
  context.record.Results()["grid"] = ToText(GridOf(image));
}

void
WriteUndoRecord(const Undo & undo, const PreprocessVolumeOptions & o, RunContext & context)
{
  if (!o.writeUndo.empty())
  {
    AtomicWriteText(o.writeUndo, undo.ToJson().dump(2) + '\n', context.OverwriteRule());
    context.record.AddOutput(o.writeUndo);
  }
}

void
BringBack(const PreprocessVolumeOptions & o, RunContext & context)
{
  const Undo undo = Undo::FromJson(ReadJsonFile(o.undo), o.undo);
  context.record.AddInput(o.undo);
  if (o.labels)
  {
    const auto labels = LoadLabels(o.input, o, context);
    Write(ToNative(labels.GetPointer(), undo, LabelInterpolationFromName(o.labelInterpolation))
              .GetPointer(),
          o,
          context);
    return;
  }
  const auto image = LoadImage(o.input, o, context);
  Write(ToNative(image.GetPointer(), undo).GetPointer(), o, context);
}

template <typename TFilter>
void
UpdateWithProgress(TFilter * filter)
{
  Progress progress("resample", 1.0);
  filter->AddObserver(itk::ProgressEvent(),
                      [&](const itk::EventObject &)
                      {
                        ThrowIfInterrupted();
                        progress.Update(static_cast<double>(filter->GetProgress()));
                      });
  filter->Update();
}

void
ResampleToReference(const PreprocessVolumeOptions & o, RunContext & context)
{
  const ImageGrid grid = GridOf(LoadImage(o.reference, o, context).GetPointer());
  if (o.labels)
  {
    auto filter = LabelResampleImageFilter<LabelImage>::New();
    filter->SetInput(LoadLabels(o.input, o, context));
    filter->SetReferenceGrid(grid);
    filter->SetInterpolation(LabelInterpolationFromName(o.labelInterpolation));
    UpdateWithProgress(filter.GetPointer());
    Write<LabelImage>(filter->GetOutput(), o, context);
    return;
  }
  auto filter = GridResampleImageFilter<FloatImage>::New();
  filter->SetInput(LoadImage(o.input, o, context));
  filter->SetReferenceGrid(grid);
  filter->SetInterpolation(InterpolationFromName(o.interpolation));
  UpdateWithProgress(filter.GetPointer());
  Write<FloatImage>(filter->GetOutput(), o, context);
}

MaskImage::Pointer
ReadMask(const PreprocessVolumeOptions & o, RunContext & context)
{
  const auto labels = LoadLabels(o.mask, o, context);
  const auto mask = NewImage<MaskImage>(GridOf(labels));
  const std::size_t count = labels->GetBufferedRegion().GetNumberOfPixels();
  std::transform(labels->GetBufferPointer(),
                 labels->GetBufferPointer() + count,
                 mask->GetBufferPointer(),
                 [](auto label) { return static_cast<std::uint8_t>(label != 0); });
  return mask;
}

/** The spatial steps alone: what becomes of an image of ones under the same options. */
void
PreprocessLabels(const PreprocessVolumeOptions & o, RunContext & context)
{
  const auto labels = LoadLabels(o.input, o, context);
  PreprocessInput input;
  input.channels = {NewImage<FloatImage>(GridOf(labels), 1.0F).GetPointer()};
  input.names = {o.input};
  input.foreground = o.mask.empty() ? NewImage<MaskImage>(GridOf(labels), 1) : ReadMask(o, context);
  PreprocessOptions options = ResolveOptions(o, GridOf(labels));
  options.correctBiasField = false;
  options.normalisation = {NormalisationPlan{.kind = "none", .landmarks = {}}};
  if (o.mask.empty())
  {
    options.cropToForeground = false;
  }
  Undo undo = Preprocess(input, options).undo;
  const auto prepared =
      ToPrepared(labels.GetPointer(), undo, LabelInterpolationFromName(o.labelInterpolation));
  const auto padded = Padded(prepared.GetPointer(), o.pad, undo);
  Write(padded.GetPointer(), o, context);
  WriteUndoRecord(undo, o, context);
}

void
PreprocessImage(const PreprocessVolumeOptions & o, RunContext & context)
{
  const auto image = LoadImage(o.input, o, context);
  PreprocessInput input;
  input.channels = {image.GetPointer()};
  input.names = {o.input};
  if (!o.mask.empty())
  {
    input.foreground = ReadMask(o, context);
  }
  const PreprocessOptions options = ResolveOptions(o, GridOf(image));
  Stopwatch watch;
  auto prepared = Preprocess(input, options);
  context.record.AddStage("preprocess", watch.Seconds());
  const MaskImage::ConstPointer mask =
      input.foreground.IsNotNull() ? input.foreground : ForegroundMask(image).GetPointer();
  context.record.Results()["landmarks"] =
      MeasureIntensities(image, mask, NyulPercentiles()).percentiles;
  const auto padded = Padded(prepared.channels[0].GetPointer(), o.pad, prepared.undo);
  Write(padded.GetPointer(), o, context);
  WriteUndoRecord(prepared.undo, o, context);
}

/** Refuses what cannot be written before any work is done. */
void
CheckOutputs(const PreprocessVolumeOptions & o, const RunContext & context)
{
  RequireWritableFormat(o.output);
  for (const auto & path : {o.output, o.writeUndo})
  {
    if (!path.empty() && !context.common.overwrite && std::filesystem::exists(path))
    {
      throw OutputError(Message(path, ": exists; add --overwrite to replace it"));
    }
  }
}

} // namespace

void
Describe(Parameters & visit, PreprocessVolumeOptions & o)
{
  visit("input", o.input, "Volume to work on: a file, or a folder with one DICOM series.")
      .Kind(ParameterKind::InputImage)
      .Required()
      .Positional();
  visit("output", o.output, "Volume to write.")
      .Kind(ParameterKind::OutputImage)
      .Required()
      .Positional()
      .Short('o');
  visit("labels", o.labels, "The input is a label map: values are moved, never mixed.");
  visit(
      "mask", o.mask, "Foreground for crop, statistics and bias field; found by itself without it.")
      .Kind(ParameterKind::InputLabelMap);
  visit("plan", o.plan, "Do what this plan (JSON) says instead of the steps below.")
      .Kind(ParameterKind::InputFile);
  visit("channel", o.channel, "With --plan: which of its channels the input is, counted from 1.")
      .Range(1);
  visit.Group("Reading");
  visit("series",
        o.series,
        "Which series of a DICOM folder: UID, number, or #2 for the second listed.");
  visit(
      "volume", o.volume, "Which volume of a 4-D file, counted from 0; -1: the file must hold one.")
      .Range(-1);
  visit("resample_irregular",
        o.resampleIrregular,
        "Put tilted or unevenly spaced DICOM slices on a regular grid.");
  visit("fix_nonorthogonal", o.fixNonOrthogonal, "Replace sheared axes by the nearest rotation.");
  visit("allow_missing_geometry",
        o.allowMissingGeometry,
        "Accept a file that does not say where its voxels are.");
  visit.Group("Space");
  visit("orientation",
        o.orientation,
        "Body sides towards which x, y and z shall run, e.g. LPS or RAS.");
  visit("spacing", o.spacing, "New spacing in mm, one number or x,y,z; 0 keeps an axis.").Range(0);
  visit(
      "reference_image", o.reference, "Resample to the grid of this volume; nothing else is done.")
      .Kind(ParameterKind::InputImage);
  visit("interpolation", o.interpolation, "Of intensities.")
      .Choices({"nearest", "linear", "cubic"});
  visit("label_interpolation",
        o.labelInterpolation,
        "Of labels: the nearest voxel, or a weighted vote of those around.")
      .Choices({"nearest", "vote"});
  visit("crop", o.crop, "Crop to the foreground.");
  visit("crop_margin", o.cropMargin, "Tissue kept around the foreground, in mm.").Range(0);
  visit("pad", o.pad, "Voxels of value 0 added on both sides of x,y,z, last of all.").Range(0);
  visit.Group("Intensity");
  visit("bias_field", o.biasField, "Correct the bias field (N4).");
  visit("shrink_factor",
        o.shrinkFactor,
        "The bias field is estimated on a copy shrunk by this factor.")
      .Range(1, 16)
      .Advanced();
  visit("normalise", o.normalise, "Bring intensities of the foreground to a common scale.")
      .Choices({"none", "z_score", "percentile", "nyul"});
  visit("clip_low", o.clipLow, "Clip below this percentile of the foreground.").Range(0, 100);
  visit("clip_high", o.clipHigh, "Clip above this percentile of the foreground.").Range(0, 100);
  visit("landmarks",
        o.landmarks,
        "Standard scale for --normalise nyul: values for percentiles 1,10,20,...,90,99.");
  visit.Group("Way back");
  visit("write_undo", o.writeUndo, "Record of the spatial steps to write (JSON).")
      .Kind(ParameterKind::OutputFile);
  visit("undo", o.undo, "Bring the input back to the grid that this record started from.")
      .Kind(ParameterKind::InputFile);
}

void
PreprocessVolume(const PreprocessVolumeOptions & options, RunContext & context)
{
  CheckOptions(options);
  CheckOutputs(options, context);
  if (context.common.dryRun)
  {
    LogInfo(Message("would write ", options.output));
    return;
  }
  if (!options.undo.empty())
  {
    BringBack(options, context);
  }
  else if (!options.reference.empty())
  {
    ResampleToReference(options, context);
  }
  else if (options.labels)
  {
    PreprocessLabels(options, context);
  }
  else
  {
    PreprocessImage(options, context);
  }
}

} // namespace sulcus
