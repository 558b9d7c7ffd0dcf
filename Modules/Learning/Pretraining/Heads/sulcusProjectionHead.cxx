#include "sulcusProjectionHead.h"

#include <sulcusConvolution.h>
#include <sulcusError.h>
#include <sulcusLog.h>

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include <cmath>

namespace sulcus
{
namespace
{

torch::Tensor
Unit(const torch::Tensor & rows)
{
  const auto wide = rows.detach().to(torch::kFloat);
  return wide / wide.norm(2, 1, true).clamp_min(1e-8);
}

} // namespace

ProjectionHeadImpl::ProjectionHeadImpl(const ProjectionHeadOptions & options)
    : m_Options(options),
      m_Hidden(register_module(
          "hidden",
          torch::nn::Linear(
              torch::nn::LinearOptions(options.inputs, options.hidden).bias(options.hiddenBias)))),
      m_Output(register_module(
          "output",
          torch::nn::Linear(torch::nn::LinearOptions(options.hidden, options.outputs).bias(false))))
{
}

torch::Tensor
ProjectionHeadImpl::forward(const torch::Tensor & features)
{
  const auto wide = features.to(torch::kFloat);
  const auto seen = m_Options.flatten ? wide.flatten(1) : wide.mean({2, 3, 4});
  if (seen.size(1) != m_Options.inputs)
  {
    throw UsageError(Message("projection head: made for ",
                             m_Options.inputs,
                             " numbers a patch, the network gives ",
                             seen.size(1)));
  }
  return m_Output(m_Hidden(seen).relu());
}

RegionHeadImpl::RegionHeadImpl(std::int64_t channels,
                               std::int64_t regionVoxels,
                               std::int64_t outputs)
    : m_First(register_module("first",
                              torch::nn::Conv3d(torch::nn::Conv3dOptions(channels, channels, 1)))),
      m_Second(register_module("second",
                               torch::nn::Conv3d(torch::nn::Conv3dOptions(channels, channels, 1)))),
      m_Embed(register_module(
          "embed",
          torch::nn::Linear(
              torch::nn::LinearOptions(channels * regionVoxels, outputs).bias(false))))
{
}

torch::Tensor
RegionHeadImpl::Map(const torch::Tensor & features)
{
  const auto hidden =
      PointwiseConvolution(features.to(torch::kFloat), m_First->weight, m_First->bias).relu();
  return PointwiseConvolution(hidden, m_Second->weight, m_Second->bias);
}

torch::Tensor
RegionHeadImpl::Embed(const torch::Tensor & regions)
{
  return m_Embed(regions);
}

EmbeddingHealth
MeasureHealth(const torch::Tensor & first, const torch::Tensor & second)
{
  const auto a = Unit(first);
  const auto b = Unit(second);
  const auto all = torch::cat({a, b});
  const auto squared = torch::cdist(all, all).square();
  const auto pairs = ~torch::eye(all.size(0), all.options().dtype(torch::kBool));
  return {all.std(0, false).mean().item<double>(),
          (a - b).square().sum(1).mean().item<double>(),
          squared.masked_select(pairs).mul(-2).exp().mean().log().item<double>()};
}

void
CollapseWatch::Observe(const EmbeddingHealth & health,
                       std::int64_t dimension,
                       std::map<std::string, double> & logged)
{
  logged["embedding_spread"] = health.spread;
  logged["alignment"] = health.alignment;
  logged["uniformity"] = health.uniformity;
  m_Low = health.spread < 0.1 / std::sqrt(static_cast<double>(dimension)) ? m_Low + 1 : 0;
  if (HasCollapsed() && !m_Warned)
  {
    m_Warned = true;
    LogWarning(Message("the embeddings have collapsed: their spread has stayed below ",
                       0.1 / std::sqrt(static_cast<double>(dimension)),
                       " for ",
                       patience,
                       " steps"));
  }
}

} // namespace sulcus
