#include <sulcusError.h>
#include <sulcusRunProgram.h>
#include <sulcusTrainingLog.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TrainingLog, SeriesByQuantityAndKind)
{
  const TestFolder folder;
  std::ofstream(folder / "log.jsonl")
      << "{\"step\":1,\"kind\":\"train\",\"loss\":2.0,\"learning_rate\":0.1}\n"
         "{\"step\":2,\"kind\":\"train\",\"loss\":1.5,\"learning_rate\":0.1}\n"
         "{\"step\":3,\"kind\":\"train\",\"loss\":9.0}\n"
         "{\"step\":2,\"kind\":\"train\",\"loss\":1.25,\"learning_rate\":0.1}\n"
         "{\"step\":3,\"kind\":\"train\",\"loss\":1.0}\n"
         "{\"step\":3,\"kind\":\"validation\",\"dice\":0.5}\n"
         "{\"step\":4,\"kind\":\"tra";
  const auto log = ReadTrainingLog(folder / "log.jsonl");
  ASSERT_NE(log.Find("loss"), nullptr);
  EXPECT_THAT(log.Find("loss")->x, ElementsAre(1, 2, 3));
  EXPECT_THAT(log.Find("loss")->y, ElementsAre(2.0, 1.25, 1.0)) << "the resumed run counts";
  EXPECT_THAT(log.Find("dice")->y, ElementsAre(0.5));
  EXPECT_EQ(log.validation.size(), 1U);
  EXPECT_EQ(log.Find("accuracy"), nullptr);
}

TEST(TrainingLog, AnythingElseIsRefusedByLine)
{
  const TestFolder folder;
  std::ofstream(folder / "log.jsonl") << "{\"step\":1,\"kind\":\"train\",\"loss\":2.0}\nnonsense\n";
  try
  {
    ReadTrainingLog(folder / "log.jsonl");
    FAIL() << "nonsense was accepted";
  }
  catch (const InputError & error)
  {
    EXPECT_THAT(error.what(), HasSubstr("line 2"));
  }
}

TEST(TrainingLog, ThinningKeepsTheMean)
{
  ChartSeries series{"loss", {}, {}};
  for (int i = 0; i < 1000; ++i)
  {
    series.x.push_back(i);
    series.y.push_back(i % 10);
  }
  const auto thinned = Thinned(series, 100);
  ASSERT_EQ(thinned.x.size(), 100U);
  EXPECT_DOUBLE_EQ(thinned.x.front(), 4.5);
  for (const double y : thinned.y)
  {
    EXPECT_DOUBLE_EQ(y, 4.5);
  }
  EXPECT_EQ(Thinned(series, 2000).x.size(), 1000U);
}

TEST(TrainingLog, CurvesNameEveryRun)
{
  TrainingLog log;
  log.training.push_back({"loss", {1, 2, 3}, {3, 2, 1}});
  const auto svg = LossCurves({{"one", log}, {"two", log}}, {});
  EXPECT_THAT(svg, HasSubstr("one"));
  EXPECT_THAT(svg, HasSubstr("two"));
}

} // namespace
} // namespace sulcus
