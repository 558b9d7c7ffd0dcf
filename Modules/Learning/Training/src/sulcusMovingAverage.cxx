#include "sulcusMovingAverage.h"

#include "sulcusSchedules.h"

#include <torch/nn/module.h>
#include <torch/types.h>
#include <torch/utils.h>

namespace sulcus
{

MovingAverage::MovingAverage(const torch::nn::Module & source, double decay) : m_Decay(decay)
{
  Collect(source, CloneTensors(TensorsOf(source)));
}

MovingAverage::MovingAverage(const torch::nn::Module & source,
                             torch::nn::Module & target,
                             double decay)
    : m_Decay(decay)
{
  LoadTensorsInto(target, TensorsOf(source));
  Collect(source, TensorsOf(target));
}

void
MovingAverage::Collect(const torch::nn::Module & source, const NamedTensors & targets)
{
  const auto add = [&](Pairs & pairs, const auto & items)
  {
    for (const auto & item : items)
    {
      pairs.names.push_back(item.key());
      pairs.sources.push_back(item.value());
      pairs.averages.push_back(targets.at(item.key()).detach());
    }
  };
  add(m_Parameters, source.named_parameters());
  add(m_Buffers, source.named_buffers());
}

void
MovingAverage::Update()
{
  const torch::NoGradGuard guard;
  const double keep = AverageDecay(m_Updates++, m_Decay);
  at::_foreach_lerp_(m_Parameters.averages, m_Parameters.sources, 1.0 - keep);
  for (std::size_t i = 0; i < m_Buffers.names.size(); ++i)
  {
    m_Buffers.averages[i].copy_(m_Buffers.sources[i]);
  }
}

NamedTensors
MovingAverage::Values() const
{
  NamedTensors values;
  for (const Pairs * pairs : {&m_Parameters, &m_Buffers})
  {
    for (std::size_t i = 0; i < pairs->names.size(); ++i)
    {
      values.emplace(pairs->names[i], pairs->averages[i]);
    }
  }
  return values;
}

void
MovingAverage::Save(NamedTensors & state, const std::string & prefix) const
{
  for (const auto & [name, tensor] : Values())
  {
    state[prefix + name] = tensor;
  }
  state[prefix + "#updates"] = torch::tensor({m_Updates}, torch::kLong);
}

void
MovingAverage::Load(const NamedTensors & state, const std::string & prefix)
{
  for (const auto & [name, tensor] : Values())
  {
    CopyTensor(state, prefix + name, tensor);
  }
  const auto updates = torch::empty({1}, torch::kLong);
  CopyTensor(state, prefix + "#updates", updates);
  m_Updates = updates.item<std::int64_t>();
}

} // namespace sulcus
