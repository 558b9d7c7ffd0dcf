#include "sulcusAgreement.h"

#include "sulcusCalibration.h"
#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusRandomEngine.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>

#include <cmath>

namespace sulcus
{
namespace
{

ImageGrid
RowGrid(std::size_t count)
{
  ImageGrid grid;
  grid.size = {{count, 1, 1}};
  grid.spacing[0] = 2.0;
  return grid;
}

template <typename TImage, typename TValue>
typename TImage::Pointer
RowOf(const std::vector<TValue> & values)
{
  auto image = NewImage<TImage>(RowGrid(values.size()));
  std::copy(values.begin(), values.end(), image->GetBufferPointer());
  return image;
}

TEST(CohenKappa, ByHand)
{
  // Rows 20 + 5, 10 + 15: observed 35/50 = 0.7, expected 0.5·0.6 + 0.5·0.4 = 0.5.
  Confusion confusion;
  confusion.Add(0, 0, 20);
  confusion.Add(0, 1, 5);
  confusion.Add(1, 0, 10);
  confusion.Add(1, 1, 15);
  const auto result = CohenKappa(confusion);
  EXPECT_NEAR(result.observedAgreement, 0.7, 1e-12);
  EXPECT_NEAR(result.expectedAgreement, 0.5, 1e-12);
  EXPECT_NEAR(result.kappa, 0.4, 1e-12);
  Confusion single;
  single.Add(3, 3, 10);
  EXPECT_TRUE(std::isnan(CohenKappa(single).kappa));
  EXPECT_TRUE(std::isnan(CohenKappa({}).kappa));
}

TEST(FleissKappa, PublishedExample)
{
  // Fourteen raters, ten subjects, five categories (Fleiss 1971 type example): kappa 0.210.
  const std::vector<std::vector<std::uint32_t>> votes{
      {0, 0, 0, 0, 14},
      {0, 2, 6, 4, 2},
      {0, 0, 3, 5, 6},
      {0, 3, 9, 2, 0},
      {2, 2, 8, 1, 1},
      {7, 7, 0, 0, 0},
      {3, 2, 6, 3, 0},
      {2, 5, 3, 2, 2},
      {6, 5, 2, 1, 0},
      {0, 2, 2, 3, 7},
  };
  FleissAccumulator accumulator(5);
  for (const auto & item : votes)
  {
    accumulator.Add(item);
  }
  const auto result = accumulator.Result();
  EXPECT_NEAR(result.observedAgreement, 0.378, 5e-4);
  EXPECT_NEAR(result.expectedAgreement, 0.213, 5e-4);
  EXPECT_NEAR(result.kappa, 0.210, 5e-4);
}

TEST(FleissKappa, ImagesAgreeWithVoteCounts)
{
  RandomEngine random(2);
  std::vector<LabelImage::ConstPointer> raters;
  std::vector<std::vector<std::uint16_t>> labels(4, std::vector<std::uint16_t>(500));
  for (auto & row : labels)
  {
    for (auto & label : row)
    {
      label = static_cast<std::uint16_t>(random.Integer(0, 2) * 100);
    }
    raters.emplace_back(RowOf<LabelImage>(row).GetPointer());
  }
  FleissAccumulator all(3);
  FleissAccumulator foreground(3);
  FleissAccumulator observed(2); // 200 is missing
  for (std::size_t i = 0; i < 500; ++i)
  {
    std::vector<std::uint32_t> votes(3);
    for (const auto & row : labels)
    {
      ++votes[row[i] / 100];
    }
    all.Add(votes);
    if (votes[0] < 4)
    {
      foreground.Add(votes);
    }
    observed.Add(std::vector<std::uint32_t>{votes[0], votes[1]});
  }
  EXPECT_NEAR(FleissKappa(raters).kappa, all.Result().kappa, 1e-12);
  FleissOptions options;
  options.foregroundOnly = true;
  EXPECT_NEAR(FleissKappa(raters, options).kappa, foreground.Result().kappa, 1e-12);
  EXPECT_EQ(FleissKappa(raters, options).items, foreground.Result().items);
  options = {};
  options.missingLabel = 200;
  EXPECT_NEAR(FleissKappa(raters, options).kappa, observed.Result().kappa, 1e-12);
  const int before = GetThreadCount();
  SetThreadCount(3);
  const auto three = FleissKappa(raters).kappa;
  SetThreadCount(1);
  EXPECT_EQ(FleissKappa(raters).kappa, three);
  SetThreadCount(before);
}

TEST(FleissKappa, PerfectAgreementAndMisuse)
{
  const std::vector<std::uint16_t> row{0, 1, 1, 2};
  const LabelImage::ConstPointer image = RowOf<LabelImage>(row).GetPointer();
  EXPECT_DOUBLE_EQ(FleissKappa({image, image, image}).kappa, 1.0);
  EXPECT_THROW(FleissKappa({image}), UsageError);
  const LabelImage::ConstPointer shorter =
      RowOf<LabelImage>(std::vector<std::uint16_t>{1}).GetPointer();
  EXPECT_THROW(FleissKappa({image, shorter}), GeometryError);
}

TEST(Calibration, ByHand)
{
  // Two bins: {0.2, 0.4} with one of two positive, {0.9, 0.6} with both positive.
  const auto probability = RowOf<FloatImage>(std::vector<float>{0.25F, 0.375F, 0.875F, 0.625F});
  const auto reference = RowOf<LabelImage>(std::vector<std::uint16_t>{0, 7, 7, 9});
  const std::vector<std::uint16_t> values{7, 9};
  const auto result = CalibrationOfStructure(probability, reference, values, nullptr, 2).Result();
  EXPECT_EQ(result.count, 4U);
  EXPECT_DOUBLE_EQ(result.bins[0].meanConfidence, 0.3125);
  EXPECT_DOUBLE_EQ(result.bins[0].frequency, 0.5);
  EXPECT_DOUBLE_EQ(result.bins[1].meanConfidence, 0.75);
  EXPECT_DOUBLE_EQ(result.bins[1].frequency, 1.0);
  EXPECT_DOUBLE_EQ(result.expectedError, 0.5 * 0.1875 + 0.5 * 0.25);
  EXPECT_DOUBLE_EQ(result.largestError, 0.25);
  EXPECT_DOUBLE_EQ(result.brier, (0.0625 + 0.390625 + 0.015625 + 0.140625) / 4.0);
  EXPECT_NEAR(result.logLoss,
              -(std::log(0.75) + std::log(0.375) + std::log(0.875) + std::log(0.625)) / 4.0,
              1e-12);
}

TEST(Calibration, RegionLeavesTheRestOut)
{
  const auto probability = RowOf<FloatImage>(std::vector<float>{0.0F, 0.0F, 1.0F, 0.5F, 0.0F});
  const auto reference = RowOf<LabelImage>(std::vector<std::uint16_t>{0, 0, 1, 0, 0});
  const std::vector<std::uint16_t> values{1};
  const auto region = RegionAround(reference, values, 2.0); // one voxel of 2 mm on either side
  const auto result = CalibrationOfStructure(probability, reference, values, region).Result();
  EXPECT_EQ(result.count, 3U);
  EXPECT_NEAR(result.brier, 0.25 / 3.0, 1e-12);
  const std::vector<std::uint16_t> absent{9};
  const auto nothing = RegionAround(reference, absent, 5.0);
  EXPECT_TRUE(std::isnan(
      CalibrationOfStructure(probability, reference, values, nothing).Result().expectedError));
}

TEST(Calibration, ClassesByHand)
{
  auto probabilities = VectorImage::New();
  SetGrid(probabilities, RowGrid(2));
  probabilities->SetNumberOfComponentsPerPixel(3);
  probabilities->Allocate();
  const std::vector<float> values{0.5F, 0.25F, 0.25F, 0.125F, 0.125F, 0.75F};
  std::copy(values.begin(), values.end(), probabilities->GetBufferPointer());
  const auto reference = RowOf<LabelImage>(std::vector<std::uint16_t>{0, 8});
  const std::vector<std::uint16_t> labels{0, 8, 300};
  const auto result = CalibrationOfClasses(probabilities, reference, labels, nullptr, 4).Result();
  // Voxel 1 right with 0.5, voxel 2 wrong with 0.75.
  EXPECT_DOUBLE_EQ(result.expectedError, 0.5 * 0.5 + 0.5 * 0.75);
  EXPECT_DOUBLE_EQ(result.brier, 0.5 * ((0.25 + 0.0625 + 0.0625) + (0.015625 + 0.765625 + 0.5625)));
  EXPECT_NEAR(result.logLoss, -0.5 * (std::log(0.5) + std::log(0.125)), 1e-12);
  EXPECT_THROW(CalibrationOfClasses(probabilities, reference, {labels.data(), 2}), UsageError);
  probabilities->GetBufferPointer()[0] = 0.9F;
  EXPECT_THROW(CalibrationOfClasses(probabilities, reference, labels), InputError);
}

TEST(Calibration, WellCalibratedProbabilitiesHaveSmallError)
{
  RandomEngine random(4);
  std::vector<float> probability(200000);
  std::vector<std::uint16_t> labels(probability.size());
  for (std::size_t i = 0; i < probability.size(); ++i)
  {
    probability[i] = static_cast<float>(random.Uniform());
    labels[i] = random.Chance(probability[i]) ? 1 : 0;
  }
  const std::vector<std::uint16_t> values{1};
  const auto image = RowOf<FloatImage>(probability);
  const auto reference = RowOf<LabelImage>(labels);
  const int before = GetThreadCount();
  SetThreadCount(1);
  const auto one = CalibrationOfStructure(image, reference, values).Result();
  SetThreadCount(3);
  const auto three = CalibrationOfStructure(image, reference, values).Result();
  SetThreadCount(before);
  EXPECT_LT(one.expectedError, 0.01);
  EXPECT_NEAR(one.brier, 1.0 / 6.0, 0.005); // the mean of p(1 − p)
  EXPECT_EQ(one.expectedError, three.expectedError);
  EXPECT_EQ(one.brier, three.brier);
  image->GetBufferPointer()[77] = 1.5F;
  EXPECT_THROW(CalibrationOfStructure(image, reference, values), InputError);
  image->GetBufferPointer()[77] = std::nanf("");
  EXPECT_THROW(CalibrationOfStructure(image, reference, values), InputError);
}

} // namespace
} // namespace sulcus
