#pragma once

#include "sulcusVolumePredictor.h"
#include <sulcusModelFile.h>
#include <sulcusPrecision.h>

#include <functional>
#include <map>
#include <string>

namespace sulcus
{

/** How a model of a method that needs more than one pass of its network predicts. \param origin
 * names the model in error messages. */
using PredictorMaker = std::function<VolumePredictor(const ModelFile & model,
                                                     const std::string & origin,
                                                     const torch::Device & device,
                                                     Precision precision)>;

/** By ModelFile::method. */
using PredictorMakers = std::map<std::string, PredictorMaker>;

/** The predictor of a model: its method's own, or its network window by window. \throws ModelError
 * if the model carries more than a network and no maker knows its method. */
VolumePredictor
MakeModelPredictor(const ModelFile & model,
                   const std::string & origin,
                   const torch::Device & device,
                   Precision precision,
                   const PredictorMakers & makers = {});

} // namespace sulcus
