#pragma once

#include <torch/types.h>

#include <vector>

namespace sulcus
{

/** Mean of |prediction − image| over the masked voxels and the channels that are there; 0 with zero
 * gradient if nothing is masked. A channel that is constant over a sample counts as missing.
 *
 * \param prediction, image [N, C, z, y, x] \param mask bool [N, 1, z, y, x] \param sampleWeight [N]
 * or undefined: factor of each sample's voxels in the sum, not in the count. */
torch::Tensor
MaskedAbsoluteLoss(const torch::Tensor & prediction,
                   const torch::Tensor & image,
                   const torch::Tensor & mask,
                   const torch::Tensor & sampleWeight = {});

/** The same for differences of neighbours along each axis, over pairs inside the mask, averaged
 * over the axes. */
torch::Tensor
MaskedGradientLoss(const torch::Tensor & prediction,
                   const torch::Tensor & image,
                   const torch::Tensor & mask,
                   const torch::Tensor & sampleWeight = {});

struct InpaintingTerms
{
  torch::Tensor loss;
  int emptyScales = 0; ///< scales at which no voxel counts
};

/** Σ_k scaleWeights[k] · MaskedAbsoluteLoss(repainted_k, x_k, masks_k), x_k the image averaged to
 * the size of scale k. \param masks one a scale, or one for all, then voxels of which more than
 * half is masked count at coarser scales. \param gradientWeight of the MaskedGradientLoss at full
 * resolution. */
InpaintingTerms
InpaintingLoss(const std::vector<torch::Tensor> & repainted,
               const torch::Tensor & image,
               const std::vector<torch::Tensor> & masks,
               const torch::Tensor & sampleWeight,
               const std::vector<double> & scaleWeights,
               double gradientWeight = 0.0);

/** Weights of scales 0, 1, …: all 1 (published, a plain sum), or 1, 1/2, 1/4, … normalised to
 * sum 1.
 */
std::vector<double>
ScaleWeights(int scales, bool equal);

} // namespace sulcus
