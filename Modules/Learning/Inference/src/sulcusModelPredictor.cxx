#include "sulcusModelPredictor.h"

#include "sulcusPredictor.h"
#include <sulcusError.h>

namespace sulcus
{

VolumePredictor
MakeModelPredictor(const ModelFile & model,
                   const std::string & origin,
                   const torch::Device & device,
                   Precision precision,
                   const PredictorMakers & makers)
{
  const auto maker = makers.find(model.method);
  if (maker != makers.end())
  {
    return maker->second(model, origin, device, precision);
  }
  if (!model.extra.empty())
  {
    throw ModelError(Message(
        origin, ": this program cannot predict with models of the method '", model.method, "'"));
  }
  SegmentationNetwork network = NetworkOf(model, origin);
  network->to(device);
  return WindowsOnly(NetworkPredictor(network, precision));
}

} // namespace sulcus
