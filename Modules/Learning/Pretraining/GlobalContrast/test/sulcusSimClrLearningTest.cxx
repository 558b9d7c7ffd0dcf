#include "sulcusGlobalContrastStep.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cmath>

using namespace sulcus;

namespace
{

constexpr std::int64_t edge = 12;
constexpr std::int64_t volumes = 64;

/** Volumes of three smooth blobs each, somewhere. */
torch::Tensor
Blobs()
{
  torch::manual_seed(7);
  const auto axis = torch::arange(edge, torch::kFloat);
  auto images = torch::zeros({volumes, 1, edge, edge, edge});
  for (std::int64_t i = 0; i < volumes; ++i)
  {
    for (int blob = 0; blob < 3; ++blob)
    {
      const auto centre = torch::rand({3}) * 8 + 2;
      const auto along = [&](int which)
      { return (-(axis - centre[which]).square() / (2 * 1.5 * 1.5)).exp(); };
      images[i][0] += (torch::rand({1}) + 0.5) * along(0).view({-1, 1, 1}) *
                      along(1).view({1, -1, 1}) * along(2).view({1, 1, -1});
    }
  }
  return images;
}

/** One voxel of shift along each axis, another contrast and brightness, noise. */
torch::Tensor
ViewOf(const torch::Tensor & images)
{
  auto views = images.clone();
  for (std::int64_t i = 0; i < views.size(0); ++i)
  {
    const auto shift = torch::randint(-1, 2, {3}, torch::kLong);
    views[i] = views[i].roll({shift[0].item<std::int64_t>(),
                              shift[1].item<std::int64_t>(),
                              shift[2].item<std::int64_t>()},
                             {1, 2, 3});
  }
  const auto count = views.size(0);
  const auto contrast = torch::rand({count, 1, 1, 1, 1}) * 0.6 + 0.7;
  const auto brightness = torch::rand({count, 1, 1, 1, 1}) * 0.4 - 0.2;
  return views * contrast + brightness + 0.05 * torch::randn_like(views);
}

/** Oracle T12: with N = 16, 300 steps bring the mean loss below half of log(2N - 1), and the
 * nearest second view of a first view is its own. */
TEST(SlowSimClr, T12LearnsToTellVolumesApart)
{
  NetworkPlan plan;
  plan.widths = {16, 32};
  plan.strides = {{1, 1, 1}, {2, 2, 2}};
  plan.kernels = {{3, 3, 3}, {3, 3, 3}};
  GlobalContrastSettings settings;
  settings.loss.strategy = GlobalStrategy::Random;
  settings.flattenedPatch = {edge, edge, edge}; // where a blob lies is what tells volumes apart
  torch::manual_seed(1);
  const auto model =
      std::make_shared<GlobalContrastModel>(BuildNetwork(plan, 1), settings, Precision::Float32);
  ParameterUpdateOptions update;
  update.optimizer.kind = "adamw";
  update.optimizer.learningRate = 1e-3;
  GlobalContrastStep step(model, settings, update);
  step.SetSchedule(300);
  const auto images = Blobs();
  double mean = 0.0;
  for (std::int64_t i = 0; i < 300; ++i)
  {
    torch::manual_seed(100 + i);
    const auto drawn = images.index_select(0, torch::randperm(volumes).narrow(0, 0, 16));
    Batch batch;
    batch.step = i;
    for (const char * name : {"views1", "views2"})
    {
      batch.streams[name].image = ViewOf(drawn);
      batch.streams[name].caseIndex.assign(16, 0);
    }
    const auto report = step.Step(batch);
    ASSERT_FALSE(report.skipped);
    mean += i >= 280 ? 0.5 * report.logged.at("loss") / 20 : 0.0; // L, not 2L
  }
  EXPECT_LT(mean, 0.5 * std::log(31.0));
  const torch::NoGradGuard noGradient;
  const auto unit = [&](const torch::Tensor & views)
  {
    const auto z = model->Embed(views);
    return z / z.norm(2, 1, true);
  };
  const auto nearest = unit(ViewOf(images)).matmul(unit(ViewOf(images)).t()).argmax(1);
  const auto right = (nearest == torch::arange(volumes)).to(torch::kDouble).mean().item<double>();
  EXPECT_GE(right, 0.9);
  RecordProperty("loss", std::to_string(mean));
  RecordProperty("retrieval", std::to_string(right));
}

} // namespace
