#include "sulcusJointContrastObjective.h"

#include <sulcusSingleOptimizerStep.h>
#include <sulcusTensorFile.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

using namespace sulcus;

namespace
{

NetworkPlan
JointPlan()
{
  NetworkPlan plan;
  plan.widths = {16, 16, 16};
  plan.strides = {{1, 1, 1}, {2, 2, 2}, {2, 2, 2}};
  plan.kernels = {{3, 3, 3}, {3, 3, 3}, {3, 3, 3}};
  return plan;
}

Batch
BothStreams()
{
  torch::manual_seed(1);
  Batch batch;
  for (const std::string name : {"views", "regions"})
  {
    const auto image = torch::randn({4, 1, 16, 16, 16});
    for (const std::string view : {"1", "2"})
    {
      auto & stream = batch.streams[name + view];
      stream.image = image + 0.2 * torch::randn({4, 1, 16, 16, 16});
      stream.caseIndex = {0, 0, 1, 1};
      stream.extra["partition"] = torch::tensor({0, 1, 0, 1}, torch::kLong);
      stream.extra["position"] = torch::tensor({0.1, 0.9, 0.1, 0.9}, torch::kDouble);
    }
  }
  return batch;
}

std::shared_ptr<JointContrastObjective>
MakeJoint(SegmentationNetwork & network, double weight)
{
  network = BuildNetwork(JointPlan(), 1);
  torch::manual_seed(2);
  LocalContrastSettings local;
  local.stream = "regions";
  local.decoderBlocks = 2;
  return std::make_shared<JointContrastObjective>(network,
                                                  GlobalContrastSettings{},
                                                  local,
                                                  weight,
                                                  std::array<double, 3>{1, 1, 1},
                                                  Precision::Float32);
}

TEST(JointContrastObjective, IsTheWeightedSumOfBothLosses)
{
  SegmentationNetwork network{nullptr};
  const auto batch = BothStreams();
  const auto terms = MakeJoint(network, 0.3)->Evaluate(batch);
  EXPECT_NEAR(terms.total.item<double>(),
              terms.logged.at("global_loss") + 0.3 * terms.logged.at("local_loss"),
              1e-5);
  EXPECT_GT(terms.logged.at("local_loss"), 0.0);
  EXPECT_TRUE(terms.logged.contains("local_embedding_spread"));
}

TEST(JointContrastObjective, MovesEncoderDecoderAndBothHeads)
{
  SegmentationNetwork network{nullptr};
  const auto objective = MakeJoint(network, 1.0);
  const auto before = CloneTensors(TensorsOf(*objective));
  ParameterUpdateOptions update;
  update.optimizer.kind = "adamw";
  update.optimizer.learningRate = 1e-3;
  SingleOptimizerStep step(objective, update);
  step.SetSchedule(20);
  const auto batch = BothStreams();
  double first = 0, last = 0;
  for (std::int64_t i = 0; i < 5; ++i)
  {
    last = step.Step(batch).logged.at("loss");
    first = i == 0 ? last : first;
  }
  EXPECT_LT(last, first);
  const auto after = TensorsOf(*objective);
  for (const std::string name :
       {"global.encoder.levels.0.0.", "local.decoder.blocks.0.", "global.head.", "local.head."})
  {
    int moved = 0;
    for (const auto & [key, tensor] : after)
    {
      moved += key.rfind(name, 0) == 0 && !torch::equal(tensor, before.at(key)) ? 1 : 0;
    }
    EXPECT_GT(moved, 0) << name;
  }
}

} // namespace
