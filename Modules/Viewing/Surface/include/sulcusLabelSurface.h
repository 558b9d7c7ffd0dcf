#pragma once

#include "sulcusSurfaceMesh.h"
#include <sulcusImages.h>
#include <sulcusParameters.h>
#include <sulcusSegmentInfo.h>

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace sulcus
{

struct SurfaceOptions
{
  int smoothing = 20;    ///< iterations of the windowed sinc filter; 0: the staircase of the voxels
  double passBand = 0.1; ///< of that filter, 0 to 2: lower is smoother
  double reduction = 0.0; ///< share of the triangles to remove
  bool keepVolume = true; ///< undo the shrinking of the smoothing
};

/** Describes what users choose, under the title "Surface". */
void
Describe(Parameters & visit, SurfaceOptions & options);

/** Where a label is: first and last index along each axis, and how many voxels. */
struct LabelBox
{
  LabelImage::IndexType first{{0, 0, 0}};
  LabelImage::IndexType last{{-1, -1, -1}};
  std::uint64_t voxels = 0;
};

/** Every label of the map but background. One pass over the voxels. */
std::map<std::uint16_t, LabelBox>
FindLabels(const LabelImage * labels);

/** The border of one label, closed also where the label touches the edge of the image: discrete
 * flying edges (Schroeder et al. 2015) on the label's box with a margin of one voxel, points to
 * millimetres by the grid's own matrix, windowed sinc smoothing (Taubin et al. 1996), optional
 * quadric decimation (Garland and Heckbert 1997). With keepVolume the enclosed volume is that of
 * the voxels within 0.1 % (structures of a few voxels: as near as their shape allows).
 * Cost: the voxels of the box, then the triangles.
 * \throws UsageError for options out of range; InputError if the box is empty */
SurfaceMesh
ExtractSurface(const LabelImage * labels,
               std::uint16_t label,
               const LabelBox & box,
               const SurfaceOptions & options = {});

/** Several labels in rising order with names and colours; all of them where none is named.
 * \param advance is called with the number of surfaces done
 * \throws UsageError naming the labels there are for one that is not in the map; InputError for a
 * map without labels */
std::vector<SurfaceMesh>
ExtractSurfaces(const LabelImage * labels,
                const std::vector<std::uint16_t> & wanted,
                const std::vector<SegmentInfo> & segments,
                const SurfaceOptions & options = {},
                const std::function<void(std::size_t done, std::size_t total)> & advance = {});

} // namespace sulcus
