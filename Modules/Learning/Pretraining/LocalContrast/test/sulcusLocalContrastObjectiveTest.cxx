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

} // namespace
