#include "sulcusIntensityAugmentation.h"

#include "sulcusIntensityKernels.h"
#include <sulcusError.h>
#include <sulcusParameters.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace sulcus
{
namespace
{

using Size = std::array<std::int64_t, 3>;

void
CheckRange(const IntensityRange & range)
{
  const auto require = [](bool holds, const char * what)
  {
    if (!holds)
    {
      throw UsageError(Message("intensity augmentation: ", what));
    }
  };
  for (const double p : {range.lowResolutionProbability,
                         range.blurProbability,
                         range.biasFieldProbability,
                         range.gammaProbability,
                         range.invertedGamma,
                         range.contrastProbability,
                         range.brightnessProbability,
                         range.noiseProbability,
                         range.ricianNoise,
                         range.cutOutProbability})
  {
    require(p >= 0 && p <= 1, "a probability is not between 0 and 1");
  }
  require(range.largestLowResolution >= 1, "the low resolution is below 1");
  require(range.largestBlurInMm >= 0 && range.brightness >= 0 && range.largestNoise >= 0,
          "a range is negative");
  require(range.biasField >= 0 && range.biasField < 1, "the bias field is not between 0 and 1");
  require(range.smallestGamma >= 0.1 && range.smallestGamma <= range.largestGamma &&
              range.largestGamma <= 8,
          "gamma is not between 0.1 and 8");
  require(range.smallestContrast > 0 && range.smallestContrast <= range.largestContrast,
          "the contrasts are empty");
  require(range.largestCutOut > 0 && range.largestCutOut <= 1 && range.cutOutBoxes >= 0,
          "the boxes are empty");
  require(range.clipLow < range.clipHigh, "the clip range is empty");
}

/** Log-uniform, so that halving is as likely as doubling. */
double
DrawFactor(double low, double high, RandomEngine & random)
{
  return std::exp(random.Uniform(std::log(low), std::log(high)));
}

std::array<double, 3>
DrawLowResolution(const IntensityRange & range, RandomEngine & random)
{
  std::array<double, 3> factor{1, 1, 1};
  const double drawn = DrawFactor(1.0, range.largestLowResolution, random);
  const auto axis = random.Integer(-3, 2); // half of the time one axis alone, as with thick slices
  for (std::int64_t a = 0; a < 3; ++a)
  {
    factor[static_cast<std::size_t>(a)] = axis < 0 || axis == a ? drawn : 1.0;
  }
  return factor;
}

SmoothGrid
DrawGain(const IntensityRange & range,
         const Size & size,
         const std::array<double, 3> & spacingInMm,
         RandomEngine & random)
{
  double extent = 0.0;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    extent = std::max(extent, static_cast<double>(size[axis] - 1) * spacingInMm[axis]);
  }
  auto gain = SmoothGrid::WithSpacing(size, spacingInMm, std::max(extent, 1.0) * 0.6, 1);
  const double limit = std::log1p(range.biasField);
  for (auto & value : gain.values)
  {
    value = static_cast<float>(std::exp(random.Uniform(-limit, limit)));
  }
  return gain;
}

std::vector<DrawnBox>
DrawBoxes(const IntensityRange & range, const Size & size, RandomEngine & random)
{
  std::vector<DrawnBox> boxes(static_cast<std::size_t>(range.cutOutBoxes));
  for (auto & box : boxes)
  {
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const auto largest =
          static_cast<std::int64_t>(range.largestCutOut * static_cast<double>(size[axis]));
      const auto edge = random.Integer(1, std::max<std::int64_t>(1, largest));
      box.begin[axis] = random.Integer(0, size[axis] - edge);
      box.end[axis] = box.begin[axis] + edge;
    }
  }
  return boxes;
}

std::vector<double>
DrawPerChannel(int channels, const std::function<double()> & draw)
{
  std::vector<double> values(static_cast<std::size_t>(channels));
  std::generate(values.begin(), values.end(), draw);
  return values;
}

/** Applies one row function with the gain of each row. */
template <typename TFunction>
void
ForEachGainRow(std::span<float> values,
               const Size & size,
               const SmoothGrid & gain,
               TFunction && function)
{
  SmoothGridRows rows(gain);
  for (std::int64_t z = 0; z < size[0]; ++z)
  {
    for (std::int64_t y = 0; y < size[1]; ++y)
    {
      const auto at = static_cast<std::size_t>((z * size[1] + y) * size[2]);
      function(values.subspan(at, static_cast<std::size_t>(size[2])), rows.Row(z, y));
    }
  }
}

void
FillBoxes(std::span<float> values, const Size & size, const std::vector<DrawnBox> & boxes)
{
  const auto fill = static_cast<float>(kernels::Mean(values));
  for (const auto & box : boxes)
  {
    for (auto z = box.begin[0]; z < box.end[0]; ++z)
    {
      for (auto y = box.begin[1]; y < box.end[1]; ++y)
      {
        std::fill_n(values.data() + (z * size[1] + y) * size[2] + box.begin[2],
                    box.end[2] - box.begin[2],
                    fill);
      }
    }
  }
}

IntensityTrace::Channel
ApplyToChannel(std::span<float> values,
               std::size_t channel,
               const Size & size,
               const std::array<double, 3> & spacingInMm,
               const DrawnIntensity & drawn)
{
  IntensityTrace::Channel trace;
  kernels::LowerResolution(values, size, drawn.lowResolution);
  kernels::Blur(values,
                size,
                {drawn.blurInMm[0] / spacingInMm[0],
                 drawn.blurInMm[1] / spacingInMm[1],
                 drawn.blurInMm[2] / spacingInMm[2]});
  if (!drawn.gain.empty())
  {
    trace.dark = kernels::FindExtremes(values).low;
    ForEachGainRow(values,
                   size,
                   drawn.gain[channel],
                   [&](auto row, auto gain) { kernels::MultiplyAbove(row, gain, trace.dark); });
  }
  if (!drawn.gamma.empty())
  {
    const auto [low, high] = kernels::FindExtremes(values);
    trace.gammaDark = low;
    trace.gammaBright = high;
    kernels::BendGamma(
        values, low, high, static_cast<float>(drawn.gamma[channel]), drawn.invertedGamma);
  }
  const double contrast = drawn.contrast.empty() ? 1.0 : drawn.contrast[channel];
  const double brightness = drawn.brightness.empty() ? 0.0 : drawn.brightness[channel];
  if (contrast != 1.0)
  {
    trace.mean = static_cast<float>(kernels::Mean(values));
  }
  if (contrast != 1.0 || brightness != 0.0)
  {
    kernels::ScaleAndShift(values,
                           static_cast<float>(contrast),
                           static_cast<float>(trace.mean * (1.0 - contrast) + brightness));
  }
  if (!drawn.noise.empty())
  {
    const auto sd = static_cast<float>(drawn.noise[channel]);
    const auto key = drawn.noiseKey + 0x9e3779b97f4a7c15ull * channel;
    if (drawn.rician)
    {
      kernels::AddRicianNoise(values, key, sd, kernels::FindExtremes(values).low);
    }
    else
    {
      kernels::AddNormalNoise(values, key, sd);
    }
  }
  if (!drawn.cutOut.empty())
  {
    FillBoxes(values, size, drawn.cutOut);
  }
  if (drawn.clip)
  {
    kernels::Clip(
        values, static_cast<float>((*drawn.clip)[0]), static_cast<float>((*drawn.clip)[1]));
  }
  return trace;
}

void
CheckImage(std::span<const float> image, int channels, const Size & size)
{
  const auto expected = static_cast<std::int64_t>(channels) * size[0] * size[1] * size[2];
  if (channels < 1 || expected < 1 || static_cast<std::int64_t>(image.size()) != expected)
  {
    throw UsageError(
        Message("intensity augmentation: ", image.size(), " values, expected ", expected));
  }
}

} // namespace

IntensityRange
IntensityRange::Nothing()
{
  IntensityRange range;
  range.lowResolutionProbability = range.blurProbability = range.biasFieldProbability = 0.0;
  range.gammaProbability = range.contrastProbability = range.brightnessProbability = 0.0;
  range.noiseProbability = range.cutOutProbability = 0.0;
  return range;
}

void
Describe(Parameters & visit, IntensityRange & o)
{
  visit("low_resolution_probability",
        o.lowResolutionProbability,
        "How often the resolution is lowered.")
      .Range(0, 1);
  visit("low_resolution", o.largestLowResolution, "Largest factor on the voxel size.").Range(1, 8);
  visit("blur_probability", o.blurProbability, "How often a patch is blurred.").Range(0, 1);
  visit("blur_mm", o.largestBlurInMm, "Largest standard deviation of the blur.").Range(0);
  visit("bias_field_probability", o.biasFieldProbability, "How often a bias field is added.")
      .Range(0, 1);
  visit("bias_field", o.biasField, "Largest relative gain of the bias field.").Range(0, 0.95);
  visit("gamma_probability", o.gammaProbability, "How often the grey scale is bent.").Range(0, 1);
  visit("smallest_gamma", o.smallestGamma, "Smallest exponent.").Range(0.1, 8);
  visit("largest_gamma", o.largestGamma, "Largest exponent.").Range(0.1, 8);
  visit("inverted_gamma",
        o.invertedGamma,
        "How often the bright end is bent instead of the dark one.")
      .Range(0, 1);
  visit("contrast_probability", o.contrastProbability, "How often the contrast changes.")
      .Range(0, 1);
  visit("smallest_contrast", o.smallestContrast, "Smallest factor.").Range(0.01, 100);
  visit("largest_contrast", o.largestContrast, "Largest factor.").Range(0.01, 100);
  visit("brightness_probability", o.brightnessProbability, "How often the brightness changes.")
      .Range(0, 1);
  visit("brightness", o.brightness, "Largest shift in units of the normalised image.").Range(0);
  visit("noise_probability", o.noiseProbability, "How often noise is added.").Range(0, 1);
  visit("noise", o.largestNoise, "Largest standard deviation in units of the normalised image.")
      .Range(0);
  visit("rician_noise", o.ricianNoise, "How often noise is Rician instead of Gaussian.")
      .Range(0, 1);
  visit("cut_out_probability", o.cutOutProbability, "How often boxes are blanked.").Range(0, 1);
  visit("cut_out", o.largestCutOut, "Largest edge of a box as part of the patch's.").Range(0.01, 1);
  visit("cut_out_boxes", o.cutOutBoxes, "Number of boxes.").Range(0, 64);
  visit("clip", o.clip, "Clip intensities at the end.");
  visit("clip_low", o.clipLow, "Lower end of the clip range.");
  visit("clip_high", o.clipHigh, "Upper end of the clip range.");
}

bool
DrawnIntensity::IsInvertible() const
{
  return lowResolution == std::array<double, 3>{1, 1, 1} && blurInMm == std::array<double, 3>{} &&
         cutOut.empty() && !clip && (noise.empty() || !rician);
}

DrawnIntensity
DrawIntensity(const IntensityRange & range,
              int channels,
              const Size & size,
              const std::array<double, 3> & spacingInMm,
              RandomEngine & random)
{
  CheckRange(range);
  DrawnIntensity drawn;
  if (random.Chance(range.lowResolutionProbability))
  {
    drawn.lowResolution = DrawLowResolution(range, random);
  }
  if (random.Chance(range.blurProbability))
  {
    drawn.blurInMm.fill(random.Uniform(0.0, range.largestBlurInMm));
  }
  if (random.Chance(range.biasFieldProbability))
  {
    for (int channel = 0; channel < channels; ++channel)
    {
      drawn.gain.push_back(DrawGain(range, size, spacingInMm, random));
    }
  }
  if (random.Chance(range.gammaProbability))
  {
    drawn.gamma = DrawPerChannel(
        channels, [&] { return DrawFactor(range.smallestGamma, range.largestGamma, random); });
    drawn.invertedGamma = random.Chance(range.invertedGamma);
  }
  if (random.Chance(range.contrastProbability))
  {
    drawn.contrast = DrawPerChannel(
        channels,
        [&] { return DrawFactor(range.smallestContrast, range.largestContrast, random); });
  }
  if (random.Chance(range.brightnessProbability))
  {
    drawn.brightness = DrawPerChannel(
        channels, [&] { return random.Uniform(-range.brightness, range.brightness); });
  }
  if (random.Chance(range.noiseProbability))
  {
    drawn.noise = DrawPerChannel(channels, [&] { return random.Uniform(0.0, range.largestNoise); });
    drawn.rician = random.Chance(range.ricianNoise);
    drawn.noiseKey = random.NextWord();
  }
  if (random.Chance(range.cutOutProbability))
  {
    drawn.cutOut = DrawBoxes(range, size, random);
  }
  if (range.clip)
  {
    drawn.clip = {range.clipLow, range.clipHigh};
  }
  return drawn;
}

IntensityTrace
ApplyIntensity(std::span<float> image,
               int channels,
               const Size & size,
               const std::array<double, 3> & spacingInMm,
               const DrawnIntensity & drawn)
{
  CheckImage(image, channels, size);
  IntensityTrace trace;
  const auto voxels = image.size() / static_cast<std::size_t>(channels);
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(channels); ++channel)
  {
    trace.channels.push_back(
        ApplyToChannel(image.subspan(channel * voxels, voxels), channel, size, spacingInMm, drawn));
  }
  return trace;
}

void
UndoIntensity(std::span<float> image,
              int channels,
              const Size & size,
              const DrawnIntensity & drawn,
              const IntensityTrace & trace)
{
  CheckImage(image, channels, size);
  if (!drawn.IsInvertible() || trace.channels.size() != static_cast<std::size_t>(channels))
  {
    throw UsageError("undoing an intensity change: it blurs, clips or blanks the image, or belongs "
                     "to another one");
  }
  const auto voxels = image.size() / static_cast<std::size_t>(channels);
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(channels); ++channel)
  {
    const auto values = image.subspan(channel * voxels, voxels);
    const auto & measured = trace.channels[channel];
    if (!drawn.noise.empty())
    {
      kernels::AddNormalNoise(values,
                              drawn.noiseKey + 0x9e3779b97f4a7c15ull * channel,
                              -static_cast<float>(drawn.noise[channel]));
    }
    const double contrast = drawn.contrast.empty() ? 1.0 : drawn.contrast[channel];
    const double brightness = drawn.brightness.empty() ? 0.0 : drawn.brightness[channel];
    const double shift = measured.mean * (1.0 - contrast) + brightness;
    kernels::ScaleAndShift(
        values, static_cast<float>(1.0 / contrast), static_cast<float>(-shift / contrast));
    if (!drawn.gamma.empty())
    {
      kernels::BendGamma(values,
                         measured.gammaDark,
                         measured.gammaBright,
                         static_cast<float>(1.0 / drawn.gamma[channel]),
                         drawn.invertedGamma);
    }
    if (!drawn.gain.empty())
    {
      ForEachGainRow(values,
                     size,
                     drawn.gain[channel],
                     [&](auto row, auto gain) { kernels::DivideAbove(row, gain, measured.dark); });
    }
  }
}

} // namespace sulcus
