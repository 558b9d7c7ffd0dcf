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

void
Describe(Parameters & visit, StreamOptions & options)
{
  visit("labelled_patches",
        options.labelledPatches,
        "Labelled patches a step; 0: the plan's batch size.")
      .Range(0, 1024)
      .Advanced();
  visit("unlabelled_patches",
        options.unlabelledPatches,
        "Unlabelled patches a step, where the method takes any; 0: the plan's batch size.")
      .Range(0, 1024)
      .Advanced();
  visit("foreground",
        options.foregroundFraction,
        "Fraction of labelled patches centred on a structure.")
      .Range(0, 1)
      .Advanced();
}

StreamRule
LabelledStream(const MethodContext & context)
{
  StreamRule stream;
  stream.name = "labelled";
  stream.samples = context.streams.labelledPatches > 0 ? context.streams.labelledPatches
                                                       : context.plan.batchSize;
  stream.foregroundFraction = context.streams.foregroundFraction;
  return stream;
}

std::vector<StreamRule>
LabelledAndUnlabelledStreams(const MethodContext & context)
{
  StreamRule unlabelled;
  unlabelled.name = "unlabelled";
  unlabelled.pool = CasePool::Unlabelled;
  unlabelled.samples = context.streams.unlabelledPatches > 0 ? context.streams.unlabelledPatches
                                                             : context.plan.batchSize;
  return {LabelledStream(context), unlabelled};
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
