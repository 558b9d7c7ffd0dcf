#include "sulcusSupervisedObjective.h"

#include "sulcusMixup.h"
#include "sulcusSingleOptimizerStep.h"
#include "sulcusTrainingMethod.h"
#include <sulcusError.h>

#include <torch/types.h>

namespace sulcus
{

void
Describe(Parameters & visit, DiceCrossEntropyOptions & o)
{
  visit("dice_weight", o.diceWeight, "Factor of the Dice loss.").Range(0, 100).Advanced();
  visit("cross_entropy_weight", o.crossEntropyWeight, "Factor of the cross-entropy.")
      .Range(0, 100)
      .Advanced();
  visit("dice_background",
        o.overlap.includeBackground,
        "The background counts as a structure in the Dice loss.")
      .Advanced();
  visit("dice_batch", o.overlap.batch, "One Dice over the whole batch instead of one a patch.")
      .Advanced();
}

SupervisedObjective::SupervisedObjective(SegmentationNetwork network,
                                         const DiceCrossEntropyOptions & options,
                                         Precision precision,
                                         double mixupAlpha)
    : m_Network(register_module("network", std::move(network))), m_Options(options),
      m_Precision(precision), m_MixupAlpha(mixupAlpha)
{
}

namespace
{

/** Soft labels are met by a Dice that is best where prediction and label are equal. */
DiceCrossEntropyOptions
LossFor(const Stream & labelled, DiceCrossEntropyOptions options)
{
  options.overlap.semimetric = options.overlap.semimetric || labelled.softLabel.defined();
  return options;
}

} // namespace

LossTerms
SupervisedObjective::Evaluate(const Batch & batch)
{
  const Stream & labelled = batch.Require("labelled");
  MixedSamples samples{
      labelled.image,
      MakeTarget(labelled.label, labelled.softLabel, labelled.weight, labelled.observed)};
  if (m_MixupAlpha > 0 && is_training())
  {
    const std::int64_t count = labelled.image.size(0);
    samples = Mixup(samples.image,
                    samples.target,
                    m_Network->GetPlan().classes,
                    DrawMixupShares(count, m_MixupAlpha),
                    torch::randperm(count, torch::kLong));
  }
  NetworkFeatures features;
  {
    const AutocastScope autocast(m_Precision, samples.image.device());
    features = m_Network->ForwardWithFeatures(samples.image);
  }
  return {DeepSupervisionLoss(
              features.logits, features.sideLogits, samples.target, LossFor(labelled, m_Options)),
          {}};
}

torch::Tensor
SupervisedLoss(const NetworkFeatures & features,
               const Stream & labelled,
               const DiceCrossEntropyOptions & options)
{
  const auto target =
      MakeTarget(labelled.label, labelled.softLabel, labelled.weight, labelled.observed);
  return DeepSupervisionLoss(
      features.logits, features.sideLogits, target, LossFor(labelled, options));
}

namespace
{

class SupervisedMethod final : public TrainingMethod
{
public:
  void
  Describe(Parameters & visit) override
  {
    sulcus::Describe(visit, m_Loss);
    visit(
        "mixup",
        m_MixupAlpha,
        "Combine samples of a batch with shares from Beta(a, a) of this a; 0: not. Published with "
        "contrastive pre-training: 0.1.")
        .Range(0, 100)
        .Advanced();
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    if (context.labelledCases == 0)
    {
      throw UsageError("method 'supervised': the prepared data has no labelled training case");
    }
    BuiltMethod built;
    built.network = context.MakeNetwork();
    const auto objective = std::make_shared<SupervisedObjective>(
        built.network, m_Loss, context.precision, m_MixupAlpha);
    const auto rule = std::make_shared<SingleOptimizerStep>(objective, context.update);
    built.rule = rule;
    built.sampling.streams = {LabelledStream(context)};
    built.weights = [rule, network = built.network]
    { return FinalWeights(rule->Update(), network, "network."); };
    built.sharesBatches = m_MixupAlpha == 0.0; // Mixup combines samples of the whole batch
    return built;
  }

private:
  DiceCrossEntropyOptions m_Loss;
  double m_MixupAlpha = 0.0;
};

} // namespace

void
RegisterSupervised(MethodRegistry & registry)
{
  registry.Add("supervised",
               "Dice and cross-entropy on the labelled cases",
               [] { return std::make_unique<SupervisedMethod>(); });
}

} // namespace sulcus
