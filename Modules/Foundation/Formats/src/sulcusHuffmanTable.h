#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

inline constexpr unsigned int LongestCode = 15;

/** One step of decoding: what to do in the low bits' place. */
struct TableEntry
{
  enum Kind : std::uint8_t
  {
    Invalid,
    Literal,
    Base, ///< of a length or distance, with extra bits
    End,
    Subtable
  };

  std::uint16_t value = 0; ///< literal, base, or start of the subtable
  std::uint8_t bits = 0;   ///< of the code (in a subtable: after the primary bits)
  std::uint8_t extra : 4 = 0;
  std::uint8_t kind : 4 = Invalid;
};

/** What a symbol of a DEFLATE alphabet stands for. */
struct SymbolMeaning
{
  std::uint16_t value;
  std::uint8_t extra;
  TableEntry::Kind kind;
};

inline SymbolMeaning
MeaningOfLength(std::size_t symbol)
{
  static constexpr std::uint16_t bases[] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                            15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                            67, 83, 99, 115, 131, 163, 195, 227, 258};
  static constexpr std::uint8_t extras[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                            2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  if (symbol < 256)
  {
    return {static_cast<std::uint16_t>(symbol), 0, TableEntry::Literal};
  }
  if (symbol == 256)
  {
    return {0, 0, TableEntry::End};
  }
  if (symbol < 286)
  {
    return {bases[symbol - 257], extras[symbol - 257], TableEntry::Base};
  }
  return {0, 0, TableEntry::Invalid};
}

inline SymbolMeaning
MeaningOfDistance(std::size_t symbol)
{
  if (symbol >= 30)
  {
    return {0, 0, TableEntry::Invalid};
  }
  if (symbol < 4)
  {
    return {static_cast<std::uint16_t>(symbol + 1), 0, TableEntry::Base};
  }
  const auto extra = static_cast<std::uint8_t>(symbol / 2 - 1);
  return {static_cast<std::uint16_t>(((2U + symbol % 2) << extra) + 1U), extra, TableEntry::Base};
}

inline SymbolMeaning
MeaningOfCodeLength(std::size_t symbol)
{
  return {static_cast<std::uint16_t>(symbol), 0, TableEntry::Literal};
}

/** Canonical Huffman code as a table of `VBits` bits and subtables for longer codes. */
template <unsigned int VBits>
class DecodeTable
{
public:
  /** \returns false if the lengths describe no prefix code. A single code, or none, may be
   * incomplete. */
  template <typename TMeaning>
  bool
  Build(std::span<const std::uint8_t> lengths, TMeaning && meaning)
  {
    std::array<std::uint16_t, LongestCode + 1> counts{};
    for (const auto length : lengths)
    {
      ++counts[length];
    }
    const auto used = lengths.size() - counts[0];
    std::array<std::uint32_t, LongestCode + 2> next{};
    std::uint32_t code = 0;
    counts[0] = 0;
    for (unsigned int length = 1; length <= LongestCode; ++length)
    {
      code = (code + counts[length - 1]) << 1U;
      next[length] = code;
      if (code + counts[length] > 1U << length)
      {
        return false;
      }
    }
    const bool complete = code + counts[LongestCode] == 1U << LongestCode;
    if (!complete && used > 1)
    {
      return false;
    }
    m_Entries.assign(std::size_t{1} << VBits, {});
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol)
    {
      if (const unsigned int length = lengths[symbol]; length > 0)
      {
        Place(Reversed(next[length]++, length), length, meaning(symbol));
      }
    }
    return true;
  }

  const TableEntry *
  Data() const
  {
    return m_Entries.data();
  }

private:
  static std::uint32_t
  Reversed(std::uint32_t code, unsigned int length)
  {
    std::uint32_t reversed = 0;
    for (unsigned int i = 0; i < length; ++i)
    {
      reversed = reversed << 1U | (code >> i & 1U);
    }
    return reversed;
  }

  void
  Place(std::uint32_t code, unsigned int length, const SymbolMeaning & meaning)
  {
    TableEntry entry;
    entry.value = meaning.value;
    entry.extra = meaning.extra & 15U;
    entry.kind = meaning.kind;
    if (length <= VBits)
    {
      entry.bits = static_cast<std::uint8_t>(length);
      for (std::size_t at = code; at < std::size_t{1} << VBits; at += std::size_t{1} << length)
      {
        m_Entries[at] = entry;
      }
      return;
    }
    const auto prefix = code & ((1U << VBits) - 1U);
    if (m_Entries[prefix].kind != TableEntry::Subtable)
    {
      TableEntry link;
      link.value = static_cast<std::uint16_t>(m_Entries.size());
      link.bits = VBits;
      link.kind = TableEntry::Subtable;
      m_Entries[prefix] = link;
      m_Entries.resize(m_Entries.size() + (std::size_t{1} << (LongestCode - VBits)));
    }
    const auto start = m_Entries[prefix].value;
    entry.bits = static_cast<std::uint8_t>(length - VBits);
    for (std::size_t at = code >> VBits; at < std::size_t{1} << (LongestCode - VBits);
         at += std::size_t{1} << entry.bits)
    {
      m_Entries[start + at] = entry;
    }
  }

  std::vector<TableEntry> m_Entries;
};

} // namespace sulcus
