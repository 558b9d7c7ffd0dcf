#pragma once

#include <sulcusPreparedCache.h>
#include <sulcusVolumePredictor.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace sulcus
{

/** Dice of a predictor on labelled cases of a cache, on the prepared grid: "dice_<structure>" is
 * the mean over the cases that hold the structure in label or prediction, "dice" the mean over the
 * structures. Voxels that nobody observed are left out. A structure that is nowhere is left out
 * too; without any the map is empty. Time: one prediction a case. */
std::map<std::string, double>
ValidationScores(const PreparedCache & cache,
                 const std::vector<std::size_t> & cases,
                 const Plan & plan,
                 const VolumePredictor & predictor,
                 const torch::Device & device);

} // namespace sulcus
