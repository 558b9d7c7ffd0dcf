#include "sulcusDicomBuilder.h"

#include "sulcusByteOrder.h"
#include <sulcusError.h>
#include <sulcusSha256.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace sulcus
{

namespace
{

void
Append(Bytes & bytes, ByteView more)
{
  bytes.insert(bytes.end(), more.begin(), more.end());
}

template <typename T>
void
AppendNumber(Bytes & bytes, T value)
{
  bytes.resize(bytes.size() + sizeof(T));
  StoreNumber(bytes, bytes.size() - sizeof(T), value);
}

Bytes
EncodeElement(DicomTag tag, std::string_view representation, ByteView value)
{
  static constexpr std::string_view longForms = "OB OW OF OD OL OV SQ UC UR UT UN SV UV";
  Bytes bytes;
  AppendNumber(bytes, static_cast<std::uint16_t>(tag >> 16));
  AppendNumber(bytes, static_cast<std::uint16_t>(tag & 0xFFFF));
  Append(bytes, std::as_bytes(std::span(representation)));
  const bool odd = value.size() % 2 != 0;
  const auto length = value.size() + (odd ? 1 : 0);
  if (longForms.find(representation) != std::string_view::npos)
  {
    if (length > 0xFFFFFFFEU)
    {
      throw OutputError(Message("DICOM element ", ToText(tag), " would be larger than 4 GiB"));
    }
    AppendNumber(bytes, std::uint16_t{0});
    AppendNumber(bytes, static_cast<std::uint32_t>(length));
  }
  else
  {
    if (length > 0xFFFE)
    {
      throw OutputError(Message("DICOM element ", ToText(tag), " would be larger than 64 KiB"));
    }
    AppendNumber(bytes, static_cast<std::uint16_t>(length));
  }
  Append(bytes, value);
  if (odd)
  {
    const bool zeroPadded =
        representation == "UI" || representation == "OB" || representation == "UN";
    bytes.push_back(zeroPadded ? std::byte{0} : std::byte{' '});
  }
  return bytes;
}

} // namespace

void
DicomBuilder::Raw(DicomTag tag, std::string_view representation, Bytes value)
{
  m_Encoded[tag] = EncodeElement(tag, representation, value);
}

void
DicomBuilder::Text(DicomTag tag, std::string_view representation, std::string_view value)
{
  std::string text(value);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }, ' ');
  const auto bytes = std::as_bytes(std::span(text));
  Raw(tag, representation, Bytes(bytes.begin(), bytes.end()));
}

void
DicomBuilder::Decimals(DicomTag tag, const std::vector<double> & values)
{
  std::string text;
  for (const double value : values)
  {
    char number[32];
    std::snprintf(number, sizeof(number), "%.9g", value == 0.0 ? 0.0 : value);
    text += (text.empty() ? "" : "\\") + std::string(number);
  }
  Text(tag, "DS", text);
}

void
DicomBuilder::Words(DicomTag tag, const std::vector<std::uint16_t> & values)
{
  Bytes bytes;
  for (const auto value : values)
  {
    AppendNumber(bytes, value);
  }
  Raw(tag, "US", std::move(bytes));
}

void
DicomBuilder::LongWords(DicomTag tag, const std::vector<std::uint32_t> & values)
{
  Bytes bytes;
  for (const auto value : values)
  {
    AppendNumber(bytes, value);
  }
  Raw(tag, "UL", std::move(bytes));
}

void
DicomBuilder::Tag(DicomTag tag, DicomTag value)
{
  Bytes bytes;
  AppendNumber(bytes, static_cast<std::uint16_t>(value >> 16));
  AppendNumber(bytes, static_cast<std::uint16_t>(value & 0xFFFF));
  Raw(tag, "AT", std::move(bytes));
}

void
DicomBuilder::Sequence(DicomTag tag, const std::vector<DicomBuilder> & items)
{
  Bytes bytes;
  for (const auto & item : items)
  {
    const auto encoded = item.Encode();
    AppendNumber(bytes, std::uint16_t{0xFFFE});
    AppendNumber(bytes, std::uint16_t{0xE000});
    AppendNumber(bytes, static_cast<std::uint32_t>(encoded.size()));
    Append(bytes, encoded);
  }
  Raw(tag, "SQ", std::move(bytes));
}

Bytes
DicomBuilder::Encode() const
{
  Bytes bytes;
  for (const auto & [tag, element] : m_Encoded)
  {
    Append(bytes, element);
  }
  return bytes;
}

Bytes
DicomBuilder::EncodeFile(const std::string & sopClassUid, const std::string & sopInstanceUid) const
{
  DicomBuilder meta;
  meta.Raw(0x00020001, "OB", Bytes{std::byte{0}, std::byte{1}});
  meta.Text(0x00020002, "UI", sopClassUid);
  meta.Text(0x00020003, "UI", sopInstanceUid);
  meta.Text(dicom::TransferSyntaxUid, "UI", "1.2.840.10008.1.2.1");
  meta.Text(0x00020012, "UI", UidFromText("Sulcus DICOM writer 1"));
  meta.Text(0x00020013, "SH", "SULCUS_1");
  const auto group = meta.Encode();
  DicomBuilder length;
  length.LongWords(0x00020000, {static_cast<std::uint32_t>(group.size())});
  Bytes bytes(128);
  Append(bytes, std::as_bytes(std::span(std::string_view("DICM"))));
  Append(bytes, length.Encode());
  Append(bytes, group);
  Append(bytes, Encode());
  return bytes;
}

DicomBuilder
CodeItem(std::string_view scheme, std::string_view value, std::string_view meaning)
{
  DicomBuilder item;
  item.Text(0x00080100, "SH", value);
  item.Text(0x00080102, "SH", scheme);
  item.Text(0x00080104, "LO", meaning);
  return item;
}

std::string
UidFromText(std::string_view text)
{
  const auto hex = Sha256OfText(text).substr(0, 32);
  // Decimal digits of the 128-bit number by repeated multiplication.
  std::string digits = "0";
  for (const char c : hex)
  {
    int carry = c <= '9' ? c - '0' : c - 'a' + 10;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit)
    {
      const int value = (*digit - '0') * 16 + carry;
      *digit = static_cast<char>('0' + value % 10);
      carry = value / 10;
    }
    while (carry > 0)
    {
      digits.insert(digits.begin(), static_cast<char>('0' + carry % 10));
      carry /= 10;
    }
  }
  return "2.25." + digits;
}

void
AppendBits(Bytes & packed, std::uint64_t & bits, ByteView mask)
{
  packed.resize((bits + mask.size() + 7) / 8);
  for (const auto voxel : mask)
  {
    if (voxel != std::byte{0})
    {
      packed[bits / 8] |= std::byte{static_cast<std::uint8_t>(1U << (bits % 8))};
    }
    ++bits;
  }
}

} // namespace sulcus
