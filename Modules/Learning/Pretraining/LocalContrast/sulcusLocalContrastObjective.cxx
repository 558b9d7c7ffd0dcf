#include "sulcusLocalContrastObjective.h"

#include <sulcusError.h>
#include <sulcusRegionSampling.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

namespace sulcus
{
namespace
{

std::array<std::int64_t, 3>
SizeOf(const torch::Tensor & map)
{
  return {map.size(2), map.size(3), map.size(4)};
}

} // namespace

int
DecoderBlocksOf(const NetworkPlan & plan, int asked)
{
  const int available = static_cast<int>(plan.widths.size()) - 1;
  const int blocks = asked > 0 ? asked : std::max(1, available - 1);
  if (blocks > available)
  {
    throw UsageError(Message(
        "local contrast: ", blocks, " decoder blocks asked for, the network has ", available));
  }
  return blocks;
}

std::array<double, 3>
GridSpacing(const Plan & plan)
{
  const auto & target = plan.targetSpacingInMm;
  return {target[2] > 0 ? target[2] : 1.0,
          target[1] > 0 ? target[1] : 1.0,
          target[0] > 0 ? target[0] : 1.0};
}

void
RequireRegionsFit(const Plan & plan,
                  const std::array<std::int64_t, 3> & patchSize,
                  const LocalContrastSettings & settings)
{
  const auto blocks =
      static_cast<std::size_t>(DecoderBlocksOf(plan.network, settings.decoderBlocks));
  auto size = patchSize;
  auto spacing = GridSpacing(plan);
  for (std::size_t level = 1; level + blocks < plan.network.strides.size(); ++level)
  {
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const auto stride = plan.network.strides[level][axis];
      size[axis] = (size[axis] + stride - 1) / stride;
      spacing[axis] *= stride;
    }
  }
  MakeRegionLattice(size, spacing, settings.regionEdge, settings.regionNegatives);
}

LocalContrastObjective::LocalContrastObjective(SegmentationNetwork network,
                                               const LocalContrastSettings & settings,
                                               const std::array<double, 3> & spacingInMm,
                                               Precision precision)
    : m_Network(std::move(network)), m_Settings(settings), m_Spacing(spacingInMm),
      m_Blocks(DecoderBlocksOf(m_Network->GetPlan(), settings.decoderBlocks)),
      m_Precision(precision)
{
  register_module("decoder", m_Network->GetDecoder());
  if (!settings.freezeEncoder)
  {
    register_module("encoder", m_Network->GetEncoder());
  }
  const auto edge = settings.regionEdge;
  m_Head = register_module("head",
                           RegionHead(m_Network->GetDecoder()->Width(m_Blocks - 1),
                                      edge * edge * edge,
                                      settings.embeddingWidth));
  m_Head->to(m_Network->parameters().front().device());
}

torch::Tensor
LocalContrastObjective::FeatureMap(const torch::Tensor & images)
{
  const AutocastScope autocast(m_Precision, images.device());
  std::vector<torch::Tensor> levels;
  {
    const torch::AutoGradMode gradient(!m_Settings.freezeEncoder);
    levels = m_Network->GetEncoder()->forward(images);
  }
  return m_Network->GetDecoder()->forward(levels, m_Blocks).back();
}

/** L_R alone, or with the pairs across volumes whose images look alike in the region. */
MapPairs
LocalContrastObjective::PairsOf(const Stream & first,
                                const Stream & second,
                                const RegionLattice & onImage) const
{
  const auto images = first.image.size(0);
  if (!m_Settings.acrossVolumes)
  {
    return PairsOfViews(images);
  }
  const auto partition = first.extra.find("partition");
  if (partition == first.extra.end())
  {
    throw UsageError("local contrast across volumes needs patches drawn by partition");
  }
  auto pairs = PairsAcrossVolumes(torch::tensor(first.caseIndex, torch::kLong),
                                  partition->second.to(torch::kCPU));
  const torch::NoGradGuard noGradient;
  const auto device = first.image.device();
  const auto regions =
      torch::cat({GatherRegions(first.image, onImage), GatherRegions(second.image, onImage)});
  const auto alike = RegionCorrelation(regions.index_select(0, pairs.anchor.to(device)),
                                       regions.index_select(0, pairs.other.to(device)));
  pairs.counted = alike > m_Settings.gate;
  pairs.counted.narrow(0, 0, 2 * images).fill_(true); // the two views of one image
  return pairs;
}

LossTerms
LocalContrastObjective::Evaluate(const Batch & batch)
{
  const Stream & first = batch.Require(m_Settings.stream + "1");
  const Stream & second = batch.Require(m_Settings.stream + "2");
  const auto firstMap = m_Head->Map(FeatureMap(first.image));
  const auto secondMap = m_Head->Map(FeatureMap(second.image));
  const auto size = SizeOf(firstMap);
  const auto imageSize = SizeOf(first.image);
  std::array<double, 3> spacing{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    spacing[axis] =
        m_Spacing[axis] * static_cast<double>(imageSize[axis]) / static_cast<double>(size[axis]);
  }
  const auto lattice =
      MakeRegionLattice(size, spacing, m_Settings.regionEdge, m_Settings.regionNegatives);
  SampledRegions counterpart;
  torch::Tensor usable;
  if (m_Settings.carriedGeometry)
  {
    counterpart = SampleRegions(secondMap, lattice, second.extra.at("fromView1"), imageSize);
    usable = torch::cat({torch::ones_like(counterpart.inside), counterpart.inside});
  }
  else
  {
    counterpart.values = GatherRegions(secondMap, lattice);
  }
  const auto a = m_Head->Embed(GatherRegions(firstMap, lattice));
  const auto b = m_Head->Embed(counterpart.values);
  const auto pairs = PairsOf(first, second, RegionsOnImage(lattice, size, imageSize));
  const auto result =
      LocalContrastLoss(torch::cat({a, b}), usable, pairs, lattice.negatives, m_Settings.loss);
  LossTerms terms{result.loss, {}};
  m_Watch.Observe(
      MeasureHealth(a.flatten(0, 1), b.flatten(0, 1)), m_Settings.embeddingWidth, terms.logged);
  const auto possible = pairs.anchor.size(0) * static_cast<std::int64_t>(lattice.corners.size());
  terms.logged["region_terms"] = static_cast<double>(result.terms);
  terms.logged["region_terms_left_out"] = static_cast<double>(possible - result.terms);
  return terms;
}

} // namespace sulcus
