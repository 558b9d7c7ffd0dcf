#pragma once

#include "sulcusMaskPair.h"

#include <span>
#include <string>
#include <vector>

namespace sulcus
{

/** What "the surface" of a mask is. */
enum class SurfaceDefinition
{
  /** Default. Corners of the voxel lattice whose eight voxels are not all alike, each weighted by
   * the area of the marching-cubes surface there; percentiles and means are by area. The definition
   * of the `surface-distance` library (Nikolov et al. 2021, J Med Internet Res 23:e26151). */
  Surfels,
  /** Voxels of the mask with a face neighbour outside it (or outside the image), all weighted
   * alike; percentiles are those of both directions pooled, interpolated linearly. The definition
   * of MedPy and of most Hausdorff scripts. */
  BorderVoxels,
  /** Surfels in a plane, for images of one slice: pixel corners weighted by contour length. */
  Contours
};

/** "surfels", "border_voxels" or "contours". \throws UsageError naming the known ones. */
SurfaceDefinition
SurfaceDefinitionFromName(const std::string & name);

/** One surface element, its distance to the nearest element of the other surface and its weight
 * (mm², mm or 1). */
struct SurfaceElement
{
  double distanceInMm = 0.0;
  double weight = 1.0;
};

/** Elements of both surfaces, by increasing distance. Distances are infinite where the other mask
 * is empty. */
struct SurfaceDistances
{
  SurfaceDefinition definition = SurfaceDefinition::Surfels;
  std::vector<SurfaceElement> referenceToPrediction;
  std::vector<SurfaceElement> predictionToReference;
};

/** Linear in the voxels of the box, n log n in the surface elements.
 * \throws UsageError for Contours with more than one slice. */
SurfaceDistances
ComputeSurfaceDistances(const MaskPair & masks,
                        SurfaceDefinition definition = SurfaceDefinition::Surfels);

/** Weighted mean of one direction; NaN without elements. */
double
MeanDistance(std::span<const SurfaceElement> elements);

/** Mean of both directed means. */
double
MeanSurfaceDistance(const SurfaceDistances & distances);

/** The Hausdorff distance at 100 percent. Below, surfels and contours take the larger of both
 * directed percentiles by area, border voxels the percentile of both directions pooled. Infinite if
 * either mask is empty. \param percent in [0, 100] */
double
HausdorffDistance(const SurfaceDistances & distances, double percent = 100.0);

/** Distances up to this much above a tolerance still count as within it: spacing that went through
 * single precision must not push a voxel's neighbour out. */
inline constexpr double ToleranceSlackInMm = 1e-6;

/** Share of one surface within the tolerance of the other; NaN without elements. */
double
SurfaceOverlap(std::span<const SurfaceElement> elements, double toleranceInMm);

/** Share of both surfaces within the tolerance of each other; NaN without elements. */
double
SurfaceDice(const SurfaceDistances & distances, double toleranceInMm);

} // namespace sulcus
