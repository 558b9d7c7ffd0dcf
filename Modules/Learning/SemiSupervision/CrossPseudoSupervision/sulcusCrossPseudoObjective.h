#pragma once

#include <sulcusObjective.h>
#include <sulcusPrecision.h>
#include <sulcusSegmentationLoss.h>
#include <sulcusSegmentationNetwork.h>

namespace sulcus
{

struct CrossPseudoOptions
{
  double weight = 0.1;
  double rampFraction = 0.4;
  DiceCrossEntropyOptions loss;
};

/** CE(a, argmax b) + CE(b, argmax a), targets detached, mean over voxels. Logits [N, K, z, y, x]. */
torch::Tensor
CrossPseudoLoss(const torch::Tensor & first, const torch::Tensor & second);

/** Cross pseudo supervision (Chen et al., CVPR 2021): two networks of one architecture, differently initialised, teach each
 * other on unlabelled patches. L = L_sup(f1) + L_sup(f2) + w(t) · CrossPseudoLoss. Streams: "labelled", "unlabelled". */
class CrossPseudoObjective final : public Objective
{
public:
  CrossPseudoObjective(SegmentationNetwork first, SegmentationNetwork second, const CrossPseudoOptions & options, Precision precision);

  LossTerms
  Evaluate(const Batch & batch) override;
  void
  SetSchedule(std::int64_t totalSteps) override;

private:
  SegmentationNetwork m_First;
  SegmentationNetwork m_Second;
  CrossPseudoOptions m_Options;
  Precision m_Precision;
  std::int64_t m_TotalSteps = 1;
};

} // namespace sulcus
