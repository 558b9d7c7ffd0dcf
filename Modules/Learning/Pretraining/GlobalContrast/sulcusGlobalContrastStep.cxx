#include "sulcusGlobalContrastStep.h"

#include <sulcusContrastiveLoss.h>
#include <sulcusProcessGroup.h>
#include <sulcusTensorFile.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

namespace sulcus
{

namespace
{

ProjectionHeadOptions
HeadOf(const NetworkPlan & plan, const GlobalContrastSettings & settings)
{
  ProjectionHeadOptions options;
  options.hidden = settings.hiddenWidth;
  options.outputs = settings.embeddingWidth;
  options.inputs = plan.widths.back();
  options.flatten = settings.flattenedPatch[0] > 0;
  options.hiddenBias = !options.flatten;
  for (std::size_t axis = 0; axis < 3 && options.flatten; ++axis)
  {
    auto size = settings.flattenedPatch[axis];
    for (const auto & stride : plan.strides)
    {
      size = (size + stride[axis] - 1) / stride[axis];
    }
    options.inputs *= size;
  }
  return options;
}

} // namespace

GlobalContrastModel::GlobalContrastModel(SegmentationNetwork network,
                                         const GlobalContrastSettings & settings,
                                         Precision precision)
    : m_Encoder(register_module("encoder", network->GetEncoder())),
      m_Head(register_module("head", ProjectionHead(HeadOf(network->GetPlan(), settings)))),
      m_Precision(precision)
{
  m_Head->to(network->parameters().front().device());
}

torch::Tensor
GlobalContrastModel::Embed(const torch::Tensor & images)
{
  torch::Tensor bottleneck;
  {
    const AutocastScope autocast(m_Precision, images.device());
    bottleneck = m_Encoder->forward(images).back();
  }
  return m_Head->forward(bottleneck);
}

ContrastSamples
SamplesOfViews(const Stream & first, bool softPartitions)
{
  const auto device = first.image.device();
  const auto twice = [&](const torch::Tensor & ids)
  {
    const auto all = GatherRows(ids).to(device);
    return torch::cat({all, all});
  };
  const auto volume = twice(torch::tensor(first.caseIndex, torch::kLong));
  const auto count = volume.size(0) / 2;
  const auto numbers = torch::arange(count, volume.options());
  ContrastSamples samples;
  samples.volume = volume;
  samples.image = torch::cat({numbers, numbers});
  samples.view = torch::cat({torch::zeros_like(numbers), torch::ones_like(numbers)});
  const auto partition = first.extra.find("partition");
  samples.partition = partition == first.extra.end() ? samples.image : twice(partition->second);
  const auto position = first.extra.find("position");
  if (softPartitions && position != first.extra.end())
  {
    samples.position = twice(position->second);
  }
  return samples;
}

GlobalContrastResult
ContrastOfViews(const torch::Tensor & embeddings,
                const Stream & first,
                const GlobalContrastSettings & settings)
{
  const auto views = embeddings.chunk(2);
  const auto one = GatherRows(views[0]);
  const auto two = GatherRows(views[1]);
  if (settings.loss.strategy == GlobalStrategy::Random)
  {
    GlobalContrastResult result;
    result.loss = 2.0 * NtXentLoss(one, two, settings.loss.temperature);
    result.orderedPairs = 2 * one.size(0);
    result.skippedAnchors = one.size(0) == 1 ? 2 : 0;
    return result;
  }
  return GlobalContrastLoss(
      torch::cat({one, two}), SamplesOfViews(first, settings.softPartitions), settings.loss);
}

GlobalContrastStep::GlobalContrastStep(std::shared_ptr<GlobalContrastModel> model,
                                       const GlobalContrastSettings & settings,
                                       const ParameterUpdateOptions & update)
    : m_Model(std::move(model)), m_Settings(settings), m_Update(*m_Model, update)
{
}

void
GlobalContrastStep::SetSchedule(std::int64_t totalSteps)
{
  m_Update.SetSchedule(totalSteps);
}

GlobalContrastResult
GlobalContrastStep::Backward(const Batch & batch, torch::Tensor & embeddings)
{
  const Stream & first = batch.Require("views1");
  const auto images = torch::cat({first.image, batch.Require("views2").image});
  if (m_Settings.microBatch <= 0 || m_Settings.microBatch >= images.size(0))
  {
    embeddings = m_Model->Embed(images);
    auto result = ContrastOfViews(embeddings, first, m_Settings);
    result.loss.backward();
    return result;
  }
  const auto pieces = images.split(m_Settings.microBatch);
  // Both passes of a piece draw the same dropout.
  const auto seed = torch::randint(std::int64_t{1} << 62, {1}, torch::kLong).item<std::int64_t>();
  const auto embed = [&](std::size_t i)
  {
    torch::manual_seed(static_cast<std::uint64_t>(seed) + i);
    return m_Model->Embed(pieces[i]);
  };
  {
    const torch::NoGradGuard noGradient;
    std::vector<torch::Tensor> parts;
    for (std::size_t i = 0; i < pieces.size(); ++i)
    {
      parts.push_back(embed(i));
    }
    embeddings = torch::cat(parts);
  }
  embeddings.requires_grad_();
  auto result = ContrastOfViews(embeddings, first, m_Settings);
  const auto upstream =
      torch::autograd::grad({result.loss}, {embeddings})[0].split(m_Settings.microBatch);
  for (std::size_t i = 0; i < pieces.size(); ++i)
  {
    embed(i).backward(upstream[i]);
  }
  return result;
}

StepReport
GlobalContrastStep::Step(const Batch & batch)
{
  m_Model->train();
  m_Update.ZeroGradient();
  torch::Tensor embeddings;
  const auto result = Backward(batch.To(m_Model->parameters().front().device()), embeddings);
  StepReport report = m_Update.Move(result.loss.item<double>(), batch.step);
  const auto views = embeddings.detach().chunk(2);
  m_Watch.Observe(MeasureHealth(views[0], views[1]), m_Settings.embeddingWidth, report.logged);
  report.logged["skipped_anchors"] = static_cast<double>(result.skippedAnchors);
  return report;
}

void
GlobalContrastStep::Save(std::map<std::string, torch::Tensor> & state) const
{
  for (const auto & [name, tensor] : TensorsOf(*m_Model, "model/"))
  {
    state[name] = tensor;
  }
  m_Update.Save(state);
}

void
GlobalContrastStep::Load(const std::map<std::string, torch::Tensor> & state)
{
  LoadTensorsInto(*m_Model, state, "model/");
  m_Update.Load(state);
}

} // namespace sulcus
