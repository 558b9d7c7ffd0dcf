#include <sulcusDevice.h>
#include <sulcusDeviceKernels.h>
#include <sulcusError.h>
#include <sulcusSpatialAugmentation.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cmath>

namespace
{

using namespace sulcus;
using Size = std::array<std::int64_t, 3>;

/** Both twins face the same tests; the GPU's are skipped where there is no GPU or no library. */
class DeviceKernels : public testing::TestWithParam<const char *>
{
protected:
  void
  SetUp() override
  {
    if (std::string(GetParam()) == "cuda")
    {
      try
      {
        m_Device = ResolveDevice("cuda");
      }
      catch (const ResourceError & error)
      {
        GTEST_SKIP() << error.what();
      }
      if (!CudaKernelsMissing().empty())
      {
        GTEST_SKIP() << CudaKernelsMissing();
      }
    }
  }

  torch::Device m_Device = torch::kCPU;
};

/** Trilinear interpolation, one value at a time, in double. */
double
Reference(const torch::Tensor & channel, const Affine::Point & point, const BorderRule & border)
{
  std::array<std::int64_t, 3> low{};
  std::array<double, 3> fraction{};
  for (std::int64_t axis = 0; axis < 3; ++axis) // z, y, x
  {
    const double last = static_cast<double>(channel.size(axis) - 1);
    const double p = point[static_cast<std::size_t>(2 - axis)];
    if (!border.replicate && (p < -0.5 || p > last + 0.5))
    {
      return border.value;
    }
    const double inside = std::clamp(p, 0.0, last);
    const auto at = static_cast<std::size_t>(axis);
    low[at] = std::min<std::int64_t>(static_cast<std::int64_t>(inside),
                                     std::max<std::int64_t>(channel.size(axis) - 2, 0));
    fraction[at] = inside - static_cast<double>(low[at]);
  }
  double sum = 0.0;
  for (std::int64_t corner = 0; corner < 8; ++corner)
  {
    double weight = 1.0;
    std::array<std::int64_t, 3> at{};
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const auto step = corner >> axis & 1;
      weight *= step != 0 ? fraction[axis] : 1.0 - fraction[axis];
      at[axis] = std::min(low[axis] + step, channel.size(static_cast<std::int64_t>(axis)) - 1);
    }
    sum += weight * channel[at[0]][at[1]][at[2]].item<double>();
  }
  return sum;
}

TEST_P(DeviceKernels, ResamplingAgreesWithOneVoxelAtATime)
{
  torch::manual_seed(3);
  const auto image = torch::rand({2, 11, 17, 14});
  const Size patch{8, 9, 13};
  const std::array<double, 3> spacing{2.0, 0.7, 1.0};
  SpatialRange range;
  range.rotationProbability = range.scaleProbability = range.elasticProbability = 1.0;
  range.elasticSpacingInMm = 5.0;
  range.flipAllowed = {true, true, true};
  for (const bool replicate : {true, false})
  {
    RandomEngine random(replicate ? 7 : 8);
    const auto map =
        MakeResampleMap(DrawSpatial(range, patch, spacing, random), patch, spacing, {5, 8, 6.5});
    const BorderRule border{replicate, -2.0f, false};
    const auto found = ResampleVolume(image.to(m_Device), map, patch, border).cpu();
    for (std::int64_t z = 0; z < patch[0]; ++z)
    {
      for (std::int64_t y = 0; y < patch[1]; y += 2)
      {
        for (std::int64_t x = 0; x < patch[2]; x += 3)
        {
          const auto point =
              map({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)});
          for (std::int64_t channel = 0; channel < 2; ++channel)
          {
            ASSERT_NEAR(found[channel][z][y][x].item<double>(),
                        Reference(image[channel], point, border),
                        1e-4);
          }
        }
      }
    }
  }
}

TEST_P(DeviceKernels, PlainCropIsExact)
{
  const auto image = torch::rand({1, 10, 12, 14});
  const auto map = MakeResampleMap({}, {4, 6, 5}, {3, 1, 0.6}, {4.5, 5.5, 8});
  const auto found = ResampleVolume(image.to(m_Device), map, {4, 6, 5}, {}).cpu();
  EXPECT_TRUE(torch::equal(found, image.slice(1, 3, 7).slice(2, 3, 9).slice(3, 6, 11)));
}

TEST_P(DeviceKernels, BlendingAddsUpWeightedWindows)
{
  torch::manual_seed(5);
  const auto importance = torch::rand({3, 4, 5}) + 0.1;
  auto sum = torch::zeros({2, 6, 7, 9});
  auto weight = torch::zeros({6, 7, 9});
  auto sumThere = sum.to(m_Device, false, true);
  auto weightThere = weight.to(m_Device, false, true);
  const auto device = m_Device;
  for (const Size & begin : {Size{0, 0, 0}, Size{2, 1, 3}, Size{3, 3, 4}})
  {
    const auto prediction = torch::rand({2, 3, 4, 5});
    const auto window = [&](torch::Tensor & whole, std::int64_t first)
    {
      return whole.slice(first, begin[0], begin[0] + 3)
          .slice(first + 1, begin[1], begin[1] + 4)
          .slice(first + 2, begin[2], begin[2] + 5);
    };
    window(sum, 1).add_(prediction * importance);
    window(weight, 0).add_(importance);
    BlendWindow(sumThere, weightThere, prediction.to(device), importance.to(device), begin);
  }
  EXPECT_TRUE(torch::allclose(sumThere.cpu(), sum, 1e-6, 1e-6));
  EXPECT_TRUE(torch::allclose(weightThere.cpu(), weight, 1e-6, 1e-6));
  EXPECT_THROW(BlendWindow(sumThere,
                           weightThere,
                           torch::rand({2, 3, 4, 5}).to(device),
                           importance.to(device),
                           {4, 0, 0}),
               UsageError);
}

INSTANTIATE_TEST_SUITE_P(Twins,
                         DeviceKernels,
                         testing::Values("cpu", "cuda"),
                         [](const auto & info) { return std::string(info.param); });

} // namespace
