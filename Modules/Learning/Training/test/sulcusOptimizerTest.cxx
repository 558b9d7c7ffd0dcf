#include <sulcusError.h>
#include <sulcusOptimizer.h>
#include <sulcusTensorFile.h>

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <functional>

namespace sulcus
{
namespace
{

/** Two layers, so that there are matrices (decayed) and vectors (not decayed). */
torch::nn::Sequential
SmallNetwork()
{
  torch::manual_seed(7);
  return torch::nn::Sequential(
      torch::nn::Linear(13, 9), torch::nn::Tanh(), torch::nn::Linear(9, 3));
}

torch::Tensor
LossOf(torch::nn::Sequential & network, int step)
{
  torch::manual_seed(100 + step);
  const auto input = torch::randn({5, 13});
  const auto target = torch::randn({5, 3});
  return (network->forward(input) - target).square().mean();
}

std::vector<torch::optim::OptimizerParamGroup>
Groups(torch::nn::Sequential & network,
       const std::function<void(torch::optim::OptimizerOptions &, bool)> & set,
       const torch::optim::OptimizerOptions & prototype)
{
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (const bool matrices : {true, false})
  {
    std::vector<torch::Tensor> members;
    for (const auto & parameter : network->parameters())
    {
      if ((parameter.dim() > 1) == matrices)
      {
        members.push_back(parameter);
      }
    }
    auto options = prototype.clone();
    set(*options, matrices);
    groups.emplace_back(members, std::move(options));
  }
  return groups;
}

void
ExpectSameParameters(const torch::nn::Sequential & a,
                     const torch::nn::Sequential & b,
                     double tolerance)
{
  const auto mine = a->named_parameters();
  for (const auto & item : b->named_parameters())
  {
    EXPECT_LT((mine[item.key()] - item.value()).abs().max().item<double>(), tolerance)
        << item.key();
  }
}

/** Trains twins, one with the optimiser of these options and one with LibTorch's, clipping both. */
void
ExpectSameAsLibTorch(
    const OptimizerOptions & options,
    const std::function<std::unique_ptr<torch::optim::Optimizer>(torch::nn::Sequential &)> & theirs)
{
  auto mine = SmallNetwork();
  auto reference = SmallNetwork();
  auto optimizer = MakeOptimizer(ParametersOf(*mine), options);
  auto referenceOptimizer = theirs(reference);
  for (int step = 0; step < 25; ++step)
  {
    optimizer->ZeroGradient();
    LossOf(mine, step).backward();
    const double norm = optimizer->GradientNorm();
    optimizer->Step(options.learningRate, std::min(1.0, options.clipNorm / norm));

    referenceOptimizer->zero_grad();
    LossOf(reference, step).backward();
    const double theirNorm =
        torch::nn::utils::clip_grad_norm_(reference->parameters(), options.clipNorm);
    EXPECT_NEAR(norm, theirNorm, 1e-5 * norm);
    referenceOptimizer->step();
  }
  ExpectSameParameters(mine, reference, 2e-6);
}

} // namespace

TEST(Optimizer, SgdWithNesterovMomentumIsLibTorchs)
{
  OptimizerOptions options;
  options.clipNorm = 0.7; // active in some steps only
  options.weightDecay = 0.05;
  ExpectSameAsLibTorch(options,
                       [&](torch::nn::Sequential & network)
                       {
                         const auto set = [&](torch::optim::OptimizerOptions & o, bool decayed) {
                           static_cast<torch::optim::SGDOptions &>(o).weight_decay(
                               decayed ? options.weightDecay : 0.0);
                         };
                         const auto prototype = torch::optim::SGDOptions(options.learningRate)
                                                    .momentum(options.momentum)
                                                    .nesterov(true);
                         return std::make_unique<torch::optim::SGD>(Groups(network, set, prototype),
                                                                    prototype);
                       });
}

TEST(Optimizer, PlainSgdIsLibTorchs)
{
  OptimizerOptions options;
  options.momentum = 0.0;
  options.decayAll = true;
  options.weightDecay = 0.1;
  ExpectSameAsLibTorch(
      options,
      [&](torch::nn::Sequential & network)
      {
        return std::make_unique<torch::optim::SGD>(
            network->parameters(),
            torch::optim::SGDOptions(options.learningRate).weight_decay(options.weightDecay));
      });
}

TEST(Optimizer, AdamWIsLibTorchs)
{
  OptimizerOptions options;
  options.kind = "adamw";
  options.weightDecay = 0.02;
  options.clipNorm = 0.7;
  ExpectSameAsLibTorch(
      options,
      [&](torch::nn::Sequential & network)
      {
        const auto set = [&](torch::optim::OptimizerOptions & o, bool decayed) {
          static_cast<torch::optim::AdamWOptions &>(o).weight_decay(decayed ? options.weightDecay
                                                                            : 0.0);
        };
        const auto prototype = torch::optim::AdamWOptions(options.learningRate);
        return std::make_unique<torch::optim::AdamW>(Groups(network, set, prototype), prototype);
      });
}

TEST(Optimizer, AdamIsLibTorchs)
{
  OptimizerOptions options;
  options.kind = "adam";
  options.decayAll = true;
  options.weightDecay = 0.02;
  ExpectSameAsLibTorch(
      options,
      [&](torch::nn::Sequential & network)
      {
        return std::make_unique<torch::optim::Adam>(
            network->parameters(),
            torch::optim::AdamOptions(options.learningRate).weight_decay(options.weightDecay));
      });
}

// Oracle T9 of the SimCLR specification.
TEST(Optimizer, T9LarsMatchesItsOracle)
{
  OptimizerOptions options;
  options.kind = "lars";
  options.momentum = 0.9;
  options.trustCoefficient = 1e-3;
  const auto stepWith = [&](Optimizer & optimizer, torch::Tensor & weight, double x, double y)
  {
    weight.mutable_grad() = torch::tensor({{x, y}}, torch::kDouble);
    optimizer.Step(4.8);
  };
  const auto expect = [](const torch::Tensor & weight, double x, double y)
  {
    EXPECT_NEAR(weight[0][0].item<double>(), x, 1e-9);
    EXPECT_NEAR(weight[0][1].item<double>(), y, 1e-9);
  };
  const auto start = [] { return torch::tensor({{3.0, 4.0}}, torch::kDouble).requires_grad_(); };
  options.weightDecay = 0.0;
  auto weight = start();
  auto optimizer = MakeOptimizer({{"weight", weight}}, options);
  stepWith(*optimizer, weight, 1, 0);
  expect(weight, 2.976, 4.0);
  stepWith(*optimizer, weight, 0, 1);
  expect(weight, 2.9544, 3.9760689425);

  options.weightDecay = 0.1;
  weight = start();
  optimizer = MakeOptimizer({{"weight", weight}}, options);
  stepWith(*optimizer, weight, 1, 0);
  expect(weight, 2.9770613038, 3.9929419396);
}

TEST(Optimizer, T9LarsLeavesBiasesAndZeroWeightsUnscaled)
{
  OptimizerOptions options;
  options.kind = "lars";
  options.momentum = 0.5;
  options.weightDecay = 0.1;
  auto bias = torch::tensor({1.0F}).requires_grad_();
  auto zero = torch::zeros({1, 2}).requires_grad_();
  const auto optimizer = MakeOptimizer({{"bias", bias}, {"zero", zero}}, options);
  for (int step = 0; step < 2; ++step)
  {
    bias.mutable_grad() = torch::tensor({0.5F});
    zero.mutable_grad() = step == 0 ? torch::tensor({{1.0F, 0.0F}}) : torch::zeros({1, 2});
    optimizer->Step(step == 0 ? 1.0 : 0.5);
  }
  EXPECT_NEAR(bias.item<double>(), 1.0 - 0.5 - (0.25 + 0.25), 1e-6); // the velocity keeps its rate
  EXPECT_LT(zero[0][0].item<double>(), -1.0);
}

TEST(Optimizer, ParameterWithoutGradientStays)
{
  auto network = SmallNetwork();
  network->parameters()[0].set_requires_grad(false);
  const auto before = network->parameters()[0].clone();
  const auto optimizer = MakeOptimizer(ParametersOf(*network), {});
  LossOf(network, 0).backward();
  optimizer->Step(0.1);
  EXPECT_TRUE(torch::equal(before, network->parameters()[0]));
}

TEST(Optimizer, SavedStateGoesOnToTheSameBits)
{
  for (const char * kind : {"sgd", "adam", "adamw", "lars"})
  {
    OptimizerOptions options;
    options.kind = kind;
    auto whole = SmallNetwork();
    auto second = SmallNetwork();
    const auto first = MakeOptimizer(ParametersOf(*whole), options);
    const auto run = [](torch::nn::Sequential & network, Optimizer & optimizer, int begin, int end)
    {
      for (int step = begin; step < end; ++step)
      {
        optimizer.ZeroGradient();
        LossOf(network, step).backward();
        optimizer.Step(0.01);
      }
    };
    run(whole, *first, 0, 5);
    Optimizer::State state;
    first->Save(state);
    state = CloneTensors(state);
    LoadTensorsInto(*second, CloneTensors(TensorsOf(*whole)));
    const auto resumed = MakeOptimizer(ParametersOf(*second), options);
    resumed->Load(state);
    run(whole, *first, 5, 9);
    run(second, *resumed, 5, 9);
    for (std::size_t i = 0; i < whole->parameters().size(); ++i)
    {
      EXPECT_TRUE(torch::equal(whole->parameters()[i], second->parameters()[i])) << kind;
    }
    state.erase(state.begin());
    EXPECT_THROW(resumed->Load(state), ModelError);
  }
}

TEST(Optimizer, UnknownKindAndEmptyListAreRefused)
{
  OptimizerOptions options;
  EXPECT_THROW(MakeOptimizer({}, options), UsageError);
  options.kind = "newton";
  EXPECT_THROW(MakeOptimizer({{"w", torch::ones({2})}}, options), UsageError);
}

} // namespace sulcus
