#include "sulcusMixup.h"

namespace sulcus
{
namespace
{

/** One number a sample, shaped to multiply a tensor of samples. */
torch::Tensor
Spread(const torch::Tensor & share, const torch::Tensor & like)
{
  std::vector<std::int64_t> shape(like.dim(), 1);
  shape[0] = like.size(0);
  return share.to(like.options()).reshape(shape);
}

torch::Tensor
Mix(const torch::Tensor & values, const torch::Tensor & share, const torch::Tensor & partner)
{
  const torch::Tensor own = Spread(share, values);
  return values * own + values.index_select(0, partner) * (1 - own);
}

} // namespace

MixedSamples
Mixup(const torch::Tensor & image,
      const Target & target,
      std::int64_t classes,
      const torch::Tensor & share,
      const torch::Tensor & partner)
{
  const torch::Tensor others = partner.to(image.device());
  const torch::Tensor probability = target.probability.dim() == 5
                                        ? target.probability
                                        : OneHot(target.probability, classes, image.scalar_type());
  MixedSamples mixed{Mix(image, share, others), {Mix(probability, share, others), {}}};
  if (target.weight.defined())
  {
    const torch::Tensor known =
        target.weight.gt(0).logical_and(target.weight.index_select(0, others).gt(0));
    mixed.target.weight =
        torch::where(known, Mix(target.weight, share, others), torch::zeros_like(target.weight));
  }
  return mixed;
}

torch::Tensor
DrawMixupShares(std::int64_t count, double alpha)
{
  const torch::Tensor gamma =
      at::_standard_gamma(torch::full({2, count}, alpha, torch::kDouble)).clamp_min(1e-300);
  return gamma[0] / gamma.sum(0);
}

} // namespace sulcus
