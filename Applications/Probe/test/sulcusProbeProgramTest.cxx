#include <sulcusBallCache.h>
#include <sulcusError.h>
#include <sulcusModelFile.h>
#include <sulcusRunProgram.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sulcus
{
namespace
{

class ProbeProgram : public testing::Test
{
protected:
  ProbeProgram()
  {
    ModelFile model;
    model.plan = BallPlan();
    model.weights = StateOf(*BuildNetwork(model.plan.network, 5));
    std::filesystem::create_directories(m_Folder / "run");
    WriteModelFile(m_Folder / "run" / "model.safetensors", model, Overwrite::Refuse);
  }

  ProgramResult
  Probe(const std::vector<std::string> & more = {}) const
  {
    std::vector<std::string> arguments{(m_Folder / "cache").string(),
                                       "--model",
                                       (m_Folder / "run" / "model.safetensors").string(),
                                       "--threads",
                                       "1",
                                       "--device",
                                       "cpu",
                                       "--partitions",
                                       "2",
                                       "--voxels",
                                       "400"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("probe", arguments);
  }

  TestFolder m_Folder;
};

} // namespace

TEST_F(ProbeProgram, WritesFiguresAndAPageThatOpensOffline)
{
  WriteBallCache(m_Folder / "cache", 2, 2, 2);
  const auto result = Probe({"--decoder_blocks", "1"});
  ASSERT_EQ(result.status, 0) << result.errors;
  const auto report = nlohmann::json::parse(TextOf(m_Folder / "run" / "probe.json"));
  EXPECT_EQ(report.at("chance"), 0.5);
  for (const std::string network : {"model", "untrained"})
  {
    const auto & found = report.at("networks").at(network);
    EXPECT_GE(found.at("retrieval").get<double>(), 0.0);
    EXPECT_EQ(found.at("queries"), 4 * 2 * 2); // rounds x volumes x partitions
    // A bright ball is linearly separable from its noise even in features nobody trained.
    EXPECT_GT(found.at("linear_probe").at("dice").get<double>(), 0.6);
  }
  const auto page = TextOf(m_Folder / "run" / "probe.html");
  EXPECT_NE(page.find("part 2"), std::string::npos);
  EXPECT_EQ(page.find("src=\"http"), std::string::npos);
  EXPECT_EQ(page.find("href=\"http"), std::string::npos);
  const auto first = TextOf(m_Folder / "run" / "probe.json");
  ASSERT_EQ(Probe({"--decoder_blocks", "1"}).status, 0);
  EXPECT_EQ(TextOf(m_Folder / "run" / "probe.json"), first)
      << "the same input gives the same figures";
}

TEST_F(ProbeProgram, WithoutLabelsThereIsRetrievalAlone)
{
  WriteBallCache(m_Folder / "cache", 0, 3);
  const auto result = Probe({"--output", (m_Folder / "elsewhere").string()});
  ASSERT_EQ(result.status, 0) << result.errors;
  const auto report = nlohmann::json::parse(TextOf(m_Folder / "elsewhere" / "probe.json"));
  EXPECT_TRUE(report.at("networks").at("model").at("linear_probe").empty());
}

TEST_F(ProbeProgram, BadInputIsRefusedInOneLine)
{
  WriteBallCache(m_Folder / "cache", 0, 1);
  const auto alone = Probe();
  EXPECT_EQ(alone.status, static_cast<int>(ExitCode::Usage)) << alone.errors;
  EXPECT_EQ(alone.ErrorLines(), 1);
  WriteBallCache(m_Folder / "cache", 0, 3);
  EXPECT_EQ(Probe({"--decoder_blocks", "2"}).status, static_cast<int>(ExitCode::Usage));
  EXPECT_EQ(Probe({"--model", (m_Folder / "nothing").string()}).status,
            static_cast<int>(ExitCode::DamagedInput));
}

} // namespace sulcus
