#pragma once

#include <sulcusMovingAverage.h>
#include <sulcusObjective.h>
#include <sulcusPrecision.h>
#include <sulcusSegmentationLoss.h>
#include <sulcusSegmentationNetwork.h>

#include <cstdint>
#include <optional>

namespace sulcus
{

struct MeanTeacherOptions
{
  double decay = 0.99;
  double weight = 0.1;       ///< of the consistency term, after the ramp
  double rampFraction = 0.4; ///< of the run; published: 30,000 iterations
  double noise = 0.1;        ///< standard deviation added to what the teacher sees …
  double noiseLimit = 0.2;   ///< … and where it is clipped
  bool uncertainty = false;  ///< keep only voxels the teacher is certain about (UA-MT)
  int passes = 8;            ///< stochastic teacher passes for the uncertainty
  DiceCrossEntropyOptions loss;
};

/** mean (s - t)² over voxels and classes, over the voxels where keep is true only; 0 with zero gradient if none is.
 * \param student, teacher probabilities [N, K, z, y, x] \param keep bool [N, z, y, x] or undefined */
torch::Tensor
ConsistencyLoss(const torch::Tensor & student, const torch::Tensor & teacher, const torch::Tensor & keep);

/** u = -Σ_c p_c log(p_c + 1e-6), [N, K, …] -> [N, …]. */
torch::Tensor
PredictiveEntropy(const torch::Tensor & probability);

/** (0.75 + 0.25 exp(-5 (1 - t/T)²)) log K (Yu et al. 2019, with log K for log 2). */
double
UncertaintyThreshold(double progress, std::int64_t classes);

/** Mean teacher (Tarvainen and Valpola 2017) and, with `uncertainty`, UA-MT (Yu et al. 2019):
 * L = L_sup + w(t) · consistency between the student on x_u and a moving-average teacher on x_u + noise.
 * Streams: "labelled", "unlabelled". The teacher is the model. */
class MeanTeacherObjective final : public Objective
{
public:
  MeanTeacherObjective(SegmentationNetwork student, SegmentationNetwork teacher, const MeanTeacherOptions & options, Precision precision);

  LossTerms
  Evaluate(const Batch & batch) override;
  void
  AfterStep(std::int64_t step) override;
  void
  SetSchedule(std::int64_t totalSteps) override;
  void
  SaveExtra(std::map<std::string, torch::Tensor> & state) const override;
  void
  LoadExtra(const std::map<std::string, torch::Tensor> & state) override;

private:
  torch::Tensor
  TeacherProbability(const torch::Tensor & image);

  SegmentationNetwork m_Student;
  SegmentationNetwork m_Teacher; ///< not a submodule: no gradient, no optimiser
  MovingAverage m_Average;
  MeanTeacherOptions m_Options;
  Precision m_Precision;
  std::int64_t m_TotalSteps = 1;
};

} // namespace sulcus
