#include "sulcusPreprocess.h"

#include "sulcusCropPadImageFilter.h"
#include "sulcusForeground.h"
#include "sulcusGridResampleImageFilter.h"
#include "sulcusIntensityStatistics.h"
#include "sulcusNyul.h"
#include "sulcusOrientImageFilter.h"
#include <sulcusError.h>
#include <sulcusInterrupt.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

std::string
ChannelName(const PreprocessInput & input, std::size_t channel)
{
  return channel < input.names.size() ? input.names[channel] : Message("channel ", channel + 1);
}

void
CheckInput(const PreprocessInput & input, const PreprocessOptions & options)
{
  if (input.channels.empty())
  {
    throw UsageError("preprocessing: no channel was given");
  }
  if (!options.normalisation.empty() && options.normalisation.size() != input.channels.size())
  {
    throw UsageError(Message("preprocessing: ",
                             options.normalisation.size(),
                             " normalisations for ",
                             input.channels.size(),
                             " channels, need one each"));
  }
  const auto * first = input.channels.front().GetPointer();
  for (std::size_t c = 0; c < input.channels.size(); ++c)
  {
    const auto * image = input.channels[c].GetPointer();
    RequireSameGrid(first, image, ChannelName(input, 0), ChannelName(input, c));
    const auto found = MeasureIntensities(image, nullptr);
    if (found.count == 0 || found.notFinite > 0)
    {
      throw InputError(Message(ChannelName(input, c),
                               ": ",
                               found.notFinite,
                               " of ",
                               found.count,
                               " voxels are NaN or infinite, need finite numbers"));
    }
  }
  if (input.foreground.IsNotNull())
  {
    RequireSameGrid(
        first, input.foreground.GetPointer(), ChannelName(input, 0), "the foreground mask");
  }
  if (input.keep.IsNotNull())
  {
    RequireSameGrid(first, input.keep.GetPointer(), ChannelName(input, 0), "the label");
  }
}

/** Tissue in any channel, on the channels' grid. */
MaskImage::Pointer
FindForeground(const PreprocessInput & input)
{
  if (input.foreground.IsNotNull())
  {
    return const_cast<MaskImage *>(input.foreground.GetPointer());
  }
  MaskImage::Pointer joined = ForegroundMask(input.channels.front());
  std::uint8_t * voxels = joined->GetBufferPointer();
  const std::size_t count = joined->GetBufferedRegion().GetNumberOfPixels();
  for (std::size_t c = 1; c < input.channels.size(); ++c)
  {
    const auto mask = ForegroundMask(input.channels[c]);
    std::transform(voxels,
                   voxels + count,
                   mask->GetBufferPointer(),
                   voxels,
                   [](std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>(a | b); });
  }
  return joined;
}

void
AddForegroundBox(Undo & undo,
                 const MaskImage * foreground,
                 const PreprocessInput & input,
                 double marginInMm)
{
  // Found on the native grid, where no copy is needed; its oriented twin follows from the axis
  // order.
  IndexBox box = MaskBox(foreground, input.foreground.IsNull() ? ForegroundPlaneShare : 0.0);
  box = Grown(box, marginInMm, undo.NativeGrid());
  if (input.keep.IsNotNull())
  {
    const auto * labels = input.keep->GetBufferPointer();
    const std::size_t count = input.keep->GetBufferedRegion().GetNumberOfPixels();
    const bool empty = std::all_of(labels, labels + count, [](auto label) { return label == 0; });
    box = empty ? box : Joined(box, MaskBox(input.keep.GetPointer()));
  }
  const auto axes = undo.NativeAxes();
  std::array<std::int64_t, 3> start{};
  itk::Size<3> size;
  for (unsigned int a = 0; a < 3; ++a)
  {
    const unsigned int p = axes[a].preparedAxis;
    const auto first = static_cast<std::size_t>(box.start[a]);
    const double low = std::min(axes[a].position[first], axes[a].position[first + box.size[a] - 1]);
    start[p] = static_cast<std::int64_t>(low);
    size[p] = box.size[a];
  }
  undo.AddBox(start, size);
}

/** Clips to the plan's percentiles: the high one of the tissue; the low one of the tissue or of all
 * voxels, whichever is lower, since dark voxels (air, fluid, lung) tell structures apart too. */
IntensityMap
ClipOf(const NormalisationPlan & plan,
       const FloatImage * image,
       double tissueLow,
       double tissueHigh)
{
  const auto everywhere = MeasureIntensities(image, nullptr, {plan.clipLowPercentile});
  return ClipMap(std::min(everywhere.percentiles[0], tissueLow), tissueHigh);
}

IntensityMap
NormalisationMap(const NormalisationPlan & plan,
                 const FloatImage * image,
                 const MaskImage * mask,
                 const std::string & name)
{
  const bool clips = plan.clipLowPercentile > 0.0 || plan.clipHighPercentile < 100.0;
  if (plan.kind == "none" && !clips)
  {
    return {};
  }
  std::vector<double> wanted{plan.clipLowPercentile, plan.clipHighPercentile, 1.0, 99.0};
  wanted.insert(wanted.end(), NyulPercentiles().begin(), NyulPercentiles().end());
  const auto found = MeasureIntensities(image, mask, wanted);
  if (found.minimum == found.maximum)
  {
    if (plan.kind == "none")
    {
      return {};
    }
    throw InputError(Message(name,
                             ": every voxel of the foreground is ",
                             found.minimum,
                             "; there is nothing to normalise"));
  }
  const IntensityMap clip =
      clips ? ClipOf(plan, image, found.percentiles[0], found.percentiles[1]) : IntensityMap();
  if (plan.kind == "none")
  {
    return clip;
  }
  if (plan.kind == "percentile")
  {
    return RescaleMap(found.percentiles[2], found.percentiles[3]).After(clip);
  }
  if (plan.kind == "nyul")
  {
    const std::vector<double> landmarks(found.percentiles.begin() + 4, found.percentiles.end());
    return NyulMap(landmarks, plan.landmarks).After(clip);
  }
  if (plan.kind != "z_score")
  {
    throw UsageError(Message(
        "normalisation '", plan.kind, "' is unknown; known: z_score, percentile, nyul, none"));
  }
  if (!clips)
  {
    return ZScoreMap(found.mean, found.standardDeviation);
  }
  // Mean and deviation of the clipped values, so that outliers do not set the scale.
  std::vector<float> clipped(image->GetBufferPointer(),
                             image->GetBufferPointer() +
                                 image->GetBufferedRegion().GetNumberOfPixels());
  ApplyPieces(clip.Pieces(), clipped.data(), clipped.size(), clipped.data());
  const auto after =
      MeasureIntensities(clipped, std::span(mask->GetBufferPointer(), clipped.size()));
  return ZScoreMap(after.mean, after.standardDeviation).After(clip);
}

void
Apply(const IntensityMap & map, FloatImage * image)
{
  if (map.IsIdentity())
  {
    return;
  }
  const auto pieces = map.Pieces();
  float * values = image->GetBufferPointer();
  ParallelFor(
      image->GetBufferedRegion().GetNumberOfPixels(),
      [&](std::size_t begin, std::size_t end)
      { ApplyPieces(pieces, values + begin, end - begin, values + begin); },
      std::size_t{1} << 15);
}

FloatImage::Pointer
CorrectBiasField(const FloatImage * image, const MaskImage * mask, const BiasFieldOptions & options)
{
  auto filter = BiasFieldImageFilter<FloatImage>::New();
  filter->SetInput(image);
  filter->SetMaskImage(mask);
  filter->SetOptions(options);
  filter->AddObserver(itk::ProgressEvent(), [](const itk::EventObject &) { ThrowIfInterrupted(); });
  filter->Update();
  return filter->GetOutput();
}

FloatImage::Pointer
Resample(const FloatImage * image, const ImageGrid & grid, const PreprocessOptions & options)
{
  const auto & spacing = image->GetSpacing();
  const double finest = std::min({spacing[0], spacing[1], spacing[2]});
  std::array<Interpolation, 3> interpolation{};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const bool thick = spacing[axis] >= options.thickSliceRatio * finest;
    const bool rings = thick && options.interpolation == Interpolation::CubicBSpline;
    interpolation[axis] = rings ? Interpolation::Linear : options.interpolation;
  }
  auto filter = GridResampleImageFilter<FloatImage>::New();
  filter->SetInput(image);
  filter->SetReferenceGrid(grid);
  filter->SetInterpolation(interpolation);
  filter->ExtendEdgesOn();
  filter->SetNumberOfWorkUnits(static_cast<itk::ThreadIdType>(GetThreadCount()));
  filter->Update();
  return filter->GetOutput();
}

ImageGrid::Base::RegionType
PreparedBox(const IndexBox & native, const Undo & undo)
{
  const auto axes = undo.NativeAxes();
  const auto & size = undo.PreparedGrid().size;
  ImageGrid::Base::RegionType region;
  for (unsigned int a = 0; a < 3; ++a)
  {
    const unsigned int p = axes[a].preparedAxis;
    const auto first = static_cast<std::size_t>(native.start[a]);
    double low = axes[a].position[first];
    double high = axes[a].position[first + native.size[a] - 1];
    if (low > high)
    {
      std::swap(low, high);
    }
    const auto last = static_cast<double>(size[p]) - 1.0;
    const double begin = std::clamp(std::floor(low + 0.5), 0.0, last);
    const double end = std::clamp(std::floor(high + 0.5), begin, last);
    region.SetIndex(p, static_cast<itk::IndexValueType>(begin));
    region.SetSize(p, static_cast<itk::SizeValueType>(end - begin + 1.0));
  }
  return region;
}

} // namespace

PreprocessOptions
PreprocessOptionsFromPlan(const Plan & plan)
{
  PreprocessOptions options;
  options.orientation = plan.orientation;
  options.targetSpacingInMm = plan.targetSpacingInMm;
  options.cropToForeground = plan.cropToForeground;
  options.cropMarginInMm = plan.cropMarginInMm;
  options.correctBiasField = plan.correctBiasField;
  options.normalisation = plan.normalisation;
  return options;
}

PreprocessedVolume
Preprocess(const PreprocessInput & input, const PreprocessOptions & options)
{
  CheckInput(input, options);
  const ImageGrid native = GridOf(input.channels.front());
  Undo undo(native);
  undo.AddOrientation(AxisOrderBetween(OrientationCode(native), options.orientation));
  const MaskImage::Pointer foreground = FindForeground(input);
  if (options.cropToForeground)
  {
    AddForegroundBox(undo, foreground, input, options.cropMarginInMm);
  }
  const MaskImage::Pointer mask = ToPrepared(foreground.GetPointer(), undo);
  const ImageGrid target = GridWithSpacing(undo.PreparedGrid(), options.targetSpacingInMm);
  Undo withResampling = undo;
  withResampling.AddResampling(target);

  PreprocessedVolume result;
  for (std::size_t c = 0; c < input.channels.size(); ++c)
  {
    ThrowIfInterrupted();
    FloatImage::Pointer image = ToPrepared(input.channels[c].GetPointer(), undo);
    if (options.correctBiasField)
    {
      image = CorrectBiasField(image, mask, options.biasField);
    }
    const NormalisationPlan plan =
        options.normalisation.empty() ? NormalisationPlan() : options.normalisation[c];
    Apply(NormalisationMap(plan, image, mask, ChannelName(input, c)), image);
    if (withResampling.Steps().size() > undo.Steps().size())
    {
      image = Resample(image, target, options);
    }
    result.channels.push_back(image);
  }
  result.foreground =
      PreparedBox(MaskBox(foreground.GetPointer(), ForegroundPlaneShare), withResampling);
  result.undo = withResampling;
  return result;
}

} // namespace sulcus
