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

TEST(Optimizer, LarsMatchesHandComputedValues)
{
  OptimizerOptions options;
  options.kind = "lars";
  options.momentum = 0.5;
  options.weightDecay = 0.1;
  options.trustCoefficient = 0.01;
  auto matrix = torch::tensor({{3.0F, 4.0F}}).requires_grad_(); // length 5
  auto vector = torch::tensor({1.0F}).requires_grad_();         // plain momentum
  const auto optimizer = MakeOptimizer({{"matrix", matrix}, {"vector", vector}}, options);
  for (int step = 0; step < 2; ++step)
  {
    matrix.mutable_grad() = torch::tensor({{0.0F, 2.0F}});
    vector.mutable_grad() = torch::tensor({0.5F});
    optimizer->Step(1.0);
  }
  // Step 1: trust = 0.01·5/(2 + 0.1·5) = 0.02; moved by 0.02·(0.3, 2.4) = (0.006, 0.048).
  // Step 2: w = (2.994, 3.952), |w| = 4.9580580876; trust = 0.01·|w|/(2 + 0.1·|w|) = 0.0198655603;
  //         update = trust·(0.2994, 2.3952) = (0.0059477488, 0.0475819901); momentum adds half of
  //         step 1.
  EXPECT_NEAR(matrix[0][0].item<double>(), 2.994 - (0.0059477488 + 0.003), 1e-6);
  EXPECT_NEAR(matrix[0][1].item<double>(), 3.952 - (0.0475819901 + 0.024), 1e-6);
  EXPECT_NEAR(vector.item<double>(), 1.0 - 0.5 - 0.75, 1e-6);
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
