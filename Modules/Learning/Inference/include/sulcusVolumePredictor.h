#pragma once

#include "sulcusSlidingWindow.h"

#include <array>
#include <functional>
#include <vector>

namespace sulcus
{

/** A volume ready for windows: its own channels first, then what a predictor adds to them. */
struct VolumePrediction
{
  torch::Tensor image; ///< [C + added, z, y, x] float
  Predictor predictor; ///< takes windows of `image`
};

/** A predictor that may look at the whole volume before its windows are cut, e.g. for a coarse pass
 * over all of it. \param image [C, z, y, x] \param spacingInMm z, y, x */
using VolumePredictor = std::function<VolumePrediction(const torch::Tensor & image,
                                                       const std::array<double, 3> & spacingInMm,
                                                       const SlidingWindowOptions & options)>;

/** One that needs nothing but windows. */
VolumePredictor
WindowsOnly(Predictor predictor);

/** Mean of the members' probabilities; the volume carries what each of them adds. \throws
 * UsageError if there is none. */
VolumePredictor
EnsembleVolumePredictor(std::vector<VolumePredictor> members);

/** Mean over all mirrorings of the allowed axes z, y, x of the windows, added channels included. */
VolumePredictor
FlipVolumePredictor(VolumePredictor predictor, const std::array<bool, 3> & axes);

} // namespace sulcus
