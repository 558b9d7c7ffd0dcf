#pragma once

#include "sulcusTarget.h"

#include <vector>

namespace sulcus
{

// Losses between predictions and a Target. Predictions are float or double [N, K, z, y, x]; results
// are scalars of the same type with a graph. With nothing observed every loss is exactly 0 with
// zero gradient, never NaN.

/** How overlaps are turned into a loss. */
struct OverlapOptions
{
  double smooth =
      1e-5; ///< added to numerator and denominator: a class absent from both is a perfect match
  bool includeBackground = false;  ///< class 0 counts as a structure
  bool batch = false;              ///< one overlap over the whole batch instead of one a sample
  bool presentClassesOnly = false; ///< average over classes that the target has; none present: 0
  /** Dice counts min(p, y) for p y: the same for hard labels, and least where p = y for soft ones,
   * which the product pushes to 0 or 1 (Wang et al., Dice semimetric losses, MICCAI 2023). */
  bool semimetric = false;
};

/** 1 - mean soft Dice, (2 Σ w p y + s) / (Σ w p + Σ w y + s), over classes and samples (Milletari
 * et al. 2016, with first powers). Samples without an observed voxel are left out. \param
 * probability e.g. logits.softmax(1). */
torch::Tensor
SoftDiceLoss(const torch::Tensor & probability,
             const Target & target,
             const OverlapOptions & options = {});

/** 1 - mean Tversky index, Σ w p y + s over Σ w p y + a Σ w p (1-y) + b Σ w (1-p) y + s (Salehi et
 * al. 2017). a = b = 1/2 is Dice up to the smoothing. */
torch::Tensor
TverskyLoss(const torch::Tensor & probability,
            const Target & target,
            double falsePositiveWeight,
            double falseNegativeWeight,
            const OverlapOptions & options = {});

/** Weighted mean over voxels of -Σ_k y_k log softmax_k. \param classWeight [K] or undefined: factor
 * of each class. */
torch::Tensor
CrossEntropyLoss(const torch::Tensor & logits,
                 const Target & target,
                 const torch::Tensor & classWeight = {});

/** Weighted mean of -Σ_k y_k (1 - p_k)^gamma log p_k (Lin et al. 2017); gamma 0 is cross-entropy.
 */
torch::Tensor
FocalLoss(const torch::Tensor & logits, const Target & target, double gamma = 2.0);

/** Weighted mean over voxels and channels of the binary cross-entropy with logits. */
torch::Tensor
BinaryCrossEntropyLoss(const torch::Tensor & logits, const Target & target);

struct DiceCrossEntropyOptions
{
  OverlapOptions overlap;
  double diceWeight = 1.0;
  double crossEntropyWeight = 1.0;
};

/** diceWeight · Dice(softmax) + crossEntropyWeight · cross-entropy. */
torch::Tensor
DiceCrossEntropyLoss(const torch::Tensor & logits,
                     const Target & target,
                     const DiceCrossEntropyOptions & options = {});

/** Dice + cross-entropy of the full resolution and of every side output against the shrunk target,
 * with weights 1, 1/2, 1/4, … normalised to sum 1. */
torch::Tensor
DeepSupervisionLoss(const torch::Tensor & logits,
                    const std::vector<torch::Tensor> & sideLogits,
                    const Target & target,
                    const DiceCrossEntropyOptions & options = {});

/** Weighted mean over voxels of KL(target ‖ softmax(logits)) = Σ_k y_k (log y_k - log p_k), 0 log 0
 * = 0. */
torch::Tensor
KullbackLeiblerLoss(const torch::Tensor & logits, const Target & target);

/** Weighted mean over voxels of the mean over channels of (p - y)². */
torch::Tensor
MeanSquaredLoss(const torch::Tensor & prediction, const Target & target);

/** Weighted mean over voxels of the mean over channels of |p - y|. */
torch::Tensor
MeanAbsoluteLoss(const torch::Tensor & prediction, const Target & target);

} // namespace sulcus
