#include "sulcusLocalContrastLoss.h"

#include <sulcusError.h>

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
  std::vector<torch::Tensor> regions;
  for (const auto & corner : lattice.corners)
  {
    auto region = features;
    for (int axis = 0; axis < 3; ++axis)
    {
      if (corner[axis] < 0 || corner[axis] + lattice.edge[axis] > features.size(axis + 2))
      {
        throw UsageError(Message("region at ",
                                 corner[axis],
                                 " of ",
                                 lattice.edge[axis],
                                 " voxels leaves the map of size ",
                                 features.size(axis + 2),
                                 " on axis ",
                                 axis));
      }
      region = region.narrow(axis + 2, corner[axis], lattice.edge[axis]);
    }
    regions.push_back(region.flatten(1));
  }
  return torch::stack(regions, 1);
}

torch::Tensor
LocalContrastLoss(const torch::Tensor & first,
                  const torch::Tensor & second,
                  const std::vector<std::vector<std::int64_t>> & negatives,
                  const LocalContrastOptions & options)
{
  const auto regions = static_cast<std::int64_t>(negatives.size());
  if (first.dim() != 3 || first.sizes() != second.sizes() || first.size(1) != regions ||
      !(options.temperature > 0.0))
  {
    throw UsageError("local contrastive loss: two [B, A, d] tensors, one list of negatives a "
                     "region and a positive temperature are needed");
  }
  auto isNegative = torch::zeros({regions, regions}, torch::kBool);
  for (std::int64_t u = 0; u < regions; ++u)
  {
    for (const auto other : negatives[static_cast<std::size_t>(u)])
    {
      isNegative[u][other] = true;
    }
  }
  isNegative = isNegative.to(first.device());
  const auto a = UnitRows(first);
  const auto b = UnitRows(second);
  const double infinity = std::numeric_limits<double>::infinity();
  const auto directed = [&](const torch::Tensor & anchor, const torch::Tensor & other)
  {
    const auto across = anchor.matmul(other.transpose(1, 2)) / options.temperature;
    auto repelling = across.masked_fill(~isNegative, -infinity);
    if (options.negativesFromBothViews)
    {
      const auto within = anchor.matmul(anchor.transpose(1, 2)) / options.temperature;
      repelling = torch::cat({repelling, within.masked_fill(~isNegative, -infinity)}, 2);
    }
    return torch::softplus(repelling.logsumexp(2) - across.diagonal(0, 1, 2)).sum();
  };
  return (directed(a, b) + directed(b, a)) / static_cast<double>(2 * regions * first.size(0));
}

} // namespace sulcus
