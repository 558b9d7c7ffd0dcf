#pragma once

#include "sulcusTensorFile.h"

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sulcus
{

/** An exponential moving average of a module's parameters: average ← α_t · average + (1 − α_t) ·
 * parameter with α_t = AverageDecay(t, decay). Starts as a copy. One fused pass a step. Buffers are
 * copied, not averaged. */
class MovingAverage
{
public:
  /** Keeps the averages in tensors of its own. */
  MovingAverage(const torch::nn::Module & source, double decay);
  /** Keeps them in the parameters of a second module of the same architecture, which is overwritten
   * now. \throws ModelError if names or shapes differ. */
  MovingAverage(const torch::nn::Module & source, torch::nn::Module & target, double decay);

  void
  Update();

  /** The averages under the module's own names (no copies). */
  NamedTensors
  Values() const;

  void
  Save(NamedTensors & state, const std::string & prefix) const;
  /** \throws ModelError as CopyTensor */
  void
  Load(const NamedTensors & state, const std::string & prefix);

private:
  void
  Collect(const torch::nn::Module & source, const NamedTensors & targets);

  struct Pairs
  {
    std::vector<std::string> names;
    std::vector<torch::Tensor> sources;
    std::vector<torch::Tensor> averages;
  };
  Pairs m_Parameters;
  Pairs m_Buffers;
  double m_Decay;
  std::int64_t m_Updates = 0;
};

/** A second network of the same architecture that follows the first as a moving average and never
 * gets a gradient (Tarvainen and Valpola 2017). Built from a fresh network of the same plan; starts
 * as a copy of the student. */
template <typename TNetwork>
class EmaTeacher
{
public:
  EmaTeacher(const TNetwork & student, std::shared_ptr<TNetwork> teacher, double decay)
      : m_Teacher(std::move(teacher)), m_Average(student, *m_Teacher, decay)
  {
    for (auto & parameter : m_Teacher->parameters())
    {
      parameter.set_requires_grad(false);
    }
  }

  /** To be called once after every step of the student. */
  void
  Follow()
  {
    m_Average.Update();
  }

  const std::shared_ptr<TNetwork> &
  Network() const
  {
    return m_Teacher;
  }

  const MovingAverage &
  Average() const
  {
    return m_Average;
  }
  MovingAverage &
  Average()
  {
    return m_Average;
  }

private:
  std::shared_ptr<TNetwork> m_Teacher;
  MovingAverage m_Average;
};

} // namespace sulcus
