#include "sulcusLocalContrastObjective.h"

#include <sulcusError.h>
#include <sulcusSingleOptimizerStep.h>
#include <sulcusTensorFile.h>

#include <torch/nn/functional/padding.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

using namespace sulcus;

namespace
{

NetworkPlan
ThreeLevelPlan()
{
  NetworkPlan plan;
  plan.widths = {16, 16, 16};
  plan.strides = {{1, 1, 1}, {2, 2, 2}, {2, 2, 2}};
  plan.kernels = {{3, 3, 3}, {3, 3, 3}, {3, 3, 3}};
  return plan;
}

Batch
TwoViews(std::int64_t step)
{
  torch::manual_seed(step);
  Batch batch;
  batch.step = step;
  batch.streams["views1"].image = torch::randn({2, 1, 24, 24, 24});
  batch.streams["views2"].image =
      batch.streams["views1"].image + 0.1 * torch::randn({2, 1, 24, 24, 24});
  return batch;
}

TEST(LocalContrastObjective, T11FrozenEncoderKeepsItsBitsWhileHeadAndDecoderMove)
{
  auto network = BuildNetwork(ThreeLevelPlan(), 1);
  const auto before = CloneTensors(TensorsOf(*network));
  const auto objective = std::make_shared<LocalContrastObjective>(
      network, LocalContrastSettings{}, std::array<double, 3>{1, 1, 1}, Precision::Float32);
  const auto headBefore = CloneTensors(TensorsOf(*objective));
  ParameterUpdateOptions update;
  update.optimizer.kind = "adamw";
  update.optimizer.learningRate = 1e-3;
  SingleOptimizerStep step(objective, update);
  step.SetSchedule(50);
  double first = 0, last = 0;
  for (std::int64_t i = 0; i < 5; ++i)
  {
    last = step.Step(TwoViews(7)).logged.at("loss");
    first = i == 0 ? last : first;
  }
  EXPECT_LT(last, first);
  int movedBlocks = 0;
  for (const auto & [name, tensor] : TensorsOf(*network))
  {
    if (name.starts_with("encoder."))
    {
      EXPECT_TRUE(torch::equal(tensor, before.at(name))) << name;
    }
    movedBlocks += name.starts_with("decoder.blocks.0.") && !torch::equal(tensor, before.at(name));
  }
  EXPECT_GT(movedBlocks, 0);
  EXPECT_FALSE(torch::equal(TensorsOf(*objective).at("head.first.weight"),
                            headBefore.at("head.first.weight")));
}

TEST(LocalContrastObjective, BlocksBeyondTheAskedStayAsTheyWere)
{
  auto network = BuildNetwork(ThreeLevelPlan(), 1);
  LocalContrastSettings settings;
  settings.decoderBlocks = 1;
  LocalContrastObjective objective(network, settings, {1, 1, 1}, Precision::Float32);
  Batch batch = TwoViews(1);
  for (auto & [name, stream] : batch.streams)
  {
    stream.image = torch::nn::functional::pad(
        stream.image, torch::nn::functional::PadFuncOptions({0, 0, 0, 0, 0, 0}));
  }
  objective.Evaluate(batch).total.backward();
  for (const auto & item : network->GetDecoder()->named_parameters())
  {
    const bool trained = item.key().starts_with("blocks.0.");
    EXPECT_EQ(item.value().grad().defined(), trained) << item.key();
  }
  settings.decoderBlocks = 9;
  EXPECT_THROW(LocalContrastObjective(network, settings, {1, 1, 1}, Precision::Float32),
               UsageError);
}

std::shared_ptr<LocalContrastObjective>
MakeLocal(const LocalContrastSettings & settings)
{
  torch::manual_seed(2);
  return std::make_shared<LocalContrastObjective>(BuildNetwork(ThreeLevelPlan(), 1),
                                                  settings,
                                                  std::array<double, 3>{1, 1, 1},
                                                  Precision::Float32);
}

TEST(LocalContrastObjective, CarriedGeometryOfEqualViewsIsTheSharedOne)
{
  auto batch = TwoViews(3);
  const double shared = MakeLocal({})->Evaluate(batch).total.item<double>();
  LocalContrastSettings settings;
  settings.carriedGeometry = true;
  batch.streams["views2"].extra["fromView1"] =
      torch::eye(3, 4, torch::kDouble).unsqueeze(0).repeat({2, 1, 1});
  const auto carried = MakeLocal(settings)->Evaluate(batch);
  EXPECT_NEAR(carried.total.item<double>(), shared, 1e-4);
  EXPECT_EQ(carried.logged.at("region_terms_left_out"), 0.0);
}

TEST(LocalContrastObjective, RegionsThatLeaveAShiftedViewAreLeftOut)
{
  auto batch = TwoViews(4);
  LocalContrastSettings settings;
  settings.carriedGeometry = true;
  auto shift = torch::eye(3, 4, torch::kDouble).unsqueeze(0).repeat({2, 1, 1});
  shift[0][0][3] = 6.0; // the first image's second view lies 6 voxels further along x
  batch.streams["views2"].extra["fromView1"] = shift;
  const auto terms = MakeLocal(settings)->Evaluate(batch);
  EXPECT_GT(terms.logged.at("region_terms_left_out"), 0.0);
  EXPECT_GT(terms.logged.at("region_terms"), terms.logged.at("region_terms_left_out"));
  shift.select(2, 3).fill_(1000.0);
  const auto nothing = MakeLocal(settings)->Evaluate(batch);
  EXPECT_EQ(nothing.total.item<double>(), 0.0);
  nothing.total.backward();
}

TEST(LocalContrastObjective, AcrossVolumesOnlyRegionsThatLookAlikeAttract)
{
  auto batch = TwoViews(5);
  LocalContrastSettings settings;
  settings.acrossVolumes = true;
  settings.regionNegatives = 4;
  for (const char * name : {"views1", "views2"})
  {
    auto & stream = batch.streams[name];
    stream.caseIndex = {0, 1};
    stream.extra["partition"] = torch::tensor({2, 2}, torch::kLong);
  }
  const auto unlike = MakeLocal(settings)->Evaluate(batch); // noise: nothing correlates
  const auto within = unlike.logged.at("region_terms");
  EXPECT_EQ(unlike.logged.at("region_terms_left_out"), within);
  for (const char * name : {"views1", "views2"})
  {
    auto & image = batch.streams[name].image;
    image[1] = 2.0 * image[0] + 1.0; // another contrast of the same anatomy
  }
  const auto alike = MakeLocal(settings)->Evaluate(batch);
  EXPECT_EQ(alike.logged.at("region_terms"), 2 * within);
  alike.total.backward();
  batch.streams["views1"].extra["partition"] = torch::tensor({1, 2}, torch::kLong);
  EXPECT_EQ(MakeLocal(settings)->Evaluate(batch).logged.at("region_terms"), within);
  batch.streams["views1"].extra.clear();
  EXPECT_THROW(MakeLocal(settings)->Evaluate(batch), UsageError);
}

TEST(LocalContrastObjective, RegionsThatDoNotFitAreRefusedBeforeTrainingWithTheMapsSize)
{
  Plan plan;
  plan.patchSize = {16, 16, 16};
  plan.network = ThreeLevelPlan();
  LocalContrastSettings settings;
  settings.decoderBlocks = 2;
  EXPECT_NO_THROW(RequireRegionsFit(plan, plan.patchSize, settings));
  plan.patchSize = {4, 4, 4};
  settings.decoderBlocks = 1;
  try
  {
    RequireRegionsFit(plan, plan.patchSize, settings);
    FAIL() << "nothing was thrown";
  }
  catch (const UsageError & error)
  {
    EXPECT_NE(std::string(error.what()).find("2 x 2 x 2"), std::string::npos) << error.what();
  }
}

} // namespace
