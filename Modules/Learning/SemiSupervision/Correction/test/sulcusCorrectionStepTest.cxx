#include "sulcusCorrectionStep.h"

#include "sulcusCorrectionPhantom.h"
#include <sulcusSchedules.h>
#include <sulcusTensorFile.h>

#include <torch/utils.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

/** Settings without draws, so that two evaluations see the same erased image. */
CorrectionOptions
Deterministic(CorrectionOptions options = {})
{
  options.erase.shellFill = false;
  options.cuboidProbability = 0.0;
  options.inpaintingRamp = 0.0;
  return options;
}

CorrectionStep
MakeStep(const CorrectionOptions & options, Precision precision = Precision::Float32)
{
  CorrectionStep step(SmallCorrectionNetwork(options.network), options, {}, 3, precision);
  step.SetSchedule(10);
  return step;
}

double
GradientOf(const CorrectionNetwork & network, const std::string & prefix)
{
  double sum = 0.0;
  int found = 0;
  for (const auto & item : network->named_parameters())
  {
    if (item.key().compare(0, prefix.size(), prefix) == 0)
    {
      ++found;
      sum += item.value().grad().defined() ? item.value().grad().abs().sum().item<double>() : 0.0;
    }
  }
  EXPECT_GT(found, 0) << prefix;
  return sum;
}

void
ClearGradients(const CorrectionNetwork & network)
{
  for (auto & parameter : network->parameters())
  {
    parameter.mutable_grad() = torch::Tensor();
  }
}

TEST(Correction, T6TotalIsTwiceTheSegmentationAndOnceTheInpainting)
{
  const auto published = PublishedCorrection();
  EXPECT_DOUBLE_EQ(published.segmentationWeight * 0.7 + published.inpaintingWeight * 0.3, 1.7);
  auto step = MakeStep(Deterministic(published));
  Batch batch;
  batch.step = 4;
  batch.streams["labelled"] = BallStream(1, 1, 16);
  batch.streams["unlabelled"] = BallStream(2, 1, 16);
  const auto logged = step.Step(batch).logged;
  EXPECT_GT(logged.at("inpainting"), 0.0);
  EXPECT_NEAR(logged.at("loss"), 2 * logged.at("supervised") + logged.at("inpainting"), 1e-5);
}

TEST(Correction, T7PolynomialSchedule)
{
  LearningRateSchedule schedule;
  schedule.kind = "polynomial";
  schedule.power = 0.9;
  const std::array<double, 4> expected{1.0e-3, 7.718895e-4, 5.358867e-4, 2.871746e-4};
  for (int quarter = 0; quarter < 4; ++quarter)
  {
    EXPECT_NEAR(1e-3 * schedule.Factor(quarter * 250, 1000), expected[quarter], 1e-9);
  }
}

/** The refined loss with the mask as a constant has the same gradient: none comes through p⁰. */
TEST(Correction, T8NoGradientThroughTheCoarsePrediction)
{
  auto options = Deterministic();
  options.coarseWeight = 0.0;
  options.labelledInpaintingWeight = 0.0;
  options.erase.dilationInMm = 0.0;
  options.erase.smallestComponentInMm3 = 0.0;
  options.erase.largestFraction = 1.0; // no draw
  auto step = MakeStep(options);
  auto network = step.Network();
  const auto stream = BallStream(1, 2, 16);
  step.LabelledTerms(stream, 0).total.backward();
  NamedTensors found;
  for (const auto & item : network->named_parameters())
  {
    found[item.key()] = item.value().grad().defined() ? item.value().grad().clone()
                                                      : torch::zeros_like(item.value());
  }
  ClearGradients(network);

  const auto plain = network->Encode(stream.image);
  const auto probability = network->CoarseLogits(plain).detach().softmax(1);
  const std::vector<std::array<double, 3>> spacing(2, {1, 1, 1});
  const auto mask = MakeErasedMask(probability, spacing, options.erase, RandomEngine(0));
  const auto nudged = (probability + 1e-6 * torch::randn_like(probability)).clamp(0, 1);
  EXPECT_TRUE(torch::equal(mask, MakeErasedMask(nudged, spacing, options.erase, RandomEngine(0))))
      << "a change that does not cross the threshold";
  ASSERT_TRUE(mask.any().item<bool>());
  ASSERT_FALSE(mask.all().item<bool>());
  const auto erased = network->Encode(stream.image.masked_fill(mask, 0.0), mask);
  const auto refined = network->Refine(plain, erased, true, false);
  const Target target{stream.label, {}};
  (2 * DeepSupervisionLoss(refined.logits, refined.sideLogits, target, options.loss)).backward();
  for (const auto & item : network->named_parameters())
  {
    const auto expected =
        item.value().grad().defined() ? item.value().grad() : torch::zeros_like(item.value());
    EXPECT_LT((found[item.key()] - expected).abs().max().item<double>(), 1e-5) << item.key();
  }
}

TEST(Correction, T8InpaintingReachesEncoderGatesAndItsOwnDecoderAlone)
{
  auto options = Deterministic();
  options.lossOverPrediction = true; // also the masks of the loss are detached
  auto step = MakeStep(options);
  const auto terms = step.UnlabelledTerms(BallStream(2, 1, 16), 0);
  ASSERT_GT(terms.logged.at("inpainting"), 0.0);
  terms.total.backward();
  EXPECT_GT(GradientOf(step.Network(), "network.encoder."), 0.0);
  EXPECT_GT(GradientOf(step.Network(), "gates."), 0.0);
  EXPECT_GT(GradientOf(step.Network(), "inpainting."), 0.0);
  EXPECT_EQ(GradientOf(step.Network(), "network.decoder."), 0.0);
  EXPECT_EQ(GradientOf(step.Network(), "network.head"), 0.0);
  EXPECT_EQ(GradientOf(step.Network(), "sides."), 0.0);
}

TEST(Correction, T8SegmentationDoesNotReachTheInpaintingDecoder)
{
  auto options = Deterministic();
  options.labelledInpaintingWeight = 0.0;
  auto step = MakeStep(options);
  step.LabelledTerms(BallStream(1, 1, 16), 0).total.backward();
  EXPECT_EQ(GradientOf(step.Network(), "inpainting."), 0.0);
  for (const char * part :
       {"network.encoder.", "network.decoder.", "network.head", "sides.", "gates."})
  {
    EXPECT_GT(GradientOf(step.Network(), part), 0.0) << part;
  }
}

TEST(Correction, ErasedOnlySourceLeavesTheGatesOutOfTheInpainting)
{
  auto options = Deterministic();
  options.network.inpaintFromErasedOnly = true;
  auto step = MakeStep(options);
  const auto terms = step.UnlabelledTerms(BallStream(2, 1, 16), 0);
  ASSERT_GT(terms.logged.at("inpainting"), 0.0);
  terms.total.backward();
  EXPECT_EQ(GradientOf(step.Network(), "gates."), 0.0);
  EXPECT_GT(GradientOf(step.Network(), "network.encoder."), 0.0);
}

TEST(Correction, NothingPredictedIsZeroAndTheStepGoesOn)
{
  auto options = Deterministic();
  auto step = MakeStep(options);
  auto network = step.Network();
  PredictEverywhere(network, -20);
  const auto terms = step.UnlabelledTerms(BallStream(2, 2, 16), 0);
  EXPECT_EQ(terms.total.item<double>(), 0.0);
  EXPECT_EQ(terms.logged.at("empty_patches"), 2.0);
  EXPECT_EQ(terms.logged.at("empty_scales"), static_cast<double>(network->Scales()));
  terms.total.backward();
  EXPECT_EQ(GradientOf(network, ""), 0.0);
  ClearGradients(network);
  Batch batch;
  batch.streams["labelled"] = BallStream(1, 1, 16);
  batch.streams["unlabelled"] = BallStream(2, 1, 16);
  const auto report = step.Step(batch);
  EXPECT_FALSE(report.skipped);
  EXPECT_GT(report.logged.at("gradient_norm"), 0.0);
}

TEST(Correction, ARandomBoxStandsInForNothingPredicted)
{
  auto options = Deterministic();
  options.cuboidProbability = 1.0;
  auto step = MakeStep(options);
  auto network = step.Network();
  PredictEverywhere(network, -20);
  const auto stream = BallStream(2, 1, 24);
  const auto terms = step.UnlabelledTerms(stream, 0);
  EXPECT_EQ(terms.logged.at("cuboid_patches"), 1.0);
  EXPECT_GT(terms.logged.at("erased_fraction"), 0.0);
  EXPECT_LE(terms.logged.at("erased_fraction"), 0.6);
  options.cuboidWeight = 1.0;
  auto full = CorrectionStep(network, options, {}, 3, Precision::Float32);
  full.SetSchedule(10);
  EXPECT_NEAR(terms.total.item<double>(),
              0.25 * full.UnlabelledTerms(stream, 0).total.item<double>(),
              1e-6);
}

TEST(Correction, EverythingPredictedLeavesPartOfTheImage)
{
  auto step = MakeStep(Deterministic());
  auto network = step.Network();
  PredictEverywhere(network, 20);
  const auto terms = step.UnlabelledTerms(BallStream(2, 2, 16), 0);
  EXPECT_LE(terms.logged.at("erased_fraction"), 0.6);
  EXPECT_GT(terms.logged.at("erased_fraction"), 0.2);
  EXPECT_TRUE(std::isfinite(terms.total.item<double>()));
}

TEST(Correction, ALabelWithoutForegroundIsFinite)
{
  auto step = MakeStep(CorrectionOptions());
  auto stream = BallStream(1, 1, 16);
  stream.label.zero_();
  EXPECT_TRUE(std::isfinite(step.LabelledTerms(stream, 5).total.item<double>()));
}

TEST(Correction, ANotFiniteVoxelSkipsTheStepAndNamesItsCase)
{
  for (const char * poisoned : {"labelled", "unlabelled"})
  {
    auto step = MakeStep(CorrectionOptions());
    const auto before = CloneTensors(TensorsOf(*step.Network()));
    Batch batch;
    batch.streams["labelled"] = BallStream(1, 2, 16);
    batch.streams["unlabelled"] = BallStream(2, 2, 16);
    auto & stream = batch.streams[poisoned];
    stream.caseIndex = {7, 11};
    stream.image[1][0][3][3][3] = std::numeric_limits<float>::quiet_NaN();
    const auto report = step.Step(batch);
    EXPECT_TRUE(report.skipped);
    EXPECT_EQ(report.logged.at("not_finite_case"), 11.0);
    for (const auto & [name, tensor] : TensorsOf(*step.Network()))
    {
      ASSERT_TRUE(torch::equal(tensor, before.at(name))) << name;
    }
  }
}

TEST(Correction, WithoutUnlabelledPatchesItTrainsOnTheLabelledOnes)
{
  auto step = MakeStep(CorrectionOptions());
  Batch batch;
  batch.streams["labelled"] = BallStream(1, 1, 16);
  const auto report = step.Step(batch);
  EXPECT_FALSE(report.skipped);
  EXPECT_FALSE(report.logged.contains("inpainting"));
}

TEST(Correction, UnknownVoxelsCountInNoTerm)
{
  auto options = Deterministic();
  auto step = MakeStep(options);
  auto stream = BallStream(1, 2, 16);
  stream.observed = torch::rand({2, 16, 16, 16}) < 0.2; // a scribble
  const auto value = step.LabelledTerms(stream, 9);
  EXPECT_TRUE(value.logged.contains("labelled_inpainting"));
  auto other = stream;
  other.label = torch::where(stream.observed, stream.label, 1 - stream.label);
  EXPECT_EQ(value.total.item<double>(), step.LabelledTerms(other, 9).total.item<double>());
  other.observed = torch::zeros_like(stream.observed);
  const auto nothing = step.LabelledTerms(other, 9).total;
  EXPECT_EQ(nothing.item<double>(), 0.0);
  nothing.backward();
  EXPECT_EQ(GradientOf(step.Network(), ""), 0.0);
}

/** Autocast converts weights once a scope: a conversion made without a graph must not serve the
 * pass that needs one. */
TEST(Correction, BFloat16GivesTheGradientsOfFloat)
{
  for (const double coarseWeight : {0.0, 0.5})
  {
    auto options = Deterministic();
    options.coarseWeight = coarseWeight;
    options.randomMask = true; // the same mask, whatever the coarse prediction's rounding
    auto exact = MakeStep(options);
    auto rounded = MakeStep(options, Precision::BFloat16);
    const auto labelled = BallStream(1, 1, 24);
    const auto unlabelled = BallStream(2, 1, 24);
    for (auto * step : {&exact, &rounded})
    {
      step->LabelledTerms(labelled, 5).total.backward();
      step->UnlabelledTerms(unlabelled, 5).total.backward();
    }
    const auto reference = exact.Network()->named_parameters();
    for (const auto & item : rounded.Network()->named_parameters())
    {
      const auto & expected = reference[item.key()].grad();
      ASSERT_TRUE(expected.defined() && item.value().grad().defined()) << item.key();
      const auto norms = expected.norm() * item.value().grad().norm();
      const double cosine = ((expected * item.value().grad()).sum() / norms).item<double>();
      EXPECT_GT(cosine, 0.8) << item.key() << ", coarse weight " << coarseWeight;
    }
  }
}

TEST(Correction, SavedStateGoesOnToTheSameBits)
{
  const auto batchAt = [](std::int64_t number)
  {
    Batch batch;
    batch.step = number;
    batch.streams["labelled"] = BallStream(10 + number, 1, 16);
    batch.streams["unlabelled"] = BallStream(20 + number, 1, 16);
    return batch;
  };
  const auto run = [&](CorrectionStep & step, std::int64_t number)
  {
    torch::manual_seed(number);
    step.Step(batchAt(number));
  };
  auto first = MakeStep(CorrectionOptions());
  run(first, 0);
  NamedTensors state;
  first.Save(state);
  state = CloneTensors(state);
  run(first, 1);
  auto second = MakeStep(CorrectionOptions());
  second.Load(state);
  run(second, 1);
  const auto expected = TensorsOf(*first.Network());
  for (const auto & [name, tensor] : TensorsOf(*second.Network()))
  {
    ASSERT_TRUE(torch::equal(tensor, expected.at(name))) << name;
  }
}

} // namespace
} // namespace sulcus
