#include <sulcusError.h>
#include <sulcusSchedules.h>

#include <gtest/gtest.h>

namespace sulcus
{

TEST(LearningRateSchedule, PolynomialFollowsTheFormula)
{
  const LearningRateSchedule schedule;
  EXPECT_DOUBLE_EQ(schedule.Factor(0, 1000), 1.0);
  EXPECT_NEAR(schedule.Factor(500, 1000), 0.5358867312681466, 1e-15);   // 0.5^0.9
  EXPECT_NEAR(schedule.Factor(999, 1000), 0.001995262314968879, 1e-15); // 0.001^0.9
  EXPECT_DOUBLE_EQ(schedule.Factor(1000, 1000), 0.0);
}

TEST(LearningRateSchedule, CosineIsHalfWayInTheMiddle)
{
  LearningRateSchedule schedule;
  schedule.kind = "cosine";
  schedule.finalFactor = 0.1;
  EXPECT_DOUBLE_EQ(schedule.Factor(0, 100), 1.0);
  EXPECT_NEAR(schedule.Factor(50, 100), 0.55, 1e-15);
  EXPECT_NEAR(schedule.Factor(25, 100), 0.1 + 0.9 * 0.8535533905932737, 1e-15);
}

TEST(LearningRateSchedule, WarmupRisesToOneAndThenDecays)
{
  LearningRateSchedule schedule;
  schedule.warmupFraction = 0.1;
  EXPECT_DOUBLE_EQ(schedule.Factor(0, 100), 0.1);
  EXPECT_DOUBLE_EQ(schedule.Factor(9, 100), 1.0);
  EXPECT_DOUBLE_EQ(schedule.Factor(10, 100), 1.0);
  EXPECT_LT(schedule.Factor(11, 100), 1.0);
}

// Oracle T10 of the SimCLR specification: base 4.8, 10 of 110 steps of warm-up.
TEST(LearningRateSchedule, T10CosineAfterWarmupFromZero)
{
  LearningRateSchedule schedule;
  schedule.kind = "cosine";
  schedule.warmupFraction = 10.0 / 110.0;
  schedule.warmupFromZero = true;
  const std::int64_t steps[] = {0, 5, 10, 60, 110};
  const double rates[] = {0.0, 2.4, 4.8, 2.4, 0.0};
  for (int i = 0; i < 5; ++i)
  {
    EXPECT_NEAR(4.8 * schedule.Factor(steps[i], 110), rates[i], 1e-9) << steps[i];
  }
}

TEST(LearningRateSchedule, NeverRisesAfterWarmup)
{
  for (const char * kind : {"constant", "polynomial", "cosine"})
  {
    LearningRateSchedule schedule;
    schedule.kind = kind;
    for (int step = 1; step < 37; ++step)
    {
      EXPECT_LE(schedule.Factor(step, 37), schedule.Factor(step - 1, 37)) << kind << ' ' << step;
    }
  }
}

TEST(LearningRateSchedule, UnknownKindIsRefused)
{
  LearningRateSchedule schedule;
  schedule.kind = "stairs";
  EXPECT_THROW(schedule.Factor(1, 10), UsageError);
}

TEST(Ramps, GaussianRampMatchesItsOracle) // T1 of the semi-supervised specification
{
  EXPECT_NEAR(GaussianRamp(0, 10), 0.0067379470, 1e-10);
  EXPECT_NEAR(GaussianRamp(5, 10), 0.2865047969, 1e-10);
  EXPECT_DOUBLE_EQ(GaussianRamp(10, 10), 1.0);
  EXPECT_DOUBLE_EQ(GaussianRamp(99, 10), 1.0);
  EXPECT_DOUBLE_EQ(GaussianRamp(0, 0), 1.0);
  EXPECT_DOUBLE_EQ(LinearRamp(3, 12), 0.25);
}

TEST(Ramps, AverageDecayMatchesItsOracle) // T2
{
  const std::pair<int, double> expected[] = {{0, 0.0}, {1, 0.5}, {9, 0.9}, {99, 0.99}, {199, 0.99}};
  for (const auto & [update, decay] : expected)
  {
    EXPECT_NEAR(AverageDecay(update, 0.99), decay, 1e-15) << update;
  }
}

} // namespace sulcus
