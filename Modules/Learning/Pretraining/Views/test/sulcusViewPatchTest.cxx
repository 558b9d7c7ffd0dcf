#include "sulcusViewPatch.h"

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

Plan
ThickSlices()
{
  Plan plan;
  plan.patchSize = {8, 160, 144};
  plan.network.strides = {{1, 1, 1}, {1, 2, 2}, {1, 2, 2}, {2, 2, 2}, {1, 2, 2}};
  return plan;
}

} // namespace

TEST(ViewPatch, IsWholeStridesOfTheNetwork)
{
  // strides 2, 16, 16: 8/2 = 4 -> 2; 160/16 = 10 -> 5; 144/16 = 9 -> 4.5, rounded up
  EXPECT_EQ(ViewPatch(ThickSlices(), 0.5), (std::array<std::int64_t, 3>{4, 80, 80}));
}

TEST(ViewPatch, OfAllIsThePlans)
{
  EXPECT_EQ(ViewPatch(ThickSlices(), 1.0), (std::array<std::int64_t, 3>{8, 160, 144}));
}

TEST(ViewPatch, KeepsTwoStridesOrWhatThePlanHas)
{
  auto plan = ThickSlices();
  EXPECT_EQ(ViewPatch(plan, 0.01), (std::array<std::int64_t, 3>{4, 32, 32}));
  plan.patchSize = {2, 16, 16};
  EXPECT_EQ(ViewPatch(plan, 0.01), (std::array<std::int64_t, 3>{2, 16, 16}));
}

} // namespace sulcus
