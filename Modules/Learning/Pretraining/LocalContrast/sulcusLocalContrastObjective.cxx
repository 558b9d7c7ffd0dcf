#include "sulcusLocalContrastObjective.h"

#include <sulcusError.h>
#include <sulcusSingleOptimizerStep.h>
#include <sulcusTrainingMethod.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>

namespace sulcus
{

LocalContrastObjective::LocalContrastObjective(SegmentationNetwork network,
                                               const LocalContrastSettings & settings,
                                               const std::array<double, 3> & spacingInMm,
                                               Precision precision)
    : m_Network(std::move(network)), m_Settings(settings), m_Spacing(spacingInMm),
      m_Precision(precision)
{
  const int available = m_Network->GetDecoder()->BlockCount();
  m_Blocks = settings.decoderBlocks > 0 ? settings.decoderBlocks : std::max(1, available - 1);
  if (m_Blocks > available)
  {
    throw UsageError(Message(
        "local contrast: ", m_Blocks, " decoder blocks asked for, the network has ", available));
  }
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

LossTerms
LocalContrastObjective::Evaluate(const Batch & batch)
{
  const auto & first = batch.Require("views1").image;
  const auto & second = batch.Require("views2").image;
  const auto firstMap = m_Head->Map(FeatureMap(first));
  const auto secondMap = m_Head->Map(FeatureMap(second));
  std::array<std::int64_t, 3> size{};
  std::array<double, 3> spacing{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    size[axis] = firstMap.size(static_cast<std::int64_t>(axis) + 2);
    spacing[axis] = m_Spacing[axis] *
                    static_cast<double>(first.size(static_cast<std::int64_t>(axis) + 2)) /
                    static_cast<double>(size[axis]);
  }
  const auto lattice =
      MakeRegionLattice(size, spacing, m_Settings.regionEdge, m_Settings.regionNegatives);
  const auto a = m_Head->Embed(GatherRegions(firstMap, lattice));
  const auto b = m_Head->Embed(GatherRegions(secondMap, lattice));
  LossTerms terms{LocalContrastLoss(a, b, lattice.negatives, m_Settings.loss), {}};
  m_Watch.Observe(
      MeasureHealth(a.flatten(0, 1), b.flatten(0, 1)), m_Settings.embeddingWidth, terms.logged);
  return terms;
}

namespace
{

class LocalContrastMethod final : public TrainingMethod
{
public:
  void
  Describe(Parameters & visit) override
  {
    visit("local_temperature", m_Settings.loss.temperature, "Temperature of the local loss.")
        .Range(1e-3, 100)
        .Advanced();
    visit("local_blocks",
          m_Settings.decoderBlocks,
          "Decoder blocks that are trained; 0: all but the last.")
        .Range(0, 16);
    visit("local_freeze_encoder", m_Settings.freezeEncoder, "Keep the encoder as stage 1 left it.")
        .Advanced();
    visit("local_both_views",
          m_Settings.loss.negativesFromBothViews,
          "Take negatives from both views.")
        .Advanced();
    visit(
        "local_negatives", m_Settings.regionNegatives, "Regions that a region is told apart from.")
        .Range(1, 64)
        .Advanced();
    visit("local_images", m_Images, "Patches a step.").Range(1, 1024);
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    BuiltMethod built;
    built.network = context.MakeNetwork();
    const auto & target = context.plan.targetSpacingInMm;
    const std::array<double, 3> spacing{target[2] > 0 ? target[2] : 1.0,
                                        target[1] > 0 ? target[1] : 1.0,
                                        target[0] > 0 ? target[0] : 1.0};
    const auto objective = std::make_shared<LocalContrastObjective>(
        built.network, m_Settings, spacing, context.precision);
    built.rule = std::make_shared<SingleOptimizerStep>(objective, context.update);
    StreamRule views;
    views.name = "views";
    views.pool = CasePool::All;
    views.samples = m_Images;
    views.views = 2;
    views.augmentation = "strong-intensity";
    views.sharedGeometry = true;
    built.sampling.streams = {views};
    built.weights = [network = built.network] { return TensorsOf(*network); };
    return built;
  }

private:
  LocalContrastSettings m_Settings;
  int m_Images = 4;
};

} // namespace

void
RegisterLocalContrast(MethodRegistry & registry)
{
  registry.Add("local",
               "regions of the decoder's map are told apart, encoder frozen",
               [] { return std::make_unique<LocalContrastMethod>(); });
}

} // namespace sulcus
