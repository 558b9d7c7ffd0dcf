#pragma once

#include "sulcusLocalContrastLoss.h"

#include <torch/types.h>

#include <array>
#include <cstdint>

namespace sulcus
{

/** The same regions on the input grid that a feature map was made from: corners and edges in input
 * voxels. \param mapSize, imageSize z, y, x */
RegionLattice
RegionsOnImage(const RegionLattice & lattice,
               const std::array<std::int64_t, 3> & mapSize,
               const std::array<std::int64_t, 3> & imageSize);

/** Regions found again in a view of another geometry. */
struct SampledRegions
{
  torch::Tensor values; ///< [B, A, C·K³], as GatherRegions orders them
  torch::Tensor inside; ///< bool [B, A]: the whole region lies in the view
};

/** Samples each region's voxels at the corresponding points of another view's map, trilinearly with
 * corners aligned. Differentiable in the map. \param features of the other view, [B, C, z, y, x]
 * \param fromFirst double [B, 3, 4]: input voxel (x, y, z) of the view that the lattice belongs to
 * -> input voxel of this view \param imageSize of both views, z, y, x */
SampledRegions
SampleRegions(const torch::Tensor & features,
              const RegionLattice & lattice,
              const torch::Tensor & fromFirst,
              const std::array<std::int64_t, 3> & imageSize);

} // namespace sulcus
