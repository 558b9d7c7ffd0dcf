#pragma once

#include <array>

namespace sulcus
{

/** Area in mm² of the marching-cubes surface within one cell of the lattice of voxel corners, for
 * each of the 256 ways in which the eight voxels around that corner can be inside or outside.
 *
 * Bit dx + 2·dy + 4·dz is the voxel at offset (dx, dy, dz). Computed from the spacing:
 * - with more than four voxels inside, the outside ones are taken instead (the surface is the
 * same);
 * - every face-connected group of voxels is cut off by a polygon through the midpoints of the edges
 *   that leave it, so voxels that touch along an edge or a corner only are cut off one by one;
 * - polygons of five and six corners need not be flat: the pentagon is folded so that its middle
 * corner is one triangle, the hexagon has a central triangle through every second corner. Codes 0
 * and 255 have area 0. */
std::array<double, 256>
SurfelAreas(const std::array<double, 3> & spacingInMm);

/** Length in mm of the contour within one cell of the lattice of pixel corners: the same in a
 * plane. Bit dx + 2·dy is the pixel at offset (dx, dy). */
std::array<double, 16>
ContourLengths(double spacingXInMm, double spacingYInMm);

} // namespace sulcus
