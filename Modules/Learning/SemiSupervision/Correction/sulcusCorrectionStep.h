#pragma once

#include "sulcusCorrectionNetwork.h"
#include "sulcusErasing.h"
#include "sulcusInpaintingLoss.h"
#include <sulcusParameterUpdate.h>
#include <sulcusPrecision.h>
#include <sulcusSegmentationLoss.h>

#include <cstdint>

namespace sulcus
{

struct CorrectionOptions
{
  CorrectionNetworkOptions network;
  EraseOptions erase;
  DiceCrossEntropyOptions loss;
  double segmentationWeight = 2.0;       ///< of the refined prediction's loss
  double coarseWeight = 0.5;             ///< of the coarse prediction's loss: phase-1 supervision
  double inpaintingWeight = 1.0;         ///< of unlabelled patches, after the ramp
  double labelledInpaintingWeight = 0.5; ///< of labelled patches, over known structures
  double inpaintingRamp = 0.2;           ///< part of the run over which both weights rise
  double gradientWeight = 0.0;           ///< of differences of neighbours beside the L1
  bool equalScales = false;              ///< published: scales add up with weight 1
  bool lossOverPrediction = false;       ///< published: L1 where the refined prediction, scale by
                                   ///< scale, has a structure; else where something was erased
  bool randomMask = false;        ///< ablation: erase a random box instead of the prediction
  double cuboidProbability = 0.5; ///< of erasing a random box where nothing is predicted …
  double cuboidWeight = 0.25;     ///< … and the factor of such a sample
};

/** What the authors released, with only what keeps it from failing (Documentation/Methods). */
CorrectionOptions
PublishedCorrection();

/** Self-supervised correction (Zhang et al., MICCAI 2021) on streams "labelled" and, if there is
 * one, "unlabelled".
 *
 *   L = segmentationWeight · Σ_k L_seg(p_k, y_k) + coarseWeight · L_seg(p⁰, y)
 *       + ramp · (inpaintingWeight · Σ_k L1(r_k, x_k; unlabelled) + labelledInpaintingWeight · …)
 *
 * The two streams are run and differentiated one after the other, so that the graph of one of them
 * is all that memory holds. The mask is a hard threshold: no gradient passes through phase 1 but
 * that of the coarse prediction's own loss. Unknown voxels (observed = false, weight 0) count in no
 * term. A stream with a value that is not finite makes the step's loss NaN, which the update skips;
 * "not_finite_case" then names the case's position in the cache. */
class CorrectionStep final : public StepRule
{
public:
  CorrectionStep(CorrectionNetwork network,
                 const CorrectionOptions & options,
                 const ParameterUpdateOptions & update,
                 std::uint64_t seed,
                 Precision precision);

  void
  SetSchedule(std::int64_t totalSteps) override;
  StepReport
  Step(const Batch & batch) override;
  void
  Save(std::map<std::string, torch::Tensor> & state) const override;
  void
  Load(const std::map<std::string, torch::Tensor> & state) override;

  /** The terms of one stream with their graph, weights included. */
  LossTerms
  LabelledTerms(const Stream & labelled, std::int64_t step);
  LossTerms
  UnlabelledTerms(const Stream & unlabelled, std::int64_t step);

  const ParameterUpdate &
  Update() const
  {
    return m_Update;
  }
  const CorrectionNetwork &
  Network() const
  {
    return m_Network;
  }

private:
  struct Phases;

  Phases
  RunEncoders(const Stream & stream, std::int64_t step, bool supervised);
  void
  Erase(const Stream & stream, RandomEngine random, bool supervised, Phases & phases) const;
  torch::Tensor
  SegmentationTerm(const RefinedLogits & refined, const Target & target) const;
  InpaintingTerms
  LabelledInpainting(const Phases & phases, const Stream & labelled, const Target & target);
  std::vector<torch::Tensor>
  PredictedMasks(const Phases & phases);
  std::vector<torch::Tensor>
  Repaint(const Phases & phases);
  double
  InpaintingRamp(std::int64_t step) const;

  CorrectionNetwork m_Network;
  CorrectionOptions m_Options;
  ParameterUpdate m_Update;
  RandomEngine m_Random;
  Precision m_Precision;
  std::int64_t m_TotalSteps = 1;
};

} // namespace sulcus
