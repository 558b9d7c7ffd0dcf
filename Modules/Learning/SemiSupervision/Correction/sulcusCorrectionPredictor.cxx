#include "sulcusCorrectionPredictor.h"

#include <sulcusError.h>
#include <sulcusParameters.h>

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace sulcus
{
namespace
{

using torch::Tensor;
using Spacing = std::array<double, 3>;

/** Standard normal, the same for the same shape. */
Tensor
FixedNoise(const Tensor & like)
{
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(0);
  return torch::randn(like.sizes(), generator, torch::TensorOptions(torch::kFloat))
      .to(like.device());
}

Tensor
Probability(const Tensor & logits)
{
  return logits.to(torch::kFloat).softmax(1);
}

/** Phase 1 of windows [N, C, z, y, x]. */
Tensor
CoarseProbability(const CorrectionModel & model, Precision precision, const Tensor & windows)
{
  auto network = model.network;
  const AutocastScope autocast(precision, windows.device());
  return Probability(network->CoarseLogits(network->Encode(windows)));
}

/** Phase 2 of windows and what was erased from them. */
RefinedFeatures
Phase2(const CorrectionModel & model,
       Precision precision,
       const Tensor & windows,
       const Tensor & erased,
       const Tensor & mask,
       bool repaint)
{
  auto network = model.network;
  const AutocastScope autocast(precision, windows.device());
  return network->Refine(network->Encode(windows), network->Encode(erased, mask), false, repaint);
}

Predictor
CoarsePredictor(const CorrectionModel & model, Precision precision)
{
  return [model, precision](const Tensor & windows)
  {
    const c10::InferenceMode noGraph;
    return CoarseProbability(model, precision, windows);
  };
}

/** Both phases in every window. */
VolumePredictor
WindowPasses(const CorrectionModel & model, Precision precision)
{
  return [model, precision](
             const Tensor & image, const Spacing & spacingInMm, const SlidingWindowOptions &)
  {
    Predictor predictor = [model, precision, spacingInMm](const Tensor & windows)
    {
      const c10::InferenceMode noGraph;
      const std::vector<Spacing> spacings(static_cast<std::size_t>(windows.size(0)), spacingInMm);
      auto network = model.network;
      std::vector<Tensor> plain;
      Tensor coarse;
      {
        const AutocastScope autocast(precision, windows.device());
        plain = network->Encode(windows);
        coarse = Probability(network->CoarseLogits(plain));
      }
      // Every window draws alike, so that neither batch nor neighbours matter.
      std::vector<Tensor> masks;
      for (std::int64_t n = 0; n < windows.size(0); ++n)
      {
        masks.push_back(
            MakeErasedMask(coarse.narrow(0, n, 1), {spacingInMm}, model.erase, RandomEngine(0)));
      }
      const auto mask = torch::cat(masks);
      const auto noise = FixedNoise(windows[0]).unsqueeze(0).expand_as(windows);
      const auto erased = FillErased(windows, mask, noise, spacings, model.erase);
      const AutocastScope autocast(precision, windows.device());
      return Probability(
          network->Refine(plain, network->Encode(erased, mask), false, false).logits);
    };
    return VolumePrediction{image, predictor};
  };
}

/** Phase 1 over a volume [C, z, y, x]: two planes' worth of classes at a time. Returns
 * 1 − p⁰(background), [1, 1, z, y, x]. */
Tensor
CoarseForeground(const CorrectionModel & model,
                 Precision precision,
                 const Tensor & image,
                 const SlidingWindowOptions & options)
{
  std::vector<Tensor> slabs;
  PredictSlabs(image,
               CoarsePredictor(model, precision),
               options,
               [&](std::int64_t, const Tensor & slab) { slabs.push_back(1 - slab[0]); });
  return torch::cat(slabs).unsqueeze(0).unsqueeze(0);
}

struct ErasedVolume
{
  Tensor foreground; ///< [1, 1, z, y, x]
  Tensor mask;       ///< [1, 1, z, y, x]
  Tensor image;      ///< [1, C, z, y, x]
};

ErasedVolume
EraseVolume(const CorrectionModel & model,
            Precision precision,
            const Tensor & image,
            const Spacing & spacingInMm,
            const SlidingWindowOptions & options)
{
  const c10::InferenceMode noGraph;
  ErasedVolume erased;
  erased.foreground = CoarseForeground(model, precision, image, options);
  // Structures are not told apart here: a volume is refined wherever phase 1 found one.
  auto rule = model.erase;
  rule.oneClass = false;
  erased.mask = MakeErasedMask(torch::cat({1 - erased.foreground, erased.foreground}, 1),
                               {spacingInMm},
                               rule,
                               RandomEngine(0));
  const auto batch = image.unsqueeze(0);
  erased.image = FillErased(batch, erased.mask, FixedNoise(batch), {spacingInMm}, rule);
  return erased;
}

/** [C, …] image, [C, …] erased and [1, …] mask of one volume, to be cut into windows together. */
Tensor
Stacked(const Tensor & image, const ErasedVolume & erased)
{
  return torch::cat({image, erased.image[0], erased.mask[0].to(image.scalar_type())});
}

RefinedFeatures
Phase2OfStack(const CorrectionModel & model,
              Precision precision,
              const Tensor & stack,
              bool repaint)
{
  const auto channels = (stack.size(1) - 1) / 2;
  return Phase2(model,
                precision,
                stack.narrow(1, 0, channels),
                stack.narrow(1, channels, channels),
                stack.narrow(1, 2 * channels, 1) > 0.5,
                repaint);
}

VolumePredictor
VolumePasses(const CorrectionModel & model, Precision precision)
{
  return [model, precision](const Tensor & image,
                            const Spacing & spacingInMm,
                            const SlidingWindowOptions & options)
  {
    const auto erased = EraseVolume(model, precision, image, spacingInMm, options);
    Predictor predictor = [model, precision](const Tensor & windows)
    {
      const c10::InferenceMode noGraph;
      return Probability(Phase2OfStack(model, precision, windows, false).logits);
    };
    const c10::InferenceMode noGraph;
    return VolumePrediction{Stacked(image, erased), predictor};
  };
}

} // namespace

const std::vector<std::string> &
CorrectionPassesNames()
{
  static const std::vector<std::string> names{"volume", "window", "coarse"};
  return names;
}

CorrectionPasses
CorrectionPassesOf(const std::string & name)
{
  const auto & names = CorrectionPassesNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
  {
    throw UsageError(Message("unknown passes '", name, "': ", SuggestName(name, names)));
  }
  return static_cast<CorrectionPasses>(found - names.begin());
}

Tensor
EraseOptionsToTensor(const EraseOptions & o)
{
  return torch::tensor({o.threshold,
                        o.oneClass ? 1.0 : 0.0,
                        o.dilationInMm,
                        o.smallestComponentInMm3,
                        o.largestFraction,
                        o.shellFill ? 1.0 : 0.0,
                        o.shellInMm},
                       torch::kDouble);
}

CorrectionModel
CorrectionModelOf(const ModelFile & model, const std::string & origin, const torch::Device & device)
{
  const auto found = model.extra.find("erasing");
  if (found == model.extra.end() || found->second.numel() != 7 ||
      found->second.scalar_type() != torch::kDouble)
  {
    throw ModelError(Message(origin, ": a correction model without its rule of erasing"));
  }
  const auto * values = found->second.const_data_ptr<double>();
  CorrectionModel made;
  made.erase = {
      values[0], values[1] != 0, values[2], values[3], values[4], values[5] != 0, values[6]};
  made.network = JoinCorrectionNetwork(model, origin);
  made.network->to(device);
  made.network->eval();
  return made;
}

VolumePredictor
CorrectionPredictor(CorrectionModel model, Precision precision, CorrectionPasses passes)
{
  switch (passes)
  {
  case CorrectionPasses::Coarse:
    return WindowsOnly(CoarsePredictor(model, precision));
  case CorrectionPasses::Window:
    return WindowPasses(model, precision);
  case CorrectionPasses::Volume:
    break;
  }
  return VolumePasses(model, precision);
}

PredictorMakers
CorrectionPredictorMakers(CorrectionPasses passes)
{
  return {{"correction",
           [passes](const ModelFile & model,
                    const std::string & origin,
                    const torch::Device & device,
                    Precision precision) {
             return CorrectionPredictor(
                 CorrectionModelOf(model, origin, device), precision, passes);
           }}};
}

CorrectionVolumes
ExplainCorrection(const CorrectionModel & model,
                  const Tensor & image,
                  const Spacing & spacingInMm,
                  Precision precision,
                  const SlidingWindowOptions & options)
{
  const auto erased = EraseVolume(model, precision, image, spacingInMm, options);
  const auto channels = image.size(0);
  const Predictor both = [&model, precision](const Tensor & windows)
  {
    const c10::InferenceMode noGraph;
    const auto refined = Phase2OfStack(model, precision, windows, true);
    return torch::cat({1 - Probability(refined.logits).narrow(1, 0, 1), refined.repainted.front()},
                      1);
  };
  const auto made = PredictVolume(Stacked(image, erased), both, options);
  const c10::InferenceMode noGraph;
  CorrectionVolumes volumes;
  volumes.coarse = erased.foreground[0][0];
  volumes.mask = erased.mask[0][0];
  volumes.erased = erased.image[0];
  volumes.refined = made[0];
  volumes.repainted = Composite(image, made.narrow(0, 1, channels), volumes.mask.unsqueeze(0));
  return volumes;
}

} // namespace sulcus
