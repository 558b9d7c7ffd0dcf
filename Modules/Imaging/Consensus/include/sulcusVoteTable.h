#pragma once

#include "sulcusPatternTable.h"
#include "sulcusVoteEncoder.h"
#include <sulcusThreads.h>

#include <mutex>

namespace sulcus
{

/** Label maps of several raters on one grid, read voxel by voxel as numbers of distinct vote
 * patterns.
 *
 * Nothing is stored for a voxel: patterns are counted in one pass over the maps and recognised
 * again in the next. TValue is std::uint8_t or std::uint16_t. */
template <typename TValue>
class VoteTable
{
public:
  using Encoder = VoteEncoder<TValue>;
  using Rater = typename Encoder::Rater;
  static constexpr std::size_t BlockSize = Encoder::BlockSize;
  static constexpr std::size_t ValueCount = Encoder::ValueCount;

  /** \param indexOfValue label index of every value a map may hold, `MissingVote` for the value
   * that means "not annotated"; values of at least labelCount are missing too. Counts the patterns.
   * \throws UsageError for no raters. */
  VoteTable(std::vector<Rater> raters,
            std::size_t voxelCount,
            std::vector<std::uint16_t> indexOfValue,
            unsigned labelCount)
      : m_Encoder(std::move(raters), voxelCount, std::move(indexOfValue), labelCount),
        m_VoxelCount(voxelCount), m_Bits(1), m_Rows(m_Encoder.RaterCount())
  {
    m_Patterns.raterCount = m_Encoder.RaterCount();
    m_Patterns.labelCount = labelCount;
    switch (m_Encoder.ChosenWay())
    {
    case Encoder::Way::Numbers:
      CountNumbers();
      break;
    case Encoder::Way::Bits:
      CountRows(m_Bits, [](const Block & block, std::size_t i) { return &block.bits[i]; });
      m_Patterns.votes.resize(m_Bits.Size() * m_Encoder.RaterCount());
      ParallelFor(
          m_Bits.Size(),
          [this](std::size_t begin, std::size_t end)
          {
            for (std::size_t i = begin; i < end; ++i)
            {
              m_Encoder.WriteVotesOfBits(*m_Bits.Row(i),
                                         m_Patterns.votes.data() + i * m_Encoder.RaterCount());
            }
          },
          1 << 12);
      m_Patterns.counts = m_Bits.Counts();
      m_Place = MakeCanonical(m_Patterns);
      break;
    case Encoder::Way::Rows:
      CountRows(m_Rows,
                [this](const Block & block, std::size_t i)
                { return block.rows.data() + i * m_Encoder.RaterCount(); });
      m_Patterns.votes.assign(m_Rows.Row(0), m_Rows.Row(m_Rows.Size()));
      m_Patterns.counts = m_Rows.Counts();
      m_Place = MakeCanonical(m_Patterns);
      break;
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

  /** Calls body(first voxel, pattern numbers, count, uniform) for blocks that cover all voxels, on
   * all threads. Where all voxels of a block have one pattern, `uniform` is true and only the first
   * number is set. */
  template <typename TBody>
  void
  ForEachBlock(const TBody & body) const
  {
    ParallelFor(
        m_VoxelCount,
        [&](std::size_t begin, std::size_t end)
        {
          std::array<std::uint32_t, BlockSize> numbers{};
          m_Encoder.ForBlocks(
              begin,
              end,
              [&](std::size_t first, std::size_t count, const Block & block, bool uniform)
              {
                Recognise(block, uniform ? 1 : count, numbers.data());
                body(first, numbers.data(), count, uniform);
              });
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
  using Block = typename Encoder::Block;

  /** Pattern numbers of the first voxels of a block. */
  void
  Recognise(const Block & block, std::size_t count, std::uint32_t * numbers) const
  {
    const auto way = m_Encoder.ChosenWay();
    for (std::size_t i = 0; i < count; ++i)
    {
      numbers[i] = way == Encoder::Way::Numbers ? m_Place[block.numbers[i]]
                   : way == Encoder::Way::Bits
                       ? RecogniseRepeated(block, i, numbers)
                       : m_Place[m_Rows.Find(block.rows.data() + i * m_Encoder.RaterCount())];
    }
  }

  /** Neighbours often have one pattern: the look-up is saved. */
  std::uint32_t
  RecogniseRepeated(const Block & block, std::size_t i, const std::uint32_t * numbers) const
  {
    return i > 0 && block.bits[i] == block.bits[i - 1] ? numbers[i - 1]
                                                       : m_Place[m_Bits.Find(&block.bits[i])];
  }

  void
  CountNumbers()
  {
    std::vector<std::uint64_t> counts(m_Encoder.NumberCount(), 0);
    std::mutex merging;
    ParallelFor(
        m_VoxelCount,
        [&](std::size_t begin, std::size_t end)
        {
          std::vector<std::uint64_t> own(counts.size(), 0);
          m_Encoder.ForBlocks(begin,
                              end,
                              [&](std::size_t, std::size_t count, const Block & block, bool uniform)
                              {
                                own[block.numbers[0]] += uniform ? count : 1;
                                for (std::size_t i = 1; i < (uniform ? 1 : count); ++i)
                                {
                                  ++own[block.numbers[i]];
                                }
                              });
          const std::scoped_lock lock(merging); // whole numbers: any order gives the same sums
          std::transform(counts.begin(), counts.end(), own.begin(), counts.begin(), std::plus<>());
        },
        1 << 16);
    std::vector<std::uint32_t> found;
    for (std::uint32_t number = 0; number < counts.size(); ++number)
    {
      if (counts[number] > 0)
      {
        found.push_back(number);
        m_Patterns.counts.push_back(counts[number]);
        m_Encoder.AppendVotesOfNumber(number, m_Patterns.votes);
      }
    }
    const auto place = MakeCanonical(m_Patterns);
    m_Place.assign(counts.size(), 0);
    for (std::size_t i = 0; i < found.size(); ++i)
    {
      m_Place[found[i]] = place[i];
    }
  }

  /** Counts rows of votes or words of bits; rowOf(block, i) points to that of voxel i. */
  template <typename TTable, typename TRowOf>
  void
  CountRows(TTable & all, const TRowOf & rowOf)
  {
    std::mutex merging;
    const TTable empty = all;
    ParallelFor(
        m_VoxelCount,
        [&](std::size_t begin, std::size_t end)
        {
          TTable own = empty;
          m_Encoder.ForBlocks(
              begin,
              end,
              [&](std::size_t, std::size_t count, const Block & block, bool uniform)
              { AddRuns(block, uniform ? 1 : count, uniform ? count : 1, rowOf, own); });
          const std::scoped_lock lock(merging);
          all.Add(own);
        },
        1 << 16);
  }

  /** Adds the rows of a block, `weight` voxels each; runs of one row are the rule. */
  template <typename TTable, typename TRowOf>
  static void
  AddRuns(const Block & block,
          std::size_t count,
          std::uint64_t weight,
          const TRowOf & rowOf,
          TTable & table)
  {
    for (std::size_t i = 0, end = 0; i < count; i = end)
    {
      end = i + 1;
      while (end < count && table.AreEqual(rowOf(block, i), rowOf(block, end)))
      {
        ++end;
      }
      table.Add(rowOf(block, i), (end - i) * weight);
    }
  }

  Encoder m_Encoder;
  std::size_t m_VoxelCount;
  PatternTable<std::uint64_t> m_Bits;
  PatternTable<std::uint16_t> m_Rows;
  std::vector<std::uint32_t> m_Place; ///< pattern of a number, or of a row in order of appearance
  VotePatterns m_Patterns;
};

} // namespace sulcus
