// Against the published numbers of two independent implementations:
// google-deepmind/surface-distance (surfels, contours) and a SciPy script (border voxels). The
// files are not part of the repository.
#include "sulcusConfusion.h"
#include "sulcusSurfaceDistance.h"
#include <sulcusImageGrid.h>
#include <sulcusJson.h>
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>

namespace sulcus
{
namespace
{

using Json = nlohmann::json;

const char *
TestData()
{
  return std::getenv("SULCUS_TEST_DATA");
}

#define REQUIRE_TEST_DATA()                                                                        \
  if (!TestData())                                                                                 \
  GTEST_SKIP() << "SULCUS_TEST_DATA is not set"

Json
Vectors(const std::string & name)
{
  return ReadJsonFile(std::filesystem::path(TestData()) / "vectors" / name);
}

double
Value(const Json & json)
{
  if (json.is_string())
  {
    return json == "inf" ? std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  return json.get<double>();
}

void
ExpectValue(double found, const Json & expected, double tolerance, const std::string & what)
{
  const double value = Value(expected);
  if (std::isnan(value))
  {
    EXPECT_TRUE(std::isnan(found)) << what;
  }
  else if (std::isinf(value))
  {
    EXPECT_EQ(found, value) << what;
  }
  else
  {
    EXPECT_NEAR(found, value, tolerance) << what;
  }
}

/** The upstream arrays are indexed as written; axis a here is axis a there. */
MaskPair
UpstreamMasks(const Json & test)
{
  MaskPair masks;
  masks.size = {1, 1, 1};
  for (std::size_t a = 0; a < test["shape"].size(); ++a)
  {
    masks.size[a] = test["shape"][a];
    masks.spacingInMm[a] = test["spacing"][a];
  }
  masks.voxels.resize(masks.VoxelCount());
  const auto mark = [&](const Json & points, std::uint8_t bit)
  {
    for (const auto & point : points)
    {
      const std::size_t z = point.size() > 2 ? point[2].get<std::size_t>() : 0;
      const std::size_t y = point[1];
      masks.voxels[point[0].get<std::size_t>() + masks.size[0] * (y + masks.size[1] * z)] |= bit;
    }
  };
  if (test.contains("gt"))
  {
    mark(test["gt"], MaskPair::Reference);
    mark(test["pred"], MaskPair::Prediction);
    return masks;
  }
  EXPECT_EQ(test["gt_box"], "[0:50,:,:]");
  EXPECT_EQ(test["pred_box"], "[0:51,:,:]");
  for (std::size_t i = 0; i < masks.voxels.size(); ++i)
  {
    const std::size_t x = i % masks.size[0];
    masks.voxels[i] = (x < 50 ? MaskPair::Reference : 0) | (x < 51 ? MaskPair::Prediction : 0);
  }
  return masks;
}

TEST(SurfaceVectors, UpstreamLibraryTests)
{
  REQUIRE_TEST_DATA();
  int cases = 0;
  const auto vectors = Vectors("surface_distance_upstream.json");
  for (const auto & test : vectors["cases"])
  {
    SCOPED_TRACE(test.dump());
    const auto masks = UpstreamMasks(test);
    const bool planar = test["dim"] == 2;
    const auto distances = ComputeSurfaceDistances(
        masks, planar ? SurfaceDefinition::Contours : SurfaceDefinition::Surfels);
    const double tolerance =
        test.contains("places") ? 0.5 * std::pow(10.0, -test["places"].get<int>()) : 1e-9;
    ExpectValue(MeanDistance(distances.referenceToPrediction),
                test["avg"][0],
                tolerance,
                "mean from reference");
    ExpectValue(MeanDistance(distances.predictionToReference),
                test["avg"][1],
                tolerance,
                "mean from prediction");
    ExpectValue(HausdorffDistance(distances, 100.0), test["hd100"], tolerance, "HD");
    ExpectValue(HausdorffDistance(distances, 95.0), test["hd95"], tolerance, "HD95");
    ExpectValue(SurfaceOverlap(distances.referenceToPrediction, 1.0),
                test["overlap1"][0],
                tolerance,
                "overlap");
    ExpectValue(SurfaceOverlap(distances.predictionToReference, 1.0),
                test["overlap1"][1],
                tolerance,
                "overlap");
    ExpectValue(SurfaceDice(distances, 1.0), test["sdice1"], tolerance, "surface Dice");
    if (test.contains("surfel_areas"))
    {
      ASSERT_EQ(distances.referenceToPrediction.size(), test["surfel_areas"].size());
      for (std::size_t i = 0; i < distances.referenceToPrediction.size(); ++i)
      {
        EXPECT_NEAR(distances.referenceToPrediction[i].weight,
                    test["surfel_areas"][i].get<double>(),
                    1e-12);
        EXPECT_NEAR(distances.referenceToPrediction[i].distanceInMm,
                    test["distances"][i].get<double>(),
                    1e-12);
      }
    }
    ++cases;
  }
  EXPECT_EQ(cases, 6);
}

/** The voxel that NumPy's roll brings to a place comes from place − shift, with wrap-around. */
std::size_t
Rolled(std::size_t index, std::int64_t shift, std::size_t size)
{
  const auto count = static_cast<std::int64_t>(size);
  return static_cast<std::size_t>(((static_cast<std::int64_t>(index) - shift) % count + count) %
                                  count);
}

MaskPair
RealMasks(const Json & test)
{
  const auto path = (std::filesystem::path(TestData()) / test["gt"].get<std::string>()).string();
  MaskPair masks;
  for (std::size_t a = 0; a < 3; ++a)
  {
    masks.spacingInMm[a] = test["spacing_mm"][a];
  }
  if (test.contains("gt_channel"))
  {
    const auto readers = ReadVector(path);
    const auto size = readers.image->GetLargestPossibleRegion().GetSize();
    const std::size_t components = readers.image->GetNumberOfComponentsPerPixel();
    masks.size = {size[0], size[1], size[2]};
    masks.voxels.resize(masks.VoxelCount());
    for (std::size_t i = 0; i < masks.voxels.size(); ++i)
    {
      const float * voxel = readers.image->GetBufferPointer() + i * components;
      masks.voxels[i] =
          (voxel[test["gt_channel"].get<std::size_t>()] > 0.5F ? MaskPair::Reference : 0) |
          (voxel[test["pred_channel"].get<std::size_t>()] > 0.5F ? MaskPair::Prediction : 0);
    }
    return masks;
  }
  const auto labels = ReadLabels(path);
  const auto size = labels.image->GetLargestPossibleRegion().GetSize();
  masks.size = {size[0], size[1], size[2]};
  masks.voxels.resize(masks.VoxelCount());
  const auto [nx, ny, nz] = masks.size;
  const auto inside = [&](std::size_t x, std::size_t y, std::size_t z, int label)
  {
    return x < nx && y < ny && z < nz &&
           labels.image->GetBufferPointer()[x + nx * (y + ny * z)] == label;
  };
  const int label = test["label"];
  const std::string kind = test["pred"];
  for (std::size_t i = 0; i < masks.voxels.size(); ++i)
  {
    const std::size_t x = i % nx;
    const std::size_t y = i / nx % ny;
    const std::size_t z = i / (nx * ny);
    bool predicted = false;
    if (kind == "roll")
    {
      const auto & shift = test["shift"];
      predicted =
          inside(Rolled(x, shift[0], nx), Rolled(y, shift[1], ny), Rolled(z, shift[2], nz), label);
    }
    else if (kind == "dilate6")
    {
      predicted = inside(x, y, z, label) || inside(x - 1, y, z, label) ||
                  inside(x + 1, y, z, label) || inside(x, y - 1, z, label) ||
                  inside(x, y + 1, z, label) || inside(x, y, z - 1, label) ||
                  inside(x, y, z + 1, label);
    }
    else
    {
      EXPECT_EQ(kind, "label2");
      predicted = inside(x, y, z, 2);
    }
    masks.voxels[i] =
        (inside(x, y, z, label) ? MaskPair::Reference : 0) | (predicted ? MaskPair::Prediction : 0);
  }
  return masks;
}

TEST(SurfaceVectors, RealMasks)
{
  REQUIRE_TEST_DATA();
  constexpr double tolerance = 1e-9;
  int cases = 0;
  const auto vectors = Vectors("surface_distance_real.json");
  for (const auto & test : vectors["cases"])
  {
    SCOPED_TRACE(test["case"].get<std::string>());
    const auto masks = RealMasks(test);
    std::uint64_t reference = 0;
    std::uint64_t prediction = 0;
    std::uint64_t common = 0;
    for (const auto bits : masks.voxels)
    {
      reference += bits & 1U;
      prediction += bits >> 1 & 1U;
      common += bits == 3;
    }
    ASSERT_EQ(reference, test["voxels_gt"].get<std::uint64_t>());
    ASSERT_EQ(prediction, test["voxels_pred"].get<std::uint64_t>());
    EXPECT_NEAR(2.0 * static_cast<double>(common) / static_cast<double>(reference + prediction),
                test["dice"].get<double>(),
                tolerance);

    const auto surfels = ComputeSurfaceDistances(masks);
    ExpectValue(MeanDistance(surfels.referenceToPrediction),
                test["avg_surface_distance_gt_to_pred"],
                tolerance,
                "mean");
    ExpectValue(MeanDistance(surfels.predictionToReference),
                test["avg_surface_distance_pred_to_gt"],
                tolerance,
                "mean");
    ExpectValue(HausdorffDistance(surfels, 100.0), test["hausdorff_100"], tolerance, "HD");
    ExpectValue(HausdorffDistance(surfels, 95.0), test["hausdorff_95"], tolerance, "HD95");
    ExpectValue(SurfaceOverlap(surfels.referenceToPrediction, 1.0),
                test["surface_overlap_1mm_gt"],
                tolerance,
                "overlap");
    ExpectValue(SurfaceOverlap(surfels.predictionToReference, 1.0),
                test["surface_overlap_1mm_pred"],
                tolerance,
                "overlap");
    ExpectValue(
        SurfaceDice(surfels, 1.0), test["surface_dice_1mm"], tolerance, "surface Dice 1 mm");
    ExpectValue(
        SurfaceDice(surfels, 2.0), test["surface_dice_2mm"], tolerance, "surface Dice 2 mm");

    const auto borders = ComputeSurfaceDistances(masks, SurfaceDefinition::BorderVoxels);
    const auto & border = test["border6"];
    ExpectValue(HausdorffDistance(borders), border["hd"], tolerance, "border HD");
    ExpectValue(HausdorffDistance(borders, 95.0), border["hd95"], tolerance, "border HD95");
    ExpectValue(MeanDistance(borders.referenceToPrediction),
                border["asd_gt_to_pred"],
                tolerance,
                "border mean");
    ExpectValue(MeanDistance(borders.predictionToReference),
                border["asd_pred_to_gt"],
                tolerance,
                "border mean");
    ExpectValue(MeanSurfaceDistance(borders), border["assd"], tolerance, "border mean of both");
    ++cases;
  }
  EXPECT_EQ(cases, 135);
}

} // namespace
} // namespace sulcus
