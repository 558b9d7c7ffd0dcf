#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sulcus
{

/** The border of one structure as triangles in millimetres (LPS). */
struct SurfaceMesh
{
  std::uint16_t label = 0;
  std::string name;
  std::array<std::uint8_t, 3> color{200, 200, 200};
  std::vector<std::array<float, 3>> points;
  std::vector<std::array<float, 3>> normals;           ///< one a point, of length 1, outwards
  std::vector<std::array<std::uint32_t, 3>> triangles; ///< counter-clockwise seen from outside
};

struct SurfaceMeasures
{
  double volumeInMm3 = 0.0; ///< of what a closed surface encloses; negative if inside out
  double areaInMm2 = 0.0;
  std::array<double, 3> centroid{}; ///< of the enclosed volume
};

/** By the divergence theorem, summed in double precision in the order of the triangles. */
SurfaceMeasures
MeasureSurface(const SurfaceMesh & mesh);

/** Sets normals to the mean of the normals of the triangles around each point, weighted by area. */
void
ComputeNormals(SurfaceMesh & mesh);

/** Moves all points along their normals, outwards or inwards by the same distance, until the
 * enclosed volume is right within 0.05 %, or twelve steps are done. A structure whose volume
 * cannot be reached that way keeps the nearest. */
void
AdjustVolume(SurfaceMesh & mesh, double volumeInMm3, double longestStepInMm);

} // namespace sulcus
