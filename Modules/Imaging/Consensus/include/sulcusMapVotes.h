#pragma once

#include "sulcusVoteTable.h"

#include <numeric>
#include <variant>

namespace sulcus
{

/** The votes of all annotators on one grid, whatever type their maps are stored in: what a fusion
 * rule works on. */
class MapVotes
{
public:
  template <typename TValue>
  explicit MapVotes(VoteTable<TValue> table) : m_Table(std::move(table))
  {
  }

  const VotePatterns &
  Patterns() const
  {
    return std::visit([](const auto & table) -> const VotePatterns & { return table.Patterns(); },
                      m_Table);
  }

  /** Sets output[voxel] = valueOfPattern[pattern of the voxel]. */
  template <typename TOutput, typename TTable>
  void
  Paint(const TTable & valueOfPattern, TOutput * output) const
  {
    std::visit([&](const auto & table) { table.Paint(valueOfPattern, output); }, m_Table);
  }

  /** The number of every voxel's pattern. */
  std::vector<std::uint32_t>
  PatternOfVoxels() const
  {
    std::vector<std::uint32_t> itself(Patterns().Size());
    std::iota(itself.begin(), itself.end(), 0U);
    std::vector<std::uint32_t> numbers(
        std::visit([](const auto & table) { return table.VoxelCount(); }, m_Table));
    Paint(itself, numbers.data());
    return numbers;
  }

private:
  std::variant<VoteTable<std::uint8_t>, VoteTable<std::uint16_t>> m_Table;
};

} // namespace sulcus
