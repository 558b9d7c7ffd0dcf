#pragma once

#include "sulcusObjective.h"
#include <sulcusParameters.h>
#include <sulcusPrecision.h>
#include <sulcusSegmentationLoss.h>
#include <sulcusSegmentationNetwork.h>

namespace sulcus
{

void
Describe(Parameters & visit, DiceCrossEntropyOptions & o);

/** Dice + cross-entropy, with deep supervision where the network has side outputs, on the stream
 * "labelled". Voxel weights, soft labels and unknown voxels are respected. With a mixupAlpha above
 * 0 training samples are combined with others of the batch, see Mixup. */
class SupervisedObjective final : public Objective
{
public:
  SupervisedObjective(SegmentationNetwork network,
                      const DiceCrossEntropyOptions & options,
                      Precision precision,
                      double mixupAlpha = 0.0);

  LossTerms
  Evaluate(const Batch & batch) override;

private:
  SegmentationNetwork m_Network;
  DiceCrossEntropyOptions m_Options;
  Precision m_Precision;
  double m_MixupAlpha;
};

/** The supervised term alone, for objectives that add others to it. */
torch::Tensor
SupervisedLoss(const NetworkFeatures & features,
               const Stream & labelled,
               const DiceCrossEntropyOptions & options);

} // namespace sulcus
