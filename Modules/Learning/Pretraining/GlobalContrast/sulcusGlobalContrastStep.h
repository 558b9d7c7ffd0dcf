#pragma once

#include "sulcusProjectionHead.h"
#include <sulcusGlobalContrastLoss.h>
#include <sulcusParameterUpdate.h>
#include <sulcusPrecision.h>
#include <sulcusSegmentationNetwork.h>

#include <array>
#include <cstdint>

namespace sulcus
{

struct GlobalContrastSettings
{
  GlobalContrastOptions loss;
  bool softPartitions = true; ///< the rule on normalised positions instead of hard partitions
  std::int64_t hiddenWidth = 512;
  std::int64_t embeddingWidth = 128;
  /** Patch, z, y, x, whose bottleneck is flattened into the head without biases, as published for
   * slices; 0: the head sees the average. */
  std::array<std::int64_t, 3> flattenedPatch{0, 0, 0};
  std::int64_t microBatch =
      0; ///< images a pass with gradient caching; 0: the whole batch in one pass
};

/** The encoder with its projection head; everything that stage 1 trains. */
class GlobalContrastModel : public torch::nn::Module
{
public:
  GlobalContrastModel(SegmentationNetwork network,
                      const GlobalContrastSettings & settings,
                      Precision precision);

  /** [N, C, z, y, x] -> [N, embeddingWidth]. */
  torch::Tensor
  Embed(const torch::Tensor & images);

private:
  Encoder m_Encoder;
  ProjectionHead m_Head;
  Precision m_Precision;
};

/** One step of SimCLR (strategy "random") or of global domain-aware contrast on streams "views1"
 * and "views2".
 *
 * With a micro-batch the gradient is cached (Gao et al. 2021): all embeddings without a graph, the
 * loss's gradient with respect to them, then the encoder again piece by piece with that upstream
 * gradient. The same gradient as in one pass, because no layer couples the samples of a batch, at
 * the memory of one piece. Processes that share the batch gather their embeddings, so that every
 * image meets every other. */
class GlobalContrastStep final : public StepRule
{
public:
  GlobalContrastStep(std::shared_ptr<GlobalContrastModel> model,
                     const GlobalContrastSettings & settings,
                     const ParameterUpdateOptions & update);

  void
  SetSchedule(std::int64_t totalSteps) override;
  StepReport
  Step(const Batch & batch) override;
  void
  Save(std::map<std::string, torch::Tensor> & state) const override;
  void
  Load(const std::map<std::string, torch::Tensor> & state) override;

  /** Fills the model's gradients; returns the loss. Exposed for tests of the caching. */
  GlobalContrastResult
  Backward(const Batch & batch, torch::Tensor & embeddings);

  /** See CollapseWatch. */
  bool
  HasCollapsed() const
  {
    return m_Watch.HasCollapsed();
  }

private:
  std::shared_ptr<GlobalContrastModel> m_Model;
  GlobalContrastSettings m_Settings;
  ParameterUpdate m_Update;
  CollapseWatch m_Watch;
};

/** Where the embeddings of cat(views1, views2) come from: caseIndex is the volume, extra
 * "partition" and "position". Of all processes that share the batch, in the order of GatherRows for
 * each view. */
ContrastSamples
SamplesOfViews(const Stream & first, bool softPartitions);

/** The loss of cat(views1, views2). The strategy "random" is NT-Xent with two views, counted in
 * unordered pairs as the others are: twice its mean over anchors. \param first stream of view 1 */
GlobalContrastResult
ContrastOfViews(const torch::Tensor & embeddings,
                const Stream & first,
                const GlobalContrastSettings & settings);

} // namespace sulcus
