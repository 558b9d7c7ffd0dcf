#pragma once

#include "sulcusByteSource.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sulcus
{

/** Bits from the front of a byte range, lowest first; zeros behind its end, which `Overrun` tells.
 */
class BitReader
{
public:
  explicit BitReader(ByteView bytes) : m_Next(bytes.data()), m_End(bytes.data() + bytes.size())
  {
  }

  /** At least 56 bits are there afterwards. */
  void
  Refill()
  {
    if (m_End - m_Next >= 8)
    {
      std::uint64_t word;
      std::memcpy(&word, m_Next, sizeof(word));
      m_Bits |= word << m_Count;
      m_Next += (63U - m_Count) >> 3U;
      m_Count |= 56U;
      return;
    }
    while (m_Count <= 56)
    {
      if (m_Next < m_End)
      {
        m_Bits |= static_cast<std::uint64_t>(*m_Next++) << m_Count;
      }
      else
      {
        ++m_Padding;
      }
      m_Count += 8;
    }
  }

  std::uint64_t
  Peek() const
  {
    return m_Bits;
  }

  void
  Drop(unsigned int count)
  {
    m_Bits >>= count;
    m_Count -= count;
  }

  std::uint32_t
  Take(unsigned int count)
  {
    const auto value = static_cast<std::uint32_t>(m_Bits & ((std::uint64_t{1} << count) - 1U));
    Drop(count);
    return value;
  }

  /** Whether bits that do not exist have been used. */
  bool
  Overrun() const
  {
    return m_Padding * 8 > m_Count;
  }

  /** Gives whole unread bytes back; \returns the position of the next byte. Nothing may have
   * overrun. */
  const std::byte *
  AlignToByte()
  {
    const auto unread = m_Count / 8 - m_Padding;
    m_Next -= unread;
    m_Bits = 0;
    m_Count = 0;
    m_Padding = 0;
    return m_Next;
  }

  void
  Skip(std::size_t count)
  {
    m_Next += count;
  }

  const std::byte *
  End() const
  {
    return m_End;
  }

private:
  const std::byte * m_Next;
  const std::byte * m_End;
  std::uint64_t m_Bits = 0;
  unsigned int m_Count = 0;
  unsigned int m_Padding = 0;
};

} // namespace sulcus
