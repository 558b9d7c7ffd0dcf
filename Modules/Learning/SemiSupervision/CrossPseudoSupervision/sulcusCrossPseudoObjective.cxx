#include "sulcusCrossPseudoObjective.h"

#include <sulcusSchedules.h>
#include <sulcusSingleOptimizerStep.h>
#include <sulcusSupervisedObjective.h>
#include <sulcusTrainingMethod.h>

#include <torch/nn/functional/loss.h>
#include <torch/types.h>

namespace sulcus
{

torch::Tensor
CrossPseudoLoss(const torch::Tensor & first, const torch::Tensor & second)
{
  const auto firstLabel = first.detach().argmax(1);
  const auto secondLabel = second.detach().argmax(1);
  return torch::nn::functional::cross_entropy(first, secondLabel) + torch::nn::functional::cross_entropy(second, firstLabel);
}

CrossPseudoObjective::CrossPseudoObjective(SegmentationNetwork first,
                                           SegmentationNetwork second,
                                           const CrossPseudoOptions & options,
                                           Precision precision)
  : m_First(register_module("network", std::move(first)))
  , m_Second(register_module("partner", std::move(second)))
  , m_Options(options)
  , m_Precision(precision)
{}

void
CrossPseudoObjective::SetSchedule(std::int64_t totalSteps)
{
  m_TotalSteps = totalSteps;
}

LossTerms
CrossPseudoObjective::Evaluate(const Batch & batch)
{
  const Stream & labelled = batch.Require("labelled");
  const Stream & unlabelled = batch.Require("unlabelled");
  NetworkFeatures first, second;
  torch::Tensor firstLogits, secondLogits;
  {
    const AutocastScope autocast(m_Precision, labelled.image.device());
    first = m_First->ForwardWithFeatures(labelled.image);
    second = m_Second->ForwardWithFeatures(labelled.image);
    firstLogits = m_First->forward(unlabelled.image);
    secondLogits = m_Second->forward(unlabelled.image);
  }
  const auto supervised = SupervisedLoss(first, labelled, m_Options.loss) + SupervisedLoss(second, labelled, m_Options.loss);
  const auto cross = CrossPseudoLoss(firstLogits, secondLogits);
  const double weight =
    m_Options.weight * GaussianRamp(static_cast<double>(batch.step) / static_cast<double>(m_TotalSteps), m_Options.rampFraction);
  return { supervised + weight * cross,
           { { "supervised", supervised.item<double>() }, { "cross_pseudo", cross.item<double>() }, { "consistency_weight", weight } } };
}

namespace
{

class CrossPseudoMethod final : public TrainingMethod
{
public:
  void
  Describe(Parameters & visit) override
  {
    visit("cross_pseudo_weight", m_Options.weight, "Factor of the term in which two networks teach each other.").Range(0, 1e6).Advanced();
    visit("cross_pseudo_ramp", m_Options.rampFraction, "Part of the run over which that factor rises.").Range(0, 1).Advanced();
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    RequireLabelledAndUnlabelled(context, "cross_pseudo_supervision");
    BuiltMethod built;
    built.network = context.MakeNetwork();
    const auto objective = std::make_shared<CrossPseudoObjective>(built.network, context.MakeNetwork(1), m_Options, context.precision);
    const auto rule = std::make_shared<SingleOptimizerStep>(objective, context.update);
    built.rule = rule;
    built.sampling.streams = LabelledAndUnlabelledStreams(context);
    built.weights = [rule, network = built.network] { return FinalWeights(rule->Update(), network, "network."); };
    return built;
  }

private:
  CrossPseudoOptions m_Options;
};

} // namespace

void
RegisterCrossPseudoSupervision(MethodRegistry & registry)
{
  registry.Add("cross_pseudo_supervision", "two networks teach each other", [] { return std::make_unique<CrossPseudoMethod>(); });
}

} // namespace sulcus
