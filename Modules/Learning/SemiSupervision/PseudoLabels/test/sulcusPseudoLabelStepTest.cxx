#include "sulcusPseudoLabelStep.h"

#include <sulcusTensorFile.h>

#include <torch/utils.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

NetworkPlan
TinyPlan()
{
  NetworkPlan plan;
  plan.classes = 3;
  plan.widths = {16, 16};
  plan.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.kernels = {{3, 3, 3}, {3, 3, 3}};
  return plan;
}

Batch
BatchAt(std::int64_t step)
{
  torch::manual_seed(step);
  Batch batch;
  batch.step = step;
  batch.streams["labelled"].image = torch::randn({1, 1, 8, 8, 8});
  batch.streams["labelled"].label = torch::randint(0, 3, {1, 8, 8, 8}, torch::kLong);
  batch.streams["unlabelled1"].image = torch::randn({2, 1, 8, 8, 8});
  batch.streams["unlabelled2"].image =
      batch.streams["unlabelled1"].image + 0.1 * torch::randn({2, 1, 8, 8, 8});
  return batch;
}

PseudoLabelOptions
Options(int rounds)
{
  PseudoLabelOptions options;
  options.rounds = rounds;
  options.threshold = 0.4;
  return options;
}

std::shared_ptr<PseudoLabelStep>
MakeStep(const SegmentationNetwork & student,
         const SegmentationNetwork & teacher,
         bool given,
         int rounds)
{
  ParameterUpdateOptions update;
  update.optimizer.kind = "adamw";
  return std::make_shared<PseudoLabelStep>(student,
                                           teacher,
                                           given,
                                           std::array<bool, 3>{false, true, false},
                                           Options(rounds),
                                           update,
                                           Precision::Float32);
}

TEST(PseudoLabels, StagesShareTheRun)
{
  EXPECT_EQ(PseudoLabelStageAt(0, 100, 2).steps, 50);
  EXPECT_EQ(PseudoLabelStageAt(49, 100, 2).number, 0);
  EXPECT_EQ(PseudoLabelStageAt(50, 100, 2).number, 1);
  EXPECT_EQ(PseudoLabelStageAt(50, 100, 2).firstStep, 50);
  const auto last = PseudoLabelStageAt(10, 11, 3);
  EXPECT_EQ(last.number, 2);
  EXPECT_EQ(last.firstStep, 6);
  EXPECT_EQ(last.steps, 5);
}

TEST(PseudoLabels, OnlyConfidentVoxelsAreKnownAndUnknownOnesStayUnknown)
{
  Stream labelled;
  labelled.image = torch::randn({1, 1, 1, 1, 3});
  labelled.label = torch::tensor({2, 1, 0}, torch::kLong).view({1, 1, 1, 3});
  labelled.observed = torch::tensor({true, false, true}).view({1, 1, 1, 3});
  const auto probability =
      torch::tensor({0.95, 0.5, 0.0, 0.05, 0.3, 0.91, 0.0, 0.2, 0.09}).view({1, 3, 1, 1, 3});
  PseudoLabelOptions options;
  const auto image = torch::randn({1, 1, 1, 1, 3});
  auto joined = JoinWithPseudoLabels(labelled, image, probability, options);
  EXPECT_TRUE(
      torch::equal(joined.label.flatten(), torch::tensor({2, 1, 0, 0, 0, 1}, torch::kLong)));
  EXPECT_TRUE(torch::equal(joined.weight.flatten(), torch::tensor({1.F, 0.F, 1.F, 1.F, 0.F, 1.F})));
  EXPECT_TRUE(torch::equal(joined.image, torch::cat({labelled.image, image})));
  options.soft = true;
  joined = JoinWithPseudoLabels(labelled, image, probability, options);
  EXPECT_TRUE(torch::equal(joined.softLabel[1], probability[0]));
  EXPECT_EQ(joined.softLabel[0][2][0][0][0].item<double>(), 1.0);
  options.threshold = 0.0;
  EXPECT_TRUE(torch::equal(JoinWithPseudoLabels(labelled, image, probability, options).weight[1],
                           torch::ones({1, 1, 3})));
}

TEST(PseudoLabels, TheSecondStageStartsAnewWithTheFirstOneAsTeacher)
{
  const auto student = BuildNetwork(TinyPlan(), 1);
  const auto teacher = BuildNetwork(TinyPlan(), 2);
  const auto first = CloneTensors(TensorsOf(*student));
  const auto step = MakeStep(student, teacher, false, 1);
  step->SetSchedule(6);
  for (std::int64_t s = 0; s < 3; ++s)
  {
    const auto report = step->Step(BatchAt(s));
    EXPECT_EQ(report.logged.at("stage"), 0.0);
    EXPECT_FALSE(report.logged.contains("kept_voxels"));
  }
  const auto trained = CloneTensors(TensorsOf(*student));
  const auto report = step->Step(BatchAt(3));
  EXPECT_EQ(report.logged.at("stage"), 1.0);
  EXPECT_TRUE(report.logged.contains("kept_voxels"));
  double moved = 0.0;
  for (const auto & [name, tensor] : TensorsOf(*teacher))
  {
    EXPECT_TRUE(torch::equal(tensor, trained.at(name))) << name;
    // One step of AdamW from the first weights moves each by about the learning rate.
    const double distance =
        (TensorsOf(*student).at(name) - first.at(name)).abs().max().item<double>();
    moved += distance;
    EXPECT_LT(distance, 1.5 * report.logged.at("learning_rate")) << name;
  }
  EXPECT_GT(moved, 0.0);
  EXPECT_EQ(report.logged.at("learning_rate"), OptimizerOptions().learningRate)
      << "the schedule starts anew";
}

TEST(PseudoLabels, AGivenTeacherTeachesFromTheFirstStepAndStays)
{
  const auto student = BuildNetwork(TinyPlan(), 1);
  const auto teacher = BuildNetwork(TinyPlan(), 2);
  const auto given = CloneTensors(TensorsOf(*teacher));
  const auto step = MakeStep(student, teacher, true, 1);
  step->SetSchedule(4);
  for (std::int64_t s = 0; s < 4; ++s)
  {
    EXPECT_TRUE(step->Step(BatchAt(s)).logged.contains("kept_voxels"));
  }
  for (const auto & [name, tensor] : TensorsOf(*teacher))
  {
    EXPECT_TRUE(torch::equal(tensor, given.at(name))) << name;
  }
}

TEST(PseudoLabels, SavedStateGoesOnToTheSameBitsAcrossAStage)
{
  for (const std::int64_t stop : {2, 4})
  {
    const auto expected = BuildNetwork(TinyPlan(), 1);
    const auto whole = MakeStep(expected, BuildNetwork(TinyPlan(), 2), false, 1);
    whole->SetSchedule(6);
    NamedTensors state;
    for (std::int64_t s = 0; s < 6; ++s)
    {
      if (s == stop)
      {
        whole->Save(state);
        state = CloneTensors(state);
      }
      whole->Step(BatchAt(s));
    }
    const auto found = BuildNetwork(TinyPlan(), 1); // the first weights are of the seed
    const auto rest = MakeStep(found, BuildNetwork(TinyPlan(), 2), false, 1);
    rest->SetSchedule(6);
    rest->Load(state);
    for (std::int64_t s = stop; s < 6; ++s)
    {
      rest->Step(BatchAt(s));
    }
    const auto values = TensorsOf(*expected);
    for (const auto & [name, tensor] : TensorsOf(*found))
    {
      ASSERT_TRUE(torch::equal(tensor, values.at(name))) << name << ", stopped at " << stop;
    }
  }
}

} // namespace
} // namespace sulcus
