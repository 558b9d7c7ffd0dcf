#include <sulcusError.h>
#include <sulcusMovingAverage.h>
#include <sulcusSchedules.h>

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

class OneWeightImpl : public torch::nn::Module
{
public:
  explicit OneWeightImpl(double value)
  {
    weight = register_parameter("weight", torch::full({3}, value));
    counter = register_buffer("counter", torch::zeros({1}));
  }
  torch::Tensor weight;
  torch::Tensor counter;
};

void
SetWeight(OneWeightImpl & module, double value)
{
  const torch::NoGradGuard guard;
  module.weight.fill_(value);
}

} // namespace

TEST(MovingAverage, FollowsTheRunningFormulaAndCopiesBuffers)
{
  OneWeightImpl module(0.0);
  MovingAverage average(module, 0.99);
  double expected = 0.0;
  for (int t = 0; t < 50; ++t)
  {
    const double value = std::sin(t);
    SetWeight(module, value);
    module.counter.fill_(t);
    average.Update();
    const double keep = AverageDecay(t, 0.99);
    expected = keep * expected + (1 - keep) * value;
  }
  EXPECT_NEAR(average.Values().at("weight")[0].item<double>(), expected, 1e-6);
  EXPECT_EQ(average.Values().at("counter").item<double>(), 49);
}

TEST(MovingAverage, ThreeStepsAtFixedDecayMatchTheirOracle) // T2: 1 − 0.99³
{
  OneWeightImpl module(0.0);
  MovingAverage average(module, 0.99);
  for (int t = 0; t < 200; ++t) // past the warm-up of the decay
  {
    average.Update();
  }
  SetWeight(module, 1.0);
  for (int t = 0; t < 3; ++t)
  {
    average.Update();
  }
  EXPECT_NEAR(average.Values().at("weight")[0].item<double>(), 0.029701, 1e-7);
}

TEST(EmaTeacher, HoldsTheAverageAndNeverGetsAGradient)
{
  OneWeightImpl student(2.0);
  EmaTeacher<OneWeightImpl> teacher(student, std::make_shared<OneWeightImpl>(5.0), 0.5);
  EXPECT_EQ(teacher.Network()->weight[0].item<double>(), 2.0);
  teacher.Follow(); // the first update copies
  SetWeight(student, 4.0);
  teacher.Follow();
  EXPECT_NEAR(teacher.Network()->weight[0].item<double>(), 3.0, 1e-7);
  ((student.weight - teacher.Network()->weight).square()).sum().backward();
  EXPECT_TRUE(student.weight.grad().defined());
  EXPECT_FALSE(teacher.Network()->weight.grad().defined());
}

TEST(EmaTeacher, SavedAndLoadedItGoesOnToTheSameBits)
{
  OneWeightImpl student(0.3);
  EmaTeacher<OneWeightImpl> first(student, std::make_shared<OneWeightImpl>(0.0), 0.9);
  EmaTeacher<OneWeightImpl> second(student, std::make_shared<OneWeightImpl>(0.0), 0.9);
  for (int t = 0; t < 4; ++t)
  {
    SetWeight(student, 0.1 * t);
    first.Follow();
  }
  NamedTensors state;
  first.Average().Save(state, "teacher/");
  second.Average().Load(CloneTensors(state), "teacher/");
  SetWeight(student, 0.77);
  first.Follow();
  second.Follow();
  EXPECT_TRUE(torch::equal(first.Network()->weight, second.Network()->weight));
}

TEST(EmaTeacher, AnotherArchitectureIsRefused)
{
  OneWeightImpl student(1.0);
  torch::nn::LinearImpl other(2, 2);
  EXPECT_THROW(MovingAverage(student, other, 0.9), ModelError);
}

} // namespace sulcus
