#include "sulcusTrainingMethod.h"

#include <sulcusError.h>

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

void
RequireLabelledAndUnlabelled(const MethodContext & context, const std::string & method)
{
  if (context.labelledCases == 0 || context.unlabelledCases == 0)
  {
    throw UsageError(Message("method '",
                             method,
                             "' needs labelled and unlabelled cases; the prepared data has ",
                             context.labelledCases,
                             " and ",
                             context.unlabelledCases));
  }
}

std::vector<StreamRule>
LabelledAndUnlabelledStreams(const MethodContext & context)
{
  StreamRule labelled;
  labelled.name = "labelled";
  labelled.samples = context.plan.batchSize;
  StreamRule unlabelled;
  unlabelled.name = "unlabelled";
  unlabelled.pool = CasePool::Unlabelled;
  unlabelled.samples = context.plan.batchSize;
  return {labelled, unlabelled};
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
