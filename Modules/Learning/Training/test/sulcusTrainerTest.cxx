#include <nlohmann/json.hpp>
#include <torch/types.h>
#include <torch/utils.h>
#include "sulcusToyRun.h"
#include <sulcusCheckpointStore.h>
#include <sulcusRunProgram.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

void
ExpectSameBits(const NamedTensors & a, const NamedTensors & b)
{
  ASSERT_EQ(a.size(), b.size());
  for (const auto & [name, tensor] : a)
  {
    ASSERT_TRUE(b.contains(name)) << name;
    EXPECT_TRUE(torch::equal(tensor, b.at(name))) << name;
  }
}

/** The uninterrupted run of 60 steps. */
NamedTensors
WholeRun(const std::filesystem::path & folder)
{
  ToyRun run(folder);
  run.Make().Run();
  return run.FinalState();
}

struct PowerCut
{
};

} // namespace

TEST(Trainer, LearnsAndLogsEveryStep)
{
  const TestFolder scratch;
  ToyRun run(scratch / "run");
  run.options.steps = 400;
  const auto report = run.Make().Run();
  const auto lines = LogLines(run.folder);
  ASSERT_EQ(lines.size(), 400U);
  double first = 0;
  double last = 0;
  for (int i = 0; i < 50; ++i)
  {
    EXPECT_EQ(lines[i].at("step"), i + 1);
    first += lines[i].at("loss").get<double>();
    last += lines[399 - i].at("loss").get<double>();
  }
  EXPECT_LT(last, 0.8 * first);
  EXPECT_EQ(report.lastStep, 400);
  EXPECT_EQ(report.skippedSteps, 0);
  EXPECT_NEAR(lines[0].at("learning_rate").get<double>(), 0.02, 1e-15);
  EXPECT_EQ(lines[0].at("loss"), lines[0].at("error"));
}

TEST(Trainer, ResumesToTheSameBitsAndTheSameLogWhereverItWasCut)
{
  const TestFolder scratch;
  const auto whole = WholeRun(scratch / "whole");
  for (const int cut : {0, 3, 10, 37, 59})
  {
    const auto folder = scratch / ("cut" + std::to_string(cut));
    {
      ToyRun first(folder);
      first.batches.before = [cut](std::int64_t step)
      {
        if (step == cut)
        {
          throw PowerCut{};
        }
      };
      EXPECT_THROW(first.Make().Run(), PowerCut);
    }
    torch::manual_seed(cut); // the generator's state before a resume must not matter
    ToyRun second(folder);
    ASSERT_TRUE(second.Make().Resume()) << cut;
    const auto report = second.trainer->Run();
    EXPECT_EQ(report.firstStep, cut / 10 * 10);
    ExpectSameBits(second.FinalState(), whole);
    EXPECT_EQ(LogLines(folder), LogLines(scratch / "whole"));
  }
}

TEST(Trainer, FinishedRunIsNotTrainedFurther)
{
  const TestFolder scratch;
  const auto whole = WholeRun(scratch / "run");
  ToyRun again(scratch / "run");
  ASSERT_TRUE(again.Make().Resume());
  EXPECT_EQ(again.trainer->Run().firstStep, 60);
  ExpectSameBits(again.FinalState(), whole);
  EXPECT_EQ(LogLines(scratch / "run").size(), 60U);
}

TEST(Trainer, DamagedCheckpointFallsBackAndEndsAtTheSameBits)
{
  const TestFolder scratch;
  const auto whole = WholeRun(scratch / "run");
  std::filesystem::resize_file(scratch / "run/checkpoints/step-00000060.safetensors", 1000);
  ToyRun again(scratch / "run");
  ASSERT_TRUE(again.Make().Resume());
  EXPECT_EQ(again.trainer->Run().firstStep, 50);
  ExpectSameBits(again.FinalState(), whole);
}

TEST(Trainer, ChangedConfigurationOrDataIsRefusedByName)
{
  const TestFolder scratch;
  WholeRun(scratch / "run");
  const auto message = [&](const std::function<void(RunIdentity &)> & change)
  {
    ToyRun run(scratch / "run");
    change(run.identity);
    try
    {
      run.Make().Resume();
    }
    catch (const ModelError & error)
    {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message([](RunIdentity & i) { i.configuration["method"]["name"] = "other"; })
                .find("'method/name' was \"toy\", is \"other\""),
            std::string::npos);
  EXPECT_NE(message([](RunIdentity & i) { i.configuration["extra"] = 1; })
                .find("'extra' was absent, is 1"),
            std::string::npos);
  EXPECT_NE(message([](RunIdentity & i) { i.data = "fedcba9876543210"; }).find("data changed"),
            std::string::npos);
  EXPECT_EQ(message([](RunIdentity &) {}), "");
}

TEST(Trainer, SingleBadStepIsSkippedAndMovesNothing)
{
  const TestFolder scratch;
  ToyRun run(scratch / "run");
  run.options.steps = 7;
  NamedTensors before;
  run.batches.poisoned = {5};
  run.batches.before = [&](std::int64_t step)
  {
    if (step == 5)
    {
      before = run.FinalState();
    }
    if (step == 6)
    {
      ExpectSameBits(before, run.FinalState());
    }
  };
  const auto report = run.Make().Run();
  EXPECT_EQ(report.skippedSteps, 1);
  EXPECT_EQ(report.rollbacks, 0);
  EXPECT_EQ(report.lastStep, 7);
  const auto lines = LogLines(run.folder);
  EXPECT_TRUE(lines[5].at("skipped").get<bool>());
  EXPECT_TRUE(lines[5].at("loss").is_null());
  EXPECT_FALSE(lines[6].contains("skipped"));
}

TEST(Trainer, BadStepsInARowReturnToTheLastSnapshot)
{
  const TestFolder scratch;
  ToyRun run(scratch / "run");
  NamedTensors atSnapshot;
  run.batches.poisoned = {25, 26, 27};
  run.batches.before = [&](std::int64_t step)
  {
    if (step == 20)
    {
      atSnapshot = run.FinalState();
    }
    if (step == 28)
    {
      ExpectSameBits(atSnapshot, run.FinalState());
    }
  };
  const auto report = run.Make().Run();
  EXPECT_EQ(report.rollbacks, 1);
  EXPECT_EQ(report.lastStep, 60);
  EXPECT_EQ(FirstNonFinite(run.FinalState()), "");

  const auto whole = run.FinalState(); // and this, too, resumes to the same bits
  ToyRun cut(scratch / "cut");
  cut.batches.poisoned = run.batches.poisoned;
  cut.batches.before = [](std::int64_t step)
  {
    if (step == 29)
    {
      throw PowerCut{};
    }
  };
  EXPECT_THROW(cut.Make().Run(), PowerCut);
  cut.batches.before = nullptr;
  ASSERT_TRUE(cut.Make().Resume());
  cut.trainer->Run();
  ExpectSameBits(cut.FinalState(), whole);
}

TEST(Trainer, StopsWithAUsableCheckpointWhenEveryStepIsBad)
{
  const TestFolder scratch;
  ToyRun run(scratch / "run");
  run.batches.poisonedFrom = 33;
  try
  {
    run.Make().Run();
    FAIL() << "expected an error";
  }
  catch (const RuntimeError & error)
  {
    EXPECT_EQ(error.Code(), ExitCode::RuntimeFailure);
    EXPECT_NE(std::string(error.what()).find("step 30"), std::string::npos) << error.what();
  }
  const auto checkpoint = CheckpointStore(scratch / "run/checkpoints").LoadLast();
  ASSERT_TRUE(checkpoint.has_value());
  EXPECT_EQ(checkpoint->step, 30);
  EXPECT_EQ(FirstNonFinite(checkpoint->tensors), "");
}

TEST(Trainer, BadLastStepStillEndsFinite)
{
  const TestFolder scratch;
  ToyRun run(scratch / "run");
  run.batches.poisoned = {58, 59};
  run.Make().Run();
  EXPECT_EQ(FirstNonFinite(run.FinalState()), "");
  EXPECT_EQ(CheckpointStore(scratch / "run/checkpoints").LoadLast()->step, 60);
}

TEST(Trainer, WeightsThatOverflowAreNotStored)
{
  const TestFolder scratch;
  ToyRun run(scratch / "run");
  run.batches.before = [&](std::int64_t step)
  {
    if (step == 15)
    {
      const torch::NoGradGuard guard;
      run.objective->parameters()[0].fill_(std::numeric_limits<float>::infinity());
    }
  };
  const auto report =
      run.Make().Run(); // every loss is then NaN until the state of step 10 comes back
  EXPECT_GE(report.rollbacks, 1);
  EXPECT_EQ(FirstNonFinite(run.FinalState()), "");
  EXPECT_EQ(report.lastStep, 60);
}

TEST(Trainer, ValidationPicksTheBestAndLeavesTheLastAlone)
{
  const TestFolder scratch;
  const auto whole = WholeRun(scratch / "whole");
  ToyRun run(scratch / "run");
  run.options.validateEvery = 15;
  const std::map<std::int64_t, double> scores{{15, 0.2}, {30, 0.9}, {45, 0.9}, {60, 0.5}};
  std::vector<std::int64_t> asked;
  run.Make().SetValidation(
      [&](std::int64_t step)
      {
        asked.push_back(step);
        torch::rand({17}); // uses the generator
        return std::map<std::string, double>{{"dice", scores.at(step)}};
      },
      "dice");
  const auto report = run.trainer->Run();
  EXPECT_EQ(asked, (std::vector<std::int64_t>{15, 30, 45, 60}));
  EXPECT_EQ(report.bestStep, 30); // the earlier of equals
  EXPECT_EQ(CheckpointStore(scratch / "run/checkpoints").LoadBest().step, 30);
  ExpectSameBits(run.FinalState(), whole);
}

TEST(Trainer, FirstDifferenceIsEmptyForEqualSettings)
{
  const nlohmann::json settings{{"a", 1}, {"b", {{"c", "x"}}}};
  EXPECT_EQ(FirstDifference(settings, settings), "");
}

TEST(Batch, UnknownStreamIsRefusedByListingTheKnown)
{
  ToyBatches batches;
  try
  {
    batches.At(0).Require("unlabelled");
    FAIL() << "expected an error";
  }
  catch (const UsageError & error)
  {
    EXPECT_NE(std::string(error.what()).find("'labelled'"), std::string::npos);
  }
}

} // namespace sulcus
