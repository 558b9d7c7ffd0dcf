#include <sulcusCheckpointStore.h>
#include <sulcusError.h>
#include <sulcusRunProgram.h>

#include <torch/types.h>

#include <gtest/gtest.h>

#include <fstream>
#include <limits>

namespace sulcus
{
namespace
{

Checkpoint
CheckpointAt(std::int64_t step)
{
  Checkpoint checkpoint;
  checkpoint.step = step;
  checkpoint.tensors["weight"] = torch::full({3, 2}, static_cast<double>(step), torch::kFloat);
  checkpoint.tensors["count"] = torch::tensor({step}, torch::kLong);
  checkpoint.state = {{"counters", {{"seconds", 1.5}}}};
  return checkpoint;
}

/** Flips one bit in the middle of a file. */
void
Damage(const std::filesystem::path & path)
{
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(path) - 9);
  file.seekg(middle);
  const auto byte = static_cast<char>(file.get() ^ 4);
  file.seekp(middle);
  file.put(byte);
}

std::size_t
FileCount(const std::filesystem::path & folder)
{
  std::size_t count = 0;
  for (const auto & item : std::filesystem::directory_iterator(folder))
  {
    count += item.path().extension() == ".safetensors" ? 1 : 0;
  }
  return count;
}

} // namespace

TEST(CheckpointStore, EmptyFolderHoldsNone)
{
  const TestFolder scratch;
  const CheckpointStore store(scratch / "checkpoints");
  EXPECT_FALSE(store.HasAny());
  EXPECT_FALSE(store.LoadLast().has_value());
}

TEST(CheckpointStore, KeepsCurrentPreviousAndBest)
{
  const TestFolder scratch;
  CheckpointStore store(scratch / "checkpoints");
  store.Save(CheckpointAt(10), true);
  for (const int step : {20, 30, 40})
  {
    store.Save(CheckpointAt(step));
  }
  EXPECT_EQ(FileCount(scratch / "checkpoints"), 3U);
  const auto last = store.LoadLast();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->step, 40);
  EXPECT_TRUE(torch::equal(last->tensors.at("weight"), CheckpointAt(40).tensors.at("weight")));
  EXPECT_EQ(last->tensors.at("count").item<std::int64_t>(), 40);
  EXPECT_EQ(last->state, CheckpointAt(40).state);
  EXPECT_EQ(store.LoadBest().step, 10);
}

TEST(CheckpointStore, DamagedCurrentFallsBackToPrevious)
{
  const TestFolder scratch;
  CheckpointStore store(scratch / "checkpoints");
  store.Save(CheckpointAt(1));
  store.Save(CheckpointAt(2));
  Damage(scratch / "checkpoints/step-00000002.safetensors");
  EXPECT_EQ(store.LoadLast()->step, 1);
  Damage(scratch / "checkpoints/step-00000001.safetensors");
  EXPECT_THROW(store.LoadLast(), ModelError);
}

TEST(CheckpointStore, MissingFileAndDamagedIndexAreRefused)
{
  const TestFolder scratch;
  CheckpointStore store(scratch / "checkpoints");
  store.Save(CheckpointAt(1));
  std::filesystem::remove(scratch / "checkpoints/step-00000001.safetensors");
  EXPECT_THROW(store.LoadLast(), ModelError);
  for (const char * index :
       {"{",
        "[]",
        "{\"format\": 1}",
        "{\"format\": 2, \"current\": {}}",
        "{\"format\": 1, \"current\": {\"step\": 1, \"file\": \"../../x\", \"sha256\": \"\"}}",
        "{\"format\": 1, \"current\": {\"step\": \"1\"}}"})
  {
    AtomicWriteText(scratch / "checkpoints/checkpoints.json", index, Overwrite::Allow);
    EXPECT_THROW(store.LoadLast(), ModelError) << index;
  }
}

TEST(CheckpointStore, ValuesThatAreNotFiniteAreNeverStored)
{
  const TestFolder scratch;
  CheckpointStore store(scratch / "checkpoints");
  store.Save(CheckpointAt(1));
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
  {
    auto broken = CheckpointAt(2);
    broken.tensors["weight"][1][1] = bad;
    EXPECT_THROW(store.Save(broken), ModelError);
  }
  EXPECT_EQ(store.LoadLast()->step, 1);
}

TEST(TensorFile, KeepsEveryElementTypeAndShape)
{
  const TestFolder scratch;
  TensorFile file;
  file.metadata = {{"key", "a \"quoted\" text\nand a line"}};
  for (const auto type : {torch::kUInt8,
                          torch::kInt32,
                          torch::kLong,
                          torch::kBFloat16,
                          torch::kFloat,
                          torch::kDouble})
  {
    file.tensors[c10::toString(type)] =
        torch::arange(24).reshape({2, 3, 4}).transpose(0, 2).to(type);
  }
  file.tensors["scalar"] = torch::tensor(2.5F);
  file.tensors["empty"] = torch::zeros({0, 3});
  SaveTensorFile(scratch / "t.safetensors", file, Overwrite::Refuse);
  const auto back = LoadTensorFile(scratch / "t.safetensors");
  EXPECT_EQ(back.metadata.at("key"), file.metadata.at("key"));
  ASSERT_EQ(back.tensors.size(), file.tensors.size());
  for (const auto & [name, tensor] : file.tensors)
  {
    EXPECT_EQ(back.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(back.tensors.at(name), tensor)) << name;
  }
}

TEST(CopyTensor, NamesWhatDoesNotFit)
{
  const NamedTensors state{{"a", torch::zeros({2, 3})}};
  const auto message = [&](const std::string & name, const torch::Tensor & target)
  {
    try
    {
      CopyTensor(state, name, target);
    }
    catch (const ModelError & error)
    {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message("b", torch::zeros({2, 3})).find("'b' is missing"), std::string::npos);
  EXPECT_NE(message("a", torch::zeros({3, 2})).find("expected [3, 2]"), std::string::npos);
  EXPECT_NE(message("a", torch::zeros({2, 3}, torch::kDouble)).find("Double"), std::string::npos);
}

} // namespace sulcus
