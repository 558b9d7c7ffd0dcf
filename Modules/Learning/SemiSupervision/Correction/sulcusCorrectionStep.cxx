#include "sulcusCorrectionStep.h"

#include <sulcusSchedules.h>
#include <sulcusTensorFile.h>

#include <torch/utils.h>

#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

using torch::Tensor;

std::vector<std::array<double, 3>>
SpacingsOf(const Stream & stream)
{
  std::vector<std::array<double, 3>> spacings;
  for (std::int64_t n = 0; n < stream.image.size(0); ++n)
  {
    spacings.push_back(stream.SpacingInMm(n));
  }
  return spacings;
}

bool
IsFinite(const Tensor & tensor)
{
  return torch::isfinite(tensor.sum()).item<bool>();
}

/** NaN for the guard of the update, and whose fault it is. */
LossTerms
NotFinite(const Stream & stream)
{
  LossTerms terms;
  terms.total = torch::full({}, std::numeric_limits<double>::quiet_NaN(), stream.image.options());
  for (std::int64_t n = 0; n < stream.image.size(0); ++n)
  {
    const bool isKnown = n < static_cast<std::int64_t>(stream.caseIndex.size());
    if (isKnown && !IsFinite(stream.image[n]))
    {
      terms.logged["not_finite_case"] = static_cast<double>(stream.caseIndex[n]);
    }
  }
  return terms;
}

} // namespace

CorrectionOptions
PublishedCorrection()
{
  CorrectionOptions o;
  o.network.gate = GateKind::Full;
  o.network.maskChannel = false;
  o.network.scales = 5;
  o.erase.dilationInMm = 0.0;
  o.erase.smallestComponentInMm3 = 0.0;
  o.erase.shellFill = false;
  o.loss.overlap.smooth = 1.0;
  o.coarseWeight = 0.0;
  o.labelledInpaintingWeight = 0.0;
  o.inpaintingRamp = 0.0;
  o.equalScales = true;
  o.lossOverPrediction = true;
  o.cuboidProbability = 0.0;
  return o;
}

/** What phase 1, the erasing and the encoder gave for one stream. */
struct CorrectionStep::Phases
{
  Tensor coarseLogits; ///< with a graph for labelled patches that supervise them, else without
  Tensor mask;         ///< what was erased
  Tensor erased;       ///< image
  Tensor sampleWeight; ///< [N], CPU or device of the image
  std::vector<Tensor> erasedMaps; ///< h, a level each
  std::vector<Tensor> joined;     ///< g, a level each
  int emptyPatches = 0;           ///< nothing was predicted …
  int cuboidPatches = 0;          ///< … and a random box was erased instead
};

CorrectionStep::CorrectionStep(CorrectionNetwork network,
                               const CorrectionOptions & options,
                               const ParameterUpdateOptions & update,
                               std::uint64_t seed,
                               Precision precision)
    : m_Network(std::move(network)), m_Options(options), m_Update(*m_Network, update),
      m_Random(RandomEngine(seed).Fork("correction")), m_Precision(precision)
{
}

void
CorrectionStep::SetSchedule(std::int64_t totalSteps)
{
  m_TotalSteps = totalSteps;
  m_Update.SetSchedule(totalSteps);
}

double
CorrectionStep::InpaintingRamp(std::int64_t step) const
{
  return LinearRamp(static_cast<double>(step) / static_cast<double>(m_TotalSteps),
                    m_Options.inpaintingRamp);
}

/** Mask, filled image and the weight of each sample. */
void
CorrectionStep::Erase(const Stream & stream,
                      RandomEngine random,
                      bool supervised,
                      Phases & phases) const
{
  const torch::NoGradGuard noGradient;
  const auto spacings = SpacingsOf(stream);
  const auto probability = phases.coarseLogits.detach().softmax(1);
  phases.mask = m_Options.randomMask
                    ? torch::zeros_like(probability.narrow(1, 0, 1), torch::kBool)
                    : MakeErasedMask(probability, spacings, m_Options.erase, random);
  std::vector<float> weights(spacings.size(), 1.0F);
  const auto filled = phases.mask.flatten(1).any(1).to(torch::kCPU);
  for (std::size_t n = 0; n < spacings.size(); ++n)
  {
    const auto sample = static_cast<std::int64_t>(n);
    if (filled[sample].item<bool>())
    {
      continue;
    }
    auto own = random.Fork("cuboid").Fork(n);
    phases.emptyPatches += m_Options.randomMask ? 0 : 1;
    // A labelled patch without a structure teaches that there is none: nothing is erased from it.
    const bool isDrawn =
        m_Options.randomMask || (!supervised && own.Chance(m_Options.cuboidProbability));
    if (!isDrawn)
    {
      continue;
    }
    auto cuboid = RandomCuboid(stream.image[sample], spacings[n], own).unsqueeze(0);
    phases.mask[sample].copy_(LimitErased(cuboid, m_Options.erase.largestFraction, own)[0]);
    if (!m_Options.randomMask)
    {
      weights[n] = static_cast<float>(m_Options.cuboidWeight);
      ++phases.cuboidPatches;
    }
  }
  phases.sampleWeight = torch::tensor(weights).to(stream.image.device());
  const auto noise = m_Options.erase.shellFill ? torch::randn_like(stream.image) : Tensor();
  phases.erased = FillErased(stream.image, phases.mask, noise, spacings, m_Options.erase);
}

CorrectionStep::Phases
CorrectionStep::RunEncoders(const Stream & stream, std::int64_t step, bool supervised)
{
  Phases phases;
  const auto device = stream.image.device();
  const bool withGraph = supervised && m_Options.coarseWeight > 0;
  std::vector<Tensor> plain;
  {
    const AutocastScope autocast(m_Precision, device);
    plain = m_Network->Encode(stream.image);
    if (withGraph)
    {
      phases.coarseLogits = m_Network->CoarseLogits(plain);
    }
  }
  if (!withGraph)
  {
    // A scope of its own: weights that autocast converts here have no graph and must not be cached
    // for phase 2.
    const torch::NoGradGuard noGradient;
    const AutocastScope autocast(m_Precision, device);
    phases.coarseLogits = m_Network->CoarseLogits(plain);
  }
  const auto name = supervised ? "labelled" : "unlabelled";
  Erase(stream, m_Random.Fork(static_cast<std::uint64_t>(step)).Fork(name), supervised, phases);
  const AutocastScope autocast(m_Precision, device);
  phases.erasedMaps = m_Network->Encode(phases.erased, phases.mask);
  phases.joined = m_Network->Join(plain, phases.erasedMaps);
  return phases;
}

std::vector<Tensor>
CorrectionStep::Repaint(const Phases & phases)
{
  const AutocastScope autocast(m_Precision, phases.mask.device());
  return m_Network->Repaint(phases.joined, phases.erasedMaps);
}

Tensor
CorrectionStep::SegmentationTerm(const RefinedLogits & refined, const Target & target) const
{
  const auto weights = ScaleWeights(m_Network->Scales(), m_Options.equalScales);
  auto total = weights[0] * DiceCrossEntropyLoss(refined.logits, target, m_Options.loss);
  for (std::size_t k = 1; k < weights.size(); ++k)
  {
    const auto & side = refined.sideLogits.at(k - 1);
    const auto coarse = ShrinkTarget(target, side.size(1), side.sizes().slice(2));
    total = total + weights[k] * DiceCrossEntropyLoss(side, coarse, m_Options.loss);
  }
  return total;
}

/** Repainting of a labelled patch, judged over its known structures. */
InpaintingTerms
CorrectionStep::LabelledInpainting(const Phases & phases,
                                   const Stream & labelled,
                                   const Target & target)
{
  const auto probability = target.probability.dim() == 5
                               ? target.probability
                               : OneHot(target.probability, m_Network->GetPlan().classes);
  auto known = PredictedMask(probability, 0.5);
  if (target.weight.defined())
  {
    known = known.logical_and(target.weight.unsqueeze(1) > 0);
  }
  return InpaintingLoss(Repaint(phases),
                        labelled.image,
                        {known},
                        phases.sampleWeight,
                        ScaleWeights(m_Network->Scales(), m_Options.equalScales),
                        m_Options.gradientWeight);
}

/** Where the refined prediction has a structure, scale by scale; without a graph. */
std::vector<Tensor>
CorrectionStep::PredictedMasks(const Phases & phases)
{
  const torch::NoGradGuard noGradient;
  RefinedLogits refined;
  {
    const AutocastScope autocast(m_Precision, phases.mask.device());
    refined = m_Network->Segment(phases.joined, true);
  }
  std::vector<Tensor> masks{PredictedMask(refined.logits.softmax(1), m_Options.erase.threshold)};
  for (const auto & side : refined.sideLogits)
  {
    masks.push_back(PredictedMask(side.softmax(1), m_Options.erase.threshold));
  }
  return masks;
}

LossTerms
CorrectionStep::LabelledTerms(const Stream & labelled, std::int64_t step)
{
  if (!IsFinite(labelled.image))
  {
    return NotFinite(labelled);
  }
  const auto phases = RunEncoders(labelled, step, true);
  RefinedLogits refined;
  {
    const AutocastScope autocast(m_Precision, labelled.image.device());
    refined = m_Network->Segment(phases.joined, true);
  }
  const auto target =
      MakeTarget(labelled.label, labelled.softLabel, labelled.weight, labelled.observed);
  const auto supervised = SegmentationTerm(refined, target);
  LossTerms terms{m_Options.segmentationWeight * supervised,
                  {{"supervised", supervised.item<double>()}}};
  if (m_Options.coarseWeight > 0)
  {
    const auto coarse = DiceCrossEntropyLoss(phases.coarseLogits, target, m_Options.loss);
    terms.total = terms.total + m_Options.coarseWeight * coarse;
    terms.logged["coarse"] = coarse.item<double>();
  }
  const double inpainting = m_Options.labelledInpaintingWeight * InpaintingRamp(step);
  if (inpainting > 0)
  {
    const auto repainted = LabelledInpainting(phases, labelled, target).loss;
    terms.total = terms.total + inpainting * repainted;
    terms.logged["labelled_inpainting"] = repainted.item<double>();
  }
  return terms;
}

LossTerms
CorrectionStep::UnlabelledTerms(const Stream & unlabelled, std::int64_t step)
{
  if (!IsFinite(unlabelled.image))
  {
    return NotFinite(unlabelled);
  }
  const auto phases = RunEncoders(unlabelled, step, false);
  if (!IsFinite(phases.coarseLogits)) // a comparison with NaN would pass for "nothing to erase"
  {
    return NotFinite(unlabelled);
  }
  const auto masks =
      m_Options.lossOverPrediction ? PredictedMasks(phases) : std::vector<Tensor>{phases.mask};
  const auto repainted = InpaintingLoss(Repaint(phases),
                                        unlabelled.image,
                                        masks,
                                        phases.sampleWeight,
                                        ScaleWeights(m_Network->Scales(), m_Options.equalScales),
                                        m_Options.gradientWeight);
  const double weight = m_Options.inpaintingWeight * InpaintingRamp(step);
  return {weight * repainted.loss,
          {{"inpainting", repainted.loss.item<double>()},
           {"inpainting_weight", weight},
           {"erased_fraction", phases.mask.to(torch::kFloat).mean().item<double>()},
           {"empty_patches", phases.emptyPatches},
           {"cuboid_patches", phases.cuboidPatches},
           {"empty_scales", repainted.emptyScales}}};
}

StepReport
CorrectionStep::Step(const Batch & batch)
{
  m_Network->train();
  m_Update.ZeroGradient();
  const auto device = m_Network->parameters().front().device();
  std::map<std::string, double> logged;
  double total = 0.0;
  const auto take = [&](const LossTerms & terms)
  {
    const double value = terms.total.item<double>();
    total += value;
    logged.insert(terms.logged.begin(), terms.logged.end());
    if (std::isfinite(value) && terms.total.requires_grad())
    {
      terms.total.backward();
    }
  };
  take(LabelledTerms(batch.Require("labelled").To(device), batch.step));
  const auto unlabelled = batch.streams.find("unlabelled");
  if (unlabelled != batch.streams.end() && std::isfinite(total))
  {
    take(UnlabelledTerms(unlabelled->second.To(device), batch.step));
  }
  StepReport report = m_Update.Move(total, batch.step);
  report.logged.insert(logged.begin(), logged.end());
  return report;
}

void
CorrectionStep::Save(std::map<std::string, Tensor> & state) const
{
  for (const auto & [name, tensor] : TensorsOf(*m_Network, "network/"))
  {
    state[name] = tensor;
  }
  m_Update.Save(state);
}

void
CorrectionStep::Load(const std::map<std::string, Tensor> & state)
{
  LoadTensorsInto(*m_Network, state, "network/");
  m_Update.Load(state);
}

} // namespace sulcus
