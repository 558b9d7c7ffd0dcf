#pragma once

#include "sulcusAxisTaps.h"

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace sulcus
{

/** Adds up weights by label. Sums that differ by less than 1e-6 are a tie, which the lowest label
 * wins: the result does not depend on the order in which rounding happened. */
template <typename TLabel>
class LabelVote
{
public:
  void
  Clear()
  {
    m_Count = 0;
  }

  void
  Add(TLabel label, double weight)
  {
    for (std::size_t i = 0; i < m_Count; ++i)
    {
      if (m_Entries[i].first == label)
      {
        m_Entries[i].second += weight;
        return;
      }
    }
    if (m_Count == m_Entries.size())
    {
      m_Entries.emplace_back();
    }
    m_Entries[m_Count++] = {label, weight};
  }

  /** Undefined without a vote. */
  TLabel
  Winner() const
  {
    constexpr double tie = 1e-6;
    double most = m_Entries[0].second;
    for (std::size_t i = 1; i < m_Count; ++i)
    {
      most = std::max(most, m_Entries[i].second);
    }
    bool found = false;
    TLabel winner{};
    for (std::size_t i = 0; i < m_Count; ++i)
    {
      if (m_Entries[i].second > most - tie && (!found || m_Entries[i].first < winner))
      {
        winner = m_Entries[i].first;
        found = true;
      }
    }
    return winner;
  }

private:
  std::vector<std::pair<TLabel, double>> m_Entries = std::vector<std::pair<TLabel, double>>(8);
  std::size_t m_Count = 0;
};

/** An input row (offset of its first voxel) and its weight. */
using WeightedOffset = std::pair<std::size_t, double>;

/** The input rows behind output row (y, z); weights of zero are left out. */
std::vector<WeightedOffset>
TapLines(const AxisTaps & yTaps,
         std::size_t y,
         const AxisTaps & zTaps,
         std::size_t z,
         std::size_t inputHeight,
         std::size_t inputWidth);

/** Decides output voxels [begin, end) of a row. */
template <typename TLabel>
void
VoteAlongRow(const AxisTaps & taps,
             std::size_t begin,
             std::size_t end,
             const std::vector<WeightedOffset> & lines,
             const TLabel * source,
             LabelVote<TLabel> & vote,
             TLabel * row)
{
  for (std::size_t x = begin; x < end; ++x)
  {
    const std::size_t first = taps.first[x];
    const float * weights = taps.weights.data() + x * taps.count;
    const TLabel candidate = source[lines.front().first + first];
    bool unanimous = true;
    for (const auto & [offset, weight] : lines)
    {
      for (std::size_t t = 0; t < taps.count; ++t)
      {
        unanimous = unanimous && source[offset + first + t] == candidate;
      }
    }
    if (unanimous)
    {
      row[x] = candidate;
      continue;
    }
    vote.Clear();
    for (const auto & [offset, weight] : lines)
    {
      for (std::size_t t = 0; t < taps.count; ++t)
      {
        vote.Add(source[offset + first + t], weight * static_cast<double>(weights[t]));
      }
    }
    row[x] = vote.Winner();
  }
}

/** The voxels around an arbitrary position with their linear weights, or the nearest one alone. */
class VoxelNeighbours
{
public:
  VoxelNeighbours(std::array<std::size_t, 3> size, bool nearestOnly);

  /** Within half a voxel of the outermost voxel centres. */
  bool
  IsInside(const double position[3]) const;

  /** Offsets into the volume; positions outside are moved to the edge. */
  struct List
  {
    std::array<WeightedOffset, 8> entries;
    std::size_t count = 0;
    const WeightedOffset *
    begin() const
    {
      return entries.data();
    }
    const WeightedOffset *
    end() const
    {
      return entries.data() + count;
    }
  };
  List
  At(const double position[3]) const;

private:
  std::array<std::size_t, 3> m_Size;
  bool m_NearestOnly;
};

} // namespace sulcus
