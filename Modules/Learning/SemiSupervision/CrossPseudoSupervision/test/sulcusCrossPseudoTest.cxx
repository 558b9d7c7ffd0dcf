#include "sulcusCrossPseudoObjective.h"

#include <gtest/gtest.h>
#include <torch/types.h>

using namespace sulcus;

TEST(CrossPseudoSupervision, T5OneVoxel)
{
  auto first = torch::tensor({ 2.0, 0.0, -1.0 }, torch::kDouble).view({ 1, 3, 1, 1, 1 }).requires_grad_();
  auto second = torch::tensor({ 0.0, 1.0, 0.5 }, torch::kDouble).view({ 1, 3, 1, 1, 1 }).requires_grad_();
  const auto loss = CrossPseudoLoss(first, second);
  EXPECT_NEAR(loss.item<double>(), 3.8501156902, 1e-9);
  // The first network's term alone: its gradient is softmax - one-hot of the second's label; nothing flows to the target.
  loss.backward();
  const auto expected = first.detach().softmax(1);
  expected[0][1] -= 1.0;
  EXPECT_LT((first.grad() - expected).abs().max().item<double>(), 1e-12);
}

TEST(CrossPseudoSupervision, BothNetworksGetGradients)
{
  NetworkPlan plan;
  plan.widths = { 16, 16 };
  plan.strides = { { 1, 1, 1 }, { 2, 2, 2 } };
  plan.kernels = { { 3, 3, 3 }, { 3, 3, 3 } };
  const auto first = BuildNetwork(plan, 1);
  const auto second = BuildNetwork(plan, 2);
  CrossPseudoObjective objective(first, second, {}, Precision::Float32);
  objective.SetSchedule(10);
  Batch batch;
  batch.step = 9;
  batch.streams["labelled"].image = torch::randn({ 1, 1, 8, 8, 8 });
  batch.streams["labelled"].label = torch::randint(0, 2, { 1, 8, 8, 8 }, torch::kLong);
  batch.streams["unlabelled"].image = torch::randn({ 1, 1, 8, 8, 8 });
  objective.Evaluate(batch).total.backward();
  for (const auto & item : objective.named_parameters())
  {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
  }
}
