#include "sulcusCorrectionPhantom.h"
#include "sulcusCorrectionStep.h"
#include "sulcusInpaintingLoss.h"
#include <sulcusSingleOptimizerStep.h>
#include <sulcusSupervisedObjective.h>

#include <torch/utils.h>

#include <gtest/gtest.h>

#include <iostream>

namespace sulcus
{
namespace
{

// T13: textured balls in 48³, 2 labelled and 14 unlabelled, and others to judge by.
constexpr std::int64_t edge = 48;
constexpr std::int64_t patch = 32;
constexpr std::int64_t steps = 160;

/** A random patch of a random case. */
Stream
PatchOf(const Stream & cases, RandomEngine random)
{
  const auto n = random.Integer(0, cases.image.size(0) - 1);
  Stream stream;
  stream.image = cases.image.narrow(0, n, 1);
  stream.label = cases.label.narrow(0, n, 1);
  for (int axis = 0; axis < 3; ++axis)
  {
    const auto start = random.Integer(0, edge - patch);
    stream.image = stream.image.narrow(axis + 2, start, patch);
    stream.label = stream.label.narrow(axis + 1, start, patch);
  }
  stream.image = stream.image.contiguous();
  stream.label = stream.label.contiguous();
  stream.caseIndex = {n};
  return stream;
}

Batch
BatchAt(const Stream & labelled, const Stream & unlabelled, std::uint64_t seed, std::int64_t step)
{
  const auto random = RandomEngine(seed).Fork(static_cast<std::uint64_t>(step));
  Batch batch;
  batch.step = step;
  batch.streams["labelled"] = PatchOf(labelled, random.Fork("labelled"));
  batch.streams["unlabelled"] = PatchOf(unlabelled, random.Fork("unlabelled"));
  return batch;
}

ParameterUpdateOptions
AdamW()
{
  ParameterUpdateOptions update;
  update.optimizer.kind = "adamw";
  update.optimizer.learningRate = 2e-3;
  return update;
}

double
Dice(const torch::Tensor & logits, const torch::Tensor & label)
{
  const auto found = logits.argmax(1);
  const auto common = (found * label).sum().item<double>();
  return 2 * common / std::max(1.0, (found.sum() + label.sum()).item<double>());
}

struct Judged
{
  double coarse = 0.0;   ///< mean Dice of p⁰
  double refined = 0.0;  ///< mean Dice of p
  double absolute = 0.0; ///< mean masked L1 of the repainted balls
};

Judged
Judge(CorrectionNetwork network, const Stream & cases)
{
  const torch::NoGradGuard noGradient;
  network->eval();
  Judged judged;
  const auto count = cases.image.size(0);
  torch::manual_seed(0);
  for (std::int64_t n = 0; n < count; ++n)
  {
    const auto image = cases.image.narrow(0, n, 1);
    const auto label = cases.label.narrow(0, n, 1);
    const auto plain = network->Encode(image);
    const auto coarse = network->CoarseLogits(plain);
    const auto mask = MakeErasedMask(coarse.softmax(1), {{1, 1, 1}}, {}, RandomEngine(0));
    const auto erased = FillErased(image, mask, torch::randn_like(image), {{1, 1, 1}}, {});
    const auto refined = network->Refine(plain, network->Encode(erased, mask), false, false);
    judged.coarse += Dice(coarse, label) / static_cast<double>(count);
    judged.refined += Dice(refined.logits, label) / static_cast<double>(count);
    // The repainting is judged on the true balls, so that both ends of the run erase the same.
    const auto truth = Dilate(label.unsqueeze(1) > 0, {2, 2, 2});
    const auto hidden = FillErased(image, truth, torch::randn_like(image), {{1, 1, 1}}, {});
    const auto painted = network->Refine(plain, network->Encode(hidden, truth), false, true);
    judged.absolute += MaskedAbsoluteLoss(painted.repainted[0], image, truth).item<double>() /
                       static_cast<double>(count);
  }
  return judged;
}

class SlowCorrectionLearning : public testing::TestWithParam<int>
{
};

TEST_P(SlowCorrectionLearning, T13TexturedBalls)
{
  const auto seed = static_cast<std::uint64_t>(GetParam());
  const auto labelled = BallStream(100 + seed, 2, edge);
  const auto unlabelled = BallStream(200 + seed, 14, edge);
  const auto heldOut = BallStream(300 + seed, 6, edge);
  const auto plan = SmallCorrectionPlan({16, 32, 64});

  CorrectionOptions options;
  CorrectionStep step(CorrectionNetwork(BuildNetwork(plan, seed), options.network, seed),
                      options,
                      AdamW(),
                      seed,
                      Precision::Float32);
  step.SetSchedule(steps);
  const auto before = Judge(step.Network(), heldOut);
  for (std::int64_t s = 0; s < steps; ++s)
  {
    torch::manual_seed(s);
    ASSERT_FALSE(step.Step(BatchAt(labelled, unlabelled, seed, s)).skipped);
  }
  const auto after = Judge(step.Network(), heldOut);

  const auto network = BuildNetwork(plan, seed);
  SingleOptimizerStep supervised(
      std::make_shared<SupervisedObjective>(network, DiceCrossEntropyOptions(), Precision::Float32),
      AdamW());
  supervised.SetSchedule(steps);
  for (std::int64_t s = 0; s < steps; ++s)
  {
    supervised.Step(BatchAt(labelled, unlabelled, seed, s));
  }
  double labelledOnly = 0.0;
  {
    const torch::NoGradGuard noGradient;
    for (std::int64_t n = 0; n < heldOut.image.size(0); ++n)
    {
      auto net = network;
      labelledOnly +=
          Dice(net->forward(heldOut.image.narrow(0, n, 1)), heldOut.label.narrow(0, n, 1)) /
          static_cast<double>(heldOut.image.size(0));
    }
  }
  std::cout << "seed " << seed << ": masked L1 " << before.absolute << " -> " << after.absolute
            << ", Dice coarse " << after.coarse << ", refined " << after.refined
            << ", labelled only " << labelledOnly << "\n";
  EXPECT_LE(after.absolute, 0.5 * before.absolute);
  EXPECT_GE(after.refined, after.coarse);
  EXPECT_GE(after.refined, labelledOnly - 0.01);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SlowCorrectionLearning, testing::Values(0, 1, 2));

} // namespace
} // namespace sulcus
