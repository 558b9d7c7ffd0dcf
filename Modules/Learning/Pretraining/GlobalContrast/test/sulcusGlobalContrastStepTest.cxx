#include "sulcusGlobalContrastStep.h"

#include <sulcusError.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cmath>

using namespace sulcus;

namespace
{

NetworkPlan
SmallPlan()
{
  NetworkPlan plan;
  plan.widths = {16, 32};
  plan.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.kernels = {{3, 3, 3}, {3, 3, 3}};
  return plan;
}

/** m volumes x S partitions of images with a brightness that tells the partition. */
Batch
PartitionBatch(std::int64_t volumes, std::int64_t partitions, std::int64_t step)
{
  torch::manual_seed(100 + step);
  Batch batch;
  batch.step = step;
  const auto count = volumes * partitions;
  for (const char * name : {"views1", "views2"})
  {
    auto & stream = batch.streams[name];
    stream.image = torch::randn({count, 1, 8, 8, 8});
    std::vector<std::int64_t> partition;
    std::vector<double> position;
    stream.caseIndex.clear();
    for (std::int64_t i = 0; i < count; ++i)
    {
      stream.caseIndex.push_back(i / partitions);
      partition.push_back(i % partitions);
      position.push_back((static_cast<double>(i % partitions) + 0.5) /
                         static_cast<double>(partitions));
      stream.image[i][0].slice(0, 0, 2 * (i % partitions) + 2).mul_(3.0);
    }
    stream.extra["partition"] = torch::tensor(partition, torch::kLong);
    stream.extra["position"] = torch::tensor(position, torch::kDouble);
  }
  return batch;
}

std::shared_ptr<GlobalContrastStep>
MakeStep(const GlobalContrastSettings & settings, std::shared_ptr<GlobalContrastModel> & model)
{
  torch::manual_seed(3);
  model = std::make_shared<GlobalContrastModel>(
      BuildNetwork(SmallPlan(), 1), settings, Precision::Float32);
  ParameterUpdateOptions update;
  update.optimizer.kind = "adamw";
  update.optimizer.learningRate = 2e-3;
  return std::make_shared<GlobalContrastStep>(model, settings, update);
}

TEST(GlobalContrastStep, T11CachedGradientEqualsTheDirectOne)
{
  const auto batch = PartitionBatch(3, 4, 0);
  std::map<std::string, torch::Tensor> direct;
  for (const std::int64_t microBatch : {0, 1, 5})
  {
    GlobalContrastSettings settings;
    settings.microBatch = microBatch;
    std::shared_ptr<GlobalContrastModel> model;
    const auto step = MakeStep(settings, model);
    torch::Tensor embeddings;
    step->Backward(batch, embeddings);
    for (const auto & item : model->named_parameters())
    {
      if (microBatch == 0)
      {
        direct[item.key()] = item.value().grad().clone();
      }
      else
      {
        EXPECT_LT((item.value().grad() - direct[item.key()]).abs().max().item<double>(), 1e-5)
            << item.key();
      }
    }
  }
}

TEST(GlobalContrastStep, CachedGradientDrawsTheSameDropoutTwice)
{
  auto plan = SmallPlan();
  plan.dropout = 0.5;
  GlobalContrastSettings settings;
  settings.microBatch = 6;
  torch::manual_seed(3);
  const auto model =
      std::make_shared<GlobalContrastModel>(BuildNetwork(plan, 1), settings, Precision::Float32);
  GlobalContrastStep step(model, settings, {});
  model->train();
  const auto batch = PartitionBatch(3, 2, 0);
  const auto & first = batch.streams.at("views1");
  // The same masks in one graph: what the caching draws for its pieces, drawn again.
  torch::manual_seed(11);
  const auto seed = torch::randint(std::int64_t{1} << 62, {1}, torch::kLong).item<std::int64_t>();
  torch::manual_seed(static_cast<std::uint64_t>(seed));
  const auto one = model->Embed(first.image);
  torch::manual_seed(static_cast<std::uint64_t>(seed) + 1);
  const auto two = model->Embed(batch.streams.at("views2").image);
  ContrastOfViews(torch::cat({one, two}), first, settings).loss.backward();
  const auto expected = model->parameters().front().grad().clone();
  model->zero_grad();
  torch::manual_seed(11);
  torch::Tensor embeddings;
  step.Backward(batch, embeddings);
  EXPECT_GT(expected.abs().max().item<double>(), 1e-4);
  EXPECT_LT((model->parameters().front().grad() - expected).abs().max().item<double>(), 1e-5);
}

TEST(GlobalContrastStep, TheRandomStrategyIsNtXentInUnorderedPairs)
{
  torch::manual_seed(4);
  const auto batch = PartitionBatch(2, 3, 0);
  const auto z = torch::randn({12, 16}, torch::kDouble).requires_grad_();
  GlobalContrastSettings settings;
  settings.loss.strategy = GlobalStrategy::Random;
  settings.loss.temperature = 0.2;
  const auto & first = batch.streams.at("views1");
  const auto quick = ContrastOfViews(z, first, settings);
  const auto whole = GlobalContrastLoss(z, SamplesOfViews(first, false), settings.loss);
  EXPECT_NEAR(quick.loss.item<double>(), whole.loss.item<double>(), 1e-9);
  EXPECT_EQ(quick.orderedPairs, whole.orderedPairs);
  const auto a = torch::autograd::grad({quick.loss}, {z})[0];
  const auto b = torch::autograd::grad({whole.loss}, {z})[0];
  EXPECT_LT((a - b).abs().max().item<double>(), 1e-9);
}

TEST(GlobalContrastStep, OneVolumeWithGDIsGDMinus)
{
  torch::manual_seed(5);
  const auto batch = PartitionBatch(1, 4, 0);
  const auto z = torch::randn({8, 16}, torch::kDouble);
  GlobalContrastSettings settings;
  const auto & first = batch.streams.at("views1");
  const auto domain = ContrastOfViews(z, first, settings);
  settings.loss.strategy = GlobalStrategy::DomainNegatives;
  const auto negatives = ContrastOfViews(z, first, settings);
  EXPECT_EQ(domain.loss.item<double>(), negatives.loss.item<double>());
  EXPECT_EQ(domain.orderedPairs, negatives.orderedPairs);
}

TEST(GlobalContrastModel, AFlattenedHeadIsMadeForItsPatchAlone)
{
  GlobalContrastSettings settings;
  settings.flattenedPatch = {8, 9, 8};
  GlobalContrastModel model(BuildNetwork(SmallPlan(), 1), settings, Precision::Float32);
  EXPECT_EQ(model.Embed(torch::randn({2, 1, 8, 9, 8})).size(1), 128);
  EXPECT_EQ(model.named_parameters()["head.hidden.weight"].size(1), 32 * 4 * 5 * 4);
  EXPECT_FALSE(model.named_parameters().contains("head.hidden.bias"));
  EXPECT_THROW(model.Embed(torch::randn({2, 1, 8, 8, 8})), UsageError);
}

TEST(GlobalContrastStep, LearnsToTellPartitionsApartAcrossVolumes)
{
  GlobalContrastSettings settings;
  std::shared_ptr<GlobalContrastModel> model;
  const auto step = MakeStep(settings, model);
  step->SetSchedule(60);
  for (std::int64_t i = 0; i < 60; ++i)
  {
    const auto report = step->Step(PartitionBatch(3, 4, i));
    ASSERT_FALSE(report.skipped);
    ASSERT_EQ(report.logged.at("skipped_anchors"), 0.0);
  }
  const torch::NoGradGuard noGradient;
  const auto held = PartitionBatch(2, 4, 1000);
  const auto z = model->Embed(held.streams.at("views1").image);
  const auto unit = z / z.norm(2, 1, true);
  const auto nearest = unit.narrow(0, 0, 4).matmul(unit.narrow(0, 4, 4).t()).argmax(1);
  EXPECT_GE((nearest == torch::arange(4)).sum().item<int>(), 3); // chance: 1 of 4
}

TEST(GlobalContrastStep, PlantedCollapseIsFoundWithinAHundredSteps)
{
  CollapseWatch watch;
  std::map<std::string, double> logged;
  for (int i = 0; i < 100 && !watch.HasCollapsed(); ++i)
  {
    const auto constant = torch::ones({8, 128}) + 1e-5 * torch::randn({8, 128});
    watch.Observe(MeasureHealth(constant, constant), 128, logged);
  }
  EXPECT_TRUE(watch.HasCollapsed());
  CollapseWatch healthy;
  for (int i = 0; i < 100; ++i)
  {
    healthy.Observe(MeasureHealth(torch::randn({8, 128}), torch::randn({8, 128})), 128, logged);
  }
  EXPECT_FALSE(healthy.HasCollapsed());
}

/** A head whose output layer ignores its input: every patch gets one embedding, which no gradient
 * of a constant can undo. */
TEST(GlobalContrastStep, ACollapsedHeadIsReportedByItsStepsWithinAHundred)
{
  GlobalContrastSettings settings;
  std::shared_ptr<GlobalContrastModel> model;
  const auto step = MakeStep(settings, model);
  {
    const torch::NoGradGuard noGradient;
    auto parameters = model->named_parameters();
    parameters["head.hidden.weight"].zero_();
    parameters["head.hidden.weight"].requires_grad_(false);
    parameters["head.hidden.bias"].fill_(1.0);
  }
  step->SetSchedule(100);
  int healthy = 0;
  for (std::int64_t i = 0; i < 30; ++i)
  {
    const auto report = step->Step(PartitionBatch(2, 4, i));
    ASSERT_FALSE(report.skipped);
    healthy += report.logged.at("embedding_spread") > 0.1 / std::sqrt(128.0) ? 1 : 0;
  }
  EXPECT_EQ(healthy, 0);
  EXPECT_TRUE(step->HasCollapsed());
}

TEST(EmbeddingHealth, HasHandComputedValues)
{
  // Views (1,0),(0,1) and (0,1),(0,1): alignment (2 + 0)/2 = 1.
  const auto a = torch::tensor({1.0f, 0.0f, 0.0f, 1.0f}).view({2, 2});
  const auto b = torch::tensor({0.0f, 1.0f, 0.0f, 1.0f}).view({2, 2});
  const auto health = MeasureHealth(a, b);
  EXPECT_NEAR(health.alignment, 1.0, 1e-6);
  // One vector differs from the other three: 6 of 12 ordered pairs at squared distance 2, 6 at 0.
  EXPECT_NEAR(health.uniformity, std::log((6 * std::exp(-4.0) + 6) / 12), 1e-5);
  EXPECT_NEAR(health.spread, std::sqrt(3.0) / 4, 1e-6);
}

} // namespace
