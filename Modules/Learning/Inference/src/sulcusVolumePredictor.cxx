#include "sulcusVolumePredictor.h"

#include <sulcusError.h>

namespace sulcus
{

VolumePredictor
WindowsOnly(Predictor predictor)
{
  return [predictor](const torch::Tensor & image,
                     const std::array<double, 3> &,
                     const SlidingWindowOptions &) {
    return VolumePrediction{image, predictor};
  };
}

VolumePredictor
EnsembleVolumePredictor(std::vector<VolumePredictor> members)
{
  if (members.empty())
  {
    throw UsageError("ensemble: there is no model");
  }
  if (members.size() == 1)
  {
    return members.front();
  }
  return [members](const torch::Tensor & image,
                   const std::array<double, 3> & spacingInMm,
                   const SlidingWindowOptions & options)
  {
    std::vector<torch::Tensor> blocks{image};
    std::vector<Predictor> predictors;
    std::int64_t channels = image.size(0);
    for (const auto & member : members)
    {
      const auto own = member(image, spacingInMm, options);
      const bool addsNothing = own.image.is_same(image);
      const std::int64_t first = addsNothing ? 0 : channels;
      const std::int64_t count = own.image.size(0);
      if (!addsNothing)
      {
        blocks.push_back(own.image);
        channels += count;
      }
      predictors.push_back([predictor = own.predictor, first, count](const torch::Tensor & windows)
                           { return predictor(windows.narrow(1, first, count).contiguous()); });
    }
    return VolumePrediction{blocks.size() == 1 ? image : torch::cat(blocks),
                            EnsemblePredictor(std::move(predictors))};
  };
}

VolumePredictor
FlipVolumePredictor(VolumePredictor predictor, const std::array<bool, 3> & axes)
{
  return [predictor, axes](const torch::Tensor & image,
                           const std::array<double, 3> & spacingInMm,
                           const SlidingWindowOptions & options)
  {
    auto prediction = predictor(image, spacingInMm, options);
    prediction.predictor = FlipPredictor(std::move(prediction.predictor), axes);
    return prediction;
  };
}

} // namespace sulcus
