#include "sulcusParameterUpdate.h"

#include "sulcusProcessMean.h"

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cmath>

namespace sulcus
{

void
Describe(Parameters & visit, ParameterUpdateOptions & o)
{
  Describe(visit, o.optimizer);
  Describe(visit, o.schedule);
  visit("average_decay",
        o.averageDecay,
        "Decay of the moving average of the weights, which then becomes the model.")
      .Range(0, 0.99999)
      .Advanced();
}

ParameterUpdate::ParameterUpdate(const torch::nn::Module & module,
                                 const ParameterUpdateOptions & options)
    : m_Options(options), m_Optimizer(MakeOptimizer(ParametersOf(module), options.optimizer))
{
  if (options.averageDecay > 0)
  {
    m_Average.emplace(module, options.averageDecay);
  }
}

void
ParameterUpdate::SetSchedule(std::int64_t totalSteps)
{
  m_TotalSteps = totalSteps;
}

void
ParameterUpdate::ZeroGradient()
{
  m_Optimizer->ZeroGradient();
}

StepReport
ParameterUpdate::BackwardAndMove(const LossTerms & terms, std::int64_t step)
{
  const double loss = terms.total.item<double>();
  if (std::isfinite(loss))
  {
    terms.total.backward();
  }
  StepReport report = Move(loss, step);
  report.logged.insert(terms.logged.begin(), terms.logged.end());
  return report;
}

StepReport
ParameterUpdate::Move(double loss, std::int64_t step)
{
  if (auto * processes = CurrentProcesses())
  {
    loss = AverageGradients(*processes, m_Optimizer->GetParameters(), loss);
  }
  StepReport report;
  const double norm = std::isfinite(loss) ? m_Optimizer->GradientNorm() : 0.0;
  const double rate =
      m_Options.optimizer.learningRate * m_Options.schedule.Factor(step, m_TotalSteps);
  report.skipped = !std::isfinite(loss) || !std::isfinite(norm);
  report.logged = {{"loss", loss}, {"gradient_norm", norm}, {"learning_rate", rate}};
  if (!report.skipped)
  {
    const double longest = m_Options.optimizer.clipNorm;
    m_Optimizer->Step(rate, longest > 0 && norm > longest ? longest / norm : 1.0);
    if (m_Average)
    {
      m_Average->Update();
    }
  }
  m_Optimizer->ZeroGradient();
  return report;
}

const MovingAverage *
ParameterUpdate::Average() const
{
  return m_Average ? &*m_Average : nullptr;
}

void
ParameterUpdate::Save(NamedTensors & state, const std::string & prefix) const
{
  NamedTensors own;
  m_Optimizer->Save(own);
  if (m_Average)
  {
    m_Average->Save(own, "average/");
  }
  for (auto & [name, tensor] : own)
  {
    state[prefix + name] = tensor;
  }
}

void
ParameterUpdate::Load(const NamedTensors & state, const std::string & prefix)
{
  NamedTensors own;
  for (auto item = state.lower_bound(prefix);
       item != state.end() && item->first.rfind(prefix, 0) == 0;
       ++item)
  {
    own.emplace(item->first.substr(prefix.size()), item->second);
  }
  m_Optimizer->Load(own);
  if (m_Average)
  {
    m_Average->Load(own, "average/");
  }
}

} // namespace sulcus
