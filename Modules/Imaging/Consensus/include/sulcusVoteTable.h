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
 * The maps are read once. A number is kept for every block of voxels that share a pattern and for
 * every voxel of the other blocks: 4 bytes a voxel at most, far less where raters agree. TValue is
 * std::uint8_t or std::uint16_t. */
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
      : m_VoxelCount(voxelCount)
  {
    const Encoder encoder(std::move(raters), voxelCount, std::move(indexOfValue), labelCount);
    m_Patterns.raterCount = encoder.RaterCount();
    m_Patterns.labelCount = labelCount;
    switch (encoder.ChosenWay())
    {
    case Encoder::Way::Numbers:
      CountNumbers(encoder);
      break;
    case Encoder::Way::Bits:
      CountBits(encoder);
      break;
    case Encoder::Way::Rows:
      CountRows(encoder);
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

  /** Sets output[voxel] = valueOfPattern[pattern of the voxel], on all threads. */
  template <typename TOutput, typename TTable>
  void
  Paint(const TTable & valueOfPattern, TOutput * output) const
  {
    for (const auto & piece : m_Pieces)
    {
      ParallelFor(
          piece.start.size() - 1,
          [&](std::size_t begin, std::size_t end)
          {
            for (std::size_t block = begin; block < end; ++block)
            {
              PaintBlock(piece, block, valueOfPattern, output);
            }
          },
          (1 << 14) / BlockSize);
    }
  }

private:
  using Block = typename Encoder::Block;

  /** A run of voxels, block after block. */
  struct Piece
  {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::vector<std::uint32_t> numbers;    ///< one for a uniform block, one a voxel otherwise
    std::vector<std::size_t> start{0};     ///< of each block in `numbers`, and the end
    std::vector<std::uint32_t> ofTheTable; ///< pattern of each number

    void
    Append(const std::uint32_t * values, std::size_t count)
    {
      numbers.insert(numbers.end(), values, values + count);
      start.push_back(numbers.size());
    }
  };

  template <typename TOutput, typename TTable>
  static void
  PaintBlock(const Piece & piece,
             std::size_t block,
             const TTable & valueOfPattern,
             TOutput * output)
  {
    const std::size_t first = piece.begin + block * BlockSize;
    const std::size_t count = std::min(BlockSize, piece.end - first);
    const std::uint32_t * numbers = piece.numbers.data() + piece.start[block];
    const auto value = [&](std::size_t i)
    { return static_cast<TOutput>(valueOfPattern[piece.ofTheTable[numbers[i]]]); };
    if (piece.start[block + 1] - piece.start[block] == 1)
    {
      std::fill_n(output + first, count, value(0));
      return;
    }
    for (std::size_t i = 0; i < count; ++i)
    {
      output[first + i] = value(i);
    }
  }

  /** Calls body(piece) for parts of the voxels, on all threads, and keeps the pieces. */
  template <typename TBody>
  void
  ForPieces(const TBody & body)
  {
    std::mutex keeping;
    ParallelFor(
        m_VoxelCount,
        [&](std::size_t begin, std::size_t end)
        {
          Piece piece;
          piece.begin = begin;
          piece.end = end;
          piece.numbers.reserve(end - begin); // address space: pages that stay unused cost nothing
          body(piece, keeping);
          const std::scoped_lock lock(keeping);
          m_Pieces.push_back(std::move(piece));
        },
        1 << 16);
  }

  void
  CountNumbers(const Encoder & encoder)
  {
    std::vector<std::uint64_t> counts(encoder.NumberCount(), 0);
    ForPieces(
        [&](Piece & piece, std::mutex & merging)
        {
          std::vector<std::uint64_t> own(counts.size(), 0);
          encoder.ForBlocks(piece.begin,
                            piece.end,
                            [&](std::size_t, std::size_t count, const Block & block, bool uniform)
                            {
                              const std::size_t encoded = uniform ? 1 : count;
                              own[block.numbers[0]] += uniform ? count : 1;
                              for (std::size_t i = 1; i < encoded; ++i)
                              {
                                ++own[block.numbers[i]];
                              }
                              piece.Append(block.numbers.data(), encoded);
                            });
          const std::scoped_lock lock(merging); // whole numbers: any order gives the same sums
          std::transform(counts.begin(), counts.end(), own.begin(), counts.begin(), std::plus<>());
        });
    std::vector<std::uint32_t> found;
    for (std::uint32_t number = 0; number < counts.size(); ++number)
    {
      if (counts[number] > 0)
      {
        found.push_back(number);
        m_Patterns.counts.push_back(counts[number]);
        encoder.AppendVotesOfNumber(number, m_Patterns.votes);
      }
    }
    const auto place = MakeCanonical(m_Patterns);
    std::vector<std::uint32_t> ofNumber(counts.size(), 0);
    for (std::size_t i = 0; i < found.size(); ++i)
    {
      ofNumber[found[i]] = place[i];
    }
    for (auto & piece : m_Pieces)
    {
      piece.ofTheTable = ofNumber;
    }
  }

  void
  CountBits(const Encoder & encoder)
  {
    PatternTable<std::uint64_t> table(1);
    FillTable(
        encoder, table, [](const Block & block, std::size_t i) { return block.bits.data() + i; });
    const std::size_t raters = m_Patterns.raterCount;
    m_Patterns.votes.resize(table.Size() * raters);
    ParallelFor(
        table.Size(),
        [&](std::size_t begin, std::size_t end)
        {
          for (std::size_t i = begin; i < end; ++i)
          {
            encoder.WriteVotesOfBits(*table.Row(i), m_Patterns.votes.data() + i * raters);
          }
        },
        1 << 12);
    m_Patterns.counts = table.Counts();
    PlacePatterns();
  }

  void
  CountRows(const Encoder & encoder)
  {
    PatternTable<std::uint16_t> table(encoder.RaterCount());
    FillTable(encoder,
              table,
              [&](const Block & block, std::size_t i)
              { return block.rows.data() + i * encoder.RaterCount(); });
    m_Patterns.votes.assign(table.Row(0), table.Row(table.Size()));
    m_Patterns.counts = table.Counts();
    PlacePatterns();
  }

  /** Counts rows of votes or words of bits; rowOf(block, i) points to that of voxel i. */
  template <typename TTable, typename TRowOf>
  void
  FillTable(const Encoder & encoder, TTable & all, const TRowOf & rowOf)
  {
    const TTable empty = all;
    ForPieces(
        [&](Piece & piece, std::mutex & merging)
        {
          TTable own = empty;
          std::array<std::uint32_t, BlockSize> numbers{};
          encoder.ForBlocks(piece.begin,
                            piece.end,
                            [&](std::size_t, std::size_t count, const Block & block, bool uniform)
                            {
                              const std::size_t encoded = uniform ? 1 : count;
                              AddRuns(
                                  block, encoded, uniform ? count : 1, rowOf, own, numbers.data());
                              piece.Append(numbers.data(), encoded);
                            });
          const std::scoped_lock lock(merging);
          piece.ofTheTable = all.Add(std::move(own));
        });
  }

  /** Adds the rows of a block, `weight` voxels each, and notes their numbers; runs of one row are
   * the rule. */
  template <typename TTable, typename TRowOf>
  static void
  AddRuns(const Block & block,
          std::size_t count,
          std::uint64_t weight,
          const TRowOf & rowOf,
          TTable & table,
          std::uint32_t * numbers)
  {
    for (std::size_t i = 0, end = 0; i < count; i = end)
    {
      end = i + 1;
      while (end < count && table.AreEqual(rowOf(block, i), rowOf(block, end)))
      {
        ++end;
      }
      std::fill(
          numbers + i, numbers + end, table.Add(rowOf(block, i), std::uint64_t(end - i) * weight));
    }
  }

  /** Puts patterns in canonical order and lets the pieces know. */
  void
  PlacePatterns()
  {
    const auto place = MakeCanonical(m_Patterns);
    for (auto & piece : m_Pieces)
    {
      for (auto & number : piece.ofTheTable)
      {
        number = place[number];
      }
    }
  }

  std::size_t m_VoxelCount;
  std::vector<Piece> m_Pieces;
  VotePatterns m_Patterns;
};

} // namespace sulcus
