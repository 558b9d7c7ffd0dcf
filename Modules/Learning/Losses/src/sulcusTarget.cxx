#include "sulcusTarget.h"

#include <sulcusError.h>

#include <torch/types.h>

namespace sulcus
{

torch::Tensor
OneHot(const torch::Tensor & label, std::int64_t classes, torch::ScalarType type)
{
  const torch::Tensor values =
      torch::arange(classes, label.options().dtype(torch::kLong)).reshape({1, classes, 1, 1, 1});
  return (label.unsqueeze(1) == values).to(type);
}

Target
MakeTarget(const torch::Tensor & label,
           const torch::Tensor & softLabel,
           const torch::Tensor & weight,
           const torch::Tensor & observed)
{
  if (!label.defined() && !softLabel.defined())
  {
    throw UsageError("loss: the stream has neither a label nor a soft label");
  }
  Target target{softLabel.defined() ? softLabel : label, weight};
  if (observed.defined())
  {
    const torch::Tensor known = observed.to(torch::kFloat);
    // where, not a product: a weight that is not finite where nothing is known must not count
    // either
    target.weight = weight.defined()
                        ? torch::where(observed.to(torch::kBool), weight, torch::zeros_like(weight))
                        : known;
  }
  return target;
}

Target
ShrinkTarget(const Target & target, std::int64_t classes, torch::IntArrayRef size)
{
  const auto type = target.weight.defined() ? target.weight.scalar_type() : torch::kFloat;
  const torch::Tensor probability = target.probability.dim() == 5
                                        ? target.probability
                                        : OneHot(target.probability, classes, type);
  if (!target.weight.defined())
  {
    return {torch::adaptive_avg_pool3d(probability, size), {}};
  }
  const torch::Tensor weight = target.weight.unsqueeze(1).to(probability.scalar_type());
  const torch::Tensor known =
      torch::where(weight > 0, probability * weight, torch::zeros_like(probability));
  const torch::Tensor coarseWeight = torch::adaptive_avg_pool3d(weight, size);
  const torch::Tensor coarse = torch::adaptive_avg_pool3d(known, size);
  return {coarse / coarseWeight.clamp_min(1e-12), coarseWeight.squeeze(1)};
}

} // namespace sulcus
