#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <vector>

namespace sulcus
{

/** Cubes of feature voxels, K along each axis, and for each the others it is told apart from. */
struct RegionLattice
{
  std::array<std::int64_t, 3> edge{3, 3, 3}; ///< z, y, x in feature voxels
  std::vector<std::array<std::int64_t, 3>>
      corners; ///< lowest corner z, y, x of each of the A regions
  std::vector<std::vector<std::int64_t>> negatives; ///< region numbers, nearest first
};

/** The 3-D lattice {0, e/2, e}³ ∪ {e/4, 3e/4}³ with extent e = n - K an axis (35 regions); an axis
 * with n < 3K has only {e/2}, and corners that coincide after rounding are kept once. Negatives:
 * the nearest other regions in mm that do not overlap. \param size    of the feature map, z, y, x
 * \param spacingInMm of a feature voxel, z, y, x
 * \param negativeCount at most so many a region
 * \throws UsageError with the map's size if a region does not fit into it or fewer than two regions
 * remain. */
RegionLattice
MakeRegionLattice(const std::array<std::int64_t, 3> & size,
                  const std::array<double, 3> & spacingInMm,
                  std::int64_t edge = 3,
                  std::int64_t negativeCount = 10);

/** Flattens each region: [B, C, z, y, x] -> [B, A, C·K³]. \throws UsageError if a region leaves the
 * map. */
torch::Tensor
GatherRegions(const torch::Tensor & features, const RegionLattice & lattice);

struct LocalContrastOptions
{
  double temperature = 0.1;
  /** Negatives from both maps (as released) or from the other view alone (as written). */
  bool negativesFromBothViews = true;
};

/** L_l of Chaitanya et al. (2020), section 3.2: region u of one view attracts region u of the other
 * view of the same image and repels the listed other regions, l(x̃, x̂, u) = -log( exp(s(f̃_u, f̂_u)) /
 * (exp(s(f̃_u, f̂_u)) + Σ_{u' in Ω⁻(u)} exp(s(f̃_u, f̂_u'))) ), summed over both directions and divided
 * by 2A and the number of images; with both views, the regions of the anchor's own map repel as
 * well. \param first, second [B, A, d] region vectors of the two views \param negatives one list a
 * region \throws UsageError if shapes differ or the temperature is not positive. */
torch::Tensor
LocalContrastLoss(const torch::Tensor & first,
                  const torch::Tensor & second,
                  const std::vector<std::vector<std::int64_t>> & negatives,
                  const LocalContrastOptions & options);

} // namespace sulcus
