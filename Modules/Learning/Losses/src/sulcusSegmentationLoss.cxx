#include "sulcusSegmentationLoss.h"

#include <sulcusError.h>
#include <sulcusProcessGroup.h>

#include <torch/types.h>

#include <cmath>

namespace sulcus
{
namespace
{

using torch::Tensor;

/** Target and prediction checked against each other and brought to one type, unknown voxels removed
 * from both. */
struct Compared
{
  Tensor prediction;  ///< [N, K, z, y, x]; 0 where unknown, so nothing there can reach value or
                      ///< gradient
  Tensor probability; ///< [N, K, z, y, x]; 0 where unknown
  Tensor weight;      ///< [N, 1, z, y, x] or undefined (1 everywhere)
};

void
RequireShape(bool fits, const Tensor & prediction, const Tensor & found, const char * what)
{
  if (!fits)
  {
    throw UsageError(Message("loss: ",
                             what,
                             " ",
                             torch::str(found.sizes()),
                             " does not belong to the prediction ",
                             torch::str(prediction.sizes())));
  }
}

bool
SameSpace(const Tensor & prediction, const Tensor & field)
{
  return field.dim() == 4 && field.size(0) == prediction.size(0) &&
         field.sizes().slice(1) == prediction.sizes().slice(2);
}

Compared
Compare(const Tensor & prediction, const Target & target)
{
  if (prediction.dim() != 5)
  {
    throw UsageError(
        Message("loss: predictions must be [N, K, z, y, x], got ", torch::str(prediction.sizes())));
  }
  Compared compared{prediction, target.probability, {}};
  if (target.probability.dim() == 4)
  {
    RequireShape(
        SameSpace(prediction, target.probability), prediction, target.probability, "a label");
    compared.probability = OneHot(target.probability, prediction.size(1), prediction.scalar_type());
  }
  else
  {
    RequireShape(target.probability.sizes() == prediction.sizes(),
                 prediction,
                 target.probability,
                 "a soft label");
    compared.probability = target.probability.to(prediction.scalar_type());
  }
  if (target.weight.defined())
  {
    RequireShape(SameSpace(prediction, target.weight), prediction, target.weight, "a weight");
    compared.weight = target.weight.unsqueeze(1).to(prediction.scalar_type());
    const Tensor known = compared.weight > 0;
    compared.prediction = prediction.masked_fill(known.logical_not(), 0);
    compared.probability = compared.probability.masked_fill(known.logical_not(), 0);
  }
  return compared;
}

/** Σ w v / Σ w over voxels; v is [N, 1, …] per-voxel values. 0 with nothing observed. Processes
 * that share the batch divide by their mean Σ w, so that the mean of their losses is that of the
 * batch. */
Tensor
WeightedMean(const Tensor & values, const Tensor & weight)
{
  if (!weight.defined())
  {
    return values.mean();
  }
  const Tensor total = MeanOverProcesses(weight.sum());
  return (values * weight).sum() / torch::where(total > 0, total, torch::ones_like(total));
}

Tensor
Weighted(const Tensor & values, const Tensor & weight)
{
  return weight.defined() ? values * weight : values;
}

/** numerator / denominator, 0 where both are 0. */
Tensor
Ratio(const Tensor & numerator, const Tensor & denominator)
{
  return numerator / torch::where(denominator > 0, denominator, torch::ones_like(denominator));
}

/** Mean of 1 - index over classes and samples, by the options. \param index, presence [N or 1, K]
 */
Tensor
MeanLoss(const Tensor & index,
         const Tensor & presence,
         const Tensor & observed,
         const OverlapOptions & options)
{
  const std::int64_t first = options.includeBackground ? 0 : 1;
  if (index.size(1) <= first)
  {
    throw UsageError("overlap loss: there is no structure besides the background");
  }
  const Tensor loss = 1 - index.narrow(1, first, index.size(1) - first);
  Tensor counted = observed.expand_as(loss);
  if (options.presentClassesOnly)
  {
    counted =
        counted * presence.narrow(1, first, presence.size(1) - first).gt(0).to(loss.scalar_type());
  }
  const Tensor number = MeanOverProcesses(counted.sum());
  return (loss * counted).sum() / torch::where(number > 0, number, torch::ones_like(number));
}

/** Σ over voxels (and, for batch overlaps, samples of all processes) -> [N or 1, K]. */
Tensor
SumOverSpace(const Tensor & values, bool batch)
{
  return batch ? SumOverProcesses(values.sum({0, 2, 3, 4}).unsqueeze(0)) : values.sum({2, 3, 4});
}

/** 1 for samples (or the batch) with at least one observed voxel: [N or 1, 1]. */
Tensor
ObservedSamples(const Compared & c, bool batch)
{
  if (!c.weight.defined())
  {
    return torch::ones({batch ? 1 : c.prediction.size(0), 1}, c.prediction.options());
  }
  return SumOverSpace(c.weight, batch).gt(0).to(c.prediction.scalar_type());
}

} // namespace

Tensor
TverskyLoss(const Tensor & probability,
            const Target & target,
            double falsePositiveWeight,
            double falseNegativeWeight,
            const OverlapOptions & options)
{
  const Compared c = Compare(probability, target);
  const Tensor wp = Weighted(c.prediction, c.weight);
  const Tensor common = SumOverSpace(wp * c.probability, options.batch);
  const Tensor predicted = SumOverSpace(wp, options.batch);
  const Tensor truth = SumOverSpace(Weighted(c.probability, c.weight), options.batch);
  const Tensor index = Ratio(common + options.smooth,
                             common + falsePositiveWeight * (predicted - common) +
                                 falseNegativeWeight * (truth - common) + options.smooth);
  return MeanLoss(index, truth, ObservedSamples(c, options.batch), options);
}

Tensor
SoftDiceLoss(const Tensor & probability, const Target & target, const OverlapOptions & options)
{
  const Compared c = Compare(probability, target);
  const Tensor wp = Weighted(c.prediction, c.weight);
  const Tensor shared = options.semimetric
                            ? Weighted(torch::minimum(c.prediction, c.probability), c.weight)
                            : wp * c.probability;
  const Tensor common = SumOverSpace(shared, options.batch);
  const Tensor predicted = SumOverSpace(wp, options.batch);
  const Tensor truth = SumOverSpace(Weighted(c.probability, c.weight), options.batch);
  const Tensor index = Ratio(2 * common + options.smooth, predicted + truth + options.smooth);
  return MeanLoss(index, truth, ObservedSamples(c, options.batch), options);
}

Tensor
CrossEntropyLoss(const Tensor & logits, const Target & target, const Tensor & classWeight)
{
  const Compared c = Compare(logits, target);
  Tensor truth = c.probability;
  if (classWeight.defined())
  {
    truth = truth * classWeight.to(truth.scalar_type()).reshape({1, -1, 1, 1, 1});
  }
  return WeightedMean(-(truth * c.prediction.log_softmax(1)).sum(1, true), c.weight);
}

Tensor
FocalLoss(const Tensor & logits, const Target & target, double gamma)
{
  const Compared c = Compare(logits, target);
  const Tensor logarithm = c.prediction.log_softmax(1);
  // 1 - p through expm1, and bounded away from 0: the power's derivative is infinite there for
  // gamma < 1
  const Tensor rest = (-torch::expm1(logarithm)).clamp_min(1e-12);
  const Tensor factor = gamma == 0 ? torch::ones_like(rest) : rest.pow(gamma);
  return WeightedMean(-(c.probability * factor * logarithm).sum(1, true), c.weight);
}

Tensor
BinaryCrossEntropyLoss(const Tensor & logits, const Target & target)
{
  const Compared c = Compare(logits, target);
  // max(x, 0) - x y + log(1 + exp(-|x|)): never overflows
  const Tensor & x = c.prediction;
  const Tensor value = x.clamp_min(0) - x * c.probability + torch::log1p(torch::exp(-x.abs()));
  return WeightedMean(value.mean(1, true), c.weight);
}

Tensor
DiceCrossEntropyLoss(const Tensor & logits,
                     const Target & target,
                     const DiceCrossEntropyOptions & options)
{
  // One comparison and one log-softmax serve both terms.
  const Compared c = Compare(logits, target);
  const Tensor logarithm = c.prediction.log_softmax(1);
  Tensor total = torch::zeros({}, logits.options());
  if (options.crossEntropyWeight != 0)
  {
    total = total + options.crossEntropyWeight *
                        WeightedMean(-(c.probability * logarithm).sum(1, true), c.weight);
  }
  if (options.diceWeight != 0)
  {
    total =
        total + options.diceWeight *
                    SoftDiceLoss(logarithm.exp(), {c.probability, target.weight}, options.overlap);
  }
  return total;
}

Tensor
DeepSupervisionLoss(const Tensor & logits,
                    const std::vector<Tensor> & sideLogits,
                    const Target & target,
                    const DiceCrossEntropyOptions & options)
{
  const double sum = 2.0 - std::ldexp(1.0, -static_cast<int>(sideLogits.size()));
  Tensor total = DiceCrossEntropyLoss(logits, target, options) / sum;
  double weight = 0.5;
  for (const auto & side : sideLogits)
  {
    const Target coarse = ShrinkTarget(target, side.size(1), side.sizes().slice(2));
    total = total + DiceCrossEntropyLoss(side, coarse, options) * (weight / sum);
    weight /= 2;
  }
  return total;
}

Tensor
KullbackLeiblerLoss(const Tensor & logits, const Target & target)
{
  const Compared c = Compare(logits, target);
  const Tensor value =
      torch::xlogy(c.probability, c.probability) - c.probability * c.prediction.log_softmax(1);
  return WeightedMean(value.sum(1, true), c.weight);
}

Tensor
MeanSquaredLoss(const Tensor & prediction, const Target & target)
{
  const Compared c = Compare(prediction, target);
  return WeightedMean((c.prediction - c.probability).square().mean(1, true), c.weight);
}

Tensor
MeanAbsoluteLoss(const Tensor & prediction, const Target & target)
{
  const Compared c = Compare(prediction, target);
  return WeightedMean((c.prediction - c.probability).abs().mean(1, true), c.weight);
}

} // namespace sulcus
