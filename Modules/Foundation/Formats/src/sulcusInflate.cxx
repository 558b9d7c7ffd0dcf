#include "sulcusInflate.h"

#include "sulcusBitReader.h"
#include "sulcusByteOrder.h"
#include "sulcusHuffmanTable.h"
#include <sulcusThreads.h>

#include <algorithm>
#include <array>
#include <vector>
#include <zlib.h>

namespace sulcus
{

namespace
{

constexpr std::size_t LongestMatch = 258;

/** One DEFLATE stream into a buffer. */
class Inflater
{
public:
  Inflater(ByteView packed, std::span<std::byte> target)
      : m_Bits(packed), m_Begin(target.data()), m_Out(target.data()),
        m_End(target.data() + target.size())
  {
  }

  bool
  Run()
  {
    bool last = false;
    while (!last)
    {
      m_Bits.Refill();
      last = m_Bits.Take(1) != 0;
      const auto kind = m_Bits.Take(2);
      const bool done = kind == 0 ? Stored() : kind == 1 ? Fixed() : kind == 2 ? Dynamic() : false;
      if (!done || m_Bits.Overrun())
      {
        return false;
      }
    }
    return true;
  }

  std::size_t
  Made() const
  {
    return static_cast<std::size_t>(m_Out - m_Begin);
  }

  /** First byte behind the stream. */
  const std::byte *
  Rest()
  {
    return m_Bits.AlignToByte();
  }

private:
  static constexpr unsigned int LengthBits = 11;
  static constexpr unsigned int DistanceBits = 9;

  bool
  Stored()
  {
    if (m_Bits.Overrun())
    {
      return false;
    }
    const auto * const from = m_Bits.AlignToByte();
    const auto left = static_cast<std::size_t>(m_Bits.End() - from);
    if (left < 4)
    {
      return false;
    }
    const ByteView head(from, 4);
    const auto length = LoadNumber<std::uint16_t>(head, 0, false);
    const auto inverse = LoadNumber<std::uint16_t>(head, 2, false);
    if ((length ^ inverse) != 0xFFFF || left - 4 < length ||
        static_cast<std::size_t>(m_End - m_Out) < length)
    {
      return false;
    }
    m_Out = std::copy_n(from + 4, length, m_Out);
    m_Bits.Skip(std::size_t{4} + length);
    return true;
  }

  bool
  Fixed()
  {
    std::array<std::uint8_t, 288> lengths{};
    std::fill(lengths.begin(), lengths.begin() + 144, std::uint8_t{8});
    std::fill(lengths.begin() + 144, lengths.begin() + 256, std::uint8_t{9});
    std::fill(lengths.begin() + 256, lengths.begin() + 280, std::uint8_t{7});
    std::fill(lengths.begin() + 280, lengths.end(), std::uint8_t{8});
    std::array<std::uint8_t, 32> distances{};
    distances.fill(5);
    return m_Lengths.Build(lengths, MeaningOfLength) &&
           m_Distances.Build(distances, MeaningOfDistance) && Symbols();
  }

  bool
  Dynamic()
  {
    static constexpr std::uint8_t order[] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const auto lengthCount = m_Bits.Take(5) + 257;
    const auto distanceCount = m_Bits.Take(5) + 1;
    const auto codeCount = m_Bits.Take(4) + 4;
    std::array<std::uint8_t, 19> codeLengths{};
    for (std::uint32_t i = 0; i < codeCount; ++i)
    {
      m_Bits.Refill();
      codeLengths[order[i]] = static_cast<std::uint8_t>(m_Bits.Take(3));
    }
    DecodeTable<7> table;
    if (lengthCount > 286 || !table.Build(codeLengths, MeaningOfCodeLength))
    {
      return false;
    }
    std::array<std::uint8_t, 286 + 32> lengths{};
    const std::size_t total = lengthCount + distanceCount;
    for (std::size_t at = 0; at < total;)
    {
      m_Bits.Refill();
      const auto entry = table.Data()[m_Bits.Peek() & 127U];
      if (entry.kind != TableEntry::Literal || m_Bits.Overrun())
      {
        return false;
      }
      m_Bits.Drop(entry.bits);
      if (entry.value < 16)
      {
        lengths[at++] = static_cast<std::uint8_t>(entry.value);
        continue;
      }
      if (entry.value == 16 && at == 0)
      {
        return false;
      }
      const std::uint8_t repeated = entry.value == 16 ? lengths[at - 1] : std::uint8_t{0};
      const auto count = entry.value == 16   ? 3 + m_Bits.Take(2)
                         : entry.value == 17 ? 3 + m_Bits.Take(3)
                                             : 11 + m_Bits.Take(7);
      if (count > total - at)
      {
        return false;
      }
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(at), count, repeated);
      at += count;
    }
    const std::span<const std::uint8_t> all(lengths);
    return all[256] != 0 && m_Lengths.Build(all.first(lengthCount), MeaningOfLength) &&
           m_Distances.Build(all.subspan(lengthCount, distanceCount), MeaningOfDistance) &&
           Symbols();
  }

  template <unsigned int VBits>
  TableEntry
  Next(const TableEntry * table)
  {
    auto entry = table[m_Bits.Peek() & ((1U << VBits) - 1U)];
    m_Bits.Drop(entry.bits);
    if (entry.kind == TableEntry::Subtable)
    {
      entry = table[entry.value + (m_Bits.Peek() & ((1U << (LongestCode - VBits)) - 1U))];
      m_Bits.Drop(entry.bits);
    }
    return entry;
  }

  /** Symbols up to the end of the block. A refill covers three codes, or one length with its
   * distance; what follows literals is refilled before its extra bits and distance are taken. */
  bool
  Symbols()
  {
    const auto * const lengths = m_Lengths.Data();
    while (true)
    {
      m_Bits.Refill();
      auto entry = Next<LengthBits>(lengths);
      if (entry.kind == TableEntry::Literal)
      {
        if (m_End - m_Out < 3)
        {
          if (m_Out == m_End)
          {
            return false;
          }
          *m_Out++ = std::byte{static_cast<std::uint8_t>(entry.value)};
          continue;
        }
        *m_Out++ = std::byte{static_cast<std::uint8_t>(entry.value)};
        entry = Next<LengthBits>(lengths);
        if (entry.kind == TableEntry::Literal)
        {
          *m_Out++ = std::byte{static_cast<std::uint8_t>(entry.value)};
          entry = Next<LengthBits>(lengths);
          if (entry.kind == TableEntry::Literal)
          {
            *m_Out++ = std::byte{static_cast<std::uint8_t>(entry.value)};
            continue;
          }
        }
        if (entry.kind == TableEntry::Base)
        {
          m_Bits.Refill();
        }
      }
      if (entry.kind == TableEntry::End)
      {
        return true;
      }
      if (entry.kind != TableEntry::Base || m_Bits.Overrun() || !CopyMatch(entry))
      {
        return false;
      }
    }
  }

  bool
  CopyMatch(const TableEntry & entry)
  {
    const std::size_t length = std::size_t{entry.value} + m_Bits.Take(entry.extra);
    const auto place = Next<DistanceBits>(m_Distances.Data());
    if (place.kind != TableEntry::Base)
    {
      return false;
    }
    const std::size_t distance = std::size_t{place.value} + m_Bits.Take(place.extra);
    const auto room = static_cast<std::size_t>(m_End - m_Out);
    if (distance > Made() || length > room)
    {
      return false;
    }
    const auto * from = m_Out - distance;
    if (distance >= 8 && room >= LongestMatch + 8)
    {
      auto * to = m_Out;
      for (std::size_t done = 0; done < length; done += 8, to += 8, from += 8)
      {
        std::memcpy(to, from, 8);
      }
    }
    else
    {
      for (std::size_t i = 0; i < length; ++i)
      {
        m_Out[i] = from[i];
      }
    }
    m_Out += length;
    return true;
  }

  BitReader m_Bits;
  std::byte * m_Begin;
  std::byte * m_Out;
  std::byte * m_End;
  DecodeTable<LengthBits> m_Lengths;
  DecodeTable<DistanceBits> m_Distances;
};

/** Length of a gzip member's header, 0 if it is damaged. */
std::size_t
GzipHeaderLength(ByteView bytes)
{
  if (bytes.size() < 18 || !IsGzip(bytes))
  {
    return 0;
  }
  const auto flags = static_cast<unsigned int>(bytes[3]);
  std::size_t at = 10;
  if ((flags & 0xE0U) != 0)
  {
    return 0;
  }
  if ((flags & 4U) != 0)
  {
    at += std::size_t{2} + LoadNumber<std::uint16_t>(bytes, at, false);
  }
  for (const unsigned int text : {8U, 16U})
  {
    if ((flags & text) != 0)
    {
      while (at < bytes.size() && bytes[at] != std::byte{0})
      {
        ++at;
      }
      ++at;
    }
  }
  at += (flags & 2U) != 0 ? 2 : 0;
  return at + 8 <= bytes.size() ? at : 0;
}

/** By several threads; checksums of pieces are combined. */
std::uint32_t
ChecksumOf(ByteView bytes)
{
  constexpr std::size_t piece = std::size_t{1} << 20;
  const auto count = (bytes.size() + piece - 1) / piece;
  std::vector<uLong> sums(count);
  ParallelFor(count,
              [&](std::size_t begin, std::size_t end)
              {
                for (std::size_t i = begin; i < end; ++i)
                {
                  const auto part =
                      bytes.subspan(i * piece, std::min(piece, bytes.size() - i * piece));
                  sums[i] = crc32(0,
                                  reinterpret_cast<const Bytef *>(part.data()),
                                  static_cast<uInt>(part.size()));
                }
              });
  uLong sum = 0;
  for (std::size_t i = 0; i < count; ++i)
  {
    const auto length = std::min(piece, bytes.size() - i * piece);
    sum = crc32_combine(sum, sums[i], static_cast<z_off_t>(length));
  }
  return static_cast<std::uint32_t>(sum);
}

} // namespace

bool
InflateWholeGzip(ByteView packed, std::span<std::byte> target)
{
  while (IsGzip(packed))
  {
    const auto head = GzipHeaderLength(packed);
    if (head == 0)
    {
      return false;
    }
    Inflater inflater(packed.subspan(head), target);
    if (!inflater.Run())
    {
      return false;
    }
    const auto * const rest = inflater.Rest();
    const auto used = static_cast<std::size_t>(rest - packed.data());
    if (packed.size() - used < 8)
    {
      return false;
    }
    const auto made = target.first(inflater.Made());
    if (LoadNumber<std::uint32_t>(packed, used, false) != ChecksumOf(made) ||
        LoadNumber<std::uint32_t>(packed, used + 4, false) !=
            static_cast<std::uint32_t>(made.size()))
    {
      return false;
    }
    packed = packed.subspan(used + 8);
    target = target.subspan(made.size());
  }
  return target.empty() && packed.empty();
}

} // namespace sulcus
