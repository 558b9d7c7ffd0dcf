#include <sulcusAugmentation.h>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>

namespace
{

using namespace sulcus;
using Size = std::array<std::int64_t, 3>;

const Size patch{40, 56, 40};
const std::array<double, 3> unitSpacing{1, 1, 1};

/** Processor time of this thread in milliseconds: other work on the machine does not count. */
double
Milliseconds(const std::function<void()> & work, int repeats)
{
  work();
  const auto now = []
  {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  for (int i = 0; i < repeats; ++i)
  {
    work();
  }
  return (now() - start) / repeats;
}

class SlowAugmentationSpeed : public testing::Test
{
protected:
  SlowAugmentationSpeed()
  {
    m_Volume.size = {64, 80, 64};
    m_Volume.channels = 1;
    m_Volume.classes = 3;
    m_Image.resize(64 * 80 * 64);
    m_Label.resize(m_Image.size());
    for (std::size_t i = 0; i < m_Image.size(); ++i)
    {
      m_Image[i] = static_cast<float>((i * 7919) % 1000) * 0.004f - 2.0f;
      m_Label[i] = static_cast<std::uint8_t>((i / 9) % 40 == 0 ? 1 : (i / 700) % 5 == 0 ? 2 : 0);
    }
    m_Volume.image = m_Image;
    m_Volume.label = m_Label;
    m_PatchImage.resize(40 * 56 * 40);
    m_PatchLabel.resize(40 * 56 * 40);
  }

  void
  Spatial(const SpatialRange & range, std::uint64_t seed)
  {
    RandomEngine random(seed);
    const auto map = MakeResampleMap(
        DrawSpatial(range, patch, unitSpacing, random), patch, unitSpacing, {31.5, 39.5, 31.5});
    PatchTarget target;
    target.size = patch;
    target.image = m_PatchImage;
    target.label = m_PatchLabel;
    SamplePatch(m_Volume, map, LabelRule::LinearVote, {}, target);
  }

  void
  Intensity(const IntensityRange & range, std::uint64_t seed)
  {
    RandomEngine random(seed);
    ApplyIntensity(
        m_PatchImage, 1, patch, unitSpacing, DrawIntensity(range, 1, patch, unitSpacing, random));
  }

  VolumeView m_Volume;
  std::vector<float> m_Image;
  std::vector<std::uint8_t> m_Label;
  std::vector<float> m_PatchImage;
  std::vector<std::int64_t> m_PatchLabel;
};

TEST_F(SlowAugmentationSpeed, OnePatchOf40x56x40CostsAFewMilliseconds)
{
  const auto report = [](const char * name, double time)
  { std::printf("%-28s %6.2f ms a patch\n", name, time); };
  std::uint64_t seed = 0;
  const auto spatial = [&](const char * name, const std::function<void(SpatialRange &)> & edit)
  {
    auto range = SpatialRange::Nothing();
    edit(range);
    report(name, Milliseconds([&] { Spatial(range, seed++); }, 40));
  };
  const auto intensity = [&](const char * name, const std::function<void(IntensityRange &)> & edit)
  {
    auto range = IntensityRange::Nothing();
    edit(range);
    Spatial(SpatialRange::Nothing(), 0);
    report(name, Milliseconds([&] { Intensity(range, seed++); }, 40));
  };
  spatial("crop", [](auto &) {});
  spatial("affine", [](auto & r) { r.rotationProbability = r.scaleProbability = 1; });
  spatial("affine + elastic",
          [](auto & r) { r.rotationProbability = r.scaleProbability = r.elasticProbability = 1; });
  intensity("low resolution", [](auto & r) { r.lowResolutionProbability = 1; });
  intensity("blur", [](auto & r) { r.blurProbability = 1; });
  intensity("bias field", [](auto & r) { r.biasFieldProbability = 1; });
  intensity("gamma", [](auto & r) { r.gammaProbability = 1; });
  intensity("contrast", [](auto & r) { r.contrastProbability = 1; });
  intensity("brightness", [](auto & r) { r.brightnessProbability = 1; });
  intensity("Gaussian noise", [](auto & r) { r.noiseProbability = 1; });
  intensity("Rician noise", [](auto & r) { r.noiseProbability = r.ricianNoise = 1; });
  intensity("cut-out", [](auto & r) { r.cutOutProbability = 1; });

  AugmentationOptions everything;
  everything.spatial.rotationProbability = everything.spatial.scaleProbability =
      everything.spatial.elasticProbability = 1;
  auto & all = everything.intensity;
  all.lowResolutionProbability = all.blurProbability = all.biasFieldProbability =
      all.gammaProbability = 1;
  all.contrastProbability = all.brightnessProbability = all.noiseProbability =
      all.cutOutProbability = 1;
  const auto pipeline = [&](const AugmentationOptions & options)
  {
    return Milliseconds(
        [&]
        {
          Spatial(options.spatial, seed);
          Intensity(options.intensity, seed++);
        },
        100);
  };
  report("default pipeline", pipeline({}));
  const double total = pipeline(everything);
  report("everything at once", total);
  EXPECT_LT(total, 24.0); // three times the aim of 8 ms: room for slow machines
}

} // namespace
