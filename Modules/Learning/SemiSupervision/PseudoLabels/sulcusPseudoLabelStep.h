#pragma once

#include <sulcusParameterUpdate.h>
#include <sulcusPredictor.h>
#include <sulcusSegmentationLoss.h>
#include <sulcusSegmentationNetwork.h>

#include <array>
#include <cstdint>
#include <memory>

namespace sulcus
{

struct PseudoLabelOptions
{
  int rounds = 1;             ///< times that training begins anew with the last round's predictions
  double threshold = 0.9;     ///< voxels predicted with less confidence are unknown; 0: all count
  bool soft = false;          ///< probabilities instead of the likeliest class
  bool flipAverage = true;    ///< predictions are averaged over the mirrorings that the plan allows
  double labelledShare = 0.5; ///< of the patches of a step; at least a quarter
  DiceCrossEntropyOptions loss;
};

/** Parts of a run: `stages` of equal length, the last takes the remainder. */
struct PseudoLabelStage
{
  std::int64_t number = 0;
  std::int64_t firstStep = 0;
  std::int64_t steps = 1;
};
PseudoLabelStage
PseudoLabelStageAt(std::int64_t step, std::int64_t totalSteps, std::int64_t stages);

/** Both streams as one: known labels beside predictions, of which only confident voxels are known.
 * \param probability of the unlabelled patches, [N, K, z, y, x]. */
Stream
JoinWithPseudoLabels(const Stream & labelled,
                     const torch::Tensor & unlabelledImage,
                     const torch::Tensor & probability,
                     const PseudoLabelOptions & options);

/** Pseudo-labels with retraining (Lee 2013) in one run: train on the labels, then, `rounds` times,
 * freeze the network as teacher and train from the first weights again on labels and on what the
 * teacher predicts. Every stage has its own learning-rate schedule and optimiser state.
 *
 * The teacher predicts the patch that the student is shown, without its intensity augmentation, so
 * no prediction is stored and none can leak a label. Streams: "labelled", and "unlabelled1" (for
 * the teacher) and "unlabelled2" (for the student) of one geometry. */
class PseudoLabelStep final : public StepRule
{
public:
  /** \param teacherIsTrained the teacher has weights of an earlier run: no stage without it. */
  PseudoLabelStep(SegmentationNetwork student,
                  SegmentationNetwork teacher,
                  bool teacherIsTrained,
                  const std::array<bool, 3> & flipAllowed,
                  const PseudoLabelOptions & options,
                  const ParameterUpdateOptions & update,
                  Precision precision);

  void
  SetSchedule(std::int64_t totalSteps) override;
  StepReport
  Step(const Batch & batch) override;
  void
  Save(NamedTensors & state) const override;
  void
  Load(const NamedTensors & state) override;

  const ParameterUpdate &
  Update() const
  {
    return *m_Update;
  }

private:
  void
  BeginStage(std::int64_t stage);

  SegmentationNetwork m_Student;
  SegmentationNetwork m_Teacher;
  NamedTensors m_FirstWeights;
  Predictor m_Predict;
  PseudoLabelOptions m_Options;
  ParameterUpdateOptions m_UpdateOptions;
  std::unique_ptr<ParameterUpdate> m_Update;
  Precision m_Precision;
  bool m_TeacherIsTrained;
  std::int64_t m_Stage = 0;
  std::int64_t m_TotalSteps = 1;
};

} // namespace sulcus
