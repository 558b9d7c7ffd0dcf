#include "sulcusGlobalContrastStep.h"

#include <sulcusTensorFile.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

namespace sulcus
{

GlobalContrastModel::GlobalContrastModel(SegmentationNetwork network,
                                         const GlobalContrastSettings & settings,
                                         Precision precision)
    : m_Encoder(register_module("encoder", network->GetEncoder())),
      m_Head(register_module("head",
                             ProjectionHead(network->GetPlan().widths.back(),
                                            settings.hiddenWidth,
                                            settings.embeddingWidth))),
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
  const auto count = first.image.size(0);
  const auto device = first.image.device();
  const auto twice = [&](const torch::Tensor & ids) { return torch::cat({ids, ids}).to(device); };
  const auto numbers = torch::arange(count, torch::kLong);
  ContrastSamples samples;
  samples.image = twice(numbers);
  samples.volume = twice(torch::tensor(first.caseIndex, torch::kLong));
  samples.view =
      torch::cat({torch::zeros(count, torch::kLong), torch::ones(count, torch::kLong)}).to(device);
  const auto partition = first.extra.find("partition");
  samples.partition = twice(partition == first.extra.end() ? numbers : partition->second);
  const auto position = first.extra.find("position");
  if (softPartitions && position != first.extra.end())
  {
    samples.position = twice(position->second);
  }
  return samples;
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
  const auto samples = SamplesOfViews(first, m_Settings.softPartitions);
  if (m_Settings.microBatch <= 0 || m_Settings.microBatch >= images.size(0))
  {
    embeddings = m_Model->Embed(images);
    auto result = GlobalContrastLoss(embeddings, samples, m_Settings.loss);
    result.loss.backward();
    return result;
  }
  const auto pieces = images.split(m_Settings.microBatch);
  {
    const torch::NoGradGuard noGradient;
    std::vector<torch::Tensor> parts;
    for (const auto & piece : pieces)
    {
      parts.push_back(m_Model->Embed(piece));
    }
    embeddings = torch::cat(parts);
  }
  embeddings.requires_grad_();
  auto result = GlobalContrastLoss(embeddings, samples, m_Settings.loss);
  const auto upstream =
      torch::autograd::grad({result.loss}, {embeddings})[0].split(m_Settings.microBatch);
  for (std::size_t i = 0; i < pieces.size(); ++i)
  {
    m_Model->Embed(pieces[i]).backward(upstream[i]);
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
