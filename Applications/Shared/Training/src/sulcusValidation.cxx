#include "sulcusValidation.h"

#include <sulcusSlidingWindow.h>

#include <torch/types.h>

namespace sulcus
{
namespace
{

torch::Tensor
ViewOf(const std::span<const std::uint8_t> & values, const std::array<std::int64_t, 3> & size)
{
  return torch::from_blob(
      const_cast<std::uint8_t *>(values.data()), {size[0], size[1], size[2]}, torch::kUInt8);
}

} // namespace

std::map<std::string, double>
ValidationScores(const PreparedCache & cache,
                 const std::vector<std::size_t> & cases,
                 const Plan & plan,
                 const VolumePredictor & predictor,
                 const torch::Device & device)
{
  SlidingWindowOptions window;
  window.window = plan.patchSize;
  std::vector<double> sum(plan.labels.size(), 0.0);
  std::vector<int> count(plan.labels.size(), 0);
  for (const std::size_t index : cases)
  {
    const PreparedVolume volume = cache.Volume(index);
    if (volume.label.empty())
    {
      continue;
    }
    const auto & size = volume.size;
    const torch::Tensor image = torch::from_blob(const_cast<float *>(volume.image.data()),
                                                 {volume.channels, size[0], size[1], size[2]});
    const auto spacing = cache.Cases()[index].millimetreFromVoxel.Spacing(); // x, y, z
    const VolumePrediction prepared =
        predictor(image.to(device), {spacing[2], spacing[1], spacing[0]}, window);
    const torch::Tensor predicted =
        PredictVolume(prepared.image, prepared.predictor, window).argmax(0).to(torch::kCPU);
    const torch::Tensor label = ViewOf(volume.label, size);
    const torch::Tensor known = volume.observed.empty() ? torch::ones_like(label).to(torch::kBool)
                                                        : ViewOf(volume.observed, size).ne(0);
    for (std::size_t k = 1; k < plan.labels.size(); ++k)
    {
      const torch::Tensor found = predicted.eq(static_cast<std::int64_t>(k)).logical_and(known);
      const torch::Tensor truth = label.eq(static_cast<std::int64_t>(k)).logical_and(known);
      const double voxels = found.sum().item<double>() + truth.sum().item<double>();
      if (voxels > 0)
      {
        sum[k] += 2.0 * found.logical_and(truth).sum().item<double>() / voxels;
        ++count[k];
      }
    }
  }
  std::map<std::string, double> scores;
  double total = 0;
  for (std::size_t k = 1; k < plan.labels.size(); ++k)
  {
    if (count[k] > 0)
    {
      scores["dice_" + plan.labels[k].name] = sum[k] / count[k];
      total += sum[k] / count[k];
    }
  }
  if (!scores.empty())
  {
    scores["dice"] = total / static_cast<double>(scores.size());
  }
  return scores;
}

} // namespace sulcus
