#include "sulcusAwkwardImages.h"
#include <sulcusError.h>
#include <sulcusGridMapping.h>
#include <sulcusNativeLabelDecider.h>
#include <sulcusThreads.h>

#include <itkResampleImageFilter.h>

#include <gtest/gtest.h>

#include <limits>

namespace sulcus
{

namespace
{

constexpr int Classes = 4;

/** Probabilities [K, z, y, x] that vary smoothly, sum to one and are never tied. */
std::vector<float>
SmoothProbabilities(const ImageGrid & prepared)
{
  const std::size_t count = prepared.VoxelCount();
  std::vector<float> values(Classes * count);
  for (std::size_t i = 0; i < count; ++i)
  {
    const double x = static_cast<double>(i % prepared.size[0]);
    const double y = static_cast<double>(i / prepared.size[0] % prepared.size[1]);
    const double z = static_cast<double>(i / prepared.size[0] / prepared.size[1]);
    double sum = 0.0;
    for (int k = 0; k < Classes; ++k)
    {
      const double p = std::exp(2.0 * std::sin(0.4 * x + 1.3 * k) + std::cos(0.5 * y - k) +
                                std::sin(0.6 * z + 2.0 * k));
      values[k * count + i] = static_cast<float>(p);
      sum += p;
    }
    for (int k = 0; k < Classes; ++k)
    {
      values[k * count + i] /= static_cast<float>(sum);
    }
  }
  return values;
}

NativeDecision
Decide(const Undo & undo,
       const std::vector<float> & probabilities,
       std::int64_t planes,
       DecisionOptions options)
{
  const auto & size = undo.PreparedGrid().size;
  const auto plane = static_cast<std::int64_t>(size[0] * size[1]);
  NativeLabelDecider decider(undo, Classes, std::move(options));
  while (decider.NextPlane() < static_cast<std::int64_t>(size[2]))
  {
    const std::int64_t dz =
        std::min(planes, static_cast<std::int64_t>(size[2]) - decider.NextPlane());
    // A slab of its own that is gone afterwards: nothing may be read from it later.
    std::vector<float> slab;
    for (int k = 0; k < Classes; ++k)
    {
      const auto begin = probabilities.begin() +
                         (k * static_cast<std::int64_t>(size[2]) + decider.NextPlane()) * plane;
      slab.insert(slab.end(), begin, begin + dz * plane);
    }
    decider.Accept({.data = slab.data(), .planes = dz});
  }
  return decider.Finish();
}

FloatImage::Pointer
ItkToNative(const float * values, const Undo & undo)
{
  auto image = NewImage<FloatImage>(undo.PreparedGrid());
  std::copy(values, values + undo.PreparedGrid().VoxelCount(), image->GetBufferPointer());
  auto filter = itk::ResampleImageFilter<FloatImage, FloatImage>::New();
  filter->SetInput(image);
  filter->SetSize(undo.NativeGrid().size);
  filter->SetOutputSpacing(undo.NativeGrid().spacing);
  filter->SetOutputOrigin(undo.NativeGrid().origin);
  filter->SetOutputDirection(undo.NativeGrid().direction);
  filter->SetDefaultPixelValue(-1.0F);
  filter->Update();
  return filter->GetOutput();
}

Undo
AwkwardUndo(const std::string & from, const std::string & to, double factor)
{
  Undo undo(AwkwardGrid(from, {{13, 11, 12}}));
  undo.AddOrientation(AxisOrderBetween(from, to));
  itk::Size<3> size = undo.PreparedGrid().size;
  size[0] -= 3;
  size[1] += 2;
  size[2] -= 1;
  undo.AddBox({2, -1, 1}, size);
  auto spacing = undo.PreparedGrid().spacing;
  undo.AddResampling(
      GridWithSpacing(undo.PreparedGrid(), {spacing[0] * factor, spacing[1], spacing[2] / factor}));
  return undo;
}

} // namespace

TEST(NativeLabelDecider, EqualsItkResamplingOfEveryClass)
{
  for (const auto * to : {"LPS", "RAS", "SPR", "AIL", "PSL"})
  {
    for (const double factor : {1.0, 0.6, 1.9})
    {
      const Undo undo = AwkwardUndo("LPS", to, factor);
      const auto probabilities = SmoothProbabilities(undo.PreparedGrid());
      const auto decision = Decide(undo,
                                   probabilities,
                                   3,
                                   {.labelValues = {0, 10, 20, 30},
                                    .confidence = true,
                                    .entropy = true,
                                    .probabilities = true});
      std::vector<FloatImage::Pointer> reference;
      for (int k = 0; k < Classes; ++k)
      {
        reference.push_back(
            ItkToNative(probabilities.data() + k * undo.PreparedGrid().VoxelCount(), undo));
      }
      std::size_t inside = 0;
      for (std::size_t i = 0; i < undo.NativeGrid().VoxelCount(); ++i)
      {
        if (reference[0]->GetBufferPointer()[i] < 0.0F)
        {
          continue; // beyond the prepared voxels; what happens there is another test's
        }
        ++inside;
        int winner = 0;
        double entropy = 0.0;
        for (int k = 0; k < Classes; ++k)
        {
          const float p = reference[k]->GetBufferPointer()[i];
          ASSERT_NEAR(decision.probabilities[k]->GetBufferPointer()[i], p, 1e-5)
              << to << factor << ' ' << i;
          winner = p > reference[winner]->GetBufferPointer()[i] ? k : winner;
          entropy -= p * std::log(p) / std::log(4.0);
        }
        const float best = reference[winner]->GetBufferPointer()[i];
        ASSERT_NEAR(decision.confidence->GetBufferPointer()[i], best, 1e-5);
        ASSERT_NEAR(decision.entropy->GetBufferPointer()[i], entropy, 1e-4);
        const auto label = decision.label->GetBufferPointer()[i];
        ASSERT_NEAR(reference[label / 10]->GetBufferPointer()[i], best, 1e-5);
      }
      EXPECT_GT(inside, undo.NativeGrid().VoxelCount() / 2);
    }
  }
}

TEST(NativeLabelDecider, SlabsAndThreadsDoNotChangeABit)
{
  const Undo undo = AwkwardUndo("RAS", "SPL", 0.7);
  const auto probabilities = SmoothProbabilities(undo.PreparedGrid());
  const DecisionOptions options{.confidence = true, .entropy = true};
  const auto whole = Decide(undo, probabilities, 1000, options);
  const int before = GetThreadCount();
  for (const std::int64_t planes : {1, 2, 5})
  {
    SetThreadCount(static_cast<int>(planes));
    const auto parts = Decide(undo, probabilities, planes, options);
    EXPECT_EQ(VoxelsOf(parts.label.GetPointer()), VoxelsOf(whole.label.GetPointer()));
    EXPECT_EQ(VoxelsOf(parts.confidence.GetPointer()), VoxelsOf(whole.confidence.GetPointer()));
    EXPECT_EQ(VoxelsOf(parts.entropy.GetPointer()), VoxelsOf(whole.entropy.GetPointer()));
  }
  SetThreadCount(before);
}

TEST(NativeLabelDecider, CertainProbabilitiesRestoreLabelsThroughExactSteps)
{
  const auto labels = NoiseImage<LabelImage>(AwkwardGrid("RIP", {{7, 9, 8}}), Classes - 1, 21);
  Undo undo(GridOf(labels));
  undo.AddOrientation(AxisOrderBetween("RIP", "LPS"));
  itk::Size<3> size = undo.PreparedGrid().size;
  size[1] += 4;
  undo.AddBox({0, -3, 0}, size);
  const auto prepared = ToPrepared(labels.GetPointer(), undo);
  const std::size_t count = undo.PreparedGrid().VoxelCount();
  std::vector<float> probabilities(Classes * count, 0.0F);
  for (std::size_t i = 0; i < count; ++i)
  {
    probabilities[prepared->GetBufferPointer()[i] * count + i] = 1.0F;
  }
  const auto decision = Decide(undo, probabilities, 2, {.confidence = true, .entropy = true});
  EXPECT_EQ(VoxelsOf(decision.label.GetPointer()), VoxelsOf(labels.GetPointer()));
  EXPECT_EQ(VoxelsOf(decision.confidence.GetPointer()),
            std::vector<float>(GridOf(labels).VoxelCount(), 1.0F));
  EXPECT_EQ(VoxelsOf(decision.entropy.GetPointer()),
            std::vector<float>(GridOf(labels).VoxelCount(), 0.0F));
}

TEST(NativeLabelDecider, CroppedVoxelsAreCertainBackgroundAndKeptOnesAreNot)
{
  Undo undo(AwkwardGrid("LPS", {{8, 6, 6}}));
  undo.AddBox({2, 1, 1}, {{4, 4, 4}});
  undo.AddResampling(
      GridWithSpacing(undo.PreparedGrid(), {1.9, 0.0, 0.0})); // 3.2 mm in two voxels of 1.9 mm
  std::vector<float> probabilities(Classes * undo.PreparedGrid().VoxelCount(), 0.0F);
  std::fill(
      probabilities.begin() + 2 * static_cast<std::ptrdiff_t>(undo.PreparedGrid().VoxelCount()),
      probabilities.begin() + 3 * static_cast<std::ptrdiff_t>(undo.PreparedGrid().VoxelCount()),
      1.0F);
  const auto decision =
      Decide(undo, probabilities, 1, {.labelValues = {5, 6, 7, 8}, .probabilities = true});
  for (std::size_t i = 0; i < 288; ++i)
  {
    const std::size_t x = i % 8;
    const std::size_t y = i / 8 % 6;
    const std::size_t z = i / 48;
    const bool kept = x >= 2 && x < 6 && y >= 1 && y < 5 && z >= 1 && z < 5;
    ASSERT_EQ(decision.label->GetBufferPointer()[i], kept ? 7 : 5);
    ASSERT_EQ(decision.probabilities[0]->GetBufferPointer()[i], kept ? 0.0F : 1.0F);
  }
}

TEST(NativeLabelDecider, TiesGoToTheLowestClassAndStridesAreHeeded)
{
  Undo undo(AwkwardGrid("LPS", {{3, 2, 2}}));
  // Two classes inside a larger buffer: class stride 100, plane stride 10; both 0.5.
  std::vector<float> buffer(200, std::numeric_limits<float>::quiet_NaN());
  for (int k = 0; k < 2; ++k)
  {
    for (int z = 0; z < 2; ++z)
    {
      std::fill_n(buffer.begin() + 100 * k + 10 * z, 6, 0.5F);
    }
  }
  buffer[100 + 10 + 5] = 0.6F;
  NativeLabelDecider decider(undo, 2);
  decider.Accept({.data = buffer.data(), .planes = 2, .classStride = 100, .planeStride = 10});
  std::vector<std::uint16_t> expected(12, 0);
  expected[11] = 1;
  EXPECT_EQ(VoxelsOf(decider.Finish().label.GetPointer()), expected);
}

TEST(NativeLabelDecider, RefusesMissingSurplusAndBrokenPlanes)
{
  const Undo undo(AwkwardGrid("LPS", {{3, 2, 4}}));
  std::vector<float> values(2 * 5 * 6, 0.5F);
  NativeLabelDecider decider(undo, 2);
  EXPECT_THROW(decider.Finish(), UsageError);
  EXPECT_THROW(decider.Accept({.data = values.data(), .planes = 5}), UsageError);
  EXPECT_THROW(decider.Accept({.data = values.data(), .planes = 0}), UsageError);
  EXPECT_THROW(decider.Accept({.data = nullptr, .planes = 1}), UsageError);
  for (const float broken :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
  {
    values[13] = broken;
    EXPECT_THROW(decider.Accept({.data = values.data(), .planes = 4}), RuntimeError);
  }
  EXPECT_THROW(NativeLabelDecider(undo, 0), UsageError);
  EXPECT_THROW(NativeLabelDecider(undo, 3, {.labelValues = {0, 1}}), UsageError);
}

} // namespace sulcus
