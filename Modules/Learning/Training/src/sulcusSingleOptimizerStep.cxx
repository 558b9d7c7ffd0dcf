#include "sulcusSingleOptimizerStep.h"

#include <torch/types.h>

namespace sulcus
{

SingleOptimizerStep::SingleOptimizerStep(std::shared_ptr<Objective> objective,
                                         const ParameterUpdateOptions & options)
    : m_Objective(std::move(objective)), m_Update(*m_Objective, options),
      m_Device(m_Objective->parameters().front().device())
{
}

void
SingleOptimizerStep::SetSchedule(std::int64_t totalSteps)
{
  m_Update.SetSchedule(totalSteps);
  m_Objective->SetSchedule(totalSteps);
}

StepReport
SingleOptimizerStep::Step(const Batch & batch)
{
  m_Objective->train();
  const LossTerms terms = m_Objective->Evaluate(batch.To(m_Device));
  StepReport report = m_Update.BackwardAndMove(terms, batch.step);
  if (!report.skipped)
  {
    m_Objective->AfterStep(batch.step);
  }
  return report;
}

void
SingleOptimizerStep::Save(NamedTensors & state) const
{
  for (auto & [name, tensor] : TensorsOf(*m_Objective, "objective/"))
  {
    state[name] = tensor;
  }
  m_Update.Save(state);
  m_Objective->SaveExtra(state);
}

void
SingleOptimizerStep::Load(const NamedTensors & state)
{
  LoadTensorsInto(*m_Objective, state, "objective/");
  m_Update.Load(state);
  m_Objective->LoadExtra(state);
}

} // namespace sulcus
