#include "sulcusMeanTeacherObjective.h"

#include <sulcusTensorFile.h>

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

using namespace sulcus;

namespace
{

/** Probabilities of voxels as [1, K, 1, 1, V]. */
torch::Tensor
Voxels(const std::vector<std::vector<double>> & rows)
{
  auto tensor = torch::empty({ 1, static_cast<std::int64_t>(rows[0].size()), 1, 1, static_cast<std::int64_t>(rows.size()) }, torch::kDouble);
  for (std::size_t v = 0; v < rows.size(); ++v)
  {
    for (std::size_t c = 0; c < rows[v].size(); ++c)
    {
      tensor[0][static_cast<std::int64_t>(c)][0][0][static_cast<std::int64_t>(v)] = rows[v][c];
    }
  }
  return tensor;
}

TEST(MeanTeacher, T3UncertaintyThreshold)
{
  EXPECT_NEAR(UncertaintyThreshold(0.0, 3), 0.8258098143, 1e-9);
  EXPECT_NEAR(UncertaintyThreshold(0.5, 3), 0.9026486391, 1e-9);
  EXPECT_NEAR(UncertaintyThreshold(1.0, 3), 1.0986122887, 1e-9);
}

TEST(MeanTeacher, T4MaskedConsistency)
{
  const double third = 1.0 / 3;
  const auto teacher = Voxels({ { .7, .2, .1 }, { .4, .35, .25 }, { third, third, third } });
  const auto entropy = PredictiveEntropy(teacher).flatten();
  EXPECT_NEAR(entropy[0].item<double>(), 0.801819, 5e-6);
  EXPECT_NEAR(entropy[1].item<double>(), 1.080528, 5e-6);
  EXPECT_NEAR(entropy[2].item<double>(), 1.098612, 5e-6);
  const auto keep = PredictiveEntropy(teacher) < UncertaintyThreshold(0.0, 3);
  EXPECT_EQ(keep.sum().item<int>(), 1);
  auto student = Voxels({ { .6, .3, .1 }, { .5, .3, .2 }, { .2, .5, .3 } }).requires_grad_();
  EXPECT_NEAR(ConsistencyLoss(student, teacher, keep).item<double>(), 0.0066666667, 1e-9);
  EXPECT_NEAR(ConsistencyLoss(student, teacher, {}).item<double>(), 0.0090740741, 1e-9);
  const auto nothing = ConsistencyLoss(student, teacher, torch::zeros_like(keep));
  nothing.backward();
  EXPECT_EQ(nothing.item<double>(), 0.0);
  EXPECT_EQ(student.grad().abs().max().item<double>(), 0.0);
}

NetworkPlan
SmallPlan()
{
  NetworkPlan plan;
  plan.classes = 3;
  plan.widths = { 16, 16 };
  plan.strides = { { 1, 1, 1 }, { 2, 2, 2 } };
  plan.kernels = { { 3, 3, 3 }, { 3, 3, 3 } };
  return plan;
}

Batch
SmallBatch(std::int64_t step)
{
  torch::manual_seed(step);
  Batch batch;
  batch.step = step;
  batch.streams["labelled"].image = torch::randn({ 1, 1, 8, 8, 8 });
  batch.streams["labelled"].label = torch::randint(0, 3, { 1, 8, 8, 8 }, torch::kLong);
  batch.streams["unlabelled"].image = torch::randn({ 1, 1, 8, 8, 8 });
  return batch;
}

TEST(MeanTeacher, T9TeacherFollowsTheFormulaAndGetsNoGradient)
{
  const auto student = BuildNetwork(SmallPlan(), 1);
  const auto teacher = BuildNetwork(SmallPlan(), 2);
  MeanTeacherOptions options;
  options.weight = 1.0;
  options.rampFraction = 0.0;
  MeanTeacherObjective objective(student, teacher, options, Precision::Float32);
  objective.SetSchedule(50);
  auto expected = CloneTensors(TensorsOf(*student));
  for (std::int64_t step = 0; step < 50; ++step)
  {
    const auto terms = objective.Evaluate(SmallBatch(step));
    terms.total.backward();
    for (const auto & parameter : teacher->parameters())
    {
      ASSERT_FALSE(parameter.grad().defined());
    }
    {
      const torch::NoGradGuard noGradient;
      for (auto & parameter : student->parameters())
      {
        if (parameter.grad().defined())
        {
          parameter.sub_(0.01 * parameter.grad());
        }
      }
    }
    objective.zero_grad();
    objective.AfterStep(step);
    const double decay = std::min(1.0 - 1.0 / static_cast<double>(step + 1), options.decay);
    for (const auto & item : student->named_parameters())
    {
      expected[item.key()] = decay * expected[item.key()] + (1 - decay) * item.value().detach();
    }
  }
  for (const auto & item : teacher->named_parameters())
  {
    EXPECT_LT((item.value() - expected[item.key()]).abs().max().item<double>(), 1e-6) << item.key();
  }
}

TEST(MeanTeacher, SavedStateRestoresTheTeacherToTheBit)
{
  const auto make = [](std::uint64_t seed) {
    return std::pair{ BuildNetwork(SmallPlan(), seed), BuildNetwork(SmallPlan(), seed + 10) };
  };
  const auto [student, teacher] = make(1);
  MeanTeacherObjective objective(student, teacher, {}, Precision::Float32);
  {
    const torch::NoGradGuard noGradient;
    student->parameters()[0].add_(1.0);
  }
  objective.AfterStep(0);
  objective.AfterStep(1);
  NamedTensors state;
  objective.SaveExtra(state);
  state = CloneTensors(state);
  const auto [otherStudent, otherTeacher] = make(5);
  MeanTeacherObjective other(otherStudent, otherTeacher, {}, Precision::Float32);
  other.LoadExtra(state);
  const auto values = TensorsOf(*teacher);
  for (const auto & [name, value] : TensorsOf(*otherTeacher))
  {
    EXPECT_TRUE(torch::equal(value, values.at(name))) << name;
  }
}

} // namespace
