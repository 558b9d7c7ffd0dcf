#include <sulcusBallCache.h>
#include <sulcusError.h>
#include <sulcusModelFile.h>
#include <sulcusRunProgram.h>

#include <torch/types.h>

#include <gtest/gtest.h>

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

} // namespace

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

} // namespace sulcus
