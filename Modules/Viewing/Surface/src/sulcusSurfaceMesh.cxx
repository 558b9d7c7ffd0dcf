#include "sulcusSurfaceMesh.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

using Vector = std::array<double, 3>;

Vector
Cross(const Vector & a, const Vector & b)
{
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

double
Dot(const Vector & a, const Vector & b)
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

Vector
Difference(const std::array<float, 3> & a, const Vector & b)
{
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

/** A point near the mesh: sums of small numbers lose less. */
Vector
MiddleOf(const SurfaceMesh & mesh)
{
  Vector middle{};
  for (const auto & point : mesh.points)
  {
    for (std::size_t i = 0; i < 3; ++i)
    {
      middle[i] += static_cast<double>(point[i]) / static_cast<double>(mesh.points.size());
    }
  }
  return middle;
}

} // namespace

SurfaceMeasures
MeasureSurface(const SurfaceMesh & mesh)
{
  SurfaceMeasures measures;
  const auto middle = MiddleOf(mesh);
  Vector moment{};
  for (const auto & triangle : mesh.triangles)
  {
    const auto a = Difference(mesh.points[triangle[0]], middle);
    const auto b = Difference(mesh.points[triangle[1]], middle);
    const auto c = Difference(mesh.points[triangle[2]], middle);
    const auto areaVector =
        Cross({b[0] - a[0], b[1] - a[1], b[2] - a[2]}, {c[0] - a[0], c[1] - a[1], c[2] - a[2]});
    measures.areaInMm2 += 0.5 * std::sqrt(Dot(areaVector, areaVector));
    const double volume = Dot(a, Cross(b, c)) / 6.0; // of the tetrahedron to the middle
    measures.volumeInMm3 += volume;
    for (std::size_t i = 0; i < 3; ++i)
    {
      moment[i] += volume * (a[i] + b[i] + c[i]) / 4.0;
    }
  }
  for (std::size_t i = 0; i < 3; ++i)
  {
    measures.centroid[i] =
        middle[i] + (measures.volumeInMm3 != 0.0 ? moment[i] / measures.volumeInMm3 : 0.0);
  }
  return measures;
}

void
ComputeNormals(SurfaceMesh & mesh)
{
  std::vector<Vector> sums(mesh.points.size(), Vector{});
  for (const auto & triangle : mesh.triangles)
  {
    const auto & a = mesh.points[triangle[0]];
    const Vector origin{a[0], a[1], a[2]};
    const auto normal = Cross(Difference(mesh.points[triangle[1]], origin),
                              Difference(mesh.points[triangle[2]], origin));
    for (const auto corner : triangle)
    {
      for (std::size_t i = 0; i < 3; ++i)
      {
        sums[corner][i] += normal[i];
      }
    }
  }
  mesh.normals.resize(mesh.points.size());
  for (std::size_t p = 0; p < sums.size(); ++p)
  {
    const double length = std::sqrt(Dot(sums[p], sums[p]));
    for (std::size_t i = 0; i < 3; ++i)
    {
      const double value = length > 0 ? sums[p][i] / length : (i == 2 ? 1.0 : 0.0);
      mesh.normals[p][i] = static_cast<float>(value);
    }
  }
}

void
AdjustVolume(SurfaceMesh & mesh, double volumeInMm3, double longestStepInMm)
{
  constexpr int mostSteps = 12;
  constexpr double tolerance = 5e-4;
  ComputeNormals(mesh);
  auto measures = MeasureSurface(mesh);
  for (int step = 0; step < mostSteps; ++step)
  {
    const double missing = volumeInMm3 - measures.volumeInMm3;
    if (std::abs(missing) <= tolerance * volumeInMm3 || measures.areaInMm2 <= 0.0)
    {
      return;
    }
    const double distance =
        std::clamp(missing / measures.areaInMm2, -longestStepInMm, longestStepInMm);
    const auto before = mesh.points;
    for (std::size_t p = 0; p < mesh.points.size(); ++p)
    {
      for (std::size_t i = 0; i < 3; ++i)
      {
        mesh.points[p][i] += static_cast<float>(distance * mesh.normals[p][i]);
      }
    }
    const auto after = MeasureSurface(mesh);
    if (std::abs(volumeInMm3 - after.volumeInMm3) >= std::abs(missing))
    {
      mesh.points = before;
      return;
    }
    measures = after;
    ComputeNormals(mesh);
  }
}

} // namespace sulcus
