#include "sulcusCorrectionNetwork.h"

#include <sulcusError.h>
#include <sulcusSeededDraw.h>

#include <torch/utils.h>

#include <algorithm>

namespace sulcus
{
namespace
{

constexpr const char * networkPrefix = "network.";
constexpr const char * maskPrefix = "mask.";

bool
StartsWith(const std::string & text, const std::string & prefix)
{
  return text.compare(0, prefix.size(), prefix) == 0;
}

/** Weights that look at the image have one input channel more: 0 for the mask, so that it changes
 * nothing at the start. */
SegmentationNetwork
WithMaskChannel(const SegmentationNetwork & plain)
{
  NetworkPlan plan = plain->GetPlan();
  const auto inputs = plan.inputChannels;
  plan.inputChannels = inputs + 1;
  const bool shapesDiffer = inputs == plan.widths[0] || plan.inputChannels == plan.widths[0];
  if (shapesDiffer)
  {
    throw UsageError(Message("correction: a mask channel beside ",
                             inputs,
                             " channels does not fit a first width of ",
                             plan.widths[0],
                             "; switch the mask channel off"));
  }
  auto wide = BuildNetwork(plan, 0);
  const torch::NoGradGuard noGradient;
  auto source = plain->named_parameters();
  for (auto & item : wide->named_parameters())
  {
    const auto & from = source[item.key()];
    auto & to = item.value();
    const bool seesTheImage = from.sizes() != to.sizes();
    if (seesTheImage)
    {
      to.zero_();
      to.narrow(1, 0, inputs).copy_(from);
    }
    else
    {
      to.copy_(from);
    }
  }
  wide->to(plain->parameters().front().device());
  return wide;
}

} // namespace

CorrectionNetworkImpl::CorrectionNetworkImpl(const SegmentationNetwork & network,
                                             const CorrectionNetworkOptions & options,
                                             std::uint64_t seed)
    : m_Plan(network->GetPlan()), m_Options(options)
{
  const auto levels = m_Plan.widths.size();
  m_Options.scales = std::clamp(options.scales, 1, static_cast<int>(levels) - 1);
  m_Network = register_module("network", options.maskChannel ? WithMaskChannel(network) : network);
  const SeededDraw seeded(seed);
  m_Gates = register_module("gates", torch::nn::ModuleList());
  for (std::size_t level = 0; level < levels; ++level)
  {
    m_Gates->push_back(
        GatedFusion(m_Plan.widths[level],
                    level < m_Plan.kernels.size() ? m_Plan.kernels[level] : Triple{3, 3, 3},
                    options.gate));
  }
  m_Sides = register_module("sides", torch::nn::ModuleList());
  for (int scale = m_Plan.deepSupervision + 1; scale < m_Options.scales; ++scale)
  {
    m_Sides->push_back(Head(m_Plan.widths[scale], m_Plan.classes));
  }
  m_Inpainting = register_module("inpainting",
                                 InpaintingDecoder(m_Plan, m_Plan.inputChannels, m_Options.scales));
  to(network->parameters().front().device());
}

std::vector<torch::Tensor>
CorrectionNetworkImpl::Encode(const torch::Tensor & image, const torch::Tensor & mask)
{
  if (image.dim() != 5 || image.size(1) != m_Plan.inputChannels)
  {
    throw UsageError(Message("correction: expected an image tensor [N, ",
                             m_Plan.inputChannels,
                             ", z, y, x], got ",
                             torch::str(image.sizes())));
  }
  if (!m_Options.maskChannel)
  {
    return m_Network->GetEncoder()->forward(image);
  }
  auto marked = image.new_zeros(
      {image.size(0), image.size(1) + 1, image.size(2), image.size(3), image.size(4)});
  marked.narrow(1, 0, image.size(1)).copy_(image);
  if (mask.defined())
  {
    marked.narrow(1, image.size(1), 1).copy_(mask);
  }
  return m_Network->GetEncoder()->forward(marked);
}

torch::Tensor
CorrectionNetworkImpl::CoarseLogits(const std::vector<torch::Tensor> & plain)
{
  return m_Network->Logits(m_Network->GetDecoder()->forward(plain));
}

std::vector<torch::Tensor>
CorrectionNetworkImpl::Join(const std::vector<torch::Tensor> & plain,
                            const std::vector<torch::Tensor> & erased)
{
  std::vector<torch::Tensor> joined;
  for (std::size_t level = 0; level < plain.size(); ++level)
  {
    joined.push_back(m_Gates->at<GatedFusionImpl>(level).forward(plain[level], erased[level]));
  }
  return joined;
}

RefinedLogits
CorrectionNetworkImpl::Segment(const std::vector<torch::Tensor> & joined, bool sides)
{
  const auto maps = m_Network->GetDecoder()->forward(joined);
  RefinedLogits refined;
  refined.logits = m_Network->Logits(maps);
  if (!sides)
  {
    return refined;
  }
  refined.sideLogits = m_Network->SideLogits(maps);
  for (std::size_t own = 0; own < m_Sides->size(); ++own)
  {
    const auto & map = maps[maps.size() - 2 - refined.sideLogits.size()];
    const auto logits = m_Sides->at<HeadImpl>(own).forward(map);
    refined.sideLogits.push_back(
        logits.to(map.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat));
  }
  return refined;
}

std::vector<torch::Tensor>
CorrectionNetworkImpl::Repaint(const std::vector<torch::Tensor> & joined,
                               const std::vector<torch::Tensor> & erased)
{
  return m_Inpainting->forward(m_Options.inpaintFromErasedOnly ? erased : joined);
}

RefinedFeatures
CorrectionNetworkImpl::Refine(const std::vector<torch::Tensor> & plain,
                              const std::vector<torch::Tensor> & erased,
                              bool sides,
                              bool repaint)
{
  const auto joined = Join(plain, erased);
  RefinedFeatures refined{Segment(joined, sides), {}};
  if (repaint)
  {
    refined.repainted = Repaint(joined, erased);
  }
  return refined;
}

void
CorrectionNetworkImpl::Split(const NamedTensors & tensors,
                             NamedTensors & weights,
                             NamedTensors & extra) const
{
  const std::int64_t inputs = m_Plan.inputChannels;
  for (const auto & [name, tensor] : tensors)
  {
    if (StartsWith(name, "sides."))
    {
      continue;
    }
    if (!StartsWith(name, networkPrefix))
    {
      extra.emplace(name, tensor);
      continue;
    }
    const std::string own = name.substr(std::string(networkPrefix).size());
    const bool seesTheImage =
        m_Options.maskChannel &&
        (own == "encoder.levels.0.0.first.weight" || own == "encoder.levels.0.0.shortcut.weight");
    weights.emplace(own, seesTheImage ? tensor.narrow(1, 0, inputs) : tensor);
    if (seesTheImage)
    {
      extra.emplace(maskPrefix + own, tensor.narrow(1, inputs, 1));
    }
  }
  const std::vector<std::int64_t> options{static_cast<std::int64_t>(m_Options.gate),
                                          m_Options.maskChannel ? 1 : 0,
                                          m_Options.inpaintFromErasedOnly ? 1 : 0,
                                          m_Options.scales};
  extra.emplace("options", torch::tensor(options, torch::kLong));
}

namespace
{

CorrectionNetworkOptions
OptionsOf(const ModelFile & model, const std::string & origin)
{
  const auto found = model.extra.find("options");
  if (found == model.extra.end() || found->second.numel() != 4 ||
      found->second.scalar_type() != torch::kLong)
  {
    throw ModelError(Message(origin, ": a correction model without its options"));
  }
  const auto * values = found->second.const_data_ptr<std::int64_t>();
  if (values[0] < 0 || values[0] >= static_cast<std::int64_t>(GateKindNames().size()))
  {
    throw ModelError(Message(origin, ": a correction model with an unknown gate ", values[0]));
  }
  CorrectionNetworkOptions options;
  options.gate = static_cast<GateKind>(values[0]);
  options.maskChannel = values[1] != 0;
  options.inpaintFromErasedOnly = values[2] != 0;
  options.scales = static_cast<int>(std::clamp<std::int64_t>(values[3], 1, 64));
  return options;
}

} // namespace

CorrectionNetwork
JoinCorrectionNetwork(const ModelFile & model, const std::string & origin)
{
  CorrectionNetwork network(NetworkOf(model, origin), OptionsOf(model, origin), 0);
  NamedTensors source;
  for (const auto & [name, tensor] : model.weights)
  {
    const auto mask = model.extra.find(maskPrefix + name);
    source.emplace(networkPrefix + name,
                   mask == model.extra.end() ? tensor : torch::cat({tensor, mask->second}, 1));
  }
  for (const auto & [name, tensor] : model.extra)
  {
    const bool isModule = StartsWith(name, "gates.") || StartsWith(name, "inpainting.");
    if (isModule)
    {
      source.emplace(name, tensor);
    }
  }
  const LoadReport report = LoadByName(*network, source);
  const bool onlySidesMissing =
      std::all_of(report.missing.begin(),
                  report.missing.end(),
                  [](const std::string & name) { return StartsWith(name, "sides."); });
  if (!onlySidesMissing || !report.unused.empty() || !report.misshaped.empty())
  {
    throw ModelError(
        Message(origin, ": weights do not fit the correction network: ", report.Summary()));
  }
  network->eval();
  return network;
}

} // namespace sulcus
