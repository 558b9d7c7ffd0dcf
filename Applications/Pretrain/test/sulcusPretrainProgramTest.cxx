#include <sulcusBallCache.h>
#include <sulcusError.h>
#include <sulcusModelFile.h>
#include <sulcusRunProgram.h>

#include <torch/types.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sulcus
{
namespace
{

class PretrainProgram : public testing::Test
{
protected:
  ProgramResult
  Pretrain(const std::string & cache,
           const std::string & run,
           const std::vector<std::string> & more = {}) const
  {
    std::vector<std::string> arguments{(m_Folder / cache).string(),
                                       "--output",
                                       (m_Folder / run).string(),
                                       "--steps",
                                       "6",
                                       "--threads",
                                       "1",
                                       "--device",
                                       "cpu",
                                       "--seed",
                                       "3"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("pretrain", arguments);
  }

  ModelFile
  Model(const std::string & run) const
  {
    return ReadModelFile(m_Folder / run / "model.safetensors");
  }

  TestFolder m_Folder;
};

/** Patches large enough for regions of the local loss. */
Plan
LargerPlan()
{
  Plan plan = BallPlan();
  plan.patchSize = {16, 16, 16};
  plan.network.widths = {16, 16, 16};
  plan.network.strides.push_back({2, 2, 2});
  plan.network.kernels.push_back({3, 3, 3});
  return plan;
}

void
ExpectSameWeights(const ModelFile & a, const ModelFile & b, const std::string & what)
{
  ASSERT_EQ(a.weights.size(), b.weights.size()) << what;
  ASSERT_FALSE(a.weights.empty()) << what;
  for (const auto & [name, tensor] : a.weights)
  {
    ASSERT_TRUE(b.weights.count(name)) << what << ' ' << name;
    EXPECT_TRUE(torch::equal(tensor, b.weights.at(name))) << what << ' ' << name;
  }
}

/** A label in the cache must make no difference: the same cases with and without labels. */
TEST_F(PretrainProgram, IsBlindToLabels)
{
  WriteBallCache(m_Folder / "labelled", 5, 0, 0, LargerPlan());
  WriteBallCache(m_Folder / "bare", 2, 3, 0, LargerPlan());
  for (const std::string method : {"simclr", "global"})
  {
    const std::vector<std::string> more{"--method", method};
    const auto with = Pretrain("labelled", method + "-labelled", more);
    ASSERT_EQ(with.status, 0) << with.errors;
    const auto without = Pretrain("bare", method + "-bare", more);
    ASSERT_EQ(without.status, 0) << without.errors;
    ExpectSameWeights(Model(method + "-labelled"), Model(method + "-bare"), method);
  }
  ASSERT_EQ(Pretrain("labelled", "again", {"--method", "simclr"}).status, 0);
  ExpectSameWeights(Model("simclr-labelled"), Model("again"), "again");
  const auto init = (m_Folder / "global-labelled" / "model.safetensors").string();
  const std::vector<std::string> local{"--method", "local", "--local_blocks", "2", "--init", init};
  const auto with = Pretrain("labelled", "local-labelled", local);
  ASSERT_EQ(with.status, 0) << with.errors;
  const auto without = Pretrain("bare", "local-bare", local);
  ASSERT_EQ(without.status, 0) << without.errors;
  ExpectSameWeights(Model("local-labelled"), Model("local-bare"), "local");
}

TEST_F(PretrainProgram, ALocalStageLeavesTheEncoderAsItWas)
{
  WriteBallCache(m_Folder / "cache", 0, 5, 0, LargerPlan());
  ASSERT_EQ(Pretrain("cache", "first").status, 0);
  const auto init = (m_Folder / "first" / "model.safetensors").string();
  const auto run =
      Pretrain("cache", "second", {"--method", "local", "--local_blocks", "2", "--init", init});
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto first = Model("first");
  const auto second = Model("second");
  int encoder = 0;
  int moved = 0;
  for (const auto & [name, tensor] : second.weights)
  {
    const bool same = first.weights.count(name) && torch::equal(tensor, first.weights.at(name));
    if (name.find("encoder") != std::string::npos)
    {
      EXPECT_TRUE(same) << name;
      ++encoder;
    }
    moved += same ? 0 : 1;
  }
  EXPECT_GT(encoder, 0);
  EXPECT_GT(moved, 0);
}

TEST_F(PretrainProgram, RefusesOneVolumeAndAnInitOfAnotherArchitecture)
{
  WriteBallCache(m_Folder / "one", 0, 1);
  const auto alone = Pretrain("one", "alone");
  EXPECT_EQ(alone.status, static_cast<int>(ExitCode::Usage)) << alone.errors;
  EXPECT_EQ(alone.ErrorLines(), 1) << alone.errors;
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "alone" / "model.safetensors"));

  WriteBallCache(m_Folder / "cache", 0, 5, 0, LargerPlan());
  ModelFile other;
  other.plan = BallPlan();
  other.plan.network.widths = {32, 32};
  other.method = "supervised";
  other.weights = StateOf(*BuildNetwork(other.plan.network, 1));
  WriteModelFile(m_Folder / "other.safetensors", other, Overwrite::Refuse);
  const auto refused =
      Pretrain("cache", "refused", {"--init", (m_Folder / "other.safetensors").string()});
  EXPECT_EQ(refused.status, static_cast<int>(ExitCode::ModelRefused)) << refused.errors;
  EXPECT_NE(refused.errors.find("does not fit"), std::string::npos) << refused.errors;
}

/** What could make training senseless is refused in one line before anything is written. */
TEST_F(PretrainProgram, BadInputIsRefusedInOneLine)
{
  WriteBallCache(m_Folder / "cache", 0, 5, 0, LargerPlan());
  const auto refuse = [&](const std::vector<std::string> & more, const std::string & reason)
  {
    const auto result = Pretrain("cache", "refused", more);
    EXPECT_EQ(result.status, static_cast<int>(ExitCode::Usage)) << result.errors;
    EXPECT_EQ(result.ErrorLines(), 1) << result.errors;
    EXPECT_NE(result.errors.find(reason), std::string::npos) << result.errors;
    EXPECT_FALSE(std::filesystem::exists(m_Folder / "refused" / "model.safetensors"));
  };
  refuse({"--global_partitions", "1"}, "global_partitions"); // nothing to repel
  refuse({"--global_partitions", "20"}, "16 slices");        // fewer slices than partitions
  refuse({"--global_volumes", "6"}, "6 different subjects"); // never the same volume twice
  refuse({"--method", "simclr", "--simclr_images", "1"}, "simclr_images"); // N = 1 has no negative
  refuse({"--method", "local", "--local_blocks", "9"}, "9 decoder blocks");
  refuse({"--method", "local", "--local_geometry", "--local_across_volumes"}, "exclude each other");
}

/** A region larger than the map is found out before training, with the map's size. */
TEST_F(PretrainProgram, RegionsLargerThanTheMapAreRefused)
{
  Plan plan = LargerPlan();
  plan.patchSize = {8, 8, 8};
  WriteBallCache(m_Folder / "cache", 0, 3, 0, plan);
  const auto result = Pretrain("cache", "run", {"--method", "local", "--local_blocks", "1"});
  EXPECT_EQ(result.status, static_cast<int>(ExitCode::Usage)) << result.errors;
  EXPECT_NE(result.errors.find("4 x 4 x 4"), std::string::npos) << result.errors;
  EXPECT_FALSE(std::filesystem::exists(m_Folder / "run"));
}

/** One volume in a batch has no pairs across volumes: G_D is G_D- then, and says so. */
TEST_F(PretrainProgram, OneVolumeABatchFallsBackToDomainNegatives)
{
  WriteBallCache(m_Folder / "cache", 0, 3, 0, LargerPlan());
  const auto domain = Pretrain("cache", "domain", {"--global_volumes", "1"});
  ASSERT_EQ(domain.status, 0) << domain.errors;
  EXPECT_NE(domain.errors.find("the strategy is G_D-"), std::string::npos) << domain.errors;
  const auto negatives = Pretrain(
      "cache", "negatives", {"--global_volumes", "1", "--global_strategy", "domain_negatives"});
  ASSERT_EQ(negatives.status, 0) << negatives.errors;
  ExpectSameWeights(Model("domain"), Model("negatives"), "one volume");
}

/** Presets set the published options, and what is given on the command line wins. */
TEST_F(PretrainProgram, PresetsBringThePublishedSettings)
{
  Plan plan = LargerPlan();
  plan.normalisation[0].kind = "percentile";
  WriteBallCache(m_Folder / "cache", 0, 5, 0, plan);
  const auto settings = [&](const std::string & method, const std::vector<std::string> & more)
  {
    std::vector<std::string> arguments{"--method", method};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = Pretrain("cache", method, arguments);
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(result.errors.find("warning"), std::string::npos) << result.errors;
    return nlohmann::json::parse(TextOf(m_Folder / method / "run.json"))
        .at("results")
        .at("configuration");
  };
  const auto simclr = settings("simclr_published", {"--simclr_published_images", "4"});
  EXPECT_EQ(simclr.at("optimizer"), "lars");
  EXPECT_NEAR(simclr.at("learning_rate").get<double>(), 0.3 * 4 / 256, 1e-12);
  EXPECT_EQ(simclr.at("weight_decay").get<double>(), 1e-6);
  EXPECT_EQ(simclr.at("steps"), 6); // given by every run of this test
  const auto global = settings("global_published", {"--learning_rate", "0.002"});
  EXPECT_EQ(global.at("optimizer"), "adam");
  EXPECT_EQ(global.at("schedule"), "constant");
  EXPECT_EQ(global.at("learning_rate").get<double>(), 0.002);
  EXPECT_EQ(global.at("weight_decay").get<double>(), 0.0);
  EXPECT_EQ(
      settings("local_published", {"--local_published_images", "2"}).at("clip_norm").get<double>(),
      0.0);
}

TEST_F(PretrainProgram, EveryOptionOfTheLocalAndTheJointStageTrains)
{
  WriteBallCache(m_Folder / "cache", 0, 5, 0, LargerPlan());
  for (const std::vector<std::string> & more :
       {std::vector<std::string>{"--method", "local", "--local_blocks", "2", "--local_geometry"},
        {"--method", "local", "--local_blocks", "2", "--local_across_volumes"},
        {"--method", "global_local", "--joint_blocks", "2"}})
  {
    const auto result = Pretrain("cache", more.back(), more);
    ASSERT_EQ(result.status, 0) << more.back() << result.errors;
    const auto log = TextOf(m_Folder / more.back() / "log.jsonl");
    EXPECT_EQ(log.find("skipped\":true"), std::string::npos) << log;
    EXPECT_NE(log.find("uniformity"), std::string::npos);
  }
}

/** Oracle T12: after transfer, encoder and the asked decoder blocks are the checkpoint's, deeper
 * blocks are not, and no head travels. */
TEST_F(PretrainProgram, T12TransferTakesEncoderAndTheAskedBlocksAlone)
{
  WriteBallCache(m_Folder / "cache", 2, 3, 0, LargerPlan());
  ASSERT_EQ(Pretrain("cache", "first").status, 0);
  const auto stage = [&](const std::string & run)
  { return (m_Folder / run / "model.safetensors").string(); };
  ASSERT_EQ(Pretrain("cache",
                     "second",
                     {"--method", "local", "--local_blocks", "2", "--init", stage("first")})
                .status,
            0);
  const auto pretrained = Model("second");
  for (const auto & [name, tensor] : pretrained.weights)
  {
    EXPECT_EQ(name.find("embed"), std::string::npos) << name;
    EXPECT_EQ(name.rfind("global", 0), std::string::npos) << name;
  }
  auto network = BuildNetwork(pretrained.plan.network, 77);
  const auto fresh = StateOf(*network);
  const auto report = LoadByName(*network, pretrained.weights, TransferPrefixes(1));
  EXPECT_FALSE(report.loaded.empty());
  for (const auto & [name, tensor] : StateOf(*network))
  {
    const bool travels = name.rfind("encoder.", 0) == 0 || name.rfind("decoder.blocks.0.", 0) == 0;
    EXPECT_TRUE(torch::equal(tensor, travels ? pretrained.weights.at(name) : fresh.at(name)))
        << name;
  }
}

} // namespace
} // namespace sulcus
