#include "sulcusRandomEngine.h"

#include "sulcusError.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using sulcus::RandomEngine;

TEST(RandomEngine, MatchesTheReferenceSequence)
{
  // xoshiro256** from the state (1, 2, 3, 4): first outputs as given by the published algorithm,
  // worked by hand: rotl(2·5, 7)·9 = 11520; then s1 = 2^3^... = 0, so the second output is 0.
  RandomEngine engine;
  engine.SetState({1, 2, 3, 4});
  EXPECT_EQ(engine.NextWord(), 11520U);
  EXPECT_EQ(engine.NextWord(), 0U);
  EXPECT_EQ(engine.NextWord(), 1509978240U);
}

TEST(RandomEngine, StateRestoresTheSequence)
{
  RandomEngine engine(7);
  engine.Normal();
  const auto state = engine.GetState();
  const double expected = engine.Uniform();
  engine.SetState(state);
  EXPECT_EQ(engine.Uniform(), expected);
}

TEST(RandomEngine, ForksAreIndependentAndDoNotAdvance)
{
  const RandomEngine engine(7);
  EXPECT_EQ(engine.Fork(3).NextWord(), engine.Fork(3).NextWord());
  EXPECT_NE(engine.Fork(3).NextWord(), engine.Fork(4).NextWord());
  EXPECT_NE(engine.Fork("a").NextWord(), engine.Fork("b").NextWord());
  EXPECT_NE(engine.Fork(0).NextWord(), RandomEngine(7).NextWord());
}

TEST(RandomEngine, IntegersCoverTheRangeEvenly)
{
  RandomEngine engine(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i)
  {
    const auto k = engine.Integer(-3, 3);
    ASSERT_TRUE(k >= -3 && k <= 3);
    ++counts[static_cast<std::size_t>(k + 3)];
  }
  for (const int count : counts)
  {
    EXPECT_NEAR(count, 10000, 5 * std::sqrt(10000.0)); // five standard deviations
  }
  EXPECT_THROW(engine.Integer(2, 1), sulcus::UsageError);
}

TEST(RandomEngine, NormalHasMomentsOfAStandardNormal)
{
  RandomEngine engine(2);
  const int n = 200000;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < n; ++i)
  {
    const double x = engine.Normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2.0 / n));
  EXPECT_NEAR(fourth / n, 3, 5 * std::sqrt(96.0 / n));
}

TEST(RandomEngine, WeightedNeverPicksZeroWeight)
{
  RandomEngine engine(3);
  int second = 0;
  for (int i = 0; i < 30000; ++i)
  {
    const auto k = engine.Weighted({0, 1, 2, 0});
    ASSERT_TRUE(k == 1 || k == 2);
    second += k == 2;
  }
  EXPECT_NEAR(second, 20000, 500);
  EXPECT_THROW(engine.Weighted({0, 0}), sulcus::UsageError);
}

TEST(RandomEngine, PermutationHoldsEveryElementOnce)
{
  auto order = RandomEngine(4).Permutation(100);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i)
  {
    EXPECT_EQ(order[i], i);
  }
}
