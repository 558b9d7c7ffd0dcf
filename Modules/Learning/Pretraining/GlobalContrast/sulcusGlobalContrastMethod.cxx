#include "sulcusGlobalContrastStep.h"
#include <sulcusError.h>
#include <sulcusTrainingMethod.h>

namespace sulcus
{
namespace
{

/** "simclr" (strategy random, any places) and "global" (partitions along an axis). */
class GlobalContrastMethod final : public TrainingMethod
{
public:
  explicit GlobalContrastMethod(bool domainAware)
      : m_Name(domainAware ? "global" : "simclr"), m_DomainAware(domainAware)
  {
    m_Partition.volumes = 4;
  }

  void
  Describe(Parameters & visit) override
  {
    visit(m_Name + "_temperature",
          m_Settings.loss.temperature,
          "Temperature of the contrastive loss.")
        .Range(1e-3, 100)
        .Advanced();
    visit(m_Name + "_micro_batch",
          m_Settings.microBatch,
          "Images a pass with gradient caching; 0: no caching.")
        .Range(0, 65536)
        .Advanced();
    if (m_DomainAware)
    {
      visit("global_strategy", m_Strategy, "Which pairs attract and repel: G_D-, G_D or G_R.")
          .Choices({"domain", "domain_negatives", "random"});
      visit("global_volumes", m_Partition.volumes, "Different volumes in a batch.").Range(1, 1024);
      visit("global_partitions", m_Partition.partitions, "Parts of a volume along the axis.")
          .Range(2, 64);
      visit("global_axis", m_Partition.axis, "Partition axis: 0 left, 1 back, 2 head.").Range(0, 2);
      visit("global_soft",
            m_Settings.softPartitions,
            "Attract and repel by millimetre position instead of by part.")
          .Advanced();
      visit("global_all_views",
            m_Settings.loss.allViewPairs,
            "Pair all views across volumes, not only equal ones.")
          .Advanced();
    }
    else
    {
      visit("simclr_images", m_Images, "Different patches in a batch.").Range(2, 65536);
    }
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    if (context.labelledCases + context.unlabelledCases < 2)
    {
      throw UsageError(Message("method '",
                               m_Name,
                               "' contrasts different volumes; the prepared data has ",
                               context.labelledCases + context.unlabelledCases));
    }
    GlobalContrastSettings settings = m_Settings;
    settings.loss.strategy =
        m_DomainAware ? GlobalStrategyFromName(m_Strategy) : GlobalStrategy::Random;
    settings.loss.negativeDistance = 1.0 / m_Partition.partitions;
    settings.loss.positiveDistance = 0.25 / m_Partition.partitions;
    BuiltMethod built;
    built.network = context.MakeNetwork();
    const auto model =
        std::make_shared<GlobalContrastModel>(built.network, settings, context.precision);
    built.rule = std::make_shared<GlobalContrastStep>(model, settings, context.update);
    StreamRule views;
    views.name = "views";
    views.pool = CasePool::All;
    views.views = 2;
    views.augmentation = "contrastive";
    if (m_DomainAware)
    {
      views.partition = m_Partition;
      views.samples = m_Partition.volumes * m_Partition.partitions;
    }
    else
    {
      views.samples = m_Images;
    }
    built.sampling.streams = {views};
    built.weights = [network = built.network] { return TensorsOf(*network); };
    return built;
  }

private:
  std::string m_Name;
  bool m_DomainAware;
  GlobalContrastSettings m_Settings;
  std::string m_Strategy = "domain";
  PartitionRule m_Partition;
  int m_Images = 16;
};

} // namespace

void
RegisterGlobalContrast(MethodRegistry & registry)
{
  registry.Add("simclr",
               "two views of a patch attract, other patches repel",
               [] { return std::make_unique<GlobalContrastMethod>(false); });
  registry.Add("global",
               "contrast that knows where in the body a patch lies",
               [] { return std::make_unique<GlobalContrastMethod>(true); });
}

} // namespace sulcus
