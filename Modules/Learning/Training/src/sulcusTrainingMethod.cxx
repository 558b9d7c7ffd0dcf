#include "sulcusTrainingMethod.h"

#include <torch/types.h>

namespace sulcus
{

SegmentationNetwork
MethodContext::MakeNetwork(std::uint64_t offset) const
{
  auto network = BuildNetwork(plan.network, seed + offset);
  if (initialise)
  {
    initialise(network);
  }
  network->to(device);
  return network;
}

NamedTensors
FinalWeights(const ParameterUpdate & update,
             const SegmentationNetwork & network,
             const std::string & prefix)
{
  auto weights = TensorsOf(*network);
  if (update.Average() != nullptr)
  {
    const auto averages = update.Average()->Values();
    for (auto & [name, tensor] : weights)
    {
      tensor = averages.at(prefix + name);
    }
  }
  return weights;
}

} // namespace sulcus
