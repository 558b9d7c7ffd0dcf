#include "sulcusWeakToStrongObjective.h"

#include <sulcusAugmentation.h>
#include <sulcusSchedules.h>
#include <sulcusSupervisedObjective.h>

#include <torch/nn/functional/dropout.h>
#include <torch/nn/functional/loss.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

/** A box whose volume is a drawn part of the patch, with edges in the patch's proportions up to a
 * factor. */
std::array<std::int64_t, 6>
DrawCutMixBox(torch::IntArrayRef size, double smallest, double largest, RandomEngine & random)
{
  const double part = random.Uniform(smallest, largest);
  std::array<double, 3> stretch{};
  double mean = 0.0;
  for (auto & factor : stretch)
  {
    factor = random.Uniform(-std::log(2.0), std::log(2.0));
    mean += factor / 3;
  }
  std::array<std::int64_t, 6> box{};
  for (int axis = 0; axis < 3; ++axis)
  {
    const auto length = size[static_cast<std::size_t>(axis)];
    const double edge =
        static_cast<double>(length) * std::cbrt(part) * std::exp(stretch[axis] - mean);
    const auto voxels = std::clamp<std::int64_t>(std::llround(edge), 1, length);
    box[axis] = random.Integer(0, length - voxels);
    box[axis + 3] = box[axis] + voxels;
  }
  return box;
}

torch::Tensor
Boxed(const torch::Tensor & volume, const std::array<std::int64_t, 6> & box)
{
  auto part = volume;
  const auto first = volume.dim() - 3;
  for (int axis = 0; axis < 3; ++axis)
  {
    part = part.narrow(first + axis, box[axis], box[axis + 3] - box[axis]);
  }
  return part;
}

} // namespace

WeakToStrongOptions::WeakToStrongOptions()
{
  strong.gammaProbability = 0.8;
  strong.contrastProbability = 0.8;
  strong.smallestContrast = 0.5;
  strong.largestContrast = 1.5;
  strong.brightnessProbability = 0.8;
  strong.brightness = 0.5;
  strong.blurProbability = 0.5;
  strong.biasFieldProbability = 0.5;
  strong.noiseProbability = 0.5;
}

PseudoLabel
MakePseudoLabel(const torch::Tensor & logits)
{
  const auto [confidence, label] = logits.detach().softmax(1).max(1);
  return {label, confidence};
}

void
PasteBox(torch::Tensor & image,
         PseudoLabel & pseudo,
         const torch::Tensor & otherImage,
         const PseudoLabel & other,
         const std::array<std::int64_t, 6> & box)
{
  Boxed(image, box).copy_(Boxed(otherImage, box));
  Boxed(pseudo.label, box).copy_(Boxed(other.label, box));
  Boxed(pseudo.confidence, box).copy_(Boxed(other.confidence, box));
}

torch::Tensor
ClassThresholds(const PseudoLabel & pseudo, std::int64_t classes, double threshold, double share)
{
  auto thresholds = torch::full({classes}, threshold, pseudo.confidence.options());
  for (std::int64_t c = 0; share > 0.0 && c < classes; ++c)
  {
    const auto found = pseudo.confidence.masked_select(pseudo.label == c);
    const auto counted = std::llround(std::ceil(share * static_cast<double>(found.numel())));
    if (counted > 0)
    {
      thresholds[c].clamp_max_(std::get<0>(found.topk(counted)).min());
    }
  }
  return thresholds;
}

torch::Tensor
StrongViewLoss(const torch::Tensor & logits,
               const PseudoLabel & pseudo,
               const torch::Tensor & thresholds,
               StrongTerm term)
{
  const auto keep = pseudo.confidence >=
                    thresholds.index_select(0, pseudo.label.flatten()).view(pseudo.label.sizes());
  if (term == StrongTerm::CrossEntropy)
  {
    namespace functional = torch::nn::functional;
    const auto each = functional::cross_entropy(
        logits, pseudo.label, functional::CrossEntropyFuncOptions().reduction(torch::kNone));
    return each.masked_fill(~keep, 0.0).mean();
  }
  OverlapOptions overlap;
  overlap.includeBackground = true;
  overlap.presentClassesOnly = term == StrongTerm::DiceOfPresent;
  return SoftDiceLoss(logits.softmax(1), {pseudo.label, keep.to(logits.scalar_type())}, overlap);
}

WeakToStrongObjective::WeakToStrongObjective(SegmentationNetwork network,
                                             SegmentationNetwork teacher,
                                             const WeakToStrongOptions & options,
                                             std::uint64_t seed,
                                             Precision precision)
    : m_Network(register_module("network", std::move(network))),
      m_Labeller(teacher.is_empty() ? m_Network : std::move(teacher)), m_Options(options),
      m_Random(RandomEngine(seed).Fork("weak_to_strong")), m_Precision(precision)
{
  if (m_Labeller.ptr() != m_Network.ptr())
  {
    m_Average.emplace(*m_Network, *m_Labeller, options.teacherDecay);
    for (auto & parameter : m_Labeller->parameters())
    {
      parameter.set_requires_grad(false);
    }
  }
}

void
WeakToStrongObjective::AfterStep(std::int64_t /*step*/)
{
  if (m_Average)
  {
    m_Average->Update();
  }
}

void
WeakToStrongObjective::SaveExtra(std::map<std::string, torch::Tensor> & state) const
{
  if (m_Average)
  {
    m_Average->Save(state, "teacher/");
  }
}

void
WeakToStrongObjective::LoadExtra(const std::map<std::string, torch::Tensor> & state)
{
  if (m_Average)
  {
    m_Average->Load(state, "teacher/");
  }
}

void
WeakToStrongObjective::SetSchedule(std::int64_t totalSteps)
{
  m_TotalSteps = totalSteps;
}

WeakToStrongObjective::View
WeakToStrongObjective::StrongView(const Stream & unlabelled,
                                  const PseudoLabel & pseudo,
                                  const Stream & partner,
                                  const PseudoLabel & other,
                                  RandomEngine random) const
{
  const auto size = unlabelled.image.sizes().slice(2);
  const std::array<std::int64_t, 3> extent{size[0], size[1], size[2]};
  View view{torch::empty_like(unlabelled.image), {pseudo.label.clone(), pseudo.confidence.clone()}};
  for (std::int64_t n = 0; n < unlabelled.image.size(0); ++n)
  {
    auto sampleRandom = random.Fork(static_cast<std::uint64_t>(n));
    const auto spacing = unlabelled.SpacingInMm(n);
    const auto image = unlabelled.image[n].to(torch::kCPU, torch::kFloat).contiguous();
    const auto drawn = DrawIntensity(
        m_Options.strong, static_cast<int>(image.size(0)), extent, spacing, sampleRandom);
    view.image[n].copy_(ApplyIntensity(image, drawn, spacing));
    if (sampleRandom.Chance(m_Options.cutMixProbability))
    {
      const auto box =
          DrawCutMixBox(size, m_Options.smallestCutMix, m_Options.largestCutMix, sampleRandom);
      auto target = view.image[n];
      PseudoLabel labels{view.pseudo.label[n], view.pseudo.confidence[n]};
      PasteBox(target, labels, partner.image[n], {other.label[n], other.confidence[n]}, box);
    }
  }
  return view;
}

torch::Tensor
WeakToStrongObjective::PerturbedLogits(const torch::Tensor & image)
{
  auto levels = m_Network->GetEncoder()->forward(image);
  for (auto & level : levels)
  {
    level = torch::nn::functional::dropout3d(
        level,
        torch::nn::functional::Dropout3dFuncOptions().p(m_Options.channelDropout).training(true));
  }
  return m_Network->Logits(m_Network->GetDecoder()->forward(levels));
}

LossTerms
WeakToStrongObjective::Evaluate(const Batch & batch)
{
  const Stream & labelled = batch.Require("labelled");
  const Stream & unlabelled = batch.Require("unlabelled");
  const Stream & partner = batch.Require("partner");
  const auto random = m_Random.Fork(static_cast<std::uint64_t>(batch.step));
  NetworkFeatures supervised;
  PseudoLabel pseudo, other;
  std::vector<View> views;
  std::vector<torch::Tensor> strongLogits;
  torch::Tensor perturbed;
  {
    const AutocastScope autocast(m_Precision, labelled.image.device());
    {
      const torch::NoGradGuard noGradient;
      pseudo = MakePseudoLabel(m_Labeller->forward(unlabelled.image));
      other = MakePseudoLabel(m_Labeller->forward(partner.image));
    }
    supervised = m_Network->ForwardWithFeatures(labelled.image);
    for (std::uint64_t v = 0; v < (m_Options.twoViews ? 2U : 1U); ++v)
    {
      views.push_back(StrongView(unlabelled, pseudo, partner, other, random.Fork(v)));
      strongLogits.push_back(m_Network->forward(views.back().image));
    }
    if (m_Options.twoViews)
    {
      perturbed = PerturbedLogits(unlabelled.image);
    }
  }
  const auto supervisedLoss = SupervisedLoss(supervised, labelled, m_Options.loss);
  const auto thresholds = ClassThresholds(
      pseudo, m_Network->GetPlan().classes, m_Options.threshold, m_Options.classShare);
  auto unsupervised = StrongViewLoss(strongLogits[0], views[0].pseudo, thresholds, m_Options.term);
  if (m_Options.twoViews)
  {
    const auto second =
        StrongViewLoss(strongLogits[1], views[1].pseudo, thresholds, m_Options.term);
    const auto features = StrongViewLoss(perturbed, pseudo, thresholds, m_Options.term);
    unsupervised = 0.25 * unsupervised + 0.25 * second + 0.5 * features;
  }
  const double weight = m_Options.weight * GaussianRamp(static_cast<double>(batch.step) /
                                                            static_cast<double>(m_TotalSteps),
                                                        m_Options.rampFraction);
  const double kept =
      (pseudo.confidence >= m_Options.threshold).to(torch::kFloat).mean().item<double>();
  return {supervisedLoss + weight * unsupervised,
          {{"supervised", supervisedLoss.item<double>()},
           {"unsupervised", unsupervised.item<double>()},
           {"confident_voxels", kept}}};
}

} // namespace sulcus
