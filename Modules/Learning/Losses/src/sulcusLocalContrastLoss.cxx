#include "sulcusLocalContrastLoss.h"

#include <sulcusError.h>
#include <sulcusProcessGroup.h>

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

namespace sulcus
{
namespace
{

using Corner = std::array<std::int64_t, 3>;

/** Corner positions along one axis at the given fractions of the extent. */
std::vector<std::int64_t>
AxisCorners(std::int64_t size, std::int64_t edge, const std::vector<double> & fractions)
{
  const auto extent = static_cast<double>(size - edge);
  if (size < 3 * edge)
  {
    return {std::llround(extent / 2)};
  }
  std::vector<std::int64_t> corners;
  for (const double fraction : fractions)
  {
    corners.push_back(std::llround(fraction * extent));
  }
  return corners;
}

std::vector<Corner>
LatticeCorners(const std::array<std::int64_t, 3> & size, std::int64_t edge)
{
  std::vector<Corner> corners;
  std::set<Corner> seen;
  for (const auto & fractions : {std::vector<double>{0, 0.5, 1}, std::vector<double>{0.25, 0.75}})
  {
    for (const auto z : AxisCorners(size[0], edge, fractions))
    {
      for (const auto y : AxisCorners(size[1], edge, fractions))
      {
        for (const auto x : AxisCorners(size[2], edge, fractions))
        {
          if (seen.insert({z, y, x}).second)
          {
            corners.push_back({z, y, x});
          }
        }
      }
    }
  }
  return corners;
}

std::vector<std::int64_t>
NearestDisjoint(std::size_t region,
                const RegionLattice & lattice,
                const std::array<double, 3> & spacing,
                std::int64_t count)
{
  std::vector<std::pair<double, std::int64_t>> others;
  for (std::size_t other = 0; other < lattice.corners.size(); ++other)
  {
    double squared = 0.0;
    bool overlaps = true;
    for (int axis = 0; axis < 3; ++axis)
    {
      const auto offset = lattice.corners[other][axis] - lattice.corners[region][axis];
      overlaps = overlaps && std::abs(offset) < lattice.edge[axis];
      squared += std::pow(static_cast<double>(offset) * spacing[axis], 2);
    }
    if (!overlaps)
    {
      others.emplace_back(squared, static_cast<std::int64_t>(other));
    }
  }
  std::sort(others.begin(), others.end()); // ties go to the lower number
  std::vector<std::int64_t> nearest;
  for (std::size_t i = 0; i < others.size() && static_cast<std::int64_t>(i) < count; ++i)
  {
    nearest.push_back(others[i].second);
  }
  return nearest;
}

/** bool [A, A]: row u marks what region u is told apart from. */
torch::Tensor
NegativeMatrix(const std::vector<std::vector<std::int64_t>> & negatives)
{
  const auto regions = static_cast<std::int64_t>(negatives.size());
  auto isNegative = torch::zeros({regions, regions}, torch::kBool);
  for (std::int64_t u = 0; u < regions; ++u)
  {
    for (const auto other : negatives[static_cast<std::size_t>(u)])
    {
      isNegative[u][other] = true;
    }
  }
  return isNegative;
}

/** Positions of the regions' voxels in a map of this size: regions one after the other, x fastest.
 */
torch::Tensor
RegionVoxelIndices(const RegionLattice & lattice, const std::array<std::int64_t, 3> & size)
{
  std::vector<std::int64_t> indices;
  for (const auto & corner : lattice.corners)
  {
    for (int axis = 0; axis < 3; ++axis)
    {
      if (corner[axis] < 0 || corner[axis] + lattice.edge[axis] > size[axis])
      {
        throw UsageError(Message("region at ",
                                 corner[axis],
                                 " of ",
                                 lattice.edge[axis],
                                 " voxels leaves the map of size ",
                                 size[axis],
                                 " on axis ",
                                 axis));
      }
    }
    for (std::int64_t z = corner[0]; z < corner[0] + lattice.edge[0]; ++z)
    {
      for (std::int64_t y = corner[1]; y < corner[1] + lattice.edge[1]; ++y)
      {
        for (std::int64_t x = corner[2]; x < corner[2] + lattice.edge[2]; ++x)
        {
          indices.push_back((z * size[1] + y) * size[2] + x);
        }
      }
    }
  }
  return torch::tensor(indices, torch::kLong);
}

torch::Tensor
UnitRows(const torch::Tensor & vectors)
{
  const auto wide = vectors.scalar_type() == torch::kDouble ? vectors : vectors.to(torch::kFloat);
  return wide / wide.norm(2, -1, true).clamp_min(1e-8);
}

} // namespace

RegionLattice
MakeRegionLattice(const std::array<std::int64_t, 3> & size,
                  const std::array<double, 3> & spacingInMm,
                  std::int64_t edge,
                  std::int64_t negativeCount)
{
  if (*std::min_element(size.begin(), size.end()) < edge)
  {
    throw UsageError(Message("regions of ",
                             edge,
                             " feature voxels do not fit into a map of ",
                             size[0],
                             " x ",
                             size[1],
                             " x ",
                             size[2]));
  }
  RegionLattice lattice;
  lattice.edge = {edge, edge, edge};
  lattice.corners = LatticeCorners(size, edge);
  for (std::size_t region = 0; region < lattice.corners.size(); ++region)
  {
    lattice.negatives.push_back(NearestDisjoint(region, lattice, spacingInMm, negativeCount));
  }
  const bool someLonely = std::any_of(lattice.negatives.begin(),
                                      lattice.negatives.end(),
                                      [](const auto & list) { return list.empty(); });
  if (lattice.corners.size() < 2 || someLonely)
  {
    throw UsageError(Message("a map of ",
                             size[0],
                             " x ",
                             size[1],
                             " x ",
                             size[2],
                             " holds no two disjoint regions of ",
                             edge,
                             " feature voxels"));
  }
  return lattice;
}

torch::Tensor
GatherRegions(const torch::Tensor & features, const RegionLattice & lattice)
{
  const auto channels = features.size(1);
  const auto regions = static_cast<std::int64_t>(lattice.corners.size());
  const auto voxels =
      RegionVoxelIndices(lattice, {features.size(2), features.size(3), features.size(4)});
  // one gathering for all regions: its gradient is one scattering, not a whole map for each region
  return features.permute({0, 2, 3, 4, 1})
      .reshape({features.size(0), -1, channels})
      .index_select(1, voxels.to(features.device()))
      .view({features.size(0), regions, -1, channels})
      .transpose(2, 3)
      .flatten(2);
}

torch::Tensor
RegionCorrelation(const torch::Tensor & first, const torch::Tensor & second)
{
  const auto centred = [](const torch::Tensor & values)
  {
    const auto wide = values.to(torch::kDouble);
    return wide - wide.mean(-1, true);
  };
  const auto a = centred(first);
  const auto b = centred(second);
  const auto length = a.norm(2, -1) * b.norm(2, -1);
  const auto usable = length > 1e-12;
  return torch::where(usable, (a * b).sum(-1) / length.clamp_min(1e-12), torch::zeros_like(length));
}

MapPairs
PairsOfViews(std::int64_t images)
{
  const auto maps = torch::arange(2 * images, torch::kLong);
  return {maps, maps.roll(images), {}};
}

MapPairs
PairsAcrossVolumes(const torch::Tensor & volume, const torch::Tensor & partition)
{
  const auto images = volume.size(0);
  const auto same = [](const torch::Tensor & ids) { return ids.unsqueeze(1) == ids.unsqueeze(0); };
  const auto found = (same(partition) & ~same(volume)).nonzero();
  auto pairs = PairsOfViews(images);
  pairs.anchor = torch::cat(
      {pairs.anchor.to(found.device()), found.select(1, 0), found.select(1, 0) + images});
  pairs.other =
      torch::cat({pairs.other.to(found.device()), found.select(1, 1), found.select(1, 1) + images});
  return pairs;
}

LocalContrastResult
LocalContrastLoss(const torch::Tensor & maps,
                  const torch::Tensor & usable,
                  const MapPairs & pairs,
                  const std::vector<std::vector<std::int64_t>> & negatives,
                  const LocalContrastOptions & options)
{
  const auto regions = static_cast<std::int64_t>(negatives.size());
  if (maps.dim() != 3 || maps.size(1) != regions || !(options.temperature > 0.0) ||
      pairs.anchor.sizes() != pairs.other.sizes())
  {
    throw UsageError("local contrastive loss: maps [M, A, d], one list of negatives a region, as "
                     "many anchors as others and a positive temperature are needed");
  }
  const auto device = maps.device();
  const auto anchor = pairs.anchor.to(device);
  const auto other = pairs.other.to(device);
  const auto shown = usable.defined()
                         ? usable.to(device)
                         : torch::ones({maps.size(0), regions}, maps.options().dtype(torch::kBool));
  const auto shownByAnchor = shown.index_select(0, anchor);
  const auto shownByOther = shown.index_select(0, other);
  auto counted = shownByAnchor & shownByOther;
  if (pairs.counted.defined())
  {
    counted = counted & pairs.counted.to(device);
  }
  const auto isNegative = NegativeMatrix(negatives).to(device).unsqueeze(0);
  const auto unit = UnitRows(maps);
  const auto a = unit.index_select(0, anchor);
  const auto b = unit.index_select(0, other);
  const auto across = a.matmul(b.transpose(1, 2)) / options.temperature;
  auto similarity = across;
  auto allowed = isNegative & shownByOther.unsqueeze(1);
  if (options.negativesFromBothViews)
  {
    const auto within = a.matmul(a.transpose(1, 2)) / options.temperature;
    similarity = torch::cat({across, within}, 2);
    allowed = torch::cat({allowed, isNegative & shownByAnchor.unsqueeze(1)}, 2);
  }
  const auto hasRival = allowed.any(2);
  LocalContrastResult result;
  result.terms = counted.sum().item<std::int64_t>();
  result.withoutRival = (counted & ~hasRival).sum().item<std::int64_t>();
  // Processes that share the images divide by the mean number of terms.
  const auto number = MeanOverProcesses(counted.sum().to(unit.scalar_type()));
  if (result.terms == 0)
  {
    result.loss = maps.sum() * 0.0;
    return result;
  }
  // Regions without rivals get a harmless row, so that no -inf reaches the backward pass.
  const auto repelling =
      similarity
          .masked_fill(~allowed & hasRival.unsqueeze(2), -std::numeric_limits<double>::infinity())
          .logsumexp(2);
  const auto terms = torch::softplus(repelling - across.diagonal(0, 1, 2));
  result.loss = terms.masked_fill(~(counted & hasRival), 0.0).sum() / number.clamp_min(1e-12);
  return result;
}

torch::Tensor
LocalContrastLoss(const torch::Tensor & first,
                  const torch::Tensor & second,
                  const std::vector<std::vector<std::int64_t>> & negatives,
                  const LocalContrastOptions & options)
{
  if (first.dim() != 3 || first.sizes() != second.sizes())
  {
    throw UsageError("local contrastive loss: two views [B, A, d] of the same shape are needed");
  }
  return LocalContrastLoss(
             torch::cat({first, second}), {}, PairsOfViews(first.size(0)), negatives, options)
      .loss;
}

} // namespace sulcus
