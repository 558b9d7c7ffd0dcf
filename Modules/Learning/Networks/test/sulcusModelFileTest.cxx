#include <sulcusError.h>
#include <sulcusModelFile.h>

#include <torch/types.h>

#include <gtest/gtest.h>

#include <fstream>

namespace
{

using sulcus::ModelFile;
using sulcus::NamedTensors;
using sulcus::Overwrite;
using torch::Tensor;

class ModelFileTest : public testing::Test
{
protected:
  void
  SetUp() override
  {
    m_Folder = std::filesystem::temp_directory_path() /
               (std::string("sulcus-model-") +
                testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(m_Folder);
    std::filesystem::create_directories(m_Folder);
    m_Model.plan.dataset = "phantom";
    m_Model.plan.labels = {{0, "background"}, {7, "nucleus"}};
    m_Model.plan.normalisation = {{}};
    m_Model.plan.targetSpacingInMm = {1, 1, 1};
    m_Model.plan.patchSize = {8, 8, 8};
    m_Model.plan.network.widths = {16, 32};
    m_Model.plan.network.strides = {{1, 1, 1}, {2, 2, 2}};
    m_Model.plan.network.kernels = {{3, 3, 3}, {3, 3, 3}};
    m_Model.weights = StateOf(*sulcus::BuildNetwork(m_Model.plan.network, 5));
    m_Model.extra["gate.weight"] = torch::arange(6, torch::kFloat).reshape({2, 3});
    m_Model.provenance = {{"program", "sulcus-train"}, {"steps", "12"}};
  }

  void
  TearDown() override
  {
    std::filesystem::remove_all(m_Folder);
  }

  std::filesystem::path
  Path() const
  {
    return m_Folder / "model.safetensors";
  }

  std::filesystem::path m_Folder;
  ModelFile m_Model;
};

TEST_F(ModelFileTest, RoundTripKeepsEverything)
{
  const std::string hash = WriteModelFile(Path(), m_Model, Overwrite::Refuse);
  EXPECT_EQ(hash.size(), 64U);
  const ModelFile read = sulcus::ReadModelFile(Path());
  EXPECT_EQ(read.plan.dataset, "phantom");
  ASSERT_EQ(read.plan.labels.size(), 2U);
  EXPECT_EQ(read.plan.labels[1].value, 7);
  EXPECT_EQ(read.provenance.at("steps"), "12");
  EXPECT_EQ(read.method, "supervised");
  ASSERT_EQ(read.weights.size(), m_Model.weights.size());
  for (const auto & [name, tensor] : m_Model.weights)
  {
    EXPECT_TRUE(torch::equal(read.weights.at(name), tensor)) << name;
  }
  EXPECT_TRUE(torch::equal(read.extra.at("gate.weight"), m_Model.extra.at("gate.weight")));
}

TEST_F(ModelFileTest, ReadModelPredictsAsTheWrittenOne)
{
  WriteModelFile(Path(), m_Model, Overwrite::Refuse);
  auto before = NetworkOf(m_Model, "memory");
  auto after = NetworkOf(sulcus::ReadModelFile(Path()), "file");
  const Tensor image = torch::randn({1, 1, 6, 8, 8});
  EXPECT_TRUE(torch::equal(before(image), after(image)));
}

TEST_F(ModelFileTest, SameModelGivesTheSameBytes)
{
  const std::string first = WriteModelFile(Path(), m_Model, Overwrite::Refuse);
  EXPECT_EQ(WriteModelFile(Path(), m_Model, Overwrite::Allow), first);
  EXPECT_THROW(WriteModelFile(Path(), m_Model, Overwrite::Refuse), sulcus::OutputError);
}

TEST_F(ModelFileTest, RefusesWeightsThatDoNotFit)
{
  ModelFile model = m_Model;
  model.weights.erase("head.bias");
  EXPECT_THROW(WriteModelFile(Path(), model, Overwrite::Refuse), sulcus::ModelError);
  model = m_Model;
  model.weights["stranger"] = torch::zeros({1});
  EXPECT_THROW(WriteModelFile(Path(), model, Overwrite::Refuse), sulcus::ModelError);
  model = m_Model;
  model.weights["head.bias"] = torch::zeros({3});
  EXPECT_THROW(WriteModelFile(Path(), model, Overwrite::Refuse), sulcus::ModelError);
  model = m_Model;
  model.weights["head.bias"] = torch::full({2}, std::numeric_limits<float>::infinity());
  EXPECT_THROW(WriteModelFile(Path(), model, Overwrite::Refuse), sulcus::ModelError);
  EXPECT_FALSE(std::filesystem::exists(Path()));
}

TEST_F(ModelFileTest, RefusesEveryFlippedByteThatItSamples)
{
  WriteModelFile(Path(), m_Model, Overwrite::Refuse);
  std::ifstream in(Path(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const auto damaged = m_Folder / "damaged.safetensors";
  const std::size_t stride = bytes.size() / 61;
  for (std::size_t position = 0; position < bytes.size(); position += stride)
  {
    std::string changed = bytes;
    changed[position] = static_cast<char>(changed[position] ^ 0x10);
    std::ofstream(damaged, std::ios::binary | std::ios::trunc) << changed;
    EXPECT_THROW(sulcus::ReadModelFile(damaged), sulcus::ModelError) << "byte " << position;
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, bytes.size() / 2, bytes.size() - 1})
  {
    std::ofstream(damaged, std::ios::binary | std::ios::trunc) << bytes.substr(0, size);
    EXPECT_THROW(sulcus::ReadModelFile(damaged), sulcus::ModelError) << "cut at " << size;
  }
}

TEST(LoadByName, ReportsWhatHappened)
{
  sulcus::NetworkPlan plan;
  plan.widths = {16, 32, 32};
  auto source = sulcus::BuildNetwork(plan, 1);
  auto target = sulcus::BuildNetwork(plan, 2);
  NamedTensors state = StateOf(*source);
  state.erase("encoder.levels.0.0.first.weight");
  state["decoder.blocks.0.up.weight"] = torch::zeros({1});
  state["decoder.blocks.0.odd"] = torch::zeros({1});
  const auto before = StateOf(*target);
  const auto report = LoadByName(*target, state, sulcus::TransferPrefixes(1));
  EXPECT_EQ(report.missing, std::vector<std::string>{"encoder.levels.0.0.first.weight"});
  EXPECT_EQ(report.unused, std::vector<std::string>{"decoder.blocks.0.odd"});
  ASSERT_EQ(report.misshaped.size(), 1U);
  EXPECT_NE(report.misshaped[0].find("decoder.blocks.0.up.weight"), std::string::npos);
  EXPECT_FALSE(report.IsComplete());
  const auto after = StateOf(*target);
  EXPECT_TRUE(torch::equal(after.at("encoder.levels.1.0.first.weight"),
                           state.at("encoder.levels.1.0.first.weight")));
  EXPECT_TRUE(torch::equal(after.at("decoder.blocks.0.block.first.weight"),
                           state.at("decoder.blocks.0.block.first.weight")));
  for (const char * kept :
       {"decoder.blocks.1.up.weight", "head.weight", "encoder.levels.0.0.first.weight"})
  {
    EXPECT_TRUE(torch::equal(after.at(kept), before.at(kept))) << kept;
  }
}

TEST(LoadByName, ChangesNothingWhenAValueIsNotFinite)
{
  sulcus::NetworkPlan plan;
  plan.widths = {16, 32};
  auto network = sulcus::BuildNetwork(plan, 1);
  NamedTensors state = StateOf(*sulcus::BuildNetwork(plan, 2));
  state["head.bias"][0] = std::numeric_limits<float>::quiet_NaN();
  const auto before = StateOf(*network);
  EXPECT_THROW(LoadByName(*network, state), sulcus::ModelError);
  for (const auto & [name, tensor] : StateOf(*network))
  {
    EXPECT_TRUE(torch::equal(tensor, before.at(name))) << name;
  }
}

} // namespace
