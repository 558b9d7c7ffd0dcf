#include "sulcusVolumePredictor.h"

#include <sulcusError.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

constexpr std::array<double, 3> spacing{2.0, 1.0, 0.5};

/** Two classes: p and 1 − p of the last channel it is given. */
Predictor
LastChannel()
{
  return [](const torch::Tensor & windows)
  {
    const auto p = windows.narrow(1, windows.size(1) - 1, 1);
    return torch::cat({p, 1 - p}, 1);
  };
}

/** Adds one channel: the whole volume's mean times a factor. */
VolumePredictor
AddsMean(double factor)
{
  return [factor](const torch::Tensor & image,
                  const std::array<double, 3> &,
                  const SlidingWindowOptions &)
  {
    const auto mean = torch::full_like(image.narrow(0, 0, 1), image.mean().item<float>() * factor);
    return VolumePrediction{torch::cat({image, mean}), LastChannel()};
  };
}

SlidingWindowOptions
SmallWindows()
{
  SlidingWindowOptions options;
  options.window = {4, 6, 5};
  return options;
}

torch::Tensor
Probabilities(const VolumePredictor & predictor, const torch::Tensor & image)
{
  const auto prediction = predictor(image, spacing, SmallWindows());
  return PredictVolume(prediction.image, prediction.predictor, SmallWindows());
}

TEST(VolumePredictor, SeesTheWholeVolumeBeforeItsWindows)
{
  const auto image = torch::rand({2, 9, 8, 11});
  const auto probability = Probabilities(AddsMean(1.0), image);
  EXPECT_LT((probability[0] - image.mean()).abs().max().item<float>(), 1e-6);
}

TEST(VolumePredictor, EnsembleAveragesMembersThatAddDifferentChannels)
{
  const auto image = torch::rand({2, 9, 8, 11});
  const auto probability = Probabilities(
      EnsembleVolumePredictor({AddsMean(1.0), WindowsOnly(LastChannel()), AddsMean(0.5)}), image);
  const auto expected = (1.5 * image.mean() + image[1]) / 3;
  EXPECT_LT((probability[0] - expected).abs().max().item<float>(), 1e-6);
  EXPECT_THROW(EnsembleVolumePredictor({}), UsageError);
}

TEST(VolumePredictor, FlipsMirrorAddedChannelsWithTheImage)
{
  const auto image = torch::rand({2, 9, 8, 11});
  const auto flipped = FlipVolumePredictor(AddsMean(1.0), {true, false, true});
  EXPECT_LT((Probabilities(flipped, image) - Probabilities(AddsMean(1.0), image))
                .abs()
                .max()
                .item<float>(),
            1e-6);
  const auto plain = FlipVolumePredictor(WindowsOnly(LastChannel()), {true, true, true});
  EXPECT_LT((Probabilities(plain, image)[0] - image[1]).abs().max().item<float>(), 1e-6);
}

} // namespace
} // namespace sulcus
