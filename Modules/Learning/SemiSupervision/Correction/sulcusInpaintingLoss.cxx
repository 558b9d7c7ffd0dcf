#include "sulcusInpaintingLoss.h"

#include <cmath>

namespace sulcus
{
namespace
{

using torch::Tensor;

/** True [N, C, 1, 1, 1] where a channel of a sample varies. */
Tensor
PresentChannels(const Tensor & image)
{
  const auto flat = image.flatten(2);
  return (flat.amax(2) > flat.amin(2)).reshape({image.size(0), image.size(1), 1, 1, 1});
}

/** prediction − image where it counts. Both are silenced before the difference: whatever stands
 * elsewhere, also what is not finite, reaches neither value nor gradient. */
Tensor
DifferenceOver(const Tensor & prediction, const Tensor & image, const Tensor & counted)
{
  const auto hidden = counted.logical_not();
  return prediction.masked_fill(hidden, 0.0) -
         image.to(prediction.scalar_type()).masked_fill(hidden, 0.0);
}

/** Σ w v / count; v is 0 where it does not count. */
Tensor
MeanOf(const Tensor & values, const Tensor & counted, const Tensor & sampleWeight)
{
  auto weighted = values;
  if (sampleWeight.defined())
  {
    weighted = values * sampleWeight.reshape({-1, 1, 1, 1, 1}).to(values.scalar_type());
  }
  return weighted.sum() / counted.sum().clamp_min(1);
}

Tensor
AverageTo(const Tensor & volume, torch::IntArrayRef size)
{
  return torch::adaptive_avg_pool3d(volume, size);
}

} // namespace

Tensor
MaskedAbsoluteLoss(const Tensor & prediction,
                   const Tensor & image,
                   const Tensor & mask,
                   const Tensor & sampleWeight)
{
  const auto counted = mask.logical_and(PresentChannels(image));
  return MeanOf(DifferenceOver(prediction, image, counted).abs(), counted, sampleWeight);
}

Tensor
MaskedGradientLoss(const Tensor & prediction,
                   const Tensor & image,
                   const Tensor & mask,
                   const Tensor & sampleWeight)
{
  const auto counted = mask.logical_and(PresentChannels(image));
  const auto difference = DifferenceOver(prediction, image, counted);
  Tensor total = torch::zeros({}, prediction.options());
  for (int axis = 2; axis < 5; ++axis)
  {
    const auto pairs = difference.size(axis) - 1;
    if (pairs < 1)
    {
      continue;
    }
    const auto slope = difference.narrow(axis, 1, pairs) - difference.narrow(axis, 0, pairs);
    const auto inside = counted.narrow(axis, 1, pairs).logical_and(counted.narrow(axis, 0, pairs));
    const auto silent = slope.masked_fill(inside.logical_not(), 0.0).abs();
    total = total + MeanOf(silent, inside, sampleWeight) / 3;
  }
  return total;
}

InpaintingTerms
InpaintingLoss(const std::vector<Tensor> & repainted,
               const Tensor & image,
               const std::vector<Tensor> & masks,
               const Tensor & sampleWeight,
               const std::vector<double> & scaleWeights,
               double gradientWeight)
{
  InpaintingTerms terms;
  terms.loss = torch::zeros({}, repainted.front().options());
  const auto first = masks.front().to(torch::kFloat);
  for (std::size_t k = 0; k < repainted.size(); ++k)
  {
    const auto size = repainted[k].sizes().slice(2);
    const auto target = k == 0 ? image : AverageTo(image, size);
    const bool isGiven = k < masks.size();
    const auto mask = isGiven ? masks[k] : AverageTo(first, size) > 0.5;
    terms.emptyScales += mask.any().item<bool>() ? 0 : 1;
    terms.loss = terms.loss +
                 scaleWeights.at(k) * MaskedAbsoluteLoss(repainted[k], target, mask, sampleWeight);
    if (k == 0 && gradientWeight > 0)
    {
      terms.loss =
          terms.loss + gradientWeight * MaskedGradientLoss(repainted[k], image, mask, sampleWeight);
    }
  }
  return terms;
}

std::vector<double>
ScaleWeights(int scales, bool equal)
{
  std::vector<double> weights;
  for (int k = 0; k < scales; ++k)
  {
    weights.push_back(equal ? 1.0 : std::ldexp(1.0, -k) / (2.0 - std::ldexp(1.0, 1 - scales)));
  }
  return weights;
}

} // namespace sulcus
