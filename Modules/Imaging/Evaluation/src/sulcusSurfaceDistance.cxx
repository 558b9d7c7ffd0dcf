#include "sulcusSurfaceDistance.h"

#include "sulcusDistanceTransform.h"
#include "sulcusSurfelTable.h"
#include <sulcusError.h>
#include <sulcusParameters.h>
#include <sulcusStatistics.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

constexpr double Infinite = std::numeric_limits<double>::infinity();
constexpr double NotANumber = std::numeric_limits<double>::quiet_NaN();

/** Points of a lattice that lie on a surface, with a code that tells their weight; 0 is off the
 * surface. */
struct SurfaceLattice
{
  std::array<std::size_t, 3> size{};
  std::vector<std::uint8_t> reference;
  std::vector<std::uint8_t> prediction;
  std::array<double, 256> weights{};
};

void
Allocate(SurfaceLattice & lattice)
{
  const auto count = lattice.size[0] * lattice.size[1] * lattice.size[2];
  lattice.reference.assign(count, 0);
  lattice.prediction.assign(count, 0);
}

/** Codes of the voxels around every voxel corner of the box. In a plane (`depth` 1) only the four
 * pixels around a pixel corner count. */
SurfaceLattice
CornerLattice(const MaskPair & masks, bool planar)
{
  SurfaceLattice lattice;
  const auto [nx, ny, nz] = masks.size;
  lattice.size = {nx + 1, ny + 1, planar ? 1 : nz + 1};
  Allocate(lattice);
  const auto voxel = [&](std::size_t x, std::size_t y, std::size_t z)
  {
    // Corner (x, y, z) touches voxels x − 1 and x; wrapped −1 is large, hence outside.
    return x < nx && y < ny && z < nz ? masks.voxels[x + nx * (y + ny * z)] : std::uint8_t{0};
  };
  const unsigned int neighbours = planar ? 4 : 8;
  const unsigned int full = planar ? 15 : 255;
  ParallelFor(
      lattice.size[1] * lattice.size[2],
      [&](std::size_t begin, std::size_t end)
      {
        for (std::size_t line = begin; line < end; ++line)
        {
          const std::size_t y = line % lattice.size[1];
          const std::size_t z = line / lattice.size[1];
          for (std::size_t x = 0; x < lattice.size[0]; ++x)
          {
            unsigned int reference = 0;
            unsigned int prediction = 0;
            for (unsigned int n = 0; n < neighbours; ++n)
            {
              const auto bits = voxel(
                  x - 1 + (n & 1U), y - 1 + (n >> 1 & 1U), planar ? 0 : z - 1 + (n >> 2 & 1U));
              reference |= (bits & 1U) << n;
              prediction |= (bits >> 1 & 1U) << n;
            }
            const auto at = x + line * lattice.size[0];
            lattice.reference[at] = static_cast<std::uint8_t>(reference == full ? 0 : reference);
            lattice.prediction[at] = static_cast<std::uint8_t>(prediction == full ? 0 : prediction);
          }
        }
      });
  if (planar)
  {
    const auto lengths = ContourLengths(masks.spacingInMm[0], masks.spacingInMm[1]);
    std::copy(lengths.begin(), lengths.end(), lattice.weights.begin());
  }
  else
  {
    lattice.weights = SurfelAreas(masks.spacingInMm);
  }
  return lattice;
}

/** Voxels with at least one of the six face neighbours outside the mask. */
SurfaceLattice
BorderLattice(const MaskPair & masks)
{
  SurfaceLattice lattice;
  lattice.size = masks.size;
  Allocate(lattice);
  lattice.weights.fill(1.0);
  const auto [nx, ny, nz] = masks.size;
  const std::array<std::size_t, 3> strides{1, nx, nx * ny};
  ParallelFor(
      ny * nz,
      [&](std::size_t begin, std::size_t end)
      {
        for (std::size_t line = begin; line < end; ++line)
        {
          for (std::size_t x = 0; x < masks.size[0]; ++x)
          {
            const std::array<std::size_t, 3> index{x, line % masks.size[1], line / masks.size[1]};
            const auto at = x + line * masks.size[0];
            std::uint8_t inside = 3; // bits that all six neighbours share
            for (std::size_t a = 0; a < 3; ++a)
            {
              inside &= index[a] > 0 ? masks.voxels[at - strides[a]] : 0;
              inside &= index[a] + 1 < masks.size[a] ? masks.voxels[at + strides[a]] : 0;
            }
            const unsigned int border = masks.voxels[at] & ~inside;
            lattice.reference[at] = (border & MaskPair::Reference) != 0;
            lattice.prediction[at] = (border & MaskPair::Prediction) != 0;
          }
        }
      });
  return lattice;
}

/** Elements of one surface with their distance to the other, by distance, then weight. */
std::vector<SurfaceElement>
DirectedDistances(const SurfaceLattice & lattice,
                  const std::vector<std::uint8_t> & from,
                  const std::vector<std::uint8_t> & to,
                  const std::array<double, 3> & spacingInMm)
{
  std::vector<SurfaceElement> elements;
  const auto squared = SquaredDistances(to, lattice.size, spacingInMm);
  for (std::size_t i = 0; i < from.size(); ++i)
  {
    if (from[i] != 0)
    {
      elements.push_back({std::sqrt(squared[i]), lattice.weights[from[i]]});
    }
  }
  std::sort(elements.begin(),
            elements.end(),
            [](const SurfaceElement & a, const SurfaceElement & b)
            {
              return a.distanceInMm != b.distanceInMm ? a.distanceInMm < b.distanceInMm
                                                      : a.weight < b.weight;
            });
  return elements;
}

double
TotalWeight(std::span<const SurfaceElement> elements)
{
  double total = 0.0;
  for (const auto & element : elements)
  {
    total += element.weight;
  }
  return total;
}

double
WeightWithin(std::span<const SurfaceElement> elements, double toleranceInMm)
{
  double within = 0.0;
  for (const auto & element : elements)
  {
    within += element.distanceInMm <= toleranceInMm + ToleranceSlackInMm ? element.weight : 0.0;
  }
  return within;
}

/** The distance at which the given share of the surface is reached. */
double
PercentileByArea(std::span<const SurfaceElement> elements, double share)
{
  const double total = TotalWeight(elements);
  double reached = 0.0;
  for (const auto & element : elements)
  {
    reached += element.weight;
    if (reached / total >= share)
    {
      return element.distanceInMm;
    }
  }
  return elements.back().distanceInMm;
}

/** The percentile of the distances of both directions together. */
double
PercentileByCount(const SurfaceDistances & distances, double share)
{
  std::vector<double> pooled;
  for (const auto * elements : {&distances.referenceToPrediction, &distances.predictionToReference})
  {
    for (const auto & element : *elements)
    {
      pooled.push_back(element.distanceInMm);
    }
  }
  return Quantile(pooled, share);
}

} // namespace

SurfaceDefinition
SurfaceDefinitionFromName(const std::string & name)
{
  if (name == "surfels")
  {
    return SurfaceDefinition::Surfels;
  }
  if (name == "border_voxels")
  {
    return SurfaceDefinition::BorderVoxels;
  }
  if (name == "contours")
  {
    return SurfaceDefinition::Contours;
  }
  throw UsageError(Message("unknown surface definition '",
                           name,
                           "'; ",
                           SuggestName(name, {"surfels", "border_voxels", "contours"})));
}

SurfaceDistances
ComputeSurfaceDistances(const MaskPair & masks, SurfaceDefinition definition)
{
  const bool planar = definition == SurfaceDefinition::Contours;
  if (planar && masks.size[2] > 1)
  {
    throw UsageError(Message("contour distances need an image of one slice, got ", masks.size[2]));
  }
  SurfaceDistances distances;
  distances.definition = definition;
  if (masks.VoxelCount() == 0)
  {
    return distances;
  }
  const auto lattice = definition == SurfaceDefinition::BorderVoxels ? BorderLattice(masks)
                                                                     : CornerLattice(masks, planar);
  distances.referenceToPrediction =
      DirectedDistances(lattice, lattice.reference, lattice.prediction, masks.spacingInMm);
  distances.predictionToReference =
      DirectedDistances(lattice, lattice.prediction, lattice.reference, masks.spacingInMm);
  return distances;
}

double
MeanDistance(std::span<const SurfaceElement> elements)
{
  if (elements.empty())
  {
    return NotANumber;
  }
  double sum = 0.0;
  for (const auto & element : elements)
  {
    sum += element.distanceInMm * element.weight;
  }
  return sum / TotalWeight(elements);
}

double
MeanSurfaceDistance(const SurfaceDistances & distances)
{
  return 0.5 * (MeanDistance(distances.referenceToPrediction) +
                MeanDistance(distances.predictionToReference));
}

double
HausdorffDistance(const SurfaceDistances & distances, double percent)
{
  const auto & a = distances.referenceToPrediction;
  const auto & b = distances.predictionToReference;
  if (a.empty() || b.empty())
  {
    return Infinite;
  }
  const double share = percent / 100.0;
  return distances.definition == SurfaceDefinition::BorderVoxels
             ? PercentileByCount(distances, share)
             : std::max(PercentileByArea(a, share), PercentileByArea(b, share));
}

double
SurfaceOverlap(std::span<const SurfaceElement> elements, double toleranceInMm)
{
  return elements.empty() ? NotANumber
                          : WeightWithin(elements, toleranceInMm) / TotalWeight(elements);
}

double
SurfaceDice(const SurfaceDistances & distances, double toleranceInMm)
{
  const auto & a = distances.referenceToPrediction;
  const auto & b = distances.predictionToReference;
  if (a.empty() && b.empty())
  {
    return NotANumber;
  }
  return (WeightWithin(a, toleranceInMm) + WeightWithin(b, toleranceInMm)) /
         (TotalWeight(a) + TotalWeight(b));
}

} // namespace sulcus
