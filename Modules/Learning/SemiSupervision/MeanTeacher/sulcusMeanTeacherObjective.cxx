#include "sulcusMeanTeacherObjective.h"

#include <sulcusSchedules.h>
#include <sulcusSupervisedObjective.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

namespace sulcus
{

torch::Tensor
ConsistencyLoss(const torch::Tensor & student, const torch::Tensor & teacher, const torch::Tensor & keep)
{
  const auto squared = (student - teacher).square().mean(1);
  if (!keep.defined())
  {
    return squared.mean();
  }
  return squared.masked_fill(~keep, 0.0).sum() / keep.sum().clamp_min(1);
}

torch::Tensor
PredictiveEntropy(const torch::Tensor & probability)
{
  return -(probability * (probability + 1e-6).log()).sum(1);
}

double
UncertaintyThreshold(double progress, std::int64_t classes)
{
  return (0.75 + 0.25 * GaussianRamp(progress, 1.0)) * std::log(static_cast<double>(classes));
}

MeanTeacherObjective::MeanTeacherObjective(SegmentationNetwork student,
                                           SegmentationNetwork teacher,
                                           const MeanTeacherOptions & options,
                                           Precision precision)
  : m_Student(register_module("network", std::move(student)))
  , m_Teacher(std::move(teacher))
  , m_Average(*m_Student, *m_Teacher, options.decay)
  , m_Options(options)
  , m_Precision(precision)
{
  for (auto & parameter : m_Teacher->parameters())
  {
    parameter.set_requires_grad(false);
  }
}

void
MeanTeacherObjective::SetSchedule(std::int64_t totalSteps)
{
  m_TotalSteps = totalSteps;
}

torch::Tensor
MeanTeacherObjective::TeacherProbability(const torch::Tensor & image)
{
  const auto noise = (torch::randn_like(image) * m_Options.noise).clamp(-m_Options.noiseLimit, m_Options.noiseLimit);
  return m_Teacher->forward(image + noise).softmax(1);
}

LossTerms
MeanTeacherObjective::Evaluate(const Batch & batch)
{
  const Stream & labelled = batch.Require("labelled");
  const Stream & unlabelled = batch.Require("unlabelled");
  const auto classes = m_Student->GetPlan().classes;
  const double progress = static_cast<double>(batch.step) / static_cast<double>(m_TotalSteps);
  NetworkFeatures supervised;
  torch::Tensor studentLogits;
  torch::Tensor teacher;
  torch::Tensor keep;
  {
    const AutocastScope autocast(m_Precision, labelled.image.device());
    {
      const torch::NoGradGuard noGradient;
      teacher = TeacherProbability(unlabelled.image);
      if (m_Options.uncertainty)
      {
        auto mean = torch::zeros_like(teacher);
        for (int pass = 0; pass < m_Options.passes; ++pass)
        {
          mean += TeacherProbability(unlabelled.image) / m_Options.passes;
        }
        keep = PredictiveEntropy(mean) < UncertaintyThreshold(progress, classes);
      }
    }
    supervised = m_Student->ForwardWithFeatures(labelled.image);
    studentLogits = m_Student->forward(unlabelled.image);
  }
  const auto supervisedLoss = SupervisedLoss(supervised, labelled, m_Options.loss);
  const auto consistency = ConsistencyLoss(studentLogits.softmax(1), teacher, keep);
  const double weight = m_Options.weight * GaussianRamp(progress, m_Options.rampFraction);
  LossTerms terms{ supervisedLoss + weight * consistency,
                   { { "supervised", supervisedLoss.item<double>() },
                     { "consistency", consistency.item<double>() },
                     { "consistency_weight", weight } } };
  if (keep.defined())
  {
    terms.logged["certain_voxels"] = keep.to(torch::kFloat).mean().item<double>();
  }
  return terms;
}

void
MeanTeacherObjective::AfterStep(std::int64_t /*step*/)
{
  m_Average.Update();
}

void
MeanTeacherObjective::SaveExtra(std::map<std::string, torch::Tensor> & state) const
{
  m_Average.Save(state, "teacher/");
}

void
MeanTeacherObjective::LoadExtra(const std::map<std::string, torch::Tensor> & state)
{
  m_Average.Load(state, "teacher/");
}

} // namespace sulcus
