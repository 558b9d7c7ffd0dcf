#include "sulcusCorrectionPredictor.h"

#include "sulcusCorrectionPhantom.h"
#include <sulcusError.h>
#include <sulcusTensorFile.h>

#include <torch/utils.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

constexpr std::array<double, 3> spacing{1.5, 1.0, 1.0};

CorrectionModel
Model()
{
  CorrectionModel model;
  torch::manual_seed(8);
  model.network = SmallCorrectionNetwork();
  const torch::NoGradGuard noGradient;
  for (auto & parameter : model.network->parameters())
  {
    parameter.add_(0.02 * torch::randn_like(parameter));
  }
  model.network->eval();
  model.erase.smallestComponentInMm3 = 0;
  return model;
}

SlidingWindowOptions
Windows(std::int64_t edge)
{
  SlidingWindowOptions options;
  options.window = {edge, edge, edge};
  return options;
}

torch::Tensor
Predict(const CorrectionModel & model,
        CorrectionPasses passes,
        const torch::Tensor & image,
        std::int64_t edge,
        int batch = 1)
{
  auto options = Windows(edge);
  options.batchSize = batch;
  const auto prediction =
      CorrectionPredictor(model, Precision::Float32, passes)(image, spacing, options);
  return PredictVolume(prediction.image, prediction.predictor, options);
}

TEST(CorrectionPredictor, OneWindowOverTheVolumeMakesBothVariantsEqual)
{
  const auto model = Model();
  const auto image = BallStream(3, 1, 16).image[0];
  const auto volume = Predict(model, CorrectionPasses::Volume, image, 16);
  const auto window = Predict(model, CorrectionPasses::Window, image, 16);
  EXPECT_LT((volume - window).abs().max().item<double>(), 1e-5);
  EXPECT_LT((volume.sum(0) - 1).abs().max().item<double>(), 1e-5);
  const auto coarse = Predict(model, CorrectionPasses::Coarse, image, 16);
  EXPECT_GT((volume - coarse).abs().max().item<double>(), 1e-4);
}

TEST(CorrectionPredictor, IsDeterministicWhateverTheBatch)
{
  const auto model = Model();
  const auto image = BallStream(3, 1, 24).image[0];
  for (const auto passes : {CorrectionPasses::Volume, CorrectionPasses::Window})
  {
    const auto first = Predict(model, passes, image, 16);
    torch::rand({100});
    EXPECT_TRUE(torch::equal(first, Predict(model, passes, image, 16)));
    EXPECT_LT((first - Predict(model, passes, image, 16, 3)).abs().max().item<double>(), 1e-5);
  }
}

TEST(CorrectionPredictor, ExplainedVolumesBelongTogether)
{
  const auto model = Model();
  const auto image = BallStream(3, 1, 24).image[0];
  const auto volumes = ExplainCorrection(model, image, spacing, Precision::Float32, Windows(16));
  ASSERT_TRUE(volumes.mask.any().item<bool>());
  const auto outside = volumes.mask.logical_not();
  EXPECT_TRUE(
      torch::equal(volumes.erased[0].masked_select(outside), image[0].masked_select(outside)));
  EXPECT_TRUE(
      torch::equal(volumes.repainted[0].masked_select(outside), image[0].masked_select(outside)));
  EXPECT_FALSE(torch::equal(volumes.repainted[0].masked_select(volumes.mask),
                            image[0].masked_select(volumes.mask)));
  const auto refined = Predict(model, CorrectionPasses::Volume, image, 16);
  EXPECT_LT((volumes.refined - (1 - refined[0])).abs().max().item<double>(), 1e-5);
  const auto coarse = Predict(model, CorrectionPasses::Coarse, image, 16);
  EXPECT_LT((volumes.coarse - (1 - coarse[0])).abs().max().item<double>(), 1e-5);
}

TEST(CorrectionPredictor, AModelFileCarriesEverything)
{
  const auto model = Model();
  ModelFile file;
  file.plan.network = SmallCorrectionPlan();
  model.network->Split(TensorsOf(*model.network), file.weights, file.extra);
  EXPECT_THROW(CorrectionModelOf(file, "model", torch::kCPU), ModelError);
  auto rule = model.erase;
  rule.threshold = 0.25;
  rule.dilationInMm = 3.5;
  file.extra["erasing"] = EraseOptionsToTensor(rule);
  const auto read = CorrectionModelOf(file, "model", torch::kCPU);
  EXPECT_EQ(read.erase.threshold, 0.25);
  EXPECT_EQ(read.erase.dilationInMm, 3.5);
  EXPECT_EQ(read.erase.shellFill, rule.shellFill);
  const auto image = BallStream(3, 1, 16).image[0];
  auto same = model;
  same.erase = rule;
  EXPECT_TRUE(torch::equal(Predict(read, CorrectionPasses::Volume, image, 16),
                           Predict(same, CorrectionPasses::Volume, image, 16)));
  EXPECT_THROW(CorrectionPassesOf("windows"), UsageError);
}

} // namespace
} // namespace sulcus
