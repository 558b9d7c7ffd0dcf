#pragma once

#include <torch/types.h>

#include <cstdint>

namespace sulcus
{

/** What a prediction is compared with: probabilities per class and a weight per voxel. All losses
 * take it.
 *
 * A voxel of weight 0 is *unknown*: it contributes exactly 0 to every loss and every gradient,
 * whatever the prediction there (also where it is not finite). Undefined weight: 1 everywhere. */
struct Target
{
  torch::Tensor probability; ///< [N, K, z, y, x], or [N, z, y, x] int64 class indices
  torch::Tensor weight;      ///< float [N, z, y, x], or undefined
};

/** Class indices [N, z, y, x] -> [N, K, z, y, x] of 0 and 1. Indices outside 0 … K-1 give all
 * zeros. */
torch::Tensor
OneHot(const torch::Tensor & label, std::int64_t classes, torch::ScalarType type = torch::kFloat);

/** The target of a stream. \param label int64 [N, z, y, x] or undefined \param softLabel float [N,
 * K, z, y, x] or undefined; preferred where both are given \param weight float [N, z, y, x] or
 * undefined \param observed bool [N, z, y, x] or undefined; false: unknown. \throws UsageError if
 * there is neither label. */
Target
MakeTarget(const torch::Tensor & label,
           const torch::Tensor & softLabel,
           const torch::Tensor & weight,
           const torch::Tensor & observed);

/** The target at a lower resolution: class probabilities are averaged over the observed part of
 * each coarse voxel, and weights are averaged too, so that an unknown half counts half. \param size
 * z, y, x of the coarse grid. */
Target
ShrinkTarget(const Target & target, std::int64_t classes, torch::IntArrayRef size);

} // namespace sulcus
