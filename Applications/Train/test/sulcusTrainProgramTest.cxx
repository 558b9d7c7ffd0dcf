#include "sulcusTrainSample.h"
#include <sulcusBallCache.h>
#include <sulcusError.h>
#include <sulcusModelFile.h>
#include <sulcusSha256.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <signal.h>
#include <thread>

namespace sulcus
{
namespace
{

/** A cache and the arguments of a short run on it. */
class TrainProgram : public testing::Test
{
protected:
  TrainProgram()
  {
    WriteBallCache(m_Folder / "cache");
  }

  std::vector<std::string>
  Arguments(const std::string & run, const std::vector<std::string> & more = {}) const
  {
    auto all = ShortRunArguments(m_Folder, run, 24, 4, {"--average_decay", "0.9"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  ProgramResult
  Train(const std::string & run, const std::vector<std::string> & more = {}) const
  {
    return RunProgram("train", Arguments(run, more));
  }

  void
  ExpectRefused(const ProgramResult & result, ExitCode code, const std::string & reason) const
  {
    EXPECT_EQ(result.status, static_cast<int>(code)) << result.errors;
    EXPECT_EQ(result.ErrorLines(), 1) << result.errors;
    EXPECT_NE(result.errors.find(reason), std::string::npos) << result.errors;
  }

  std::string
  ModelHash(const std::string & run) const
  {
    return Sha256OfFile(m_Folder / run / "model.safetensors");
  }

  /** The log without times. */
  std::vector<nlohmann::json>
  Log(const std::string & run) const
  {
    std::ifstream file(m_Folder / run / "log.jsonl");
    std::vector<nlohmann::json> lines;
    for (std::string line; std::getline(file, line);)
    {
      lines.push_back(nlohmann::json::parse(line));
      lines.back().erase("seconds");
    }
    return lines;
  }

  pid_t
  Start(const std::string & run) const
  {
    SpawnOptions options;
    options.program = TrainProgramPath();
    options.arguments = Arguments(run, {"--log_level", "error"});
    return SpawnProgram(options);
  }

  TestFolder m_Folder;
};

int
WaitFor(pid_t child)
{
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST_F(TrainProgram, ValidationIsLoggedAndChangesNothing)
{
  WriteBallCache(m_Folder / "cache", 2, 1, 2);
  const std::vector<std::string> longer{"--steps", "96"};
  ASSERT_EQ(Train("plain", longer).status, 0);
  auto often = longer;
  often.insert(often.end(), {"--validate_every", "40"});
  const auto run = Train("validated", often);
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(ModelHash("validated"), ModelHash("plain"));
  std::vector<std::int64_t> steps;
  double last = 0;
  for (const auto & line : Log("validated"))
  {
    if (line.at("kind") == "validation")
    {
      steps.push_back(line.at("step").get<std::int64_t>());
      last = line.at("dice").get<double>();
      EXPECT_EQ(line.at("dice_ball"), line.at("dice"));
    }
  }
  EXPECT_EQ(steps, (std::vector<std::int64_t>{40, 80, 96}));
  EXPECT_GT(last, 0.8); // a bright ball in noise is easy, and nothing is not 0.8
  EXPECT_LE(last, 1.0);
}

/** Methods that predict in several passes are validated by them. */
TEST_F(TrainProgram, ValidatesCorrectionModelsByTheirTwoPasses)
{
  WriteBallCache(m_Folder / "cache", 2, 1, 2);
  const auto run = Train("correction", {"--method", "correction", "--validate_every", "12"});
  ASSERT_EQ(run.status, 0) << run.errors;
  int validations = 0;
  for (const auto & line : Log("correction"))
  {
    if (line.at("kind") == "validation")
    {
      ++validations;
      EXPECT_GE(line.at("dice").get<double>(), 0.0);
      EXPECT_LE(line.at("dice").get<double>(), 1.0);
    }
  }
  EXPECT_EQ(validations, 2);
  ASSERT_EQ(Train("plain", {"--method", "correction"}).status, 0);
  EXPECT_EQ(ModelHash("correction"), ModelHash("plain"));
}

TEST_F(TrainProgram, HelpAndDescriptionAnswerAtOnce)
{
  const auto start = std::chrono::steady_clock::now();
  const auto help = RunProgram("train", {"--help"});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.output.find("--average_decay"), std::string::npos);
  EXPECT_NE(help.output.find("supervised"), std::string::npos);
  RecordProperty("help_seconds", std::to_string(seconds.count()));
  const auto xml = RunProgram("train", {"--xml"});
  EXPECT_EQ(xml.status, 0);
  EXPECT_EQ(xml.output.rfind("<?xml ", 0), 0U);
  EXPECT_TRUE(xml.errors.empty());
}

TEST_F(TrainProgram, MakesAModelThatCarriesPlanAndProvenance)
{
  const auto result = Train("run");
  ASSERT_EQ(result.status, 0) << result.errors;
  const auto model = ReadModelFile(m_Folder / "run" / "model.safetensors");
  EXPECT_EQ(model.plan.labels[1].name, "ball");
  EXPECT_EQ(model.provenance.at("objective"), "supervised");
  EXPECT_EQ(model.provenance.at("steps"), "24");
  EXPECT_EQ(model.provenance.at("cache"), PreparedCache(m_Folder / "cache").Identity());
  const auto log = Log("run");
  ASSERT_EQ(log.size(), 24U);
  EXPECT_LT(log.back().at("loss").get<double>(), log.front().at("loss").get<double>());
  const auto record = nlohmann::json::parse(TextOf(m_Folder / "run" / "run.json"));
  EXPECT_EQ(record.dump().find(m_Folder.Path().string() + "/cache/cases"), std::string::npos);
}

TEST_F(TrainProgram, FinishedRunIsLeftAloneAndOverwriteStartsAnew)
{
  ASSERT_EQ(Train("run").status, 0);
  const auto hash = ModelHash("run");
  const auto log = TextOf(m_Folder / "run" / "log.jsonl");
  const auto again = Train("run");
  EXPECT_EQ(again.status, 0) << again.errors;
  EXPECT_NE(again.errors.find("finished"), std::string::npos);
  EXPECT_EQ(TextOf(m_Folder / "run" / "log.jsonl"), log);
  ASSERT_EQ(Train("run", {"--overwrite"}).status, 0);
  EXPECT_EQ(ModelHash("run"), hash) << "the same settings give the same bytes";
  EXPECT_EQ(Log("run").size(), 24U);
  const auto other = Train("run", {"--overwrite", "--learning_rate", "0.02"});
  EXPECT_EQ(other.status, 0) << other.errors;
  EXPECT_NE(ModelHash("run"), hash);
}

TEST_F(TrainProgram, KilledAtRandomMomentsItEndsWithTheSameModel)
{
  ASSERT_EQ(Train("whole").status, 0);
  const auto seed =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  RandomEngine random(seed);
  int killed = 0;
  for (int round = 0; round < 10; ++round)
  {
    const auto child = Start("killed");
    std::this_thread::sleep_for(std::chrono::milliseconds(random.Integer(50, 900)));
    kill(child, SIGKILL);
    killed += WIFSIGNALED(WaitFor(child)) ? 1 : 0;
  }
  EXPECT_GT(killed, 0) << "seed " << seed;
  const auto last = Train("killed");
  ASSERT_EQ(last.status, 0) << last.errors << " seed " << seed;
  EXPECT_EQ(ModelHash("killed"), ModelHash("whole")) << "seed " << seed;
  EXPECT_EQ(Log("killed"), Log("whole")) << "seed " << seed;
  for (const auto & file : FilesBelow(m_Folder / "killed"))
  {
    EXPECT_EQ(file.find(".tmp"), std::string::npos) << file;
  }
}

TEST_F(TrainProgram, TerminatedItSaysSoAndGoesOn)
{
  ASSERT_EQ(Train("whole").status, 0);
  const auto child = Start("run");
  while (!std::filesystem::exists(m_Folder / "run" / "checkpoints" / "checkpoints.json"))
  {
    ASSERT_EQ(waitpid(child, nullptr, WNOHANG), 0)
        << "the program ended before its first checkpoint";
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  kill(child, SIGTERM);
  const int status = WaitFor(child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(ExitCode::Terminated));
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "run" / "model.safetensors"));
  ASSERT_EQ(Train("run").status, 0);
  EXPECT_EQ(ModelHash("run"), ModelHash("whole"));
  EXPECT_EQ(Log("run"), Log("whole"));
}

TEST_F(TrainProgram, ChangedSettingsOrDataAreRefused)
{
  ASSERT_EQ(Train("run").status, 0);
  const auto hash = ModelHash("run");
  ExpectRefused(Train("run", {"--learning_rate", "0.5"}),
                ExitCode::ModelRefused,
                "'learning_rate' was 0.001, is 0.5");
  ExpectRefused(Train("run", {"--threads", "2"}), ExitCode::ModelRefused, "'threads' was 1, is 2");
  WriteBallCache(m_Folder / "cache", 3, 0);
  ExpectRefused(Train("run"), ExitCode::ModelRefused, "data changed");
  EXPECT_EQ(ModelHash("run"), hash);
}

TEST_F(TrainProgram, StartsFromAnotherModel)
{
  ASSERT_EQ(Train("first").status, 0);
  const auto model = (m_Folder / "first" / "model.safetensors").string();
  const auto second = Train("second", {"--init", model});
  ASSERT_EQ(second.status, 0) << second.errors;
  EXPECT_LT(Log("second").front().at("loss").get<double>(),
            Log("first").front().at("loss").get<double>());
  EXPECT_EQ(ReadModelFile(m_Folder / "second" / "model.safetensors").provenance.at("init"),
            Sha256OfFile(model));
  ExpectRefused(Train("third", {"--init", (m_Folder / "cache" / "cache.json").string()}),
                ExitCode::ModelRefused,
                "cache.json");
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "third"));
}

TEST_F(TrainProgram, BadInputIsRefusedInOneLine)
{
  ExpectRefused(Train("run", {"--learning_rat", "1"}), ExitCode::Usage, "learning_rate");
  ExpectRefused(Train("run", {"--steps", "0"}), ExitCode::Usage, "steps");
  ExpectRefused(Train("run", {"--method", "magic"}), ExitCode::Usage, "supervised");
  ExpectRefused(
      RunProgram("train",
                 {(m_Folder / "nothing").string(), "--output", (m_Folder / "run").string()}),
      ExitCode::DamagedInput,
      "nothing");
  WriteBallCache(m_Folder / "cache", 0, 3);
  ExpectRefused(Train("run"), ExitCode::Usage, "no labelled");
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "run"));
}

TEST_F(TrainProgram, EditedCacheIsRefused)
{
  const auto path = m_Folder / "cache" / "cases" / "case1.safetensors";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-5, std::ios::end);
  file.put('\x55');
  file.close();
  ExpectRefused(Train("run"), ExitCode::ModelRefused, "case1");
}

TEST_F(TrainProgram, ForeignFoldersAndSecondRunsAreRefused)
{
  std::filesystem::create_directories(m_Folder / "photos");
  std::ofstream(m_Folder / "photos" / "holiday.jpg") << "x";
  ExpectRefused(Train("photos"), ExitCode::OutputNotWritten, "holiday.jpg");
  ExpectRefused(Train("photos", {"--overwrite"}), ExitCode::OutputNotWritten, "holiday.jpg");
  EXPECT_EQ(TextOf(m_Folder / "photos" / "holiday.jpg"), "x");
  std::filesystem::create_directories(m_Folder / "busy");
  const FolderLock lock(m_Folder / "busy");
  ExpectRefused(Train("busy"), ExitCode::OutputNotWritten, "busy");
}

TEST_F(TrainProgram, CudaIsRefusedWhereThereIsNone)
{
  if (std::filesystem::exists("/dev/nvidia0"))
  {
    GTEST_SKIP() << "this machine has an NVIDIA GPU";
  }
  auto arguments = Arguments("run");
  *(std::find(arguments.begin(), arguments.end(), "--device") + 1) = "cuda";
  ExpectRefused(RunProgram("train", arguments), ExitCode::Resources, "cuda");
}

TEST_F(TrainProgram, DryRunWritesNothing)
{
  const auto result = Train("run", {"--dry_run"});
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "run"));
}

} // namespace
} // namespace sulcus
