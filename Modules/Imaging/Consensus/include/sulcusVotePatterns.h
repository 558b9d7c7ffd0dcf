#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

/** The distinct ways in which raters voted, and how many voxels have each. Everything that treats
 * voxels alike needs no more than this.
 *
 * Votes are label indices 0 … labelCount - 1, or `MissingVote` where the rater did not annotate:
 * missing is never background. Patterns are in ascending order with raters in `canonicalOrder`, an
 * order that depends on what they drew and not on how they were listed, so that sums over patterns
 * and raters have the same bits for any listing. */
struct VotePatterns
{
  static constexpr std::uint16_t MissingVote = 0xffff;

  std::size_t raterCount = 0;
  unsigned labelCount = 0;
  std::vector<std::uint16_t> votes;  ///< raterCount a pattern, raters as listed
  std::vector<std::uint64_t> counts; ///< voxels of each pattern
  std::vector<std::uint32_t> canonicalOrder;
  bool anyMissing = false; ///< set with the canonical order

  std::size_t
  Size() const
  {
    return counts.size();
  }
  std::span<const std::uint16_t>
  Pattern(std::size_t index) const
  {
    return {votes.data() + index * raterCount, raterCount};
  }
};

/** Finds the canonical order of raters, then sorts the patterns by it. \returns the new place of
 * each pattern. */
std::vector<std::uint32_t>
MakeCanonical(VotePatterns & patterns);

/** Weighted votes for each label of each pattern, row by row: sum over the raters of weight * [vote
 * = label], added in canonical order. */
std::vector<double>
VoteSums(const VotePatterns & patterns, std::span<const double> weights);

/** The label with the largest sum in every pattern; ties go to the lower label. A pattern without
 * votes gets label 0. */
std::vector<std::uint16_t>
WinningLabels(std::span<const double> sums, unsigned labelCount);

/** Weights of 1. */
std::vector<double>
EqualWeights(const VotePatterns & patterns);

} // namespace sulcus
