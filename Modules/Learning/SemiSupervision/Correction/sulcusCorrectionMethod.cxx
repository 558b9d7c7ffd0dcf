#include "sulcusCorrectionPredictor.h"
#include "sulcusCorrectionStep.h"
#include <sulcusError.h>
#include <sulcusLog.h>
#include <sulcusTrainingMethod.h>

namespace sulcus
{
namespace
{

class CorrectionMethod final : public TrainingMethod
{
public:
  CorrectionMethod(std::string name, const CorrectionOptions & options, std::string gate)
      : m_Name(std::move(name)), m_Options(options), m_Gate(std::move(gate))
  {
  }

  void
  Describe(Parameters & visit) override
  {
    DescribeNetwork(visit);
    DescribeErasing(visit);
    DescribeWeights(visit);
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    RequireLabels(context);
    const auto options = Resolved();
    CorrectionNetwork network(context.MakeNetwork(), options.network, context.seed);
    const auto step = std::make_shared<CorrectionStep>(
        network, options, context.update, context.seed, context.precision);
    BuiltMethod built;
    built.rule = step;
    built.network = network->Segmentation();
    built.sampling.streams = LabelledAndUnlabelledStreams(context);
    if (context.unlabelledCases == 0)
    {
      built.sampling.streams.pop_back();
    }
    built.inference = "correction";
    built.weights = [step] { return Parts(*step).first; };
    built.extraWeights = [step, erase = options.erase]
    {
      auto extra = Parts(*step).second;
      extra["erasing"] = EraseOptionsToTensor(erase);
      return extra;
    };
    return built;
  }

private:
  void
  DescribeNetwork(Parameters & visit)
  {
    visit(m_Name + "_gate", m_Gate, "How features of the plain and the erased image are joined.")
        .Choices(GateKindNames())
        .Advanced();
    visit(m_Name + "_mask_channel",
          m_Options.network.maskChannel,
          "The encoder also sees what was erased.")
        .Advanced();
    visit(m_Name + "_inpainting_source",
          m_InpaintingSource,
          "Features the inpainting decoder reads: gated, or of the erased image alone.")
        .Choices({"gated", "erased"})
        .Advanced();
    visit(m_Name + "_scales",
          m_Options.network.scales,
          "Scales with a loss, full resolution included.")
        .Range(1, 8)
        .Advanced();
  }

  void
  DescribeErasing(Parameters & visit)
  {
    visit(m_Name + "_mask_source",
          m_MaskSource,
          "What is erased: the coarse prediction, one structure of it, or a random box.")
        .Choices({"prediction", "one_structure", "box"})
        .Advanced();
    visit(m_Name + "_threshold",
          m_Options.erase.threshold,
          "Foreground probability above which a voxel is erased.")
        .Range(0, 1)
        .Advanced();
    visit(m_Name + "_dilation", m_Options.erase.dilationInMm, "Growth of the erased region, mm.")
        .Range(0, 50)
        .Advanced();
    visit(m_Name + "_smallest_component",
          m_Options.erase.smallestComponentInMm3,
          "Predicted components below this volume, mm³, are not erased.")
        .Range(0, 1e6)
        .Advanced();
    visit(m_Name + "_largest_fraction",
          m_Options.erase.largestFraction,
          "Largest part of a patch that is erased.")
        .Range(0.01, 0.99)
        .Advanced();
    visit(m_Name + "_shell_fill",
          m_Options.erase.shellFill,
          "Erased voxels get mean and spread of their surroundings; otherwise 0.")
        .Advanced();
    visit(
        m_Name + "_box_probability",
        m_Options.cuboidProbability,
        "How often a random box is erased from an unlabelled patch without a predicted structure.")
        .Range(0, 1)
        .Advanced();
  }

  void
  DescribeWeights(Parameters & visit)
  {
    visit(m_Name + "_segmentation_weight",
          m_Options.segmentationWeight,
          "Factor of the refined prediction's loss.")
        .Range(0, 1e6)
        .Advanced();
    visit(m_Name + "_coarse_weight",
          m_Options.coarseWeight,
          "Factor of the coarse prediction's loss (phase-1 supervision).")
        .Range(0, 1e6)
        .Advanced();
    visit(m_Name + "_inpainting_weight",
          m_Options.inpaintingWeight,
          "Factor of the repainting loss on unlabelled patches.")
        .Range(0, 1e6)
        .Advanced();
    visit(m_Name + "_labelled_inpainting_weight",
          m_Options.labelledInpaintingWeight,
          "Factor of the repainting loss on the known structures of labelled patches.")
        .Range(0, 1e6)
        .Advanced();
    visit(m_Name + "_ramp",
          m_Options.inpaintingRamp,
          "Part of the run over which the repainting factors rise.")
        .Range(0, 1)
        .Advanced();
    visit(m_Name + "_gradient_weight",
          m_Options.gradientWeight,
          "Factor of the L1 of neighbours' differences beside that of intensities.")
        .Range(0, 1e6)
        .Advanced();
    visit(m_Name + "_loss_over_prediction",
          m_Options.lossOverPrediction,
          "Repainting counts where the refined prediction has a structure instead of where "
          "something was erased.")
        .Advanced();
    visit(m_Name + "_equal_scales",
          m_Options.equalScales,
          "Scales add up with weight 1 instead of 1, 1/2, 1/4, … normalised.")
        .Advanced();
  }

  void
  RequireLabels(const MethodContext & context) const
  {
    if (context.labelledCases == 0)
    {
      throw UsageError(
          Message("method '", m_Name, "': the prepared data has no labelled training case"));
    }
    if (context.unlabelledCases == 0)
    {
      LogWarning(
          Message("method '", m_Name, "': there is no unlabelled case; labelled ones train alone"));
    }
  }

  CorrectionOptions
  Resolved() const
  {
    auto options = m_Options;
    options.network.gate = GateKindOf(m_Gate);
    options.network.inpaintFromErasedOnly = m_InpaintingSource == "erased";
    options.erase.oneClass = m_MaskSource == "one_structure";
    options.randomMask = m_MaskSource == "box";
    return options;
  }

  /** Weights and extra of the model file: moving averages where they are kept. */
  static std::pair<NamedTensors, NamedTensors>
  Parts(const CorrectionStep & step)
  {
    auto tensors = TensorsOf(*step.Network());
    if (step.Update().Average() != nullptr)
    {
      for (const auto & [name, tensor] : step.Update().Average()->Values())
      {
        tensors.at(name) = tensor;
      }
    }
    std::pair<NamedTensors, NamedTensors> parts;
    step.Network()->Split(tensors, parts.first, parts.second);
    return parts;
  }

  std::string m_Name;
  CorrectionOptions m_Options;
  std::string m_Gate;
  std::string m_InpaintingSource = "gated";
  std::string m_MaskSource = "prediction";
};

} // namespace

void
RegisterCorrection(MethodRegistry & registry)
{
  registry.Add("correction",
               "find, erase, segment again and repaint, with settings for volumes",
               [] {
                 return std::make_unique<CorrectionMethod>(
                     "correction", CorrectionOptions(), "factorised");
               });
  registry.Add("correction_published",
               "the same with the settings of the released code",
               []
               {
                 return std::make_unique<CorrectionMethod>(
                     "correction_published", PublishedCorrection(), "full");
               });
}

} // namespace sulcus
