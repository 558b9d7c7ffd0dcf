#include "sulcusRegionSampling.h"

#include <sulcusError.h>

#include <torch/types.h>

#include <algorithm>
#include <vector>

namespace sulcus
{
namespace
{

using Size = std::array<std::int64_t, 3>;

/** Voxels of every region, [A·K³, 3 (x, y, z)], double. */
torch::Tensor
RegionVoxels(const RegionLattice & lattice)
{
  std::vector<double> voxels;
  for (const auto & corner : lattice.corners)
  {
    for (std::int64_t z = 0; z < lattice.edge[0]; ++z)
    {
      for (std::int64_t y = 0; y < lattice.edge[1]; ++y)
      {
        for (std::int64_t x = 0; x < lattice.edge[2]; ++x)
        {
          voxels.push_back(static_cast<double>(corner[2] + x));
          voxels.push_back(static_cast<double>(corner[1] + y));
          voxels.push_back(static_cast<double>(corner[0] + z));
        }
      }
    }
  }
  return torch::tensor(voxels, torch::kDouble).view({-1, 3});
}

/** A row of three in the order x, y, z. */
torch::Tensor
Row(const std::array<double, 3> & zyx)
{
  return torch::tensor({zyx[2], zyx[1], zyx[0]}, torch::kDouble);
}

} // namespace

RegionLattice
RegionsOnImage(const RegionLattice & lattice, const Size & mapSize, const Size & imageSize)
{
  RegionLattice onImage = lattice;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    onImage.edge[axis] =
        std::max<std::int64_t>(1, lattice.edge[axis] * imageSize[axis] / mapSize[axis]);
    for (auto & corner : onImage.corners)
    {
      corner[axis] = corner[axis] * imageSize[axis] / mapSize[axis];
    }
  }
  return onImage;
}

SampledRegions
SampleRegions(const torch::Tensor & features,
              const RegionLattice & lattice,
              const torch::Tensor & fromFirst,
              const Size & imageSize)
{
  const auto count = features.size(0);
  if (features.dim() != 5 || fromFirst.dim() != 3 || fromFirst.size(0) != count ||
      fromFirst.size(1) != 3 || fromFirst.size(2) != 4)
  {
    throw UsageError(
        "regions of another view: a map [B, C, z, y, x] and a correspondence [B, 3, 4] "
        "are needed");
  }
  std::array<double, 3> ratio{};
  std::array<double, 3> last{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    const auto size = features.size(static_cast<std::int64_t>(axis) + 2);
    ratio[axis] = static_cast<double>(imageSize[axis]) / static_cast<double>(size);
    last[axis] = static_cast<double>(size - 1);
  }
  // A feature voxel stands at the centre of the input voxels that it covers.
  const auto perAxis = Row(ratio);
  const auto input = (RegionVoxels(lattice) + 0.5) * perAxis - 0.5; // [A·K³, 3]
  const auto map = fromFirst.to(torch::kCPU, torch::kDouble);
  const auto moved = input.unsqueeze(0).matmul(map.narrow(2, 0, 3).transpose(1, 2)) +
                     map.select(2, 3).unsqueeze(1);
  const auto there = (moved + 0.5) / perAxis - 0.5; // [B, A·K³, 3]
  constexpr double rounding = 1e-6;
  const auto ends = Row(last);
  const auto regions = static_cast<std::int64_t>(lattice.corners.size());
  SampledRegions sampled;
  sampled.inside = ((there >= -rounding) & (there <= ends + rounding))
                       .all(2)
                       .view({count, regions, -1})
                       .all(2)
                       .to(features.device());
  const auto grid = (2.0 * there / ends.clamp_min(1e-12) - 1.0)
                        .to(features.options().requires_grad(false))
                        .view({count, 1, regions, -1, 3});
  const auto values =
      at::grid_sampler(features, grid, /*bilinear*/ 0, /*zeros*/ 0, /*align_corners=*/true);
  sampled.values = values.squeeze(2).permute({0, 2, 1, 3}).flatten(2); // [B, C, A, K³] before
  return sampled;
}

} // namespace sulcus
