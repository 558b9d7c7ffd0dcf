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

/** How alike the same region looks in two images: Pearson's correlation over the voxels of each
 * region (normalised cross-correlation), in [-1, 1]; 0 where either is constant. \param first,
 * second
 * [..., V] -> [...] */
torch::Tensor
RegionCorrelation(const torch::Tensor & first, const torch::Tensor & second);

struct LocalContrastOptions
{
  double temperature = 0.1;
  /** Negatives from both maps (as released) or from the other map alone (as written). */
  bool negativesFromBothViews = true;
};

/** Which maps attract each other, region by region: map anchor[p] towards map other[p]. */
struct MapPairs
{
  torch::Tensor anchor;  ///< int64 [P]
  torch::Tensor other;   ///< int64 [P]
  torch::Tensor counted; ///< bool [P, A]: regions whose term counts; undefined: all
};

/** L_R: both directions between maps i and i + images, the two views of image i. */
MapPairs
PairsOfViews(std::int64_t images);

/** L_D: the pairs of L_R and, in both directions, equal views of images that show the same
 * partition of different volumes. \param volume, partition int64 [images] */
MapPairs
PairsAcrossVolumes(const torch::Tensor & volume, const torch::Tensor & partition);

struct LocalContrastResult
{
  torch::Tensor loss;            ///< scalar, nats
  std::int64_t terms = 0;        ///< directed terms that count
  std::int64_t withoutRival = 0; ///< of these, how many have nothing to repel: they contribute 0
};

/** L_l of Chaitanya et al. (2020), section 3.2, as a mean over directed terms: region u of the
 * anchor's map attracts region u of the other map and repels the listed other regions,
 * l(a, b, u) = -log( exp(s(a_u, b_u)) / (exp(s(a_u, b_u)) + Σ_{u' in Ω⁻(u)} exp(s(a_u, b_u'))) ),
 * s = cosine similarity / temperature; with both views, the regions of the anchor's own map repel
 * as well. O(P A² d) time. \param maps [M, A, d] region vectors \param usable bool [M, A]: regions
 * that a map shows; others are neither anchor nor positive nor negative; undefined: all
 * \param negatives one list a region \throws UsageError if shapes differ or the temperature is not
 * positive. */
LocalContrastResult
LocalContrastLoss(const torch::Tensor & maps,
                  const torch::Tensor & usable,
                  const MapPairs & pairs,
                  const std::vector<std::vector<std::int64_t>> & negatives,
                  const LocalContrastOptions & options);

/** L_R alone, of two views [B, A, d] that show everything. */
torch::Tensor
LocalContrastLoss(const torch::Tensor & first,
                  const torch::Tensor & second,
                  const std::vector<std::vector<std::int64_t>> & negatives,
                  const LocalContrastOptions & options);

} // namespace sulcus
