#include <sulcusError.h>
#include <sulcusMemory.h>
#include <sulcusSlidingWindow.h>

#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

namespace
{

using namespace sulcus;
using torch::Tensor;

SlidingWindowOptions
Options(std::int64_t z, std::int64_t y, std::int64_t x, double overlap = 0.5)
{
  SlidingWindowOptions options;
  options.window = {z, y, x};
  options.overlap = overlap;
  return options;
}

Tensor
Identity(const Tensor & windows)
{
  return windows;
}

TEST(WindowStarts, CoverTheAxisEvenly)
{
  EXPECT_EQ(WindowStarts(10, 10, 0.5), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(WindowStarts(7, 10, 0.5), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(WindowStarts(20, 10, 0.5), (std::vector<std::int64_t>{0, 5, 10}));
  EXPECT_EQ(WindowStarts(20, 10, 0.0), (std::vector<std::int64_t>{0, 10}));
  EXPECT_EQ(WindowStarts(11, 10, 0.0), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(WindowStarts(23, 10, 0.5), (std::vector<std::int64_t>{0, 4, 9, 13}));
  for (std::int64_t size = 1; size < 40; ++size)
  {
    const auto starts = WindowStarts(size, 6, 0.4);
    std::vector<int> covered(std::max<std::int64_t>(size, 6), 0);
    for (const auto start : starts)
    {
      for (int i = 0; i < 6; ++i)
      {
        ++covered.at(start + i);
      }
    }
    EXPECT_EQ(std::count(covered.begin(), covered.end(), 0), 0) << size;
    EXPECT_TRUE(std::adjacent_find(starts.begin(), starts.end(), std::greater_equal<>()) ==
                starts.end())
        << size;
  }
}

TEST(BlendingWeights, AddUpToOneAndPeakInTheMiddle)
{
  const auto starts = WindowStarts(23, 10, 0.5);
  const auto weights = BlendingWeights(23, 10, starts, 0.125);
  std::vector<double> sum(23, 0.0);
  for (std::size_t w = 0; w < starts.size(); ++w)
  {
    for (int i = 0; i < 10; ++i)
    {
      sum[starts[w] + i] += weights[w][i];
    }
  }
  for (const double value : sum)
  {
    EXPECT_NEAR(value, 1.0, 1e-6);
  }
  EXPECT_GT(weights[1][5], 0.9);
  EXPECT_LT(weights[1][0], 0.1);
}

struct Size
{
  std::vector<std::int64_t> image;
  std::array<std::int64_t, 3> window;
  double overlap;
  int batch;
  std::int64_t slab;
};

class SlidingWindowSizes : public testing::TestWithParam<Size>
{
};

TEST_P(SlidingWindowSizes, IdentityComesBackInOrder)
{
  const Size & s = GetParam();
  torch::manual_seed(1);
  const Tensor image = torch::rand({2, s.image[0], s.image[1], s.image[2]});
  auto options = Options(s.window[0], s.window[1], s.window[2], s.overlap);
  options.batchSize = s.batch;
  options.slabPlanes = s.slab;
  Tensor result = torch::full_like(image, -1);
  std::int64_t next = 0;
  PredictSlabs(image,
               Identity,
               options,
               [&](std::int64_t first, const Tensor & slab)
               {
                 EXPECT_EQ(first, next);
                 EXPECT_LE(slab.size(1), s.slab);
                 EXPECT_EQ(slab.stride(3), 1);
                 EXPECT_EQ(slab.stride(2), slab.size(3));
                 next = first + slab.size(1);
                 result.narrow(1, first, slab.size(1)).copy_(slab);
               });
  EXPECT_EQ(next, s.image[0]);
  EXPECT_LT((result - image).abs().max().item<double>(), 2e-6);
}

INSTANTIATE_TEST_SUITE_P(Sizes,
                         SlidingWindowSizes,
                         testing::Values(Size{{8, 8, 8}, {8, 8, 8}, 0.5, 1, 16},
                                         Size{{17, 13, 21}, {8, 8, 8}, 0.5, 3, 3},
                                         Size{{17, 13, 21}, {5, 7, 9}, 0.0, 1, 16},
                                         Size{{17, 13, 21}, {5, 7, 9}, 0.8, 4, 1},
                                         Size{{3, 5, 2}, {8, 8, 8}, 0.5, 2, 16},
                                         Size{{3, 15, 9}, {8, 8, 4}, 0.5, 2, 2},
                                         Size{{1, 1, 1}, {4, 4, 4}, 0.5, 1, 1}));

TEST(PredictSlabs, PointwisePredictorDoesNotSeeTheOverlap)
{
  torch::manual_seed(2);
  const Tensor image = torch::randn({1, 13, 11, 12});
  const Predictor predictor = [](const Tensor & w) {
    return torch::cat({w, w * 2, -w}, 1).softmax(1);
  };
  const Tensor whole = predictor(image.unsqueeze(0))[0];
  for (const double overlap : {0.0, 0.25, 0.5, 0.75})
  {
    const Tensor blended = PredictVolume(image, predictor, Options(6, 5, 7, overlap));
    EXPECT_LT((blended - whole).abs().max().item<double>(), 1e-6) << overlap;
  }
}

TEST(PredictSlabs, BlendsTwoWindowsByTheirWeights)
{
  // Two windows of 4 on 6 voxels: the first predicts 0, the second 1.
  int calls = 0;
  const Predictor predictor = [&](const Tensor & w) { return torch::full_like(w, calls++); };
  const Tensor blended =
      PredictVolume(torch::zeros({1, 1, 1, 6}), predictor, Options(1, 1, 4, 0.5)).flatten();
  const double inner =
      std::exp(-0.5); // half a voxel from the centre of a window of 4, sigma half a voxel
  const double outer = std::exp(-4.5);
  const Tensor expected =
      torch::tensor({0.0, 0.0, outer / (inner + outer), inner / (inner + outer), 1.0, 1.0});
  EXPECT_TRUE(torch::allclose(blended, expected.to(torch::kFloat), 1e-5, 1e-6)) << blended;
}

TEST(PredictSlabs, RefusesPredictorsThatGoWrong)
{
  const Tensor image = torch::zeros({1, 6, 6, 6});
  EXPECT_THROW(PredictVolume(
                   image, [](const Tensor & w) { return w.narrow(2, 0, 2); }, Options(4, 4, 4)),
               RuntimeError);
  EXPECT_THROW(PredictVolume(
                   image, [](const Tensor & w) { return w / 0.0; }, Options(4, 4, 4)),
               RuntimeError);
  EXPECT_THROW(PredictVolume(image, Identity, Options(4, 4, 4, 1.0)), UsageError);
  EXPECT_THROW(PredictVolume(image, Identity, Options(0, 4, 4)), UsageError);
  EXPECT_THROW(PredictVolume(image[0], Identity, Options(4, 4, 4)), UsageError);
}

TEST(Predictors, FlipsAverageMirroredPredictions)
{
  const Predictor position = [](const Tensor & w) {
    return w + torch::arange(w.size(4), torch::kFloat).reshape({1, 1, 1, 1, -1});
  };
  const Tensor windows = torch::zeros({1, 1, 2, 2, 5});
  EXPECT_TRUE(torch::allclose(FlipPredictor(position, {false, false, true})(windows),
                              torch::full_like(windows, 2.0)));
  EXPECT_TRUE(
      torch::equal(FlipPredictor(position, {true, true, false})(windows), position(windows)));
  int calls = 0;
  const Predictor counting = [&](const Tensor & w)
  {
    ++calls;
    return w;
  };
  const Tensor random = torch::rand({2, 1, 3, 4, 5});
  EXPECT_TRUE(torch::allclose(FlipPredictor(counting, {true, true, true})(random), random));
  EXPECT_EQ(calls, 8);
}

TEST(Predictors, EnsembleIsTheMean)
{
  const Predictor one = [](const Tensor & w) { return w + 1; };
  const Predictor four = [](const Tensor & w) { return w + 4; };
  const Tensor windows = torch::zeros({1, 1, 2, 2, 2});
  EXPECT_TRUE(
      torch::allclose(EnsemblePredictor({one, four})(windows), torch::full_like(windows, 2.5)));
  EXPECT_THROW(EnsemblePredictor({}), UsageError);
}

TEST(Predictors, NetworkGivesProbabilitiesOfEveryVoxel)
{
  NetworkPlan plan;
  plan.widths = {16, 32};
  plan.classes = 3;
  const auto predictor = NetworkPredictor(BuildNetwork(plan, 1), Precision::Float32);
  const Tensor volume = PredictVolume(torch::randn({1, 9, 10, 7}), predictor, Options(8, 8, 8));
  EXPECT_EQ(volume.sizes(), torch::IntArrayRef({3, 9, 10, 7}));
  EXPECT_TRUE(torch::allclose(volume.sum(0), torch::ones({9, 10, 7}), 1e-5, 1e-5));
}

TEST(SlowPredictSlabs, ThirtyClassesOn256CubedStayBelow800MB)
{
  // The goal of the main job: 30 classes, 64³ windows, 256³ voxels; classes × volume alone would be
  // 2 GB.
  NetworkPlan plan;
  plan.classes = 30;
  const auto predictor =
      NetworkPredictor(BuildNetwork(plan, 1), ResolvePrecision("auto", torch::kCPU));
  const Tensor image = torch::randn({1, 256, 256, 256});
  PredictVolume(
      torch::zeros({1, 16, 16, 16}), predictor, Options(16, 16, 16)); // start-up of the libraries
  const auto before = PeakMemory();
  auto options = Options(64, 64, 64, 0.25);
  std::int64_t planes = 0;
  PredictSlabs(image,
               predictor,
               options,
               [&](std::int64_t, const Tensor & slab) { planes += slab.size(1); });
  EXPECT_EQ(planes, 256);
  EXPECT_LE(PeakMemory() - before, 800'000'000U);
}

} // namespace
