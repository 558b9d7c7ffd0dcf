#include <sulcusAtomicFile.h>
#include <sulcusError.h>
#include <sulcusRunProgram.h>
#include <sulcusTensorBoardWriter.h>

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <optional>
#include <vector>

namespace sulcus
{
namespace
{

// A reader that shares nothing with the writer: bit-wise CRC, generic protobuf walk.

std::uint32_t
BitwiseMaskedCrc(const std::string & bytes)
{
  std::uint32_t crc = 0xffffffffU;
  for (const unsigned char byte : bytes)
  {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit)
    {
      crc = (crc >> 1U) ^ (0x82f63b78U & (0U - (crc & 1U)));
    }
  }
  crc = ~crc;
  return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U;
}

template <typename T>
T
Take(const std::string & bytes, std::size_t & position)
{
  T value{};
  if (position + sizeof(T) > bytes.size())
  {
    throw std::runtime_error("cut");
  }
  std::memcpy(&value, bytes.data() + position, sizeof(T));
  position += sizeof(T);
  return value;
}

std::uint64_t
TakeVarint(const std::string & bytes, std::size_t & position)
{
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7)
  {
    const auto byte = Take<std::uint8_t>(bytes, position);
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if ((byte & 0x80U) == 0U)
    {
      return value;
    }
  }
}

/** Field number -> raw value (8-byte, 4-byte and varint values as their bytes). */
std::map<std::uint64_t, std::string>
Fields(const std::string & message)
{
  std::map<std::uint64_t, std::string> fields;
  for (std::size_t position = 0; position < message.size();)
  {
    const auto key = TakeVarint(message, position);
    auto & value = fields[key >> 3U];
    switch (key & 7U)
    {
    case 0:
    {
      const auto number = TakeVarint(message, position);
      value.assign(reinterpret_cast<const char *>(&number), sizeof(number));
      break;
    }
    case 1:
      value = message.substr(position, 8);
      position += 8;
      break;
    case 2:
    {
      const auto length = TakeVarint(message, position);
      value = message.substr(position, length);
      position += length;
      break;
    }
    case 5:
      value = message.substr(position, 4);
      position += 4;
      break;
    default:
      throw std::runtime_error("unknown wire type");
    }
  }
  return fields;
}

template <typename T>
T
As(const std::string & bytes)
{
  std::size_t position = 0;
  return Take<T>(bytes, position);
}

struct Scalar
{
  std::string tag;
  float value;
  std::int64_t step;
  double wallTime;
};

std::vector<Scalar>
ReadEvents(const std::filesystem::path & path)
{
  const std::string bytes = ReadTextFile(path);
  std::vector<Scalar> scalars;
  bool first = true;
  for (std::size_t position = 0; position < bytes.size(); first = false)
  {
    const auto start = position;
    const auto length = Take<std::uint64_t>(bytes, position);
    EXPECT_EQ(Take<std::uint32_t>(bytes, position), BitwiseMaskedCrc(bytes.substr(start, 8)));
    const auto event = bytes.substr(position, length);
    EXPECT_EQ(event.size(), length);
    position += length;
    EXPECT_EQ(Take<std::uint32_t>(bytes, position), BitwiseMaskedCrc(event));
    auto fields = Fields(event);
    if (first)
    {
      EXPECT_EQ(fields.at(3), "brain.Event:2");
      continue;
    }
    auto value = Fields(Fields(fields.at(5)).at(1));
    scalars.push_back({value.at(1),
                       As<float>(value.at(2)),
                       As<std::int64_t>(fields.at(2)),
                       As<double>(fields.at(1))});
  }
  return scalars;
}

} // namespace

TEST(Crc32c, MatchesPublishedVectors) // RFC 3720, B.4
{
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(Crc32c(""), 0U);
}

TEST(TensorBoardWriter, AnotherParserReadsWhatWasWritten)
{
  const TestFolder scratch;
  const auto path = scratch / "events.out.tfevents.0";
  {
    TensorBoardWriter writer(path, 0);
    for (int step = 0; step < 300; ++step) // steps beyond one varint byte
    {
      writer.AddScalar("train/loss", 1.0 / (step + 1), step, 1.5e9 + step);
    }
    writer.AddScalar("a long tag " + std::string(200, 'x'), -3.25, 1LL << 40, 2.0);
  }
  const auto scalars = ReadEvents(path);
  ASSERT_EQ(scalars.size(), 301U);
  EXPECT_EQ(scalars[2].tag, "train/loss");
  EXPECT_FLOAT_EQ(scalars[2].value, 1.0F / 3.0F);
  EXPECT_EQ(scalars[200].step, 200);
  EXPECT_DOUBLE_EQ(scalars[200].wallTime, 1.5e9 + 200);
  EXPECT_EQ(scalars[300].step, 1LL << 40);
  EXPECT_FLOAT_EQ(scalars[300].value, -3.25F);
}

TEST(TensorBoardWriter, GoesOnFromAnEarlierPosition)
{
  const TestFolder scratch;
  const auto path = scratch / "events";
  std::int64_t position = 0;
  {
    TensorBoardWriter writer(path, 0);
    writer.AddScalar("loss", 1, 1, 0);
    position = writer.Position();
    writer.AddScalar("loss", 2, 2, 0);
  }
  {
    TensorBoardWriter writer(path, position);
    writer.AddScalar("loss", 20, 2, 0);
  }
  const auto scalars = ReadEvents(path);
  ASSERT_EQ(scalars.size(), 2U);
  EXPECT_FLOAT_EQ(scalars[1].value, 20);
  EXPECT_THROW(AppendFile(path, 1 << 20), ModelError);
}

} // namespace sulcus
