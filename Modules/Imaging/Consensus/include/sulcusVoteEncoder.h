#pragma once

#include "sulcusVotePatterns.h"
#include <sulcusError.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace sulcus
{

/** Turns the votes of a few voxels into something that can be counted, in the cheapest of three
 * ways: a small number where all possible patterns fit a table, one bit a rater where there are two
 * labels and nothing is missing, the row of votes otherwise.
 *
 * Voxels are read in blocks; a block on which every rater is constant is encoded once. */
template <typename TValue>
class VoteEncoder
{
public:
  static constexpr std::size_t BlockSize = 64;
  static constexpr std::size_t ValueCount = std::size_t(1) << (8 * sizeof(TValue));

  enum class Way
  {
    Numbers,
    Bits,
    Rows
  };

  /** A rater's map and, where some voxels were not annotated, a mask that is not 0 where they were.
   */
  struct Rater
  {
    const TValue * values = nullptr;
    const std::uint8_t * observed = nullptr;
  };

  /** What a block becomes; which member is filled depends on the way. */
  struct Block
  {
    std::array<std::uint32_t, BlockSize> numbers{};
    std::array<std::uint64_t, BlockSize> bits{};
    std::vector<std::uint16_t> rows;
  };

  /** \throws UsageError for no raters, no labels or a table of another size than ValueCount. */
  VoteEncoder(std::vector<Rater> raters,
              std::size_t voxelCount,
              std::vector<std::uint16_t> indexOfValue,
              unsigned labelCount)
      : m_Raters(std::move(raters)), m_Index(std::move(indexOfValue)), m_LabelCount(labelCount)
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
    ChooseWay(voxelCount);
  }

  Way
  ChosenWay() const
  {
    return m_Way;
  }
  std::size_t
  RaterCount() const
  {
    return m_Raters.size();
  }
  /** Numbers are below this. */
  std::size_t
  NumberCount() const
  {
    return m_NumberCount;
  }

  /** Calls body(first voxel, voxels, encoded, uniform) for all blocks of [begin, end). Of a uniform
   * block only the first voxel is encoded. */
  template <typename TBody>
  void
  ForBlocks(std::size_t begin, std::size_t end, const TBody & body) const
  {
    Block block;
    block.rows.resize(m_Way == Way::Rows ? BlockSize * m_Raters.size() : 0);
    std::array<bool, TileBlocks> uniform{};
    for (std::size_t tile = begin; tile < end; tile += TileBlocks * BlockSize)
    {
      const std::size_t tileEnd = std::min(end, tile + TileBlocks * BlockSize);
      FindUniform(tile, tileEnd, uniform);
      for (std::size_t first = tile; first < tileEnd; first += BlockSize)
      {
        const std::size_t count = std::min(BlockSize, tileEnd - first);
        const bool alike = uniform[(first - tile) / BlockSize];
        Encode(first, alike ? 1 : count, block);
        body(first, count, static_cast<const Block &>(block), alike);
      }
    }
  }

  /** Votes of a number, one a rater. */
  void
  AppendVotesOfNumber(std::uint32_t number, std::vector<std::uint16_t> & votes) const
  {
    const unsigned base = m_LabelCount + (m_Missing ? 1 : 0);
    for (std::size_t r = 0; r < m_Raters.size(); ++r, number /= base)
    {
      const unsigned digit = number % base;
      votes.push_back(digit == m_LabelCount ? VotePatterns::MissingVote : std::uint16_t(digit));
    }
  }

  /** Votes of a word of bits, one a rater. */
  void
  WriteVotesOfBits(std::uint64_t bits, std::uint16_t * votes) const
  {
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      votes[r] = static_cast<std::uint16_t>((bits >> r) & 1U);
    }
  }

private:
  /** Blocks looked at together, one rater after the other: long runs of one map at a time. */
  static constexpr std::size_t TileBlocks = 16;
  static constexpr std::uint64_t FewestNumbers = 1 << 12;
  static constexpr std::uint64_t MostNumbers = 1 << 17;

  void
  ChooseWay(std::size_t voxelCount)
  {
    m_Missing =
        std::any_of(m_Raters.begin(),
                    m_Raters.end(),
                    [](const auto & r) { return r.observed != nullptr; }) ||
        std::find(m_Index.begin(), m_Index.end(), VotePatterns::MissingVote) != m_Index.end();
    const std::uint64_t most = std::clamp<std::uint64_t>(voxelCount, FewestNumbers, MostNumbers);
    const unsigned base = m_LabelCount + (m_Missing ? 1 : 0);
    std::uint64_t size = 1;
    for (std::size_t r = 0; r < m_Raters.size() && size <= most; ++r)
    {
      m_Stride.push_back(static_cast<std::uint32_t>(size));
      size *= base;
    }
    const auto ones = std::count(m_Index.begin(), m_Index.end(), std::uint16_t(1));
    m_IsBinary = !m_Missing && m_LabelCount == 2 && ones == 1;
    m_One = static_cast<TValue>(std::find(m_Index.begin(), m_Index.end(), std::uint16_t(1)) -
                                m_Index.begin());
    m_Way = size <= most                          ? Way::Numbers
            : m_IsBinary && m_Raters.size() <= 64 ? Way::Bits
                                                  : Way::Rows;
    m_NumberCount = m_Way == Way::Numbers ? static_cast<std::size_t>(size) : 0;
    m_Code = m_Index;
    std::replace(m_Code.begin(),
                 m_Code.end(),
                 VotePatterns::MissingVote,
                 static_cast<std::uint16_t>(m_LabelCount));
  }

  void
  FindUniform(std::size_t tile, std::size_t tileEnd, std::array<bool, TileBlocks> & uniform) const
  {
    uniform.fill(true);
    for (const auto & rater : m_Raters)
    {
      for (std::size_t first = tile; first < tileEnd; first += BlockSize)
      {
        const std::size_t count = std::min(BlockSize, tileEnd - first);
        auto & alike = uniform[(first - tile) / BlockSize];
        alike = alike && IsConstant(rater.values + first, count) &&
                (!rater.observed || IsConstant(rater.observed + first, count));
      }
    }
  }

  template <typename TElement>
  static bool
  IsConstant(const TElement * values, std::size_t count)
  {
    unsigned differs = 0;
    if (count == BlockSize) // a fixed length is what compilers turn into vector instructions
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
  Encode(std::size_t first, std::size_t count, Block & block) const
  {
    switch (m_Way)
    {
    case Way::Numbers:
      EncodeNumbers(first, count, block.numbers.data());
      break;
    case Way::Bits:
      EncodeBits(first, count, block.bits);
      break;
    case Way::Rows:
      EncodeRows(first, count, block.rows.data());
      break;
    }
  }

  void
  EncodeNumbers(std::size_t first, std::size_t count, std::uint32_t * numbers) const
  {
    std::fill_n(numbers, count, 0U);
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      const auto * values = m_Raters[r].values + first;
      const auto * observed = m_Raters[r].observed;
      const std::uint32_t stride = m_Stride[r];
      if (m_IsBinary)
      {
        for (std::size_t i = 0; i < count; ++i)
        {
          numbers[i] += values[i] == m_One ? stride : 0U;
        }
        continue;
      }
      for (std::size_t i = 0; i < count; ++i)
      {
        const bool seen = !observed || observed[first + i] != 0;
        numbers[i] += stride * (seen ? m_Code[values[i]] : m_LabelCount);
      }
    }
  }

  /** Bit i of the result: values[i] == m_One. */
  std::uint64_t
  OnesOf(const TValue * values, std::size_t count) const
  {
    std::uint64_t bits = 0;
    std::size_t i = 0;
    if constexpr (sizeof(TValue) == 1 && std::endian::native == std::endian::little)
    {
      constexpr std::uint64_t low = 0x7f7f7f7f7f7f7f7fULL;
      for (; i + 8 <= count; i += 8)
      {
        std::uint64_t eight = 0;
        std::memcpy(&eight, values + i, sizeof(eight));
        eight ^= 0x0101010101010101ULL * static_cast<std::uint8_t>(m_One);
        const std::uint64_t equal = ~(((eight & low) + low) | eight | low); // 0x80 in equal bytes
        bits |= ((equal >> 7) * 0x0102040810204080ULL >> 56) << i;
      }
    }
    for (; i < count; ++i)
    {
      bits |= std::uint64_t(values[i] == m_One) << i;
    }
    return bits;
  }

  /** Bits of the raters at one voxel. */
  std::uint64_t
  BitsAt(std::size_t voxel) const
  {
    std::uint64_t bits = 0;
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      bits |= std::uint64_t(m_Raters[r].values[voxel] == m_One) << r;
    }
    return bits;
  }

  /** Not 0 at the voxels of a whole block where any map differs from the first one. */
  std::array<TValue, BlockSize>
  DifferencesAt(std::size_t first) const
  {
    // words of their own, so that compilers see that nothing overlaps
    std::array<std::uint64_t, BlockSize * sizeof(TValue) / 8> one{};
    auto other = one;
    auto differs = one;
    std::memcpy(one.data(), m_Raters[0].values + first, sizeof(one));
    for (std::size_t r = 1; r < m_Raters.size(); ++r)
    {
      std::memcpy(other.data(), m_Raters[r].values + first, sizeof(other));
      for (std::size_t w = 0; w < differs.size(); ++w)
      {
        differs[w] |= one[w] ^ other[w];
      }
    }
    std::array<TValue, BlockSize> result{};
    std::memcpy(result.data(), differs.data(), sizeof(result));
    return result;
  }

  /** Bits of the raters for each voxel. Where few voxels are contested, only those are looked at
   * rater by rater. */
  void
  EncodeBits(std::size_t first,
             std::size_t count,
             std::array<std::uint64_t, BlockSize> & bits) const
  {
    constexpr std::size_t few = 12;
    const auto differs =
        count == BlockSize ? DifferencesAt(first) : std::array<TValue, BlockSize>{};
    const auto contested =
        BlockSize - std::size_t(std::count(differs.begin(), differs.end(), TValue(0)));
    if (contested > few)
    {
      TransposeBits(first, count, bits);
      return;
    }
    const std::uint64_t all = ~std::uint64_t(0) >> (64 - m_Raters.size());
    for (std::size_t i = 0; i < count; ++i)
    {
      bits[i] = count < BlockSize || differs[i] != 0     ? BitsAt(first + i)
                : m_Raters[0].values[first + i] == m_One ? all
                                                         : std::uint64_t(0);
    }
  }

  /** Bits of the voxels for each rater, transposed to bits of the raters for each voxel. */
  void
  TransposeBits(std::size_t first,
                std::size_t count,
                std::array<std::uint64_t, BlockSize> & bits) const
  {
    bits.fill(0);
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      bits[r] = OnesOf(m_Raters[r].values + first, count);
    }
    std::uint64_t mask = 0x00000000ffffffffULL;
    for (std::size_t half = 32; half > 0; half /= 2, mask ^= mask << half)
    {
      for (std::size_t k = 0; k < BlockSize; k = ((k | half) + 1) & ~half)
      {
        const std::uint64_t swapped = ((bits[k] >> half) ^ bits[k | half]) & mask;
        bits[k] ^= swapped << half;
        bits[k | half] ^= swapped;
      }
    }
  }

  void
  EncodeRows(std::size_t first, std::size_t count, std::uint16_t * rows) const
  {
    const std::size_t raters = m_Raters.size();
    for (std::size_t r = 0; r < raters; ++r)
    {
      const auto & rater = m_Raters[r];
      for (std::size_t i = 0; i < count; ++i)
      {
        const bool seen = !rater.observed || rater.observed[first + i] != 0;
        rows[i * raters + r] = seen ? m_Index[rater.values[first + i]] : VotePatterns::MissingVote;
      }
    }
  }

  std::vector<Rater> m_Raters;
  std::vector<std::uint16_t> m_Index; ///< label index of a value, or MissingVote
  std::vector<std::uint16_t> m_Code;  ///< the same with labelCount for missing
  unsigned m_LabelCount;
  bool m_Missing = false;
  bool m_IsBinary = false; ///< one value is label 1, all others label 0
  TValue m_One = 0;
  Way m_Way = Way::Rows;
  std::size_t m_NumberCount = 0;
  std::vector<std::uint32_t> m_Stride;
};

} // namespace sulcus
