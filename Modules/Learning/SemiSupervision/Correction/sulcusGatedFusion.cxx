#include "sulcusGatedFusion.h"

#include "sulcusGateActivation.h"
#include <sulcusError.h>
#include <sulcusParameters.h>

#include <torch/nn/init.h>

#include <algorithm>

namespace sulcus
{
namespace
{

/** `parts` orthogonal matrices of [outputs, inputs · taps] below one another. */
torch::Tensor
OrthogonalKernel(std::int64_t parts,
                 std::int64_t outputs,
                 std::int64_t inputs,
                 const Triple & kernel)
{
  std::vector<torch::Tensor> drawn;
  for (std::int64_t p = 0; p < parts; ++p)
  {
    drawn.push_back(torch::nn::init::orthogonal_(
        torch::empty({outputs, inputs, kernel[0], kernel[1], kernel[2]})));
  }
  return torch::cat(drawn);
}

} // namespace

const std::vector<std::string> &
GateKindNames()
{
  static const std::vector<std::string> names{"full", "factorised", "concatenate", "add"};
  return names;
}

GateKind
GateKindOf(const std::string & name)
{
  const auto & names = GateKindNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
  {
    throw UsageError(Message("unknown gate '", name, "': ", SuggestName(name, names)));
  }
  return static_cast<GateKind>(found - names.begin());
}

GatedFusionImpl::GatedFusionImpl(std::int64_t channels, const Triple & kernel, GateKind kind)
    : m_Kind(kind), m_Channels(channels),
      m_Reduced(std::max<std::int64_t>(8, channels / 4)), m_Padding{kernel[0] / 2,
                                                                    kernel[1] / 2,
                                                                    kernel[2] / 2}
{
  const auto c = channels;
  const auto b = m_Reduced;
  const Triple point{1, 1, 1};
  const auto add = [this](const char * name, torch::Tensor & member, const torch::Tensor & value)
  { member = register_parameter(name, value); };
  if (kind == GateKind::Full)
  {
    add("gateWeight", gateWeight, OrthogonalKernel(2, c, 2 * c, kernel));
    add("candidateWeight", candidateWeight, OrthogonalKernel(1, c, 2 * c, kernel));
  }
  if (kind == GateKind::Factorised)
  {
    add("reduceState", m_ReduceState, OrthogonalKernel(1, 3 * b, c, point));
    add("reduceInput", m_ReduceInput, OrthogonalKernel(1, 2 * b, c, point));
    add("reduceReset", m_ReduceReset, OrthogonalKernel(1, b, c, point));
    add("gateSpatial", m_GateSpatial, OrthogonalKernel(1, 2 * b, 2 * b, kernel));
    add("candidateSpatial", m_CandidateSpatial, OrthogonalKernel(1, b, b, kernel));
    add("gateExpand", m_GateExpand, OrthogonalKernel(2, c, 2 * b, point));
    add("candidateExpand", m_CandidateExpand, OrthogonalKernel(1, c, b, point));
  }
  if (kind == GateKind::Full || kind == GateKind::Factorised)
  {
    add("gateBias", gateBias, torch::zeros({2 * c}));
    add("candidateBias", candidateBias, torch::zeros({c}));
  }
  if (kind == GateKind::Concatenate)
  {
    add("joinState", m_JoinState, OrthogonalKernel(1, c, c, point));
    add("joinInput", m_JoinInput, OrthogonalKernel(1, c, c, point));
    add("joinBias", m_JoinBias, torch::zeros({c}));
  }
}

torch::Tensor
GatedFusionImpl::Full(const torch::Tensor & plain, const torch::Tensor & erased) const
{
  const Triple one{1, 1, 1};
  const auto both = ChannelsLast(torch::cat({plain, erased}, 1));
  const auto gates = Convolve(both, gateWeight, gateBias, one, m_Padding).chunk(2, 1);
  const auto reset = ResetGate(gates[0], erased);
  const auto candidate = Convolve(
      ChannelsLast(torch::cat({plain, reset}, 1)), candidateWeight, candidateBias, one, m_Padding);
  return BlendGate(plain, gates[1], candidate);
}

torch::Tensor
GatedFusionImpl::Factorised(const torch::Tensor & plain, const torch::Tensor & erased) const
{
  const auto c = m_Channels;
  const auto b = m_Reduced;
  const auto spatial = [this](const torch::Tensor & map, const torch::Tensor & weight) {
    return Convolve(ChannelsLast(map), weight, {}, {1, 1, 1}, m_Padding);
  };
  const auto gates = spatial(PointwiseConvolution(plain, m_ReduceState.narrow(0, 0, 2 * b)) +
                                 PointwiseConvolution(erased, m_ReduceInput),
                             m_GateSpatial);
  // The gates are expanded one by one, so that each lies in one piece.
  const auto expand = [&](std::int64_t first)
  {
    return PointwiseConvolution(
        gates, m_GateExpand.narrow(0, first, c), gateBias.narrow(0, first, c));
  };
  const auto reset = ResetGate(expand(0), erased);
  const auto candidate = spatial(PointwiseConvolution(plain, m_ReduceState.narrow(0, 2 * b, b)) +
                                     PointwiseConvolution(reset, m_ReduceReset),
                                 m_CandidateSpatial);
  return BlendGate(
      plain, expand(c), PointwiseConvolution(candidate, m_CandidateExpand, candidateBias));
}

torch::Tensor
GatedFusionImpl::forward(const torch::Tensor & plain, const torch::Tensor & erased)
{
  if (plain.sizes() != erased.sizes() || plain.size(1) != m_Channels)
  {
    throw UsageError(Message("gate: expected two maps of ",
                             m_Channels,
                             " channels, got ",
                             torch::str(plain.sizes()),
                             " and ",
                             torch::str(erased.sizes())));
  }
  switch (m_Kind)
  {
  case GateKind::Full:
    return Full(plain, erased);
  case GateKind::Factorised:
    return Factorised(plain, erased);
  case GateKind::Concatenate:
    return PointwiseConvolution(plain, m_JoinState, m_JoinBias) +
           PointwiseConvolution(erased, m_JoinInput);
  case GateKind::Add:
    break;
  }
  return plain + erased;
}

} // namespace sulcus
