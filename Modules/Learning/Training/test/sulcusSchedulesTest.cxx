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
