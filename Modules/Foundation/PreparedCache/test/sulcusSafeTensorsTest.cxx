#include "sulcusCacheFolder.h"
#include <sulcusError.h>
#include <sulcusSafeTensors.h>
#include <sulcusSha256.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

namespace
{

using namespace sulcus;
using sulcus::test::CacheFolder;
using sulcus::test::ErrorOf;
using testing::HasSubstr;

template <typename T>
TensorView
View(std::string name,
     ElementType type,
     std::vector<std::int64_t> shape,
     const std::vector<T> & values)
{
  return {std::move(name), type, std::move(shape), std::as_bytes(std::span<const T>(values))};
}

class SafeTensors : public CacheFolder
{
protected:
  std::filesystem::path
  WriteSample()
  {
    WriteSafeTensors(File(),
                     {View("mask", ElementType::U8, {3}, m_Mask),
                      View("weights", ElementType::F32, {2, 2}, m_Weights),
                      View("steps", ElementType::I64, {}, m_Steps),
                      View("empty", ElementType::F64, {0, 4}, std::vector<double>{})},
                     {{"note", "héllo \"quoted\""}},
                     Overwrite::Allow);
    return File();
  }

  /** Not through AtomicFile: thousands of damaged files need no fsync. */
  void
  WriteDamaged(std::string_view text)
  {
    std::ofstream file(File(), std::ios::binary | std::ios::trunc);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    ASSERT_TRUE(file.good());
  }

  std::filesystem::path
  File() const
  {
    return m_Folder / "sample.safetensors";
  }

  /** A file whose header is the text and whose data are `bytes` zeros. */
  std::filesystem::path
  WriteRaw(const std::string & header, std::size_t bytes)
  {
    std::string text(8, '\0');
    for (std::size_t i = 0; i < 8; ++i)
    {
      text[i] = static_cast<char>((header.size() >> (8 * i)) & 0xff);
    }
    AtomicWriteText(File(), text + header + std::string(bytes, '\0'), Overwrite::Allow);
    return File();
  }

  std::vector<std::uint8_t> m_Mask{1, 0, 1};
  std::vector<float> m_Weights{1.5f, -2.0f, 3.25f, 0.0f};
  std::vector<std::int64_t> m_Steps{1200};
};

TEST_F(SafeTensors, RoundTripKeepsEveryValue)
{
  const SafeTensorsReader reader(WriteSample());
  EXPECT_EQ(reader.Tensors().size(), 4u);
  EXPECT_EQ(reader.Require("weights").shape, (std::vector<std::int64_t>{2, 2}));
  const auto weights = Elements<float>(reader.Require("weights"));
  EXPECT_TRUE(std::equal(weights.begin(), weights.end(), m_Weights.begin(), m_Weights.end()));
  EXPECT_EQ(Elements<std::int64_t>(reader.Require("steps"))[0], 1200);
  EXPECT_EQ(Elements<std::uint8_t>(reader.Require("mask"))[2], 1);
  EXPECT_TRUE(reader.Require("empty").bytes.empty());
  EXPECT_EQ(reader.Metadata(), (std::map<std::string, std::string>{{"note", "héllo \"quoted\""}}));
  EXPECT_EQ(reader.Find("nothing"), nullptr);
  EXPECT_THROW(reader.Require("nothing"), ModelError);
  EXPECT_THROW(Elements<double>(reader.Require("weights")), ModelError);
  EXPECT_TRUE(reader.HasChecksums());
  EXPECT_NO_THROW(reader.Verify());
}

TEST_F(SafeTensors, EveryTensorIsAlignedAndTheFileIsReproducible)
{
  const auto first = Sha256OfFile(WriteSample());
  EXPECT_EQ(Sha256OfFile(WriteSample()), first);
  const SafeTensorsReader reader(File());
  for (const auto & tensor : reader.Tensors())
  {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % ElementSize(tensor.type), 0u)
        << tensor.name;
  }
}

TEST_F(SafeTensors, EverySingleByteChangeIsRefused)
{
  WriteSample();
  const std::string original = ReadTextFile(File());
  for (std::size_t at = 0; at < original.size(); ++at)
  {
    std::string changed = original;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    WriteDamaged(changed);
    EXPECT_THROW(
        {
          const SafeTensorsReader reader(File());
          reader.Verify();
        },
        ModelError)
        << "byte " << at;
  }
}

TEST_F(SafeTensors, EveryTruncationIsRefusedOnOpening)
{
  WriteSample();
  const std::string original = ReadTextFile(File());
  for (std::size_t length = 0; length < original.size(); ++length)
  {
    WriteDamaged(std::string_view(original).substr(0, length));
    EXPECT_THROW(SafeTensorsReader reader(File()), ModelError) << length << " bytes";
  }
  AtomicWriteText(File(), original + "x", Overwrite::Allow);
  EXPECT_THROW(SafeTensorsReader reader(File()), ModelError);
}

TEST_F(SafeTensors, HostileHeadersAreRefused)
{
  const auto refused = [&](const std::string & header, std::size_t bytes)
  { return ErrorOf<ModelError>([&] { SafeTensorsReader reader(WriteRaw(header, bytes)); }); };
  const auto tensor = [](const std::string & shape, const std::string & offsets)
  { return R"({"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}"; };
  EXPECT_THAT(refused("[1]", 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(refused("{\"a\":", 0), HasSubstr("not valid JSON"));
  EXPECT_THAT(
      refused(R"({"a":)" + tensor("[2]", "[0,8]") + R"(,"a":)" + tensor("[2]", "[8,16]") + "}", 16),
      HasSubstr("twice"));
  EXPECT_THAT(
      refused(R"({"a":)" + tensor("[2]", "[0,8]") + R"(,"b":)" + tensor("[2]", "[4,12]") + "}", 12),
      HasSubstr("overlaps"));
  EXPECT_THAT(
      refused(R"({"a":)" + tensor("[2]", "[0,8]") + R"(,"b":)" + tensor("[2]", "[12,20]") + "}",
              20),
      HasSubstr("gap"));
  EXPECT_THAT(refused(R"({"a":)" + tensor("[2]", "[0,8]") + "}", 12),
              HasSubstr("belong to no tensor"));
  EXPECT_THAT(refused(R"({"a":)" + tensor("[3]", "[0,8]") + "}", 8), HasSubstr("expected 12"));
  EXPECT_THAT(refused(R"({"a":)" + tensor("[2]", "[8,0]") + "}", 8), HasSubstr("bytes 8 to 0"));
  EXPECT_THAT(refused(R"({"a":)" + tensor("[2]", "[0,800]") + "}", 8), HasSubstr("cut or damaged"));
  EXPECT_THAT(refused(R"({"a":)" + tensor("[-2]", "[0,8]") + "}", 8), HasSubstr("shape"));
  EXPECT_THAT(refused(R"({"a":)" + tensor("[2.0]", "[0,8]") + "}", 8), HasSubstr("shape"));
  EXPECT_THAT(refused(R"({"a":)" + tensor("[4294967296,4294967296,4294967296]", "[0,8]") + "}", 8),
              HasSubstr("overflows"));
  EXPECT_THAT(refused(R"({"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}})", 8),
              HasSubstr("C64"));
  EXPECT_THAT(refused(R"({"a":{"dtype":"F32","shape":[2]}})", 8), HasSubstr("data_offsets"));
  EXPECT_THAT(refused(R"({"__metadata__":{"a":1}})", 0), HasSubstr("not a text"));
}

TEST_F(SafeTensors, ForeignFilesOpenButCannotBeVerified)
{
  const SafeTensorsReader reader(
      WriteRaw(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8));
  EXPECT_FALSE(reader.HasChecksums());
  EXPECT_THROW(reader.Verify(), ModelError);
}

TEST_F(SafeTensors, NumbersThatAreNotFiniteAreNotSaved)
{
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()})
  {
    const std::vector<float> values{1.0f, bad};
    EXPECT_THROW(
        WriteSafeTensors(File(), {View("a", ElementType::F32, {2}, values)}, {}, Overwrite::Allow),
        RuntimeError);
  }
  const std::vector<std::uint16_t> half{0x7c00};
  EXPECT_FALSE(AllFinite(View("a", ElementType::F16, {1}, half)));
  EXPECT_TRUE(AllFinite(View("a", ElementType::BF16, {1}, half)));
  EXPECT_TRUE(AllFinite(View("a", ElementType::U16, {1}, half)));
  const std::vector<std::uint16_t> brain{0x7f80};
  EXPECT_FALSE(AllFinite(View("a", ElementType::BF16, {1}, brain)));
  const std::vector<double> large{std::numeric_limits<double>::max(), -0.0};
  EXPECT_TRUE(AllFinite(View("a", ElementType::F64, {2}, large)));
  EXPECT_FALSE(std::filesystem::exists(File()));
}

TEST_F(SafeTensors, WriterRefusesWhatCannotBeRead)
{
  const auto view = View("a", ElementType::F32, {4}, m_Weights);
  EXPECT_THROW(WriteSafeTensors(File(), {view, view}, {}, Overwrite::Allow), UsageError);
  EXPECT_THROW(
      WriteSafeTensors(File(), {View("a", ElementType::F32, {5}, m_Weights)}, {}, Overwrite::Allow),
      UsageError);
  EXPECT_THROW(WriteSafeTensors(File(), {view}, {{"sha256:a", "x"}}, Overwrite::Allow), UsageError);
  WriteSample();
  EXPECT_THROW(WriteSafeTensors(File(), {view}, {}, Overwrite::Refuse), OutputError);
  EXPECT_THROW(SafeTensorsReader(m_Folder / "absent"), InputError);
  EXPECT_THROW(SafeTensorsReader reader(m_Folder), InputError);
}

} // namespace
