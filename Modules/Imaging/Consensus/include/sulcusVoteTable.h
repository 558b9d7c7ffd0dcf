#pragma once

#include "sulcusVotePatterns.h"
#include <sulcusError.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <mutex>

namespace sulcus
{

/** Label maps of several raters on one grid, read voxel by voxel as numbers of distinct vote
 * patterns.
 *
 * Nothing is stored for a voxel: patterns are counted in one pass over the maps and recognised
 * again in the next, in blocks; a block on which every rater is constant costs one look-up. TValue
 * is std::uint8_t or std::uint16_t. */
template <typename TValue>
class VoteTable
{
public:
  static constexpr std::size_t BlockSize = 64;
  static constexpr std::size_t ValueCount = std::size_t(1) << (8 * sizeof(TValue));

  /** A rater's map and, where some voxels were not annotated, a mask that is not 0 where they were.
   */
  struct Rater
  {
    const TValue * values = nullptr;
    const std::uint8_t * observed = nullptr;
  };

  /** \param indexOfValue label index of every value a map may hold, `MissingVote` for the value
   * that means "not annotated"; values of at least labelCount are missing too. Counts the patterns.
   * \throws UsageError for no raters. */
  VoteTable(std::vector<Rater> raters,
            std::size_t voxelCount,
            std::vector<std::uint16_t> indexOfValue,
            unsigned labelCount)
      : m_Raters(std::move(raters)), m_VoxelCount(voxelCount), m_Index(std::move(indexOfValue)),
        m_LabelCount(labelCount)
  {
    if (m_Raters.empty() || m_Index.size() != ValueCount || labelCount == 0)
    {
      throw UsageError(
          Message("fusion of ", m_Raters.size(), " annotators with ", labelCount, " labels"));
    }
    for (auto & index : m_Index)
    {
      index = index < labelCount ? index : VotePatterns::MissingVote;
    }
    m_Patterns.raterCount = m_Raters.size();
    m_Patterns.labelCount = labelCount;
    ChooseCode();
    if (m_Direct)
    {
      CountDirectly();
    }
    else
    {
      CountByHash();
    }
  }

  const VotePatterns &
  Patterns() const
  {
    return m_Patterns;
  }
  std::size_t
  VoxelCount() const
  {
    return m_VoxelCount;
  }

  /** Calls body(first voxel, pattern numbers, count) for blocks that cover all voxels, on all
   * threads. Where all voxels of a block have one pattern, `uniform` is true and only the first
   * number is set. */
  template <typename TBody>
  void
  ForEachBlock(const TBody & body) const
  {
    ParallelFor(
        m_VoxelCount,
        [&](std::size_t begin, std::size_t end)
        {
          Scratch scratch(*this);
          for (std::size_t first = begin; first < end; first += BlockSize)
          {
            const std::size_t count = std::min(BlockSize, end - first);
            const bool uniform = IsUniform(first, count);
            Encode(first, uniform ? 1 : count, scratch);
            for (std::size_t i = 0; i < (uniform ? 1 : count); ++i)
            {
              scratch.numbers[i] = m_Direct ? m_NumberOfCode[scratch.codes[i]] : Find(scratch, i);
            }
            body(first, scratch.numbers.data(), count, uniform);
          }
        },
        1 << 14);
  }

  /** Sets output[voxel] = valueOfPattern[pattern of the voxel]. */
  template <typename TOutput, typename TTable>
  void
  Paint(const TTable & valueOfPattern, TOutput * output) const
  {
    ForEachBlock(
        [&](std::size_t first, const std::uint32_t * numbers, std::size_t count, bool uniform)
        {
          if (uniform)
          {
            std::fill_n(output + first, count, static_cast<TOutput>(valueOfPattern[numbers[0]]));
            return;
          }
          for (std::size_t i = 0; i < count; ++i)
          {
            output[first + i] = static_cast<TOutput>(valueOfPattern[numbers[i]]);
          }
        });
  }

private:
  struct Scratch
  {
    explicit Scratch(const VoteTable & table)
        : votes(table.m_Direct ? 0 : BlockSize * table.m_Raters.size())
    {
    }
    std::array<std::uint32_t, BlockSize> codes{};
    std::array<std::uint32_t, BlockSize> numbers{};
    std::vector<std::uint16_t> votes; ///< of each voxel of the block, when hashed
  };

  static std::uint64_t
  Hash(const std::uint16_t * votes, std::size_t count)
  {
    std::uint64_t hash = 0x9e3779b97f4a7c15ULL;
    for (std::size_t r = 0; r < count; ++r)
    {
      hash = (hash ^ votes[r]) * 0xff51afd7ed558ccdULL;
      hash ^= hash >> 32;
    }
    return hash;
  }

  /** Open addressing over rows of votes. */
  struct HashTable
  {
    explicit HashTable(std::size_t raters) : raterCount(raters), slots(1 << 12, Empty)
    {
    }

    static constexpr std::uint32_t Empty = 0xffffffffU;

    /** Place of the row, or of the gap where it belongs. */
    std::size_t
    Slot(const std::uint16_t * row) const
    {
      std::size_t slot = Hash(row, raterCount) & (slots.size() - 1);
      while (slots[slot] != Empty &&
             std::memcmp(rows.data() + slots[slot] * raterCount, row, raterCount * sizeof(*row)) !=
                 0)
      {
        slot = (slot + 1) & (slots.size() - 1);
      }
      return slot;
    }

    void
    Add(const std::uint16_t * row, std::uint64_t count)
    {
      auto slot = Slot(row);
      if (slots[slot] == Empty)
      {
        slots[slot] = static_cast<std::uint32_t>(counts.size());
        rows.insert(rows.end(), row, row + raterCount);
        counts.push_back(0);
        if (2 * counts.size() > slots.size())
        {
          Rebuild(2 * slots.size());
          slot = Slot(row);
        }
      }
      counts[slots[slot]] += count;
    }

    void
    Rebuild(std::size_t size)
    {
      slots.assign(size, Empty);
      for (std::uint32_t i = 0; i < rows.size() / raterCount; ++i)
      {
        slots[Slot(rows.data() + i * raterCount)] = i;
      }
    }

    std::size_t raterCount;
    std::vector<std::uint32_t> slots;
    std::vector<std::uint16_t> rows;
    std::vector<std::uint64_t> counts;
  };

  /** Patterns are numbered directly while all possible ones fit a small table. */
  void
  ChooseCode()
  {
    m_Missing =
        std::any_of(m_Raters.begin(),
                    m_Raters.end(),
                    [](const auto & r) { return r.observed != nullptr; }) ||
        std::find(m_Index.begin(), m_Index.end(), VotePatterns::MissingVote) != m_Index.end();
    std::uint64_t size = 1;
    const unsigned base = m_LabelCount + (m_Missing ? 1 : 0);
    m_Stride.clear();
    for (std::size_t r = 0; r < m_Raters.size() && size <= MostCodes; ++r)
    {
      m_Stride.push_back(static_cast<std::uint32_t>(size));
      size *= base;
    }
    m_Direct = size <= MostCodes;
    m_CodeCount = m_Direct ? static_cast<std::size_t>(size) : 0;
    m_Code.resize(ValueCount);
    for (std::size_t value = 0; value < ValueCount; ++value)
    {
      m_Code[value] = m_Index[value] == VotePatterns::MissingVote ? std::uint16_t(m_LabelCount)
                                                                  : m_Index[value];
    }
    const auto last =
        std::find_if(m_Index.begin(), m_Index.end(), [](auto index) { return index != 0; });
    m_IsBinary = !m_Missing && m_LabelCount == 2 && last != m_Index.end() &&
                 std::count(m_Index.begin(), m_Index.end(), std::uint16_t(1)) == 1;
    m_One = static_cast<TValue>(last - m_Index.begin());
  }

  bool
  IsUniform(std::size_t first, std::size_t count) const
  {
    for (const auto & rater : m_Raters)
    {
      if (!IsConstant(rater.values + first, count) ||
          (rater.observed && !IsConstant(rater.observed + first, count)))
      {
        return false;
      }
    }
    return true;
  }

  template <typename TElement>
  static bool
  IsConstant(const TElement * values, std::size_t count)
  {
    unsigned differs = 0;
    if (count == BlockSize)
    {
      for (std::size_t i = 0; i < BlockSize; ++i)
      {
        differs |= static_cast<unsigned>(values[i] ^ values[0]);
      }
    }
    else
    {
      for (std::size_t i = 0; i < count; ++i)
      {
        differs |= static_cast<unsigned>(values[i] ^ values[0]);
      }
    }
    return differs == 0;
  }

  void
  Encode(std::size_t first, std::size_t count, Scratch & scratch) const
  {
    if (m_Direct)
    {
      EncodeDirectly(first, count, scratch.codes.data());
      return;
    }
    const std::size_t raters = m_Raters.size();
    for (std::size_t r = 0; r < raters; ++r)
    {
      const auto & rater = m_Raters[r];
      for (std::size_t i = 0; i < count; ++i)
      {
        const bool seen = !rater.observed || rater.observed[first + i] != 0;
        scratch.votes[i * raters + r] =
            seen ? m_Index[rater.values[first + i]] : VotePatterns::MissingVote;
      }
    }
  }

  void
  EncodeDirectly(std::size_t first, std::size_t count, std::uint32_t * codes) const
  {
    std::fill_n(codes, count, 0U);
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      const auto * values = m_Raters[r].values + first;
      const auto * observed = m_Raters[r].observed;
      const std::uint32_t stride = m_Stride[r];
      if (m_IsBinary)
      {
        for (std::size_t i = 0; i < count; ++i)
        {
          codes[i] += values[i] == m_One ? stride : 0U;
        }
        continue;
      }
      for (std::size_t i = 0; i < count; ++i)
      {
        const bool seen = !observed || observed[first + i] != 0;
        codes[i] += stride * (seen ? m_Code[values[i]] : m_LabelCount);
      }
    }
  }

  void
  CountDirectly()
  {
    std::vector<std::uint64_t> counts(m_CodeCount, 0);
    std::mutex merging;
    ParallelFor(
        m_VoxelCount,
        [&](std::size_t begin, std::size_t end)
        {
          Scratch scratch(*this);
          std::vector<std::uint64_t> own(m_CodeCount, 0);
          for (std::size_t first = begin; first < end; first += BlockSize)
          {
            const std::size_t count = std::min(BlockSize, end - first);
            const bool uniform = IsUniform(first, count);
            EncodeDirectly(first, uniform ? 1 : count, scratch.codes.data());
            if (uniform)
            {
              own[scratch.codes[0]] += count;
              continue;
            }
            for (std::size_t i = 0; i < count; ++i)
            {
              ++own[scratch.codes[i]];
            }
          }
          const std::scoped_lock lock(merging); // whole numbers: any order gives the same sums
          std::transform(counts.begin(), counts.end(), own.begin(), counts.begin(), std::plus<>());
        },
        1 << 16);
    std::vector<std::uint32_t> codes;
    for (std::uint32_t code = 0; code < m_CodeCount; ++code)
    {
      if (counts[code] == 0)
      {
        continue;
      }
      codes.push_back(code);
      m_Patterns.counts.push_back(counts[code]);
      std::uint32_t rest = code;
      const unsigned base = m_LabelCount + (m_Missing ? 1 : 0);
      for (std::size_t r = 0; r < m_Raters.size(); ++r, rest /= base)
      {
        const unsigned digit = rest % base;
        m_Patterns.votes.push_back(digit == m_LabelCount ? VotePatterns::MissingVote
                                                         : std::uint16_t(digit));
      }
    }
    const auto place = MakeCanonical(m_Patterns);
    m_NumberOfCode.assign(m_CodeCount, 0);
    for (std::size_t i = 0; i < codes.size(); ++i)
    {
      m_NumberOfCode[codes[i]] = place[i];
    }
  }

  void
  CountByHash()
  {
    HashTable all(m_Raters.size());
    std::mutex merging;
    ParallelFor(
        m_VoxelCount,
        [&](std::size_t begin, std::size_t end)
        {
          Scratch scratch(*this);
          HashTable own(m_Raters.size());
          for (std::size_t first = begin; first < end; first += BlockSize)
          {
            const std::size_t count = std::min(BlockSize, end - first);
            const bool uniform = IsUniform(first, count);
            Encode(first, uniform ? 1 : count, scratch);
            for (std::size_t i = 0; i < (uniform ? 1 : count); ++i)
            {
              own.Add(scratch.votes.data() + i * m_Raters.size(), uniform ? count : 1);
            }
          }
          const std::scoped_lock lock(merging);
          for (std::size_t i = 0; i < own.counts.size(); ++i)
          {
            all.Add(own.rows.data() + i * m_Raters.size(), own.counts[i]);
          }
        },
        1 << 16);
    m_Patterns.votes = all.rows;
    m_Patterns.counts = all.counts;
    const auto place = MakeCanonical(m_Patterns);
    m_PlaceOfSlot = std::move(all.slots);
    for (auto & slot : m_PlaceOfSlot)
    {
      slot = slot == HashTable::Empty ? HashTable::Empty : place[slot];
    }
  }

  std::uint32_t
  Find(const Scratch & scratch, std::size_t i) const
  {
    const auto * row = scratch.votes.data() + i * m_Raters.size();
    std::size_t slot = Hash(row, m_Raters.size()) & (m_PlaceOfSlot.size() - 1);
    while (std::memcmp(m_Patterns.votes.data() + m_PlaceOfSlot[slot] * m_Raters.size(),
                       row,
                       m_Raters.size() * sizeof(*row)) != 0)
    {
      slot = (slot + 1) & (m_PlaceOfSlot.size() - 1);
    }
    return m_PlaceOfSlot[slot];
  }

  static constexpr std::size_t MostCodes = 1 << 14;

  std::vector<Rater> m_Raters;
  std::size_t m_VoxelCount;
  std::vector<std::uint16_t> m_Index; ///< label index of a value, or MissingVote
  std::vector<std::uint16_t> m_Code;  ///< the same with labelCount for missing
  unsigned m_LabelCount;
  bool m_Missing = false;
  bool m_Direct = false;
  bool m_IsBinary = false; ///< one value is label 1, all others label 0
  TValue m_One = 0;
  std::size_t m_CodeCount = 0;
  std::vector<std::uint32_t> m_Stride;
  std::vector<std::uint32_t> m_NumberOfCode;
  std::vector<std::uint32_t> m_PlaceOfSlot;
  VotePatterns m_Patterns;
};

} // namespace sulcus
