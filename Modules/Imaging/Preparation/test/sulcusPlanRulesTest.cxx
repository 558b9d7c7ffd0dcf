#include "sulcusPlanRules.h"

#include <sulcusError.h>
#include <sulcusRandomEngine.h>

#include <gtest/gtest.h>

#include <functional>

namespace sulcus
{

namespace
{

using Size = std::array<std::int64_t, 3>;
using Spacing = std::array<double, 3>;

CaseFingerprint
Print(const Size & size, const Spacing & spacing, const Size & foreground)
{
  CaseFingerprint print;
  print.split = "train";
  print.labelled = true;
  print.size = size;
  print.spacingInMm = spacing;
  print.foregroundSize = foreground;
  print.channels.resize(1);
  for (int i = 0; i < 11; ++i)
  {
    print.channels[0].landmarks.push_back(10.0 * i);
  }
  return print;
}

Dataset
TwoLabels()
{
  Dataset dataset;
  dataset.name = "d";
  dataset.channels = {"MRI"};
  dataset.labels = {{0, "background"}, {1, "a"}, {2, "b"}};
  return dataset;
}

} // namespace

TEST(PlanRules, TargetSpacingIsTheMedian)
{
  std::vector<CaseFingerprint> prints;
  for (const double s : {0.8, 1.0, 1.3})
  {
    prints.push_back(Print({10, 10, 10}, {s, 1.0, 2.0 * s}, {10, 10, 10}));
  }
  EXPECT_EQ(DeriveTargetSpacing(prints), (Spacing{1.0, 1.0, 2.0}));
}

TEST(PlanRules, ThickSlicesTakeTheTenthPercentileButNotBelowTheNextAxis)
{
  std::vector<CaseFingerprint> prints;
  for (int i = 0; i <= 10; ++i)
  {
    prints.push_back(Print({100, 100, 10}, {1.0, 1.0, 5.0 + i}, {100, 100, 10}));
  }
  EXPECT_EQ(DeriveTargetSpacing(prints), (Spacing{1.0, 1.0, 6.0})); // of 5 … 15
  prints.clear();
  for (int i = 0; i <= 10; ++i)
  {
    prints.push_back(Print({100, 100, 10}, {1.0, 1.0, i < 3 ? 0.5 : 6.0}, {100, 100, 10}));
  }
  EXPECT_EQ(DeriveTargetSpacing(prints), (Spacing{1.0, 1.0, 1.0}));
}

TEST(PlanRules, SmallScansAreThePatch)
{
  // Crops of a hippocampus: sizes x, y, z around the medians of the real data.
  std::vector<CaseFingerprint> prints{Print({34, 48, 35}, {1, 1, 1}, {34, 48, 30}),
                                      Print({35, 50, 36}, {1, 1, 1}, {30, 40, 30}),
                                      Print({36, 51, 38}, {1, 1, 1}, {20, 30, 20})};
  const auto plan = DerivePlan(TwoLabels(), prints, PlanOptions());
  EXPECT_EQ(plan.patchSize, (Size{40, 56, 40}));
  EXPECT_EQ(plan.network.widths, (std::vector<int>{16, 32, 64, 128}));
  EXPECT_EQ(plan.network.strides[3], (std::array<int, 3>{2, 2, 2}));
  EXPECT_FALSE(plan.cropToForeground);
  EXPECT_EQ(plan.targetSpacingInMm, (Spacing{1, 1, 1}));
  EXPECT_EQ(plan.network.classes, 3);
}

TEST(PlanRules, ThickSliceScansGetAFlatPatchAndInPlaneStridesFirst)
{
  std::vector<CaseFingerprint> prints;
  for (const int slices : {7, 8, 9, 10, 10, 11, 13})
  {
    prints.push_back(Print({216, 256, slices}, {1.5, 1.5, 10}, {216, 256, slices}));
  }
  const auto plan = DerivePlan(TwoLabels(), prints, PlanOptions());
  EXPECT_EQ(plan.patchSize, (Size{8, 160, 160}));
  EXPECT_EQ(plan.network.strides[1], (std::array<int, 3>{1, 2, 2}));
  EXPECT_EQ(plan.network.strides[2], (std::array<int, 3>{1, 2, 2}));
  EXPECT_EQ(plan.network.kernels[0], (std::array<int, 3>{1, 3, 3}));
  EXPECT_EQ(plan.network.widths.front(), 16);
  EXPECT_EQ(plan.network.widths.back(), 256);
}

TEST(PlanRules, CropIsSwitchedOnOnlyWhereItPays)
{
  const auto planFor = [](const Size & foreground, const std::string & crop)
  {
    PlanOptions options;
    options.crop = crop;
    return DerivePlan(TwoLabels(), {Print({200, 200, 200}, {1, 1, 1}, foreground)}, options);
  };
  EXPECT_TRUE(planFor({60, 60, 60}, "auto").cropToForeground);
  EXPECT_FALSE(planFor({195, 195, 195}, "auto").cropToForeground);
  EXPECT_FALSE(planFor({60, 60, 60}, "off").cropToForeground);
  EXPECT_TRUE(planFor({195, 195, 195}, "on").cropToForeground);
  // Cropped to 30 + 2 x 10 mm the scan fits into a patch, 50 rounded up to 8 x 7.
  EXPECT_EQ(planFor({30, 30, 30}, "auto").patchSize, (Size{56, 56, 56}));
}

TEST(PlanRules, PatchesAlwaysFitBudgetAndStrides)
{
  RandomEngine random(17);
  for (int trial = 0; trial < 500; ++trial)
  {
    std::vector<Size> sizes;
    for (int i = 0; i < 3; ++i)
    {
      sizes.push_back({random.Integer(1, 300), random.Integer(1, 300), random.Integer(1, 300)});
    }
    const Spacing spacing{random.Uniform(0.3, 8), random.Uniform(0.3, 3), random.Uniform(0.3, 3)};
    const std::int64_t budget = random.Integer(20000, 400000);
    const int levels = static_cast<int>(random.Integer(0, 5));
    const auto choice = DerivePatch(sizes, spacing, budget, levels);
    EXPECT_LE(choice.patchSize[0] * choice.patchSize[1] * choice.patchSize[2], budget);
    // Rounding up to the strides changes nothing: it is divisible already.
    EXPECT_EQ(DeriveTopology(choice.patchSize, spacing, choice.levels - 1).patchSize,
              choice.patchSize);
  }
}

TEST(PlanRules, OptionsAreTakenAsGiven)
{
  PlanOptions options;
  options.targetSpacingInMm = {2.0, 2.0, 0.0};
  options.patchSize = {30, 32, 32};
  options.levels = 3;
  options.flips = {"x"};
  options.normalisation = "nyul";
  options.firstWidth = 32;
  const auto plan =
      DerivePlan(TwoLabels(), {Print({64, 64, 64}, {1, 1, 1}, {64, 64, 64})}, options);
  EXPECT_EQ(plan.targetSpacingInMm, (Spacing{2.0, 2.0, 0.0}));
  EXPECT_EQ(plan.patchSize, (Size{32, 32, 32})); // rounded up
  EXPECT_EQ(plan.network.widths, (std::vector<int>{32, 64, 128}));
  EXPECT_EQ(plan.flipAllowed, (std::array<bool, 3>{false, false, true}));
  ASSERT_EQ(plan.normalisation[0].landmarks.size(), 11U);
  EXPECT_DOUBLE_EQ(plan.normalisation[0].landmarks.front(), 0.0);
  EXPECT_DOUBLE_EQ(plan.normalisation[0].landmarks.back(), 1.0);
  EXPECT_NEAR(plan.normalisation[0].landmarks[5], 0.5, 1e-12);
}

TEST(PlanRules, RefusesOptionsThatMakeNoSense)
{
  const std::vector<CaseFingerprint> prints{Print({64, 64, 64}, {1, 1, 1}, {64, 64, 64})};
  const auto derive = [&](const std::function<void(PlanOptions &)> & change)
  {
    PlanOptions options;
    change(options);
    return DerivePlan(TwoLabels(), prints, options);
  };
  EXPECT_THROW(derive([](auto & o) { o.targetSpacingInMm = {1.0}; }), UsageError);
  EXPECT_THROW(derive([](auto & o) { o.patchSize = {32, 32}; }), UsageError);
  EXPECT_THROW(derive([](auto & o) { o.flips = {"up"}; }), UsageError);
  EXPECT_THROW(derive([](auto & o) { o.firstWidth = 20; }), UsageError);
  EXPECT_THROW(derive(
                   [](auto & o)
                   {
                     o.patchVoxels = 63;
                     o.levels = 5;
                   }),
               UsageError);
  EXPECT_THROW(DerivePlan(TwoLabels(), {}, PlanOptions()), UsageError);
}

TEST(PlanRules, ContractAllowsHalfToTwiceTheSpacingSeen)
{
  const auto plan = DerivePlan(
      TwoLabels(),
      {Print({40, 40, 40}, {1, 1, 1}, {40, 40, 40}), Print({40, 40, 40}, {1, 1, 3}, {40, 40, 40})},
      PlanOptions());
  EXPECT_EQ(plan.inputContract.smallestSpacingInMm, (Spacing{0.5, 0.5, 0.5}));
  EXPECT_EQ(plan.inputContract.largestSpacingInMm, (Spacing{2, 2, 6}));
  EXPECT_EQ(plan.inputContract.smallestExtentInMm, (Spacing{20, 20, 20}));
}

} // namespace sulcus
