#include <sulcusContrastCapacities.h>
#include <sulcusError.h>

#include <gtest/gtest.h>

#include <cmath>

namespace sulcus
{
namespace
{

TEST(ContrastWeights, NumbersOfOracleT3)
{
  const std::vector<float> image{100, 98, 40, 42};
  const ContrastWeights weights({2, 2, 1}, {1, 1, 1}, 6, {{image, 1.0}});
  EXPECT_NEAR(weights.Variance(), 1686.0, 1e-9);
  // forward steps of six neighbours: x, y, z
  EXPECT_NEAR(weights(0, 0), 0.998814, 1e-6);
  EXPECT_NEAR(weights(0, 2), 0.998814, 1e-6);
  EXPECT_NEAR(weights(1, 0), 0.343827, 1e-6);
  EXPECT_NEAR(weights(1, 1), 0.394549, 1e-6);
}

TEST(ContrastWeights, FactorsOfTheNeighbourhoods)
{
  EXPECT_NEAR(ContrastWeights::NeighbourhoodFactor(6), 1.0, 1e-12);
  EXPECT_NEAR(ContrastWeights::NeighbourhoodFactor(18), 0.4142, 5e-5);
  EXPECT_NEAR(ContrastWeights::NeighbourhoodFactor(26), 0.3141, 5e-5);
}

TEST(ContrastWeights, ConstantImageAndNoImageLeaveDistanceAlone)
{
  const std::vector<float> image(24, 7.0F);
  for (const auto & channels :
       {std::vector<ContrastChannel>{{image, 1.0}}, std::vector<ContrastChannel>{}})
  {
    const ContrastWeights weights({2, 3, 4}, {0.5, 1, 2}, 26, channels);
    const auto distances = GridNeighbourhood(26).Distances({0.5, 1, 2});
    for (unsigned k = 0; k < 13; ++k)
    {
      EXPECT_DOUBLE_EQ(weights(k, 0), 0.5 / distances[13 + k]);
    }
  }
}

TEST(ContrastWeights, RefusesBadSpacingAndSize)
{
  EXPECT_THROW(ContrastWeights({2, 2, 2}, {1, 0, 1}, 6, {}), GeometryError);
  EXPECT_THROW(ContrastWeights({2, 2, 2}, {1, -1, 1}, 6, {}), GeometryError);
  EXPECT_THROW(ContrastWeights({2, 2, 2}, {1, NAN, 1}, 6, {}), GeometryError);
  const std::vector<float> image(7, 0.0F);
  EXPECT_THROW(ContrastWeights({2, 2, 2}, {1, 1, 1}, 6, {{image, 1.0}}), UsageError);
}

TEST(ContrastCapacities, NeverExceedTheRealWeightOrTheirMaximum)
{
  std::vector<float> image(60);
  for (std::size_t i = 0; i < image.size(); ++i)
  {
    image[i] = float((i * 37) % 11);
  }
  const ContrastWeights weights({5, 4, 3}, {1, 1.5, 3}, 18, {{image, 2.0}});
  const ContrastCapacities capacities(weights, 1000.0);
  for (unsigned k = 0; k < 9; ++k)
  {
    std::uint32_t forward = 0;
    std::uint32_t backward = 0;
    capacities.Row(k, 27, 1, &forward, &backward); // an inner voxel
    EXPECT_EQ(forward, backward);
    EXPECT_LE(forward, 1000.0 * weights(k, 27));
    EXPECT_GT(forward + 1.0, 1000.0 * weights(k, 27));
    EXPECT_LE(forward, capacities.Maximum(k));
  }
}

} // namespace
} // namespace sulcus
