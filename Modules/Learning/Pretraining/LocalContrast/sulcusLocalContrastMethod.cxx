#include "sulcusLocalContrastObjective.h"
#include "sulcusPublishedContrast.h"
#include "sulcusViewPatch.h"
#include <sulcusError.h>
#include <sulcusSingleOptimizerStep.h>
#include <sulcusTrainingMethod.h>

#include <algorithm>

namespace sulcus
{
namespace
{

/** "local" (L_R, or L_D) and "local_published". */
class LocalContrastMethod : public TrainingMethod
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
    visit(
        "local_geometry",
        m_Settings.carriedGeometry,
        "Give the two views geometries of their own and compare regions at corresponding points.");
    visit("local_across_volumes",
          m_Settings.acrossVolumes,
          "Let the same region of the same part of other volumes attract as well (L_D); for data "
          "that is affinely registered.");
    visit("local_across_gate",
          m_Settings.gate,
          "Least correlation of the two images within a region for that.")
        .Range(-1, 1)
        .Advanced();
    visit("local_across_negatives", m_AcrossNegatives, "The number of negatives then.")
        .Range(1, 64)
        .Advanced();
    visit("local_volumes", m_Partition.volumes, "Different volumes in a batch then.")
        .Range(2, 1024)
        .Advanced();
    visit("local_partitions", m_Partition.partitions, "Parts of a volume along the axis then.")
        .Range(2, 64)
        .Advanced();
    visit("local_axis", m_Partition.axis, "Partition axis then: 0 left, 1 back, 2 head.")
        .Range(0, 2)
        .Advanced();
    visit("local_images", m_Images, "Patches a step.").Range(1, 1024);
    visit("local_patch",
          m_PatchFraction,
          "Edge of a patch as part of the plan's, in whole strides of the network.")
        .Range(0.05, 1);
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    auto settings = m_Settings;
    if (settings.acrossVolumes)
    {
      settings.regionNegatives = m_AcrossNegatives;
      if (settings.carriedGeometry)
      {
        throw UsageError("local_geometry and local_across_volumes exclude each other: regions of "
                         "different volumes correspond only in the patches' own geometry");
      }
    }
    return BuildWith(
        context, settings, settings.carriedGeometry ? "contrastive" : "strong-intensity");
  }

protected:
  BuiltMethod
  BuildWith(const MethodContext & context,
            const LocalContrastSettings & settings,
            const std::string & augmentation) const
  {
    const auto patch = ViewPatch(context.plan, m_PatchFraction);
    RequireRegionsFit(context.plan, patch, settings);
    BuiltMethod built;
    built.network = context.MakeNetwork();
    const auto objective = std::make_shared<LocalContrastObjective>(
        built.network, settings, GridSpacing(context.plan), context.precision);
    built.rule = std::make_shared<SingleOptimizerStep>(objective, context.update);
    StreamRule views;
    views.name = "views";
    views.pool = CasePool::All;
    views.samples = m_Images;
    views.patchSize = patch;
    views.views = 2;
    views.augmentation = augmentation;
    views.sharedGeometry = !settings.carriedGeometry;
    views.correspondence = settings.carriedGeometry ? Correspondence::Affine : Correspondence::None;
    if (settings.acrossVolumes)
    {
      views.partition = m_Partition;
      views.samples = m_Partition.volumes * m_Partition.partitions;
    }
    built.sampling.streams = {views};
    built.weights = [network = built.network] { return TensorsOf(*network); };
    built.sharesBatches = !settings.acrossVolumes; // pairs across volumes need the whole batch
    return built;
  }

  LocalContrastSettings m_Settings;
  PartitionRule m_Partition{2, 4, 2, 0.05};
  std::int64_t m_AcrossNegatives = 4; ///< published for L_D
  int m_Images = 4;
  double m_PatchFraction = 0.75;
};

/** Stage 2 with the settings of Chaitanya et al. (2020), L_R: three blocks, five negatives from
 * both maps, brightness and contrast. */
class PublishedLocalMethod final : public LocalContrastMethod
{
public:
  PublishedLocalMethod()
  {
    m_Images = 12;
    m_PatchFraction = 1.0;
    m_Settings.regionNegatives = 5;
  }

  void
  Describe(Parameters & visit) override
  {
    visit("local_published_images", m_Images, "Patches a step.").Range(1, 1024);
  }

  std::map<std::string, std::string>
  Preset() const override
  {
    return PublishedAdam();
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    auto settings = m_Settings;
    settings.decoderBlocks = std::min(3, static_cast<int>(context.plan.network.widths.size()) - 1);
    WarnUnlessUnitRange(context.plan, "local_published");
    return BuildWith(context, settings, "contrastive-published");
  }
};

} // namespace

void
RegisterLocalContrast(MethodRegistry & registry)
{
  registry.Add("local",
               "regions of the decoder's map are told apart, encoder frozen",
               [] { return std::make_unique<LocalContrastMethod>(); });
  registry.Add("local_published",
               "local with the settings of Chaitanya et al. 2020",
               [] { return std::make_unique<PublishedLocalMethod>(); });
}

} // namespace sulcus
