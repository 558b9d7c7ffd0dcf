#include "sulcusPseudoLabelStep.h"

#include <sulcusSupervisedObjective.h>
#include <sulcusTrainingMethod.h>

#include <torch/utils.h>

#include <algorithm>

namespace sulcus
{
namespace
{

constexpr const char * stageName = "pseudo_labels/stage";
constexpr const char * teacherPrefix = "teacher/";
constexpr const char * studentPrefix = "student/";

/** The stream's weight per voxel, 0 where it is unknown; 1 everywhere where it has none. */
torch::Tensor
WeightOf(const Stream & stream)
{
  const auto target = MakeTarget(stream.label, stream.softLabel, stream.weight, stream.observed);
  return target.weight.defined() ? target.weight : torch::ones_like(stream.image.select(1, 0));
}

} // namespace

PseudoLabelStage
PseudoLabelStageAt(std::int64_t step, std::int64_t totalSteps, std::int64_t stages)
{
  const std::int64_t length = std::max<std::int64_t>(totalSteps / stages, 1);
  PseudoLabelStage stage;
  stage.number = std::min(step / length, stages - 1);
  stage.firstStep = stage.number * length;
  stage.steps = stage.number == stages - 1 ? totalSteps - stage.firstStep : length;
  return stage;
}

Stream
JoinWithPseudoLabels(const Stream & labelled,
                     const torch::Tensor & unlabelledImage,
                     const torch::Tensor & probability,
                     const PseudoLabelOptions & options)
{
  const auto [confidence, label] = probability.max(1);
  const auto certain = (confidence >= options.threshold).to(torch::kFloat);
  Stream joined;
  joined.image = torch::cat({labelled.image, unlabelledImage});
  if (options.soft || labelled.softLabel.defined())
  {
    const auto classes = probability.size(1);
    const auto known =
        labelled.softLabel.defined() ? labelled.softLabel : OneHot(labelled.label, classes);
    joined.softLabel =
        torch::cat({known, options.soft ? probability.clone() : OneHot(label, classes)});
  }
  else
  {
    joined.label = torch::cat({labelled.label, label});
  }
  joined.weight = torch::cat({WeightOf(labelled), certain});
  return joined;
}

PseudoLabelStep::PseudoLabelStep(SegmentationNetwork student,
                                 SegmentationNetwork teacher,
                                 bool teacherIsTrained,
                                 const std::array<bool, 3> & flipAllowed,
                                 const PseudoLabelOptions & options,
                                 const ParameterUpdateOptions & update,
                                 Precision precision)
    : m_Student(std::move(student)), m_Teacher(std::move(teacher)),
      m_FirstWeights(CloneTensors(TensorsOf(*m_Student))),
      m_Predict(FlipPredictor(NetworkPredictor(m_Teacher, precision),
                              options.flipAverage ? flipAllowed : std::array<bool, 3>{})),
      m_Options(options), m_UpdateOptions(update),
      m_Update(std::make_unique<ParameterUpdate>(*m_Student, update)), m_Precision(precision),
      m_TeacherIsTrained(teacherIsTrained)
{
}

void
PseudoLabelStep::SetSchedule(std::int64_t totalSteps)
{
  m_TotalSteps = totalSteps;
}

/** The student becomes the teacher, and begins anew. */
void
PseudoLabelStep::BeginStage(std::int64_t stage)
{
  const torch::NoGradGuard noGradient;
  LoadTensorsInto(*m_Teacher, FinalWeights(*m_Update, m_Student, ""));
  LoadTensorsInto(*m_Student, m_FirstWeights);
  m_Update = std::make_unique<ParameterUpdate>(*m_Student, m_UpdateOptions);
  m_Stage = stage;
}

StepReport
PseudoLabelStep::Step(const Batch & batch)
{
  const auto stages = m_Options.rounds + (m_TeacherIsTrained ? 0 : 1);
  const auto stage = PseudoLabelStageAt(batch.step, m_TotalSteps, stages);
  if (stage.number != m_Stage)
  {
    BeginStage(stage.number);
  }
  m_Update->SetSchedule(stage.steps);
  m_Student->train();
  const auto device = m_Student->parameters().front().device();
  Stream stream = batch.Require("labelled").To(device);
  LossTerms terms;
  const bool hasTeacher = m_TeacherIsTrained || stage.number > 0;
  if (hasTeacher)
  {
    const auto seen = batch.Require("unlabelled1").image.to(device);
    const auto probability = m_Predict(seen).clone(); // out of inference mode: a loss may keep it
    const auto image = batch.Require("unlabelled2").image.to(device);
    stream = JoinWithPseudoLabels(stream, image, probability, m_Options);
    terms.logged["kept_voxels"] = (std::get<0>(probability.max(1)) >= m_Options.threshold)
                                      .to(torch::kFloat)
                                      .mean()
                                      .item<double>();
  }
  NetworkFeatures features;
  {
    const AutocastScope autocast(m_Precision, device);
    features = m_Student->ForwardWithFeatures(stream.image);
  }
  // a teacher's probabilities are to be sharpened: the product, not the semimetric of soft labels
  const auto target = MakeTarget(stream.label, stream.softLabel, stream.weight, stream.observed);
  terms.total = DeepSupervisionLoss(features.logits, features.sideLogits, target, m_Options.loss);
  terms.logged["stage"] = static_cast<double>(stage.number);
  return m_Update->BackwardAndMove(terms, batch.step - stage.firstStep);
}

void
PseudoLabelStep::Save(NamedTensors & state) const
{
  for (const auto & [name, tensor] : TensorsOf(*m_Student, studentPrefix))
  {
    state[name] = tensor;
  }
  for (const auto & [name, tensor] : TensorsOf(*m_Teacher, teacherPrefix))
  {
    state[name] = tensor;
  }
  state[stageName] = torch::tensor({m_Stage}, torch::kLong);
  m_Update->Save(state);
}

void
PseudoLabelStep::Load(const NamedTensors & state)
{
  const auto stage = torch::zeros({1}, torch::kLong);
  CopyTensor(state, stageName, stage);
  m_Stage = stage.item<std::int64_t>();
  LoadTensorsInto(*m_Student, state, studentPrefix);
  LoadTensorsInto(*m_Teacher, state, teacherPrefix);
  m_Update->Load(state);
}

} // namespace sulcus
