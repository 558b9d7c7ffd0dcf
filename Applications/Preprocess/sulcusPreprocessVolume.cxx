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
PreprocessVolume(const PreprocessVolumeOptions & options, RunContext & context)
{
  CheckPreprocessVolume(options);
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
