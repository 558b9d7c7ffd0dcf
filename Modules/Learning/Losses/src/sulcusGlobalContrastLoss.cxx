#include "sulcusGlobalContrastLoss.h"

#include <sulcusError.h>
#include <sulcusParameters.h>

#include <torch/types.h>

#include <limits>

namespace sulcus
{
namespace
{

torch::Tensor
Equal(const torch::Tensor & ids)
{
  return ids.unsqueeze(1) == ids.unsqueeze(0);
}

void
CheckSamples(const torch::Tensor & embeddings,
             const ContrastSamples & samples,
             const GlobalContrastOptions & options)
{
  if (!(options.temperature > 0.0))
  {
    throw UsageError(
        Message("contrastive loss: the temperature must be positive, found ", options.temperature));
  }
  for (const auto & ids : {samples.image, samples.volume, samples.view})
  {
    if (!ids.defined() || ids.dim() != 1 || ids.size(0) != embeddings.size(0))
    {
      throw UsageError(Message("contrastive loss: ",
                               embeddings.size(0),
                               " embeddings need as many image, volume and view numbers"));
    }
  }
}

} // namespace

GlobalStrategy
GlobalStrategyFromName(const std::string & name)
{
  if (name == "random")
  {
    return GlobalStrategy::Random;
  }
  if (name == "domain_negatives")
  {
    return GlobalStrategy::DomainNegatives;
  }
  if (name == "domain")
  {
    return GlobalStrategy::Domain;
  }
  throw UsageError(Message("unknown strategy '",
                           name,
                           "'; ",
                           SuggestName(name, {"random", "domain_negatives", "domain"})));
}

ContrastPairs
SelectPairs(const ContrastSamples & samples, const GlobalContrastOptions & options)
{
  const auto self = torch::eye(samples.image.size(0), samples.image.options().dtype(torch::kBool));
  const auto sameImage = Equal(samples.image);
  ContrastPairs pairs;
  pairs.positives = sameImage & ~self;
  if (options.strategy == GlobalStrategy::Random)
  {
    pairs.negatives = ~sameImage;
    return pairs;
  }
  torch::Tensor samePlace;
  if (samples.position.defined())
  {
    const double tolerance =
        1e-9; // positions at partition centres must not fall on either side by rounding
    const auto distance = (samples.position.unsqueeze(1) - samples.position.unsqueeze(0)).abs();
    pairs.negatives = distance >= options.negativeDistance - tolerance;
    samePlace = distance <= options.positiveDistance + tolerance;
  }
  else
  {
    samePlace = Equal(samples.partition);
    pairs.negatives = ~samePlace;
  }
  pairs.negatives = pairs.negatives & ~sameImage;
  if (options.strategy == GlobalStrategy::Domain)
  {
    auto across = samePlace & ~Equal(samples.volume);
    if (!options.allViewPairs)
    {
      across = across & Equal(samples.view);
    }
    pairs.positives = pairs.positives | across;
  }
  return pairs;
}

GlobalContrastResult
GlobalContrastLoss(const torch::Tensor & embeddings,
                   const ContrastSamples & samples,
                   const GlobalContrastOptions & options)
{
  CheckSamples(embeddings, samples, options);
  const auto wide =
      embeddings.scalar_type() == torch::kDouble ? embeddings : embeddings.to(torch::kFloat);
  const auto unit = wide / wide.norm(2, 1, true).clamp_min(1e-8);
  const auto similarity = unit.matmul(unit.t()) / options.temperature;
  const auto pairs = SelectPairs(samples, options);
  const auto hasNegative = pairs.negatives.any(1);
  const auto hasPositive = pairs.positives.any(1);
  GlobalContrastResult result;
  result.orderedPairs = pairs.positives.sum().item<std::int64_t>();
  result.skippedAnchors = (hasPositive & ~hasNegative).sum().item<std::int64_t>();
  const auto contributing = pairs.positives & hasNegative.unsqueeze(1);
  if (!contributing.any().item<bool>())
  {
    result.loss = embeddings.sum() * 0.0;
    return result;
  }
  // Anchors without negatives get a harmless row, so that no -inf reaches the backward pass.
  const auto masked = similarity.masked_fill(~pairs.negatives & hasNegative.unsqueeze(1),
                                             -std::numeric_limits<double>::infinity());
  const auto repelling = masked.logsumexp(1, true);
  const auto terms = torch::softplus(repelling - similarity); // log(1 + exp(repelling - s_ab))
  const auto sum = terms.masked_fill(~contributing, 0.0).sum();
  result.loss = 2.0 * sum / static_cast<double>(result.orderedPairs);
  return result;
}

} // namespace sulcus
