#pragma once

#include "sulcusBatch.h"

#include <torch/nn/module.h>

#include <map>
#include <string>
#include <vector>

namespace sulcus
{

/** What one evaluation gives: a scalar to minimise and named scalars to log. */
struct LossTerms
{
  torch::Tensor total;                  ///< scalar with graph
  std::map<std::string, double> logged; ///< detached values for the learning curves
};

/** What a run minimises. Owns its networks and heads as submodules.
 *
 * An objective runs its networks under an AutocastScope where it was given bf16 and computes its
 * losses in float. */
class Objective : public torch::nn::Module
{
public:
  /** \param batch on the device of the parameters. */
  virtual LossTerms
  Evaluate(const Batch & batch) = 0;

  /** Called after the parameters moved, e.g. to move a momentum teacher. */
  virtual void
  AfterStep(std::int64_t /*step*/)
  {
  }

  /** Called before the first step and after a resume: how long the run is, for ramps. */
  virtual void
  SetSchedule(std::int64_t /*totalSteps*/)
  {
  }

  /** State beyond parameters and buffers that a bit-exact resume needs, e.g. a memory bank: added
   * to, read from the map under names of its own. Parameters and buffers of this module and its
   * submodules are stored anyway. */
  virtual void
  SaveExtra(std::map<std::string, torch::Tensor> & /*state*/) const
  {
  }
  virtual void
  LoadExtra(const std::map<std::string, torch::Tensor> & /*state*/)
  {
  }
};

/** What a step did. */
struct StepReport
{
  std::map<std::string, double> logged;
  bool skipped = false; ///< the loss or a gradient was not finite: nothing moved
};

/** How one batch changes parameters: one optimiser, players in turn, look-ahead. The trainer knows
 * only this. All state that a bit-exact resume needs goes through Save and Load, as named tensors.
 */
class StepRule
{
public:
  virtual ~StepRule() = default;

  /** Called before the first step and after a resume: how long the run is, for schedules and ramps.
   */
  virtual void
  SetSchedule(std::int64_t /*totalSteps*/)
  {
  }

  /** One batch. LibTorch's generators were seeded from the run's seed and batch.step just before,
   * so dropout is a function of both and needs no stored state. */
  virtual StepReport
  Step(const Batch & batch) = 0;

  virtual void
  Save(std::map<std::string, torch::Tensor> & state) const = 0;
  /** \throws ModelError if a tensor is missing or has another shape. */
  virtual void
  Load(const std::map<std::string, torch::Tensor> & state) = 0;
};

} // namespace sulcus
