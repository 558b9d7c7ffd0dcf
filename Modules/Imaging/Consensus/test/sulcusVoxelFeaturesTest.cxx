// Oracle T15 and what features do with awkward images.
#include <sulcusVoxelFeatures.h>

#include <gtest/gtest.h>

#include <cmath>

namespace sulcus
{
namespace
{

TEST(ConsensusOracles, T15CurvatureOfASphere)
{
  for (const auto & spacing : {std::array{1.0, 1.0, 1.0}, std::array{1.0, 1.0, 2.0}})
  {
    ImageBlock block;
    block.spacingInMm = spacing;
    block.size = {40, 40, std::size_t(40.0 / spacing[2])};
    std::vector<float> distance;
    for (std::size_t p = 0; p < block.size[0] * block.size[1] * block.size[2]; ++p)
    {
      const double x = (double(p % block.size[0]) - 19.5) * spacing[0];
      const double y = (double(p / block.size[0] % block.size[1]) - 19.5) * spacing[1];
      const double z =
          (double(p / block.size[0] / block.size[1]) - 0.5 * double(block.size[2] - 1)) *
          spacing[2];
      distance.push_back(float(std::sqrt(x * x + y * y + z * z) - 10.0));
    }
    block.values = distance;
    const auto curvature = MeanCurvature(block, 1.0);
    std::size_t checked = 0;
    for (std::size_t p = 0; p < curvature.size(); ++p)
    {
      if (std::abs(distance[p]) < 0.3F)
      {
        EXPECT_NEAR(curvature[p], 0.1, 0.01);
        ++checked;
      }
    }
    EXPECT_GT(checked, 200U);
  }
}

TEST(VoxelFeatures, ConstantImageHasFiniteZeroFeatures)
{
  ImageBlock block;
  block.size = {9, 8, 7};
  block.spacingInMm = {0.7, 1.0, 3.0};
  const std::vector<float> values(9 * 8 * 7, 123.4F);
  block.values = values;
  const std::vector<std::uint32_t> voxels{0, 100, 503};
  const auto features = ComputeVoxelFeatures(block, voxels);
  EXPECT_EQ(features.names.size(), 43U);
  for (std::size_t i = 0; i < features.values.size(); ++i)
  {
    const auto & name = features.names[i % 43];
    EXPECT_TRUE(std::isfinite(features.values[i])) << name;
    if (name.size() > 1 && name != "decile")
    {
      EXPECT_EQ(features.values[i], 0.0F) << name;
    }
  }
}

} // namespace
} // namespace sulcus
