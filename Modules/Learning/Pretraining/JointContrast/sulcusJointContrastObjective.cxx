#include "sulcusJointContrastObjective.h"

#include <sulcusError.h>
#include <sulcusSingleOptimizerStep.h>
#include <sulcusTrainingMethod.h>

#include <torch/types.h>

namespace sulcus
{
namespace
{

LocalContrastSettings
WithMovingEncoder(LocalContrastSettings settings)
{
  settings.freezeEncoder = false;
  return settings;
}

} // namespace

JointContrastObjective::JointContrastObjective(SegmentationNetwork network,
                                               const GlobalContrastSettings & global,
                                               const LocalContrastSettings & local,
                                               double localWeight,
                                               const std::array<double, 3> & spacingInMm,
                                               Precision precision)
    : m_Global(register_module("global",
                               std::make_shared<GlobalContrastModel>(network, global, precision))),
      m_Local(register_module("local",
                              std::make_shared<LocalContrastObjective>(
                                  network, WithMovingEncoder(local), spacingInMm, precision))),
      m_Settings(global), m_LocalWeight(localWeight)
{
}

LossTerms
JointContrastObjective::Evaluate(const Batch & batch)
{
  const Stream & first = batch.Require("views1");
  const auto embeddings = m_Global->Embed(torch::cat({first.image, batch.Require("views2").image}));
  const auto global = ContrastOfViews(embeddings, first, m_Settings);
  const auto local = m_Local->Evaluate(batch);
  LossTerms terms{global.loss + m_LocalWeight * local.total, {}};
  const auto views = embeddings.detach().chunk(2);
  m_Watch.Observe(MeasureHealth(views[0], views[1]), m_Settings.embeddingWidth, terms.logged);
  for (const auto & [name, value] : local.logged)
  {
    terms.logged["local_" + name] = value;
  }
  terms.logged["global_loss"] = global.loss.item<double>();
  terms.logged["local_loss"] = local.total.item<double>();
  terms.logged["skipped_anchors"] = static_cast<double>(global.skippedAnchors);
  return terms;
}

namespace
{

class JointContrastMethod final : public TrainingMethod
{
public:
  void
  Describe(Parameters & visit) override
  {
    visit("joint_weight", m_LocalWeight, "Factor of the local loss.").Range(0, 1000);
    visit("joint_volumes", m_Partition.volumes, "Different volumes in a global batch.")
        .Range(1, 1024);
    visit("joint_partitions", m_Partition.partitions, "Parts of a volume along the axis.")
        .Range(2, 64);
    visit("joint_axis", m_Partition.axis, "Partition axis: 0 left, 1 back, 2 head.").Range(0, 2);
    visit("joint_blocks",
          m_Local.decoderBlocks,
          "Decoder blocks that are trained; 0: all but the last.")
        .Range(0, 16);
    visit("joint_images", m_Images, "Patches of the local loss a step.").Range(1, 1024);
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    if (context.labelledCases + context.unlabelledCases < 2)
    {
      throw UsageError(
          "method 'global_local' contrasts different volumes; the prepared data has one");
    }
    RequireRegionsFit(context.plan, context.plan.patchSize, m_Local);
    GlobalContrastSettings global;
    global.loss.negativeDistance = 1.0 / m_Partition.partitions;
    global.loss.positiveDistance = 0.25 / m_Partition.partitions;
    auto local = m_Local;
    local.stream = "regions";
    BuiltMethod built;
    built.network = context.MakeNetwork();
    const auto objective = std::make_shared<JointContrastObjective>(
        built.network, global, local, m_LocalWeight, GridSpacing(context.plan), context.precision);
    built.rule = std::make_shared<SingleOptimizerStep>(objective, context.update);
    StreamRule views;
    views.name = "views";
    views.pool = CasePool::All;
    views.views = 2;
    views.augmentation = "contrastive";
    views.partition = m_Partition;
    views.samples = m_Partition.volumes * m_Partition.partitions;
    StreamRule regions;
    regions.name = local.stream;
    regions.pool = CasePool::All;
    regions.views = 2;
    regions.augmentation = "strong-intensity";
    regions.sharedGeometry = true;
    regions.samples = m_Images;
    built.sampling.streams = {views, regions};
    built.weights = [network = built.network] { return TensorsOf(*network); };
    built.sharesBatches = true;
    return built;
  }

private:
  LocalContrastSettings m_Local;
  PartitionRule m_Partition{4, 4, 2, 0.05};
  double m_LocalWeight = 1.0;
  int m_Images = 4;
};

} // namespace

void
RegisterJointContrast(MethodRegistry & registry)
{
  registry.Add("global_local",
               "global and local contrast in one run",
               [] { return std::make_unique<JointContrastMethod>(); });
}

} // namespace sulcus
