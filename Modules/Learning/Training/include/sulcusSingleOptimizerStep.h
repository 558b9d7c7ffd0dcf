#pragma once

#include "sulcusParameterUpdate.h"

#include <memory>

namespace sulcus
{

/** One objective, one optimiser: the step rule of most methods. */
class SingleOptimizerStep final : public StepRule
{
public:
  SingleOptimizerStep(std::shared_ptr<Objective> objective, const ParameterUpdateOptions & options);

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
    return m_Update;
  }

private:
  std::shared_ptr<Objective> m_Objective;
  ParameterUpdate m_Update;
  torch::Device m_Device;
};

} // namespace sulcus
