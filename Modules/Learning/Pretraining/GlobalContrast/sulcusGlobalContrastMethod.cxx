#include "sulcusGlobalContrastStep.h"
#include "sulcusPublishedContrast.h"
#include "sulcusViewPatch.h"
#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusTrainingMethod.h>

namespace sulcus
{
namespace
{

std::string
Text(double value)
{
  return Message(value);
}

/** What the contrastive methods share: cases, model, step and streams from settings. */
class ContrastMethod : public TrainingMethod
{
public:
  BuiltMethod
  Build(const MethodContext & context) const override
  {
    const auto cases = context.labelledCases + context.unlabelledCases;
    if (cases < 2)
    {
      throw UsageError(Message(
          "method '", m_Name, "' contrasts different volumes; the prepared data has ", cases));
    }
    const auto settings = Settings(context);
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
    views.patchSize = ViewPatch(context.plan, m_PatchFraction);
    Sample(views);
    built.sampling.streams = {views};
    built.weights = [network = built.network] { return TensorsOf(*network); };
    built.sharesBatches = true; // embeddings of all processes are gathered
    return built;
  }

protected:
  explicit ContrastMethod(std::string name) : m_Name(std::move(name))
  {
  }

  virtual GlobalContrastSettings
  Settings(const MethodContext & context) const = 0;
  /** How many patches, from where, and their views. */
  virtual void
  Sample(StreamRule & views) const = 0;

  void
  DescribeMicroBatch(Parameters & visit)
  {
    visit(m_Name + "_micro_batch",
          m_Settings.microBatch,
          "Images a pass with gradient caching; 0: no caching.")
        .Range(0, 65536)
        .Advanced();
  }

  void
  DescribePatch(Parameters & visit)
  {
    visit(m_Name + "_patch",
          m_PatchFraction,
          "Edge of a patch as part of the plan's, in whole strides of the network.")
        .Range(0.05, 1);
  }

  std::string m_Name;
  GlobalContrastSettings m_Settings;
  double m_PatchFraction = 1.0;
};

/** SimCLR: any places, every other patch repels (strategy G_R). */
class SimClrMethod final : public ContrastMethod
{
public:
  SimClrMethod() : ContrastMethod("simclr")
  {
    m_PatchFraction = 0.5;
  }

  void
  Describe(Parameters & visit) override
  {
    visit("simclr_temperature", m_Settings.loss.temperature, "Temperature of the contrastive loss.")
        .Range(1e-3, 100)
        .Advanced();
    DescribeMicroBatch(visit);
    visit("simclr_images", m_Images, "Different patches in a batch.").Range(2, 65536);
    DescribePatch(visit);
  }

private:
  GlobalContrastSettings
  Settings(const MethodContext &) const override
  {
    auto settings = m_Settings;
    settings.loss.strategy = GlobalStrategy::Random;
    return settings;
  }

  void
  Sample(StreamRule & views) const override
  {
    views.samples = m_Images;
  }

  int m_Images = 16;
};

/** SimCLR with the settings of Chen et al. (2020) for ImageNet: LARS at 0.3 · N/256, temperature
 * 0.1, a hidden layer as wide as the representation. */
class PublishedSimClrMethod final : public ContrastMethod
{
public:
  PublishedSimClrMethod() : ContrastMethod("simclr_published")
  {
    m_Settings.microBatch = 16;
  }

  void
  Describe(Parameters & visit) override
  {
    visit("simclr_published_images",
          m_Images,
          "Different patches in a batch; the learning rate follows it.")
        .Range(2, 65536);
    DescribeMicroBatch(visit);
  }

  std::map<std::string, std::string>
  Preset() const override
  {
    return {{"steps", "10000"},
            {"optimizer", "lars"},
            {"learning_rate", Text(0.3 * m_Images / 256.0)},
            {"momentum", "0.9"},
            {"trust", "0.001"},
            {"weight_decay", "1e-6"},
            {"clip_norm", "0"},
            {"schedule", "cosine"},
            {"warmup", "0.1"},
            {"warmup_from_zero", "true"}};
  }

private:
  GlobalContrastSettings
  Settings(const MethodContext & context) const override
  {
    auto settings = m_Settings;
    settings.loss.strategy = GlobalStrategy::Random;
    settings.loss.temperature = 0.1;
    settings.hiddenWidth = context.plan.network.widths.back();
    return settings;
  }

  void
  Sample(StreamRule & views) const override
  {
    views.samples = m_Images;
  }

  int m_Images = 4096;
};

/** G_D-, G_D or G_R on partitions along an anatomical axis. */
class GlobalMethod final : public ContrastMethod
{
public:
  GlobalMethod() : ContrastMethod("global")
  {
    m_Partition.volumes = 4;
    m_PatchFraction = 0.5;
  }

  void
  Describe(Parameters & visit) override
  {
    visit("global_temperature", m_Settings.loss.temperature, "Temperature of the contrastive loss.")
        .Range(1e-3, 100)
        .Advanced();
    DescribeMicroBatch(visit);
    visit("global_strategy", m_Strategy, "Which pairs attract and repel: G_D-, G_D or G_R.")
        .Choices({"domain", "domain_negatives", "random"});
    visit("global_volumes", m_Partition.volumes, "Different volumes in a batch.").Range(1, 1024);
    visit("global_partitions", m_Partition.partitions, "Parts of a volume along the axis.")
        .Range(2, 64);
    visit("global_axis", m_Partition.axis, "Partition axis: 0 left, 1 back, 2 head.").Range(0, 2);
    DescribePatch(visit);
    visit("global_soft",
          m_Settings.softPartitions,
          "Attract and repel by millimetre position instead of by part.")
        .Advanced();
    visit("global_all_views",
          m_Settings.loss.allViewPairs,
          "Pair all views across volumes, not only equal ones.")
        .Advanced();
  }

private:
  GlobalContrastSettings
  Settings(const MethodContext &) const override
  {
    auto settings = m_Settings;
    settings.loss.strategy = GlobalStrategyFromName(m_Strategy);
    settings.loss.negativeDistance = 1.0 / m_Partition.partitions;
    settings.loss.positiveDistance = 0.25 / m_Partition.partitions;
    if (m_Partition.volumes == 1 && settings.loss.strategy == GlobalStrategy::Domain)
    {
      LogInfo("one volume in a batch: no pairs across volumes, the strategy is G_D-");
    }
    return settings;
  }

  void
  Sample(StreamRule & views) const override
  {
    views.partition = m_Partition;
    views.samples = m_Partition.volumes * m_Partition.partitions;
  }

  std::string m_Strategy = "domain";
  PartitionRule m_Partition;
};

/** G_D with the settings of Chaitanya et al. (2020): hard partitions, 40 images a batch, flattened
 * head, Adam. */
class PublishedGlobalMethod final : public ContrastMethod
{
public:
  PublishedGlobalMethod() : ContrastMethod("global_published")
  {
    m_Settings.softPartitions = false;
    m_Settings.hiddenWidth = 1024;
    m_Settings.loss.strategy = GlobalStrategy::Domain;
    m_Settings.loss.temperature = 0.1;
  }

  void
  Describe(Parameters & visit) override
  {
    visit("global_published_volumes",
          m_Volumes,
          "Different volumes in a batch; each gives two views of four parts.")
        .Range(1, 1024);
    DescribeMicroBatch(visit);
  }

  std::map<std::string, std::string>
  Preset() const override
  {
    return PublishedAdam();
  }

private:
  GlobalContrastSettings
  Settings(const MethodContext & context) const override
  {
    auto settings = m_Settings;
    settings.flattenedPatch = context.plan.patchSize;
    WarnUnlessUnitRange(context.plan, m_Name);
    return settings;
  }

  void
  Sample(StreamRule & views) const override
  {
    views.partition.volumes = m_Volumes;
    views.partition.partitions = 4;
    views.partition.guard = 0.0;
    views.samples = 4 * m_Volumes;
    views.augmentation = "contrastive-published-crop";
  }

  int m_Volumes = 5;
};

} // namespace

void
RegisterGlobalContrast(MethodRegistry & registry)
{
  registry.Add("simclr",
               "two views of a patch attract, other patches repel",
               [] { return std::make_unique<SimClrMethod>(); });
  registry.Add("simclr_published",
               "simclr with the settings of Chen et al. 2020",
               [] { return std::make_unique<PublishedSimClrMethod>(); });
  registry.Add("global",
               "contrast that knows where in the body a patch lies",
               [] { return std::make_unique<GlobalMethod>(); });
  registry.Add("global_published",
               "global with the settings of Chaitanya et al. 2020",
               [] { return std::make_unique<PublishedGlobalMethod>(); });
}

} // namespace sulcus
