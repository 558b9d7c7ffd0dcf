#pragma once

#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <vector>

namespace sulcus
{

/** Counts how often each row of `width` numbers occurs: open addressing, rows numbered in the order
 * of their first appearance. TElement is std::uint16_t (a vote) or std::uint64_t (votes as bits).
 */
template <typename TElement>
class PatternTable
{
public:
  explicit PatternTable(std::size_t width) : m_Width(width), m_Slots(1 << 12, Empty)
  {
  }

  /** Returns the number of the row. */
  std::uint32_t
  Add(const TElement * row, std::uint64_t count)
  {
    auto slot = Slot(row);
    if (m_Slots[slot] == Empty)
    {
      m_Slots[slot] = static_cast<std::uint32_t>(m_Counts.size());
      m_Rows.insert(m_Rows.end(), row, row + m_Width);
      m_Counts.push_back(0);
      if (2 * m_Counts.size() > m_Slots.size())
      {
        Grow();
        slot = Slot(row);
      }
    }
    m_Counts[m_Slots[slot]] += count;
    return m_Slots[slot];
  }

  /** Adds all rows of another table. Returns the number here of each of them. */
  std::vector<std::uint32_t>
  Add(PatternTable && other)
  {
    std::vector<std::uint32_t> numbers(other.Size());
    if (Size() == 0)
    {
      *this = std::move(other);
      std::iota(numbers.begin(), numbers.end(), 0U);
      return numbers;
    }
    for (std::size_t i = 0; i < numbers.size(); ++i)
    {
      numbers[i] = Add(other.Row(i), other.m_Counts[i]);
    }
    return numbers;
  }

  bool
  AreEqual(const TElement * a, const TElement * b) const
  {
    return *a == *b && (m_Width == 1 || std::memcmp(a, b, m_Width * sizeof(*a)) == 0);
  }

  std::size_t
  Size() const
  {
    return m_Counts.size();
  }
  const TElement *
  Row(std::size_t index) const
  {
    return m_Rows.data() + index * m_Width;
  }
  const std::vector<std::uint64_t> &
  Counts() const
  {
    return m_Counts;
  }

private:
  static constexpr std::uint32_t Empty = 0xffffffffU;

  std::uint64_t
  Hash(const TElement * row) const
  {
    std::uint64_t hash = 0x9e3779b97f4a7c15ULL;
    for (std::size_t i = 0; i < m_Width; ++i)
    {
      hash = (hash ^ row[i]) * 0xff51afd7ed558ccdULL;
      hash ^= hash >> 32;
    }
    return hash;
  }

  /** Place of the row, or of the gap where it belongs. */
  std::size_t
  Slot(const TElement * row) const
  {
    std::size_t slot = Hash(row) & (m_Slots.size() - 1);
    while (m_Slots[slot] != Empty && !AreEqual(Row(m_Slots[slot]), row))
    {
      slot = (slot + 1) & (m_Slots.size() - 1);
    }
    return slot;
  }

  void
  Grow()
  {
    m_Slots.assign(2 * m_Slots.size(), Empty);
    for (std::uint32_t i = 0; i < m_Counts.size(); ++i)
    {
      m_Slots[Slot(Row(i))] = i;
    }
  }

  std::size_t m_Width;
  std::vector<std::uint32_t> m_Slots;
  std::vector<TElement> m_Rows;
  std::vector<std::uint64_t> m_Counts;
};

} // namespace sulcus
