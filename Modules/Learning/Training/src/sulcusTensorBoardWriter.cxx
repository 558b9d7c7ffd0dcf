#include "sulcusTensorBoardWriter.h"

#include <array>
#include <bit>

namespace sulcus
{
namespace
{

constexpr std::array<std::uint32_t, 256>
CastagnoliTable()
{
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i)
  {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
    {
      value = (value & 1U) != 0U ? (value >> 1U) ^ 0x82f63b78U : value >> 1U;
    }
    table[i] = value;
  }
  return table;
}

/** Rotated and shifted, so that a CRC over data that holds CRCs stays sound. */
std::uint32_t
MaskedCrc(std::string_view bytes)
{
  return std::rotr(Crc32c(bytes), 15) + 0xa282ead8U;
}

template <typename TInteger>
void
PutLittleEndian(std::string & out, TInteger value)
{
  for (std::size_t i = 0; i < sizeof(TInteger); ++i)
  {
    out.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
  }
}

void
PutVarint(std::string & out, std::uint64_t value)
{
  for (; value >= 0x80; value >>= 7U)
  {
    out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
  }
  out.push_back(static_cast<char>(value));
}

/** Wire types of protobuf. */
enum WireType : std::uint64_t
{
  Varint = 0,
  Fixed64 = 1,
  Bytes = 2,
  Fixed32 = 5
};

void
PutKey(std::string & out, std::uint64_t field, WireType type)
{
  PutVarint(out, field << 3U | type);
}

void
PutBytes(std::string & out, std::uint64_t field, std::string_view bytes)
{
  PutKey(out, field, Bytes);
  PutVarint(out, bytes.size());
  out.append(bytes);
}

std::string
EventHead(double wallTime, std::int64_t step)
{
  std::string event;
  PutKey(event, 1, Fixed64);
  PutLittleEndian(event, std::bit_cast<std::uint64_t>(wallTime));
  PutKey(event, 2, Varint);
  PutVarint(event, static_cast<std::uint64_t>(step));
  return event;
}

} // namespace

std::uint32_t
Crc32c(std::string_view bytes)
{
  static constexpr auto table = CastagnoliTable();
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes)
  {
    crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xffU] ^ (crc >> 8U);
  }
  return ~crc;
}

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path & path, std::int64_t position)
    : m_File(path, position)
{
  if (position == 0)
  {
    std::string event = EventHead(0.0, 0);
    PutBytes(event, 3, "brain.Event:2");
    AddRecord(event);
  }
}

void
TensorBoardWriter::AddScalar(const std::string & tag,
                             double value,
                             std::int64_t step,
                             double wallTime)
{
  std::string summaryValue;
  PutBytes(summaryValue, 1, tag);
  PutKey(summaryValue, 2, Fixed32);
  PutLittleEndian(summaryValue, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  std::string summary;
  PutBytes(summary, 1, summaryValue);
  std::string event = EventHead(wallTime, step);
  PutBytes(event, 5, summary);
  AddRecord(event);
}

void
TensorBoardWriter::AddRecord(const std::string & event)
{
  std::string record;
  PutLittleEndian(record, static_cast<std::uint64_t>(event.size()));
  PutLittleEndian(record, MaskedCrc(record));
  record += event;
  PutLittleEndian(record, MaskedCrc(event));
  m_File.Append(record);
}

} // namespace sulcus
