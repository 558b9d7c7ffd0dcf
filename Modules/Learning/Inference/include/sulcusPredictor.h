#pragma once

#include <sulcusPrecision.h>
#include <sulcusSegmentationNetwork.h>

#include <array>
#include <functional>
#include <vector>

namespace sulcus
{

/** Windows of an image [N, C, z, y, x] -> class probabilities [N, K, z, y, x], float, on the device
 * of the windows. Ensembles, flips and methods with several passes are predictors made of
 * predictors. */
using Predictor = std::function<torch::Tensor(const torch::Tensor & windows)>;

/** Softmax of a network's logits, without graph; the network is put into evaluation mode. */
Predictor
NetworkPredictor(SegmentationNetwork network, Precision precision);

/** Mean of the predictors' probabilities. \throws UsageError if there is none. */
Predictor
EnsemblePredictor(std::vector<Predictor> members);

/** Mean over all mirrorings of the allowed axes z, y, x (eight for three axes), each mirrored back.
 */
Predictor
FlipPredictor(Predictor predictor, const std::array<bool, 3> & axes);

} // namespace sulcus
