#include "sulcusLabelSurface.h"

#include "sulcusBallOnGrid.h"
#include <sulcusThreads.h>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace sulcus
{
namespace
{

constexpr double Pi = 3.14159265358979323846;

/** Every edge is used once in each direction: closed and oriented. */
bool
IsClosed(const SurfaceMesh & mesh)
{
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> edges;
  for (const auto & t : mesh.triangles)
  {
    for (std::size_t i = 0; i < 3; ++i)
    {
      ++edges[{t[i], t[(i + 1) % 3]}];
    }
  }
  for (const auto & [edge, count] : edges)
  {
    const auto back = edges.find({edge.second, edge.first});
    if (back == edges.end() || back->second != count)
    {
      return false;
    }
  }
  return !edges.empty();
}

struct Sphere
{
  const char * name;
  std::array<double, 3> spacing;
  double radius;
  bool mirrored;
};

class AnalyticSphere : public testing::TestWithParam<Sphere>
{
};

SurfaceMesh
SurfaceOf(const LabelImage * labels, std::uint16_t label, const SurfaceOptions & options = {})
{
  return ExtractSurfaces(labels, {label}, {}, options).at(0);
}

} // namespace

TEST_P(AnalyticSphere, VolumeCentroidAndDistanceAreThoseOfTheFormula)
{
  const auto & [name, spacing, radius, mirrored] = GetParam();
  ImageGrid::Base::SizeType size;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    size[axis] = static_cast<std::size_t>(std::ceil(2 * radius / spacing[axis])) + 7;
  }
  const auto grid = TiltedGrid(size, spacing, mirrored);
  const auto labels = NewImage<LabelImage>(grid);
  const auto centre = grid.PointAt(0.5 * static_cast<double>(size[0]) + 0.21,
                                   0.5 * static_cast<double>(size[1]) - 0.37,
                                   0.5 * static_cast<double>(size[2]) + 0.11);
  DrawBall(labels, centre, radius, 4);
  const auto mesh = SurfaceOf(labels, 4);
  EXPECT_TRUE(IsClosed(mesh));
  const auto measures = MeasureSurface(mesh);
  const double voxels =
      static_cast<double>(FindLabels(labels)[4].voxels) * spacing[0] * spacing[1] * spacing[2];
  EXPECT_NEAR(measures.volumeInMm3 / voxels, 1.0, 1e-3);
  const double formula = 4.0 / 3.0 * Pi * radius * radius * radius;
  EXPECT_NEAR(measures.volumeInMm3 / formula, 1.0, 0.01);
  EXPECT_NEAR(measures.areaInMm2 / (4 * Pi * radius * radius), 1.0, 0.06);
  double offset = 0.0;
  for (unsigned int i = 0; i < 3; ++i)
  {
    offset += (measures.centroid[i] - centre[i]) * (measures.centroid[i] - centre[i]);
  }
  const double coarsest = *std::max_element(spacing.begin(), spacing.end());
  EXPECT_LT(std::sqrt(offset), 0.1 * coarsest);
  double farthest = 0.0; // one direction of the Hausdorff distance; the mesh is closed around it
  double inward = 1.0;
  for (std::size_t p = 0; p < mesh.points.size(); ++p)
  {
    std::array<double, 3> from{};
    double distance = 0.0;
    double along = 0.0;
    for (unsigned int i = 0; i < 3; ++i)
    {
      from[i] = mesh.points[p][i] - centre[i];
      distance += from[i] * from[i];
      along += from[i] * mesh.normals[p][i];
    }
    farthest = std::max(farthest, std::abs(std::sqrt(distance) - radius));
    inward = std::min(inward, along / std::sqrt(distance));
  }
  EXPECT_LT(farthest, 0.6 * coarsest);
  EXPECT_GT(inward, 0.4); // every normal looks outwards
  RecordProperty("volume_error_percent",
                 std::to_string(100 * (measures.volumeInMm3 / formula - 1)));
  std::printf("%s: volume %+.3f %%, centroid off %.3f mm, farthest %.3f mm (voxel %.1f mm)\n",
              name,
              100 * (measures.volumeInMm3 / formula - 1),
              std::sqrt(offset),
              farthest,
              coarsest);
}

INSTANTIATE_TEST_SUITE_P(Grids,
                         AnalyticSphere,
                         testing::Values(Sphere{"isotropic", {1, 1, 1}, 15.0, false},
                                         Sphere{"mirrored", {1, 1, 1}, 11.0, true},
                                         Sphere{"anisotropic", {0.7, 1.1, 2.5}, 20.0, false},
                                         Sphere{"thick_slices", {0.9, 0.9, 3.0}, 18.0, true}),
                         [](const auto & info) { return std::string(info.param.name); });

TEST(LabelSurface, LabelAtTheEdgeOfTheImageIsClosed)
{
  const auto grid = TiltedGrid({{5, 6, 4}}, {1.0, 0.5, 2.0});
  const auto labels = NewImage<LabelImage>(grid, 2);
  const auto mesh = SurfaceOf(labels, 2);
  EXPECT_TRUE(IsClosed(mesh));
  EXPECT_NEAR(MeasureSurface(mesh).volumeInMm3 / (5 * 6 * 4 * 1.0), 1.0, 0.01);
}

TEST(LabelSurface, NeighboursAreClosedEachForItself)
{
  const auto grid = TiltedGrid({{20, 20, 20}}, {1.0, 1.0, 1.0});
  const auto labels = NewImage<LabelImage>(grid);
  DrawBall(labels, grid.PointAt(9.5, 9.5, 9.5), 7.0, 1);
  for (auto index = LabelImage::IndexType{{0, 0, 0}}; index[0] < 20; ++index[0])
  {
    for (index[1] = 0; index[1] < 20; ++index[1])
    {
      for (index[2] = 10; index[2] < 20; ++index[2])
      {
        labels->SetPixel(index, labels->GetPixel(index) == 1 ? 300 : 0);
      }
    }
  }
  SegmentInfo named = DefaultSegment(300);
  named.name = "Upper half";
  named.color = {1, 2, 3};
  const auto meshes = ExtractSurfaces(labels, {}, {named});
  ASSERT_EQ(meshes.size(), 2U);
  double voxels = 0.0;
  for (const auto & [label, box] : FindLabels(labels))
  {
    voxels += static_cast<double>(box.voxels);
  }
  double volume = 0.0;
  for (const auto & mesh : meshes)
  {
    EXPECT_TRUE(IsClosed(mesh));
    volume += MeasureSurface(mesh).volumeInMm3;
  }
  EXPECT_EQ(meshes[0].name, "Segment 1");
  EXPECT_EQ(meshes[1].name, "Upper half");
  EXPECT_EQ(meshes[1].color, (std::array<std::uint8_t, 3>{1, 2, 3}));
  EXPECT_NEAR(volume / voxels, 1.0, 1e-3); // of 1 mm³
}

TEST(LabelSurface, SingleVoxelBecomesASmallClosedBody)
{
  const auto grid = TiltedGrid({{3, 3, 3}}, {1.0, 1.0, 2.0}, true);
  const auto labels = NewImage<LabelImage>(grid);
  labels->SetPixel({{2, 0, 1}}, 9);
  const auto mesh = SurfaceOf(labels, 9);
  EXPECT_TRUE(IsClosed(mesh));
  const auto measures = MeasureSurface(mesh);
  EXPECT_GT(measures.volumeInMm3, 0.1);
  EXPECT_LT(measures.volumeInMm3, 2.01);
  const auto centre = grid.PointAt(2, 0, 1);
  for (unsigned int i = 0; i < 3; ++i)
  {
    EXPECT_NEAR(measures.centroid[i], centre[i], 1e-3);
  }
}

TEST(LabelSurface, ReductionRemovesTrianglesAndKeepsTheVolume)
{
  const auto grid = TiltedGrid({{40, 40, 24}}, {1.0, 1.0, 1.8});
  const auto labels = NewImage<LabelImage>(grid);
  DrawBall(labels, grid.PointAt(19.5, 19.5, 11.5), 17.0, 1);
  SurfaceOptions options;
  const auto full = SurfaceOf(labels, 1, options);
  options.reduction = 0.8;
  const auto reduced = SurfaceOf(labels, 1, options);
  EXPECT_NEAR(static_cast<double>(reduced.triangles.size()) /
                  static_cast<double>(full.triangles.size()),
              0.2,
              0.02);
  EXPECT_TRUE(IsClosed(reduced));
  EXPECT_NEAR(MeasureSurface(reduced).volumeInMm3 / MeasureSurface(full).volumeInMm3, 1.0, 0.01);
}

TEST(LabelSurface, WithoutSmoothingPointsLieBetweenVoxels)
{
  const auto grid = TiltedGrid({{6, 6, 6}}, {1.0, 2.0, 3.0});
  const auto labels = NewImage<LabelImage>(grid);
  labels->SetPixel({{3, 3, 3}}, 1);
  SurfaceOptions options;
  options.smoothing = 0;
  options.keepVolume = false;
  const auto mesh = SurfaceOf(labels, 1, options);
  ASSERT_EQ(mesh.points.size(), 6U); // the six neighbours' midpoints
  std::set<std::array<int, 3>> found;
  for (const auto & point : mesh.points)
  {
    std::array<int, 3> doubled{};
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      double along = 0.0;
      for (unsigned int row = 0; row < 3; ++row)
      {
        along += (point[row] - grid.origin[row]) * grid.direction[row][axis];
      }
      doubled[axis] = static_cast<int>(std::lround(2 * along / grid.spacing[axis]));
      EXPECT_NEAR(2 * along / grid.spacing[axis], doubled[axis], 1e-3);
    }
    found.insert(doubled);
  }
  EXPECT_EQ(found,
            (std::set<std::array<int, 3>>{
                {5, 6, 6}, {7, 6, 6}, {6, 5, 6}, {6, 7, 6}, {6, 6, 5}, {6, 6, 7}}));
}

TEST(LabelSurface, SameMeshWhateverTheThreads)
{
  const auto grid = TiltedGrid({{40, 44, 38}}, {1.0, 0.9, 1.4});
  const auto labels = NewImage<LabelImage>(grid);
  DrawBall(labels, grid.PointAt(20, 21, 18), 16.0, 1);
  SetThreadCount(1);
  const auto one = SurfaceOf(labels, 1);
  SetThreadCount(4);
  const auto four = SurfaceOf(labels, 1);
  EXPECT_EQ(one.points, four.points);
  EXPECT_EQ(one.triangles, four.triangles);
  EXPECT_EQ(one.normals, four.normals);
}

TEST(LabelSurface, EmptyMapUnknownLabelAndBadOptionsAreRefused)
{
  const auto grid = TiltedGrid({{4, 4, 4}}, {1.0, 1.0, 1.0});
  const auto labels = NewImage<LabelImage>(grid);
  EXPECT_THROW(ExtractSurfaces(labels, {}, {}), InputError);
  labels->SetPixel({{1, 1, 1}}, 3);
  labels->SetPixel({{2, 1, 1}}, 7);
  try
  {
    ExtractSurfaces(labels, {3, 4}, {});
    FAIL();
  }
  catch (const UsageError & error)
  {
    EXPECT_STREQ(error.what(), "label 4 is not in the segmentation, which has 3, 7");
  }
  EXPECT_THROW(SurfaceOf(labels, 3, {.reduction = 1.0}), UsageError);
  EXPECT_THROW(SurfaceOf(labels, 3, {.passBand = 0.0}), UsageError);
  EXPECT_THROW(SurfaceOf(labels, 3, {.smoothing = -1}), UsageError);
}

} // namespace sulcus
