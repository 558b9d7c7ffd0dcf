#include "sulcusMeanTeacherObjective.h"

#include <sulcusSingleOptimizerStep.h>
#include <sulcusTrainingMethod.h>

namespace sulcus
{
namespace
{

class MeanTeacherMethod final : public TrainingMethod
{
public:
  explicit MeanTeacherMethod(bool uncertainty)
    : m_Name(uncertainty ? "uncertainty_mean_teacher" : "mean_teacher")
  {
    m_Options.uncertainty = uncertainty;
  }

  void
  Describe(Parameters & visit) override
  {
    visit(m_Name + "_decay", m_Options.decay, "How slowly the teacher follows.").Range(0, 1).Advanced();
    visit(m_Name + "_weight", m_Options.weight, "Factor of the consistency term.").Range(0, 1e6).Advanced();
    visit(m_Name + "_ramp", m_Options.rampFraction, "Part of the run over which that factor rises.").Range(0, 1).Advanced();
    visit(m_Name + "_noise", m_Options.noise, "Noise on what the teacher sees, in units of the normalised image.").Range(0, 10).Advanced();
    if (m_Options.uncertainty)
    {
      visit(m_Name + "_passes", m_Options.passes, "Teacher passes that measure its uncertainty.").Range(2, 64).Advanced();
    }
  }

  BuiltMethod
  Build(const MethodContext & context) const override
  {
    RequireLabelledAndUnlabelled(context, m_Name);
    BuiltMethod built;
    const auto student = context.MakeNetwork();
    built.network = context.MakeNetwork();
    const auto objective = std::make_shared<MeanTeacherObjective>(student, built.network, m_Options, context.precision);
    built.rule = std::make_shared<SingleOptimizerStep>(objective, context.update);
    built.sampling.streams = LabelledAndUnlabelledStreams(context);
    built.weights = [network = built.network] { return TensorsOf(*network); };
    return built;
  }

private:
  std::string m_Name;
  MeanTeacherOptions m_Options;
};

} // namespace

void
RegisterMeanTeacher(MethodRegistry & registry)
{
  registry.Add("mean_teacher", "consistency with a moving average of the network", [] { return std::make_unique<MeanTeacherMethod>(false); });
  registry.Add("uncertainty_mean_teacher", "mean teacher where the teacher is certain", [] { return std::make_unique<MeanTeacherMethod>(true); });
}

} // namespace sulcus
