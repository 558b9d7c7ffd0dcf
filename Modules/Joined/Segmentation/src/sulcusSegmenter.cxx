#include "sulcusSegmenter.h"

#include "sulcusInputContract.h"
#include <sulcusError.h>
#include <sulcusPreprocess.h>
#include <sulcusTorchGlue.h>

#include <torch/types.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sulcus
{
namespace
{

/** What members of an ensemble must share: everything but the network's inner shape and the names
 * of things. */
std::string
SharedPart(const Plan & plan)
{
  Plan shared = plan;
  const int channels = plan.network.inputChannels;
  const int classes = plan.network.classes;
  shared.network = NetworkPlan();
  shared.network.inputChannels = channels;
  shared.network.classes = classes;
  shared.dataset.clear();
  shared.batchSize = 0;
  return PlanToJson(shared).dump();
}

std::array<bool, 3>
MirroredAxes(const std::string & flips, const Plan & plan)
{
  if (flips == "all")
  {
    return {true, true, true};
  }
  return flips == "allowed" ? plan.flipAllowed : std::array<bool, 3>{false, false, false};
}

std::vector<std::uint16_t>
LabelValuesOf(const Plan & plan, const std::string & origin)
{
  std::vector<std::uint16_t> values;
  for (const auto & label : plan.labels)
  {
    if (label.value < 0 || label.value > 65535)
    {
      throw ModelError(Message(
          origin, ": label '", label.name, "' has the value ", label.value, ", need 0 to 65535"));
    }
    values.push_back(static_cast<std::uint16_t>(label.value));
  }
  return values;
}

ProbabilitySlab
SlabOf(const torch::Tensor & probabilities)
{
  ProbabilitySlab slab;
  slab.data = probabilities.const_data_ptr<float>();
  slab.planes = probabilities.size(1);
  slab.classStride = probabilities.stride(0);
  slab.planeStride = probabilities.stride(1);
  return slab;
}

} // namespace

void
Describe(Parameters & visit, SegmentationOptions & o)
{
  visit(
      "flips", o.flips, "Mirrored copies to average: none, the axes the plan allows, or all eight.")
      .Choices({"none", "allowed", "all"});
  visit("overlap", o.overlap, "Share of a window that its neighbour repeats.").Range(0, 0.95);
  visit("batch_size", o.batchSize, "Windows predicted at once.").Range(1, 1024).Advanced();
  visit("precision",
        o.precision,
        "Number format of convolutions; auto takes bf16 where the device has it.")
      .Choices({"auto", "fp32", "bf16"})
      .Advanced();
  visit("component_rules", o.componentRules, "Apply the component rules of the plan.");
}

Segmenter::Segmenter(const std::vector<std::filesystem::path> & models,
                     const torch::Device & device,
                     const SegmentationOptions & options,
                     const PredictorMakers & makers)
    : m_Device(device), m_Options(options)
{
  if (models.empty())
  {
    throw UsageError("segment: no model was given");
  }
  const Precision precision = ResolvePrecision(options.precision, device);
  std::vector<VolumePredictor> members;
  for (std::size_t m = 0; m < models.size(); ++m)
  {
    const std::string origin = models[m].string();
    const ModelFile model = ReadModelFile(models[m]);
    if (m == 0)
    {
      m_Plan = model.plan;
      m_LabelValues = LabelValuesOf(m_Plan, origin);
    }
    else if (SharedPart(model.plan) != SharedPart(m_Plan))
    {
      throw ModelError(Message(origin,
                               ": cannot be averaged with ",
                               models[0].string(),
                               ": channels, labels or preprocessing differ"));
    }
    m_Models.push_back({origin, model.method, model.provenance});
    members.push_back(MakeModelPredictor(model, origin, device, precision, makers));
  }
  m_Predictor = FlipVolumePredictor(EnsembleVolumePredictor(std::move(members)),
                                    MirroredAxes(options.flips, m_Plan));
}

Segmented
Segmenter::Segment(const std::vector<FloatImage::Pointer> & channels,
                   const std::string & name,
                   const std::function<void(double)> & progress) const
{
  if (channels.empty())
  {
    throw ScopeError(
        Message(name, ": the model needs ", m_Plan.channels.size(), " channels, got 0"));
  }
  RequireInputContract(m_Plan, GridOf(channels.front().GetPointer()), channels.size(), name);
  PreprocessInput input;
  input.channels.assign(channels.begin(), channels.end());
  input.names = m_Plan.channels;
  const PreprocessedVolume prepared = Preprocess(input, PreprocessOptionsFromPlan(m_Plan));

  DecisionOptions wanted;
  wanted.labelValues = m_LabelValues;
  wanted.confidence = m_Options.confidence;
  wanted.entropy = m_Options.entropy;
  wanted.probabilities = m_Options.probabilities;
  NativeLabelDecider decider(prepared.undo, static_cast<int>(m_LabelValues.size()), wanted);

  SlidingWindowOptions window;
  window.window = m_Plan.patchSize;
  window.overlap = m_Options.overlap;
  window.batchSize = m_Options.batchSize;
  const auto spacing = GridOf(prepared.channels.front().GetPointer()).spacing;
  const VolumePrediction volume = m_Predictor(
      StackChannels(prepared.channels).to(m_Device), {spacing[2], spacing[1], spacing[0]}, window);
  PredictSlabs(
      volume.image,
      volume.predictor,
      window,
      [&](std::int64_t, const torch::Tensor & probabilities)
      { decider.Accept(SlabOf(probabilities.to(torch::kCPU))); },
      progress);
  Segmented result;
  result.decision = decider.Finish();
  if (m_Options.componentRules && !m_Plan.componentRules.empty())
  {
    result.rules = ApplyComponentRules(result.decision.label, m_Plan.componentRules, m_LabelValues);
  }
  return result;
}

} // namespace sulcus
