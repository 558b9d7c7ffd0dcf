#include "sulcusVotePatterns.h"

#include <algorithm>
#include <numeric>

namespace sulcus
{
namespace
{

std::uint64_t
Mix(std::uint64_t value)
{
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

/** A number for each rater made of what they drew against what all drew together; independent of
 * the listing. */
std::vector<std::uint64_t>
RaterSignatures(const VotePatterns & patterns)
{
  std::vector<std::uint64_t> signatures(patterns.raterCount, 0);
  for (std::size_t i = 0; i < patterns.Size(); ++i)
  {
    std::uint64_t all = 0;
    for (const auto vote : patterns.Pattern(i))
    {
      all += Mix(vote + 1U);
    }
    for (std::size_t r = 0; r < patterns.raterCount; ++r)
    {
      signatures[r] += patterns.counts[i] * Mix(all ^ Mix(patterns.Pattern(i)[r] + 77U));
    }
  }
  return signatures;
}

} // namespace

std::vector<std::uint32_t>
MakeCanonical(VotePatterns & patterns)
{
  const std::size_t raters = patterns.raterCount;
  const auto signatures = RaterSignatures(patterns);
  auto & order = patterns.canonicalOrder;
  order.resize(raters);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(
      order.begin(), order.end(), [&](auto a, auto b) { return signatures[a] < signatures[b]; });

  std::vector<std::uint16_t> rows(patterns.votes.size()); // canonical columns
  for (std::size_t i = 0; i < patterns.Size(); ++i)
  {
    for (std::size_t r = 0; r < raters; ++r)
    {
      rows[i * raters + r] = patterns.votes[i * raters + order[r]];
    }
  }
  std::vector<std::uint32_t> sorted(patterns.Size());
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::sort(sorted.begin(),
            sorted.end(),
            [&](auto a, auto b)
            {
              const auto * first = rows.data() + a * raters;
              const auto * second = rows.data() + b * raters;
              return std::lexicographical_compare(first, first + raters, second, second + raters);
            });
  std::vector<std::uint32_t> place(patterns.Size());
  VotePatterns moved = patterns;
  for (std::size_t to = 0; to < sorted.size(); ++to)
  {
    const std::size_t from = sorted[to];
    place[from] = static_cast<std::uint32_t>(to);
    moved.counts[to] = patterns.counts[from];
    std::copy_n(patterns.votes.begin() + static_cast<std::ptrdiff_t>(from * raters),
                raters,
                moved.votes.begin() + static_cast<std::ptrdiff_t>(to * raters));
  }
  patterns = std::move(moved);
  return place;
}

std::vector<double>
VoteSums(const VotePatterns & patterns, std::span<const double> weights)
{
  std::vector<double> sums(patterns.Size() * patterns.labelCount, 0.0);
  for (std::size_t i = 0; i < patterns.Size(); ++i)
  {
    const auto pattern = patterns.Pattern(i);
    for (const auto r : patterns.canonicalOrder)
    {
      if (pattern[r] != VotePatterns::MissingVote)
      {
        sums[i * patterns.labelCount + pattern[r]] += weights[r];
      }
    }
  }
  return sums;
}

std::vector<std::uint16_t>
WinningLabels(std::span<const double> sums, unsigned labelCount)
{
  std::vector<std::uint16_t> winners(sums.size() / labelCount);
  for (std::size_t i = 0; i < winners.size(); ++i)
  {
    const auto row = sums.subspan(i * labelCount, labelCount);
    winners[i] = static_cast<std::uint16_t>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return winners;
}

std::vector<double>
EqualWeights(const VotePatterns & patterns)
{
  return std::vector<double>(patterns.raterCount, 1.0);
}

} // namespace sulcus
