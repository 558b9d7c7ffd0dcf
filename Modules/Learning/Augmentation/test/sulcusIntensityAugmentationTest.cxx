#include <sulcusAugmentation.h>
#include <sulcusError.h>
#include <sulcusIntensityAugmentation.h>
#include <sulcusParameters.h>

#include <torch/types.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

namespace
{

using namespace sulcus;
using Size = std::array<std::int64_t, 3>;

const Size size{10, 17, 23};
const std::array<double, 3> spacing{2.0, 1.0, 0.8};
const std::size_t voxels = 10 * 17 * 23;

std::vector<float>
SmoothImage(int channels = 1)
{
  std::vector<float> image(voxels * static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < image.size(); ++i)
  {
    image[i] = static_cast<float>(std::sin(0.11 * static_cast<double>(i % 23)) +
                                  std::cos(0.2 * static_cast<double>(i / 23 % 17)));
  }
  return image;
}

std::vector<float>
Applied(std::vector<float> image, const DrawnIntensity & drawn, int channels = 1)
{
  ApplyIntensity(image, channels, size, spacing, drawn);
  return image;
}

double
Deviation(const std::vector<float> & values, double about)
{
  double sum = 0.0;
  for (const float value : values)
  {
    sum += (value - about) * (value - about);
  }
  return std::sqrt(sum / static_cast<double>(values.size()));
}

TEST(ApplyIntensity, NothingDrawnChangesNothing)
{
  RandomEngine random(3);
  const auto drawn = DrawIntensity(IntensityRange::Nothing(), 1, size, spacing, random);
  EXPECT_EQ(Applied(SmoothImage(), drawn), SmoothImage());
  EXPECT_TRUE(drawn.IsInvertible());
}

TEST(ApplyIntensity, ContrastAndBrightnessMatchTheFormula)
{
  DrawnIntensity drawn;
  drawn.contrast = {1.5};
  drawn.brightness = {-0.25};
  const auto image = SmoothImage();
  double mean = 0.0;
  for (const float value : image)
  {
    mean += value / static_cast<double>(voxels);
  }
  const auto changed = Applied(image, drawn);
  for (std::size_t i = 0; i < voxels; i += 37)
  {
    EXPECT_NEAR(changed[i], mean + 1.5 * (image[i] - mean) - 0.25, 1e-5);
  }
}

TEST(ApplyIntensity, GammaMatchesThePowerFunctionAndKeepsTheEnds)
{
  const auto image = SmoothImage();
  const auto [low, high] = std::minmax_element(image.begin(), image.end());
  const double range = *high - *low;
  for (const double gamma : {0.4, 0.7, 1.0, 1.5, 3.0})
  {
    for (const bool inverted : {false, true})
    {
      DrawnIntensity drawn;
      drawn.gamma = {gamma};
      drawn.invertedGamma = inverted;
      const auto changed = Applied(image, drawn);
      for (std::size_t i = 0; i < voxels; ++i)
      {
        const double t = (image[i] - *low) / range;
        const double expected =
            inverted ? *high - range * std::pow(1.0 - t, gamma) : *low + range * std::pow(t, gamma);
        ASSERT_NEAR(changed[i], expected, 2e-4 * range) << gamma << " at " << t;
      }
      EXPECT_NEAR(*std::min_element(changed.begin(), changed.end()), *low, 1e-6);
      EXPECT_NEAR(*std::max_element(changed.begin(), changed.end()), *high, 1e-6);
    }
  }
}

TEST(ApplyIntensity, NoiseIsNormalUncorrelatedAndRepeatable)
{
  DrawnIntensity drawn;
  drawn.noise = {0.5, 0.5};
  drawn.noiseKey = 77;
  const std::vector<float> flat(2 * voxels, 1.0f);
  const auto noisy = Applied(flat, drawn, 2);
  EXPECT_EQ(noisy, Applied(flat, drawn, 2));
  double sum = 0.0;
  double fourth = 0.0;
  double neighbours = 0.0;
  double channels = 0.0;
  for (std::size_t i = 0; i < noisy.size(); ++i)
  {
    const double n = (noisy[i] - 1.0) / 0.5;
    sum += n;
    fourth += n * n * n * n;
    neighbours += i + 1 < noisy.size() ? n * (noisy[i + 1] - 1.0) / 0.5 : 0.0;
    channels += i < voxels ? n * (noisy[i + voxels] - 1.0) / 0.5 : 0.0;
  }
  const double count = static_cast<double>(noisy.size());
  EXPECT_NEAR(sum / count, 0.0, 4.0 / std::sqrt(count));
  EXPECT_NEAR(Deviation(noisy, 1.0), 0.5, 0.01);
  EXPECT_NEAR(fourth / count, 3.0, 0.25); // kurtosis of the normal distribution
  EXPECT_NEAR(neighbours / count, 0.0, 4.0 / std::sqrt(count));
  EXPECT_NEAR(
      channels / static_cast<double>(voxels), 0.0, 4.0 / std::sqrt(static_cast<double>(voxels)));
  drawn.noiseKey = 78;
  EXPECT_NE(noisy, Applied(flat, drawn, 2));
}

TEST(ApplyIntensity, RicianNoiseOfNoSignalHasTheRayleighMean)
{
  DrawnIntensity drawn;
  drawn.noise = {0.2};
  drawn.rician = true;
  drawn.noiseKey = 5;
  const auto noisy = Applied(std::vector<float>(voxels, -1.0f), drawn); // -1 is the dark end
  double mean = 0.0;
  for (const float value : noisy)
  {
    ASSERT_GE(value, -1.0f);
    mean += value / static_cast<double>(voxels);
  }
  EXPECT_NEAR(mean + 1.0, 0.2 * std::sqrt(std::acos(-1.0) / 2.0), 0.01);
}

TEST(ApplyIntensity, BlurOfAnImpulseIsTheSampledGaussianInMillimetres)
{
  std::vector<float> image(voxels, 0.0f);
  const auto at = [](std::int64_t z, std::int64_t y, std::int64_t x)
  { return static_cast<std::size_t>((z * 17 + y) * 23 + x); };
  image[at(5, 8, 11)] = 1.0f;
  DrawnIntensity drawn;
  drawn.blurInMm = {1.2, 1.2, 1.2};
  const auto blurred = Applied(image, drawn);
  double sum = 0.0;
  for (const float value : blurred)
  {
    sum += value;
  }
  EXPECT_NEAR(sum, 1.0, 1e-4);
  const double peak = blurred[at(5, 8, 11)];
  EXPECT_NEAR(blurred[at(6, 8, 11)] / peak, std::exp(-0.5 * std::pow(2.0 / 1.2, 2)), 1e-4);
  EXPECT_NEAR(blurred[at(5, 9, 11)] / peak, std::exp(-0.5 * std::pow(1.0 / 1.2, 2)), 1e-4);
  EXPECT_NEAR(blurred[at(5, 8, 9)] / peak, std::exp(-0.5 * std::pow(1.6 / 1.2, 2)), 1e-4);
  const auto flat =
      Applied(std::vector<float>(voxels, 3.0f), drawn); // edges replicated: nothing darkens
  EXPECT_NEAR(flat[0], 3.0f, 1e-5f);
}

TEST(ApplyIntensity, LowResolutionKeepsLinesAndLosesFineDetail)
{
  DrawnIntensity drawn;
  drawn.lowResolution = {1, 1, 2};
  std::vector<float> ramp(voxels);
  std::vector<float> stripes(voxels);
  for (std::size_t i = 0; i < voxels; ++i)
  {
    ramp[i] = static_cast<float>(i % 23);
    stripes[i] = i % 23 % 2 == 0 ? 1.0f : -1.0f;
  }
  const auto kept = Applied(ramp, drawn);
  for (std::size_t i = 0; i < voxels; ++i)
  {
    ASSERT_NEAR(kept[i], ramp[i], 1e-5f);
  }
  const auto lost = Applied(stripes, drawn); // every second voxel remains: all of one sign
  EXPECT_EQ(*std::min_element(lost.begin(), lost.end()), 1.0f);
}

TEST(ApplyIntensity, GainMultipliesAboveTheDarkEnd)
{
  DrawnIntensity drawn;
  drawn.gain = {SmoothGrid::WithSpacing(size, spacing, 100.0, 1)};
  std::fill(drawn.gain[0].values.begin(), drawn.gain[0].values.end(), 1.25f);
  const auto image = SmoothImage();
  const float dark = *std::min_element(image.begin(), image.end());
  const auto changed = Applied(image, drawn);
  for (std::size_t i = 0; i < voxels; i += 11)
  {
    EXPECT_NEAR(changed[i], dark + 1.25f * (image[i] - dark), 1e-5f);
  }
}

TEST(ApplyIntensity, BoxesAndClippingDoWhatTheySay)
{
  DrawnIntensity drawn;
  drawn.cutOut = {{{1, 2, 3}, {4, 5, 9}}};
  const auto image = SmoothImage();
  const auto cut = Applied(image, drawn);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < voxels; ++i)
  {
    changed += cut[i] != image[i] ? 1 : 0;
  }
  EXPECT_EQ(changed, 3u * 3u * 6u);
  EXPECT_EQ(cut[(1 * 17 + 2) * 23 + 3], cut[(3 * 17 + 4) * 23 + 8]);
  DrawnIntensity clipped;
  clipped.clip = {0.0, 0.5};
  const auto limited = Applied(image, clipped);
  EXPECT_EQ(*std::min_element(limited.begin(), limited.end()), 0.0f);
  EXPECT_EQ(*std::max_element(limited.begin(), limited.end()), 0.5f);
}

TEST(UndoIntensity, RestoresWhatCanBeRestoredAndRefusesTheRest)
{
  IntensityRange range;
  range.biasFieldProbability = range.gammaProbability = range.contrastProbability = 1.0;
  range.brightnessProbability = range.noiseProbability = 1.0;
  range.lowResolutionProbability = range.blurProbability = 0.0;
  const auto image = SmoothImage(2);
  for (std::uint64_t seed = 0; seed < 5; ++seed)
  {
    RandomEngine random(seed);
    const auto drawn = DrawIntensity(range, 2, size, spacing, random);
    auto changed = image;
    const auto trace = ApplyIntensity(changed, 2, size, spacing, drawn);
    EXPECT_NE(changed, image);
    UndoIntensity(changed, 2, size, drawn, trace);
    for (std::size_t i = 0; i < image.size(); ++i)
    {
      ASSERT_NEAR(changed[i], image[i], 3e-3) << seed;
    }
  }
  DrawnIntensity blurred;
  blurred.blurInMm = {1, 1, 1};
  auto changed = image;
  const auto trace = ApplyIntensity(changed, 2, size, spacing, blurred);
  EXPECT_THROW(UndoIntensity(changed, 2, size, blurred, trace), UsageError);
}

TEST(DrawIntensity, EveryRangeIsCheckedAndFiniteOnAwkwardImages)
{
  IntensityRange all;
  all.lowResolutionProbability = all.blurProbability = all.biasFieldProbability =
      all.gammaProbability = 1.0;
  all.contrastProbability = all.brightnessProbability = all.noiseProbability =
      all.cutOutProbability = 1.0;
  all.ricianNoise = 0.5;
  all.clip = true;
  for (const Size shape : {Size{1, 1, 1}, Size{1, 7, 3}, Size{5, 1, 40}})
  {
    for (std::uint64_t seed = 0; seed < 10; ++seed)
    {
      RandomEngine random(seed);
      const auto drawn = DrawIntensity(all, 1, shape, spacing, random);
      std::vector<float> constant(static_cast<std::size_t>(shape[0] * shape[1] * shape[2]), 0.7f);
      ApplyIntensity(constant, 1, shape, spacing, drawn);
      for (const float value : constant)
      {
        ASSERT_TRUE(std::isfinite(value));
      }
    }
  }
  RandomEngine random(1);
  for (const auto & spoil :
       std::vector<std::function<void(IntensityRange &)>>{
           [](auto & r) { r.noiseProbability = 1.5; },
           [](auto & r) { r.largestLowResolution = 0.5; },
           [](auto & r) { r.smallestGamma = 0.0; },
           [](auto & r) { r.biasField = 1.0; },
           [](auto & r) { r.clipHigh = -1; }})
  {
    IntensityRange bad;
    spoil(bad);
    EXPECT_THROW(DrawIntensity(bad, 1, size, spacing, random), UsageError);
  }
  auto image = SmoothImage();
  EXPECT_THROW(ApplyIntensity(image, 2, size, spacing, {}), UsageError);
}

TEST(Augmentation, EveryNamedSettingDrawsReplaysAndIsDescribed)
{
  for (const auto & name : AugmentationNames())
  {
    auto options = NamedAugmentation(name);
    Parameters parameters;
    Describe(parameters, options);
    EXPECT_NO_THROW(parameters.SetJson(parameters.ToJson(), name));
    const auto image = torch::rand({2, 8, 12, 10});
    const auto apply = [&](std::uint64_t seed)
    {
      RandomEngine random(seed);
      const auto drawn = DrawAugmentation(options, 2, {8, 12, 10}, spacing, random);
      return ApplyIntensity(
          ApplySpatial(image, drawn.spatial, spacing, {}), drawn.intensity, spacing);
    };
    EXPECT_TRUE(torch::equal(apply(9), apply(9))) << name;
    EXPECT_TRUE(apply(9).isfinite().all().item<bool>());
    EXPECT_EQ(torch::equal(apply(9), image), name == "none");
  }
  EXPECT_THROW(NamedAugmentation("contrastiv"), UsageError);
  EXPECT_THROW(ApplySpatial(torch::zeros({3, 4, 5}), {}, spacing, {}), UsageError);
}

} // namespace
