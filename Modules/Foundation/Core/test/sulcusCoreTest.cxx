#include "sulcusAffine.h"
#include "sulcusError.h"
#include "sulcusJson.h"
#include "sulcusLog.h"
#include "sulcusMemory.h"
#include "sulcusProgress.h"
#include "sulcusRegistry.h"
#include "sulcusThreads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <cmath>
#include <numeric>

using namespace sulcus;
using ::testing::HasSubstr;

namespace
{

TEST(Affine, InverseUndoesAnObliqueAnisotropicGrid)
{
  const double c = std::cos(0.4), s = std::sin(0.4);
  const auto grid =
      Affine::FromGrid({0.7, 1.1, 3.0}, {-12, 34, 5.5}, {c, -s, 0, s, c, 0, 0, 0, -1});
  const auto round = grid.Inverse().After(grid);
  const Affine identity;
  EXPECT_LT(CornerDistance(round, identity, {100, 120, 40}), 1e-10);
  const auto spacing = grid.Spacing();
  EXPECT_NEAR(spacing[0], 0.7, 1e-12);
  EXPECT_NEAR(spacing[2], 3.0, 1e-12);
  // voxel (1, 2, 3) by hand
  const auto p = grid({1, 2, 3});
  EXPECT_NEAR(p[0], -12 + c * 0.7 - s * 2.2, 1e-12);
  EXPECT_NEAR(p[1], 34 + s * 0.7 + c * 2.2, 1e-12);
  EXPECT_NEAR(p[2], 5.5 - 9.0, 1e-12);
}

TEST(Affine, SingularMatrixIsRefused)
{
  EXPECT_THROW(Affine::FromGrid({1, 0, 1}, {}, {1, 0, 0, 0, 1, 0, 0, 0, 1}).Inverse(),
               GeometryError);
}

TEST(Affine, CornerDistanceFindsTheFarthestCorner)
{
  const Affine a;
  const auto b = Affine::FromGrid({1, 1, 1.01}, {0, 0, 0}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  EXPECT_NEAR(CornerDistance(a, b, {5, 5, 101}), 1.0, 1e-12);
}

TEST(Json, RefusesWhatIsAmbiguous)
{
  EXPECT_EQ(ParseJson(R"({"a": [1, {"b": 2}]})", "t")["a"][1]["b"], 2);
  EXPECT_THROW(ParseJson(R"({"a": 1, "a": 2})", "t"), UsageError);
  EXPECT_NO_THROW(ParseJson(R"({"a": {"x": 1}, "b": {"x": 1}})", "t"));
  EXPECT_THROW(ParseJson("{} x", "t"), UsageError);
  EXPECT_THROW(ParseJson("", "t"), UsageError);
  EXPECT_THROW(ParseJson(std::string(65, '[') + std::string(65, ']'), "t"), UsageError);
  EXPECT_NO_THROW(ParseJson(std::string(60, '[') + std::string(60, ']'), "t"));
  EXPECT_THROW(ParseJson(std::string(1000000, '['), "t"), UsageError);
  EXPECT_THROW(ParseJson("{\"a\": 1e999}", "t"), UsageError);
}

TEST(Threads, ParallelForVisitsEachItemOnceForAnyThreadCount)
{
  for (const int threads : {1, 2, 3, 8})
  {
    SetThreadCount(threads);
    std::vector<int> visits(1001, 0);
    ParallelFor(visits.size(),
                [&](std::size_t begin, std::size_t end)
                {
                  for (std::size_t i = begin; i < end; ++i)
                  {
                    ++visits[i];
                  }
                });
    ParallelForEach(visits.size(), [&](std::size_t i) { ++visits[i]; });
    EXPECT_EQ(std::accumulate(visits.begin(), visits.end(), 0), 2002) << threads;
    EXPECT_EQ(*std::min_element(visits.begin(), visits.end()), 2);
  }
  SetThreadCount(0);
}

TEST(Threads, ExceptionReachesTheCaller)
{
  SetThreadCount(4);
  EXPECT_THROW(ParallelForEach(100,
                               [](std::size_t i)
                               {
                                 if (i == 57)
                                   throw UsageError("57");
                               }),
               UsageError);
  SetThreadCount(0);
}

TEST(Threads, NestedLoopsStayOnTheirThread)
{
  SetThreadCount(4);
  std::atomic<int> inner{0};
  ParallelForEach(4,
                  [&](std::size_t)
                  {
                    ParallelFor(10,
                                [&](std::size_t begin, std::size_t end)
                                {
                                  EXPECT_EQ(end - begin, 10U);
                                  inner += static_cast<int>(end - begin);
                                });
                  });
  EXPECT_EQ(inner, 40);
  SetThreadCount(0);
}

TEST(Registry, UnknownNameListsTheKnownOnes)
{
  Registry<int, int> registry("objective");
  registry.Add("supervised", "s", [](int x) { return x + 1; });
  EXPECT_EQ(registry.Make("supervised", 2), 3);
  EXPECT_THROW(registry.Add("supervised", "s", [](int x) { return x; }), RuntimeError);
  try
  {
    registry.Make("supervized", 2);
    FAIL();
  }
  catch (const UsageError & error)
  {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'supervised'"));
  }
}

TEST(Names, NearestIsFoundOnlyWhenNear)
{
  EXPECT_EQ(NearestName("stepz", {"steps", "seed"}), "steps");
  EXPECT_EQ(NearestName("zzzzzzzz", {"steps", "seed"}), std::nullopt);
}

TEST(Log, LinesAreEscapedAndCut)
{
  EXPECT_EQ(OneLine("a\nb\x1b[31m"), "a\\x0ab\\x1b[31m");
  EXPECT_EQ(OneLine(std::string(500, 'x')).size(), 300U);
}

TEST(Progress, DurationsReadNaturally)
{
  EXPECT_EQ(DurationText(12.4), "12 s");
  EXPECT_EQ(DurationText(185), "3 min 05 s");
  EXPECT_EQ(DurationText(3720), "1 h 02 min");
}

TEST(Memory, OverflowAndShortageAreRefused)
{
  EXPECT_EQ(CheckedProduct(3, 4, 5), 60U);
  EXPECT_THROW(CheckedProduct(1ULL << 40, 1ULL << 40), InputError);
  EXPECT_THROW(RequireMemory(1ULL << 60, "test"), ResourceError);
  EXPECT_GT(PeakMemory(), 1U << 20);
}

} // namespace
