#pragma once

#include "sulcusCorrectionNetwork.h"
#include "sulcusErasing.h"
#include <sulcusModelPredictor.h>
#include <sulcusPrecision.h>

#include <string>
#include <vector>

namespace sulcus
{

/** How the two phases meet the windows of a volume. */
enum class CorrectionPasses
{
  Volume, ///< phase 1 over the whole volume, one mask, then phase 2: no seams in what is erased
  Window, ///< both phases in each window, with the window's own mask: half the work at overlap 0;
          ///< what a window erases may end at its border
  Coarse  ///< phase 1 alone
};

/** Spellings: "volume", "window", "coarse". \throws UsageError */
CorrectionPasses
CorrectionPassesOf(const std::string & name);
const std::vector<std::string> &
CorrectionPassesNames();

/** A trained correction network with what its masks are made by; both are in the model file. */
struct CorrectionModel
{
  CorrectionNetwork network{nullptr}; ///< in evaluation mode, on the device
  EraseOptions erase;
};

/** What a model file keeps of the options as `extra`: see CorrectionModelOf. */
torch::Tensor
EraseOptionsToTensor(const EraseOptions & options);

/** \throws ModelError if the file is not of a correction model. */
CorrectionModel
CorrectionModelOf(const ModelFile & model,
                  const std::string & origin,
                  const torch::Device & device);

/** The mask's random box and the fill's noise are drawn under a fixed seed: the same image gives
 * the same bits. */
VolumePredictor
CorrectionPredictor(CorrectionModel model, Precision precision, CorrectionPasses passes);

/** For models of the method "correction". */
PredictorMakers
CorrectionPredictorMakers(CorrectionPasses passes);

/** What the two phases saw and made, for people; on the grid and in the intensities of the image.
 */
struct CorrectionVolumes
{
  torch::Tensor coarse;    ///< [z, y, x], 1 − p⁰(background)
  torch::Tensor mask;      ///< bool [z, y, x]
  torch::Tensor erased;    ///< [C, z, y, x]
  torch::Tensor repainted; ///< [C, z, y, x]; outside the mask the image to the bit
  torch::Tensor refined;   ///< [z, y, x], 1 − p(background)
};

CorrectionVolumes
ExplainCorrection(const CorrectionModel & model,
                  const torch::Tensor & image,
                  const std::array<double, 3> & spacingInMm,
                  Precision precision,
                  const SlidingWindowOptions & options);

} // namespace sulcus
