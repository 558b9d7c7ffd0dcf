#pragma once

#include "sulcusMovingAverage.h"
#include "sulcusObjective.h"
#include "sulcusOptimizer.h"
#include "sulcusSchedules.h"

#include <memory>
#include <optional>

namespace sulcus
{

struct ParameterUpdateOptions
{
  OptimizerOptions optimizer;
  LearningRateSchedule schedule;
  double averageDecay = 0.0; ///< of the moving average of the weights; 0: none is kept
};

void
Describe(Parameters & visit, ParameterUpdateOptions & o);

/** Everything between a gradient and moved weights: guard against values that are not finite,
 * clipping, learning rate of the step, optimiser, moving average. Step rules are built from it. */
class ParameterUpdate
{
public:
  /** Moves the parameters of the module that require a gradient now or later. The module must
   * outlive this. */
  ParameterUpdate(const torch::nn::Module & module, const ParameterUpdateOptions & options);

  void
  SetSchedule(std::int64_t totalSteps);

  void
  ZeroGradient();

  /** Total loss → gradients → moved weights. If the loss or the gradient's length is not finite,
   * nothing moves, the gradients are dropped and the report says so. Logs "loss", "gradient_norm"
   * and "learning_rate". */
  StepReport
  BackwardAndMove(const LossTerms & terms, std::int64_t step);

  /** The second half, for rules that fill the gradients themselves; `loss` is for the guard and the
   * log. Where processes train together, loss and gradients are first averaged over them, so that
   * all of them skip the same steps and keep the same weights. */
  StepReport
  Move(double loss, std::int64_t step);

  /** nullptr if none is kept. */
  const MovingAverage *
  Average() const;

  void
  Save(NamedTensors & state, const std::string & prefix = {}) const;
  void
  Load(const NamedTensors & state, const std::string & prefix = {});

private:
  ParameterUpdateOptions m_Options;
  std::unique_ptr<Optimizer> m_Optimizer;
  std::optional<MovingAverage> m_Average;
  std::int64_t m_TotalSteps = 1;
};

} // namespace sulcus
