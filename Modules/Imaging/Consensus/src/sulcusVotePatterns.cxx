#include "sulcusVotePatterns.h"

#include <sulcusThreads.h>

#include <algorithm>
#include <bit>
#include <mutex>
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

/** Label index, or the number after the last label for a missing vote. */
std::uint32_t
CodeOf(const VotePatterns & patterns, std::uint16_t vote)
{
  return vote == VotePatterns::MissingVote ? patterns.labelCount : vote;
}

/** A number for each rater made of what they drew against what all drew together; independent of
 * the listing. Notes whether any vote is missing. */
std::vector<std::uint64_t>
RaterSignatures(VotePatterns & patterns)
{
  std::vector<std::uint64_t> ofVote(patterns.labelCount + 1U);
  for (std::size_t vote = 0; vote < ofVote.size(); ++vote)
  {
    ofVote[vote] = Mix(vote + 77U);
  }
  const auto mixed = [&](std::uint16_t vote) { return ofVote[CodeOf(patterns, vote)]; };
  std::vector<std::uint64_t> signatures(patterns.raterCount, 0);
  bool anyMissing = false;
  std::mutex merging;
  ParallelFor(
      patterns.Size(),
      [&](std::size_t begin, std::size_t end)
      {
        std::vector<std::uint64_t> own(patterns.raterCount, 0);
        bool missing = false;
        for (std::size_t i = begin; i < end; ++i)
        {
          const auto pattern = patterns.Pattern(i);
          std::uint64_t all = 0;
          for (const auto vote : pattern)
          {
            all += mixed(vote);
            missing = missing || vote == VotePatterns::MissingVote;
          }
          const std::uint64_t weight = patterns.counts[i] * (Mix(all) | 1U);
          for (std::size_t r = 0; r < pattern.size(); ++r)
          {
            own[r] += weight * mixed(pattern[r]);
          }
        }
        const std::scoped_lock lock(merging); // sums of whole numbers: any order will do
        anyMissing = anyMissing || missing;
        std::transform(
            signatures.begin(), signatures.end(), own.begin(), signatures.begin(), std::plus<>());
      },
      1 << 12);
  patterns.anyMissing = anyMissing;
  return signatures;
}

/** The first raters' votes of a pattern as one number that sorts as the votes do. */
std::vector<std::pair<std::uint64_t, std::uint32_t>>
SortingKeys(const VotePatterns & patterns)
{
  const unsigned largest = patterns.anyMissing ? patterns.labelCount : patterns.labelCount - 1;
  const auto width = static_cast<unsigned>(std::max(1, int(std::bit_width(largest))));
  const std::size_t fits = std::min<std::size_t>(patterns.raterCount, 64U / width);
  std::vector<std::pair<std::uint64_t, std::uint32_t>> keys(patterns.Size());
  ParallelFor(
      patterns.Size(),
      [&](std::size_t begin, std::size_t end)
      {
        for (std::size_t i = begin; i < end; ++i)
        {
          const auto pattern = patterns.Pattern(i);
          std::uint64_t key = 0;
          for (std::size_t r = 0; r < fits; ++r)
          {
            key = (key << width) | CodeOf(patterns, pattern[patterns.canonicalOrder[r]]);
          }
          keys[i] = {key, static_cast<std::uint32_t>(i)};
        }
      },
      1 << 12);
  return keys;
}

/** Sorts pieces on all threads, then merges pairs of them. `less` is a strict total order, so there
 * is one result. */
template <typename TItem, typename TLess>
void
SortOnAllThreads(std::vector<TItem> & items, const TLess & less)
{
  constexpr std::size_t pieces = 8;
  const auto border = [&](std::size_t piece)
  { return items.begin() + static_cast<std::ptrdiff_t>(piece * items.size() / pieces); };
  ParallelForEach(pieces, [&](std::size_t k) { std::sort(border(k), border(k + 1), less); });
  for (std::size_t width = 1; width < pieces; width *= 2)
  {
    ParallelForEach(pieces / (2 * width),
                    [&](std::size_t k)
                    {
                      const std::size_t first = 2 * width * k;
                      std::inplace_merge(
                          border(first), border(first + width), border(first + 2 * width), less);
                    });
  }
}

/** Whether pattern a comes before pattern b, raters in canonical order. */
bool
ComesBefore(const VotePatterns & patterns, std::size_t a, std::size_t b)
{
  const auto first = patterns.Pattern(a);
  const auto second = patterns.Pattern(b);
  for (const auto r : patterns.canonicalOrder)
  {
    if (first[r] != second[r])
    {
      return first[r] < second[r];
    }
  }
  return false;
}

} // namespace

std::vector<std::uint32_t>
MakeCanonical(VotePatterns & patterns)
{
  const auto signatures = RaterSignatures(patterns);
  auto & order = patterns.canonicalOrder;
  order.resize(patterns.raterCount);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(
      order.begin(), order.end(), [&](auto a, auto b) { return signatures[a] < signatures[b]; });
  auto keys = SortingKeys(patterns);
  SortOnAllThreads(keys,
                   [&](const auto & a, const auto & b) {
                     return a.first != b.first ? a.first < b.first
                                               : ComesBefore(patterns, a.second, b.second);
                   });
  std::vector<std::uint32_t> place(patterns.Size());
  VotePatterns moved;
  moved.raterCount = patterns.raterCount;
  moved.labelCount = patterns.labelCount;
  moved.anyMissing = patterns.anyMissing;
  moved.canonicalOrder = patterns.canonicalOrder;
  moved.votes.resize(patterns.votes.size());
  moved.counts.resize(patterns.counts.size());
  ParallelFor(
      keys.size(),
      [&](std::size_t begin, std::size_t end)
      {
        for (std::size_t to = begin; to < end; ++to)
        {
          const std::size_t from = keys[to].second;
          place[from] = static_cast<std::uint32_t>(to);
          moved.counts[to] = patterns.counts[from];
          const auto row = patterns.Pattern(from);
          std::copy(row.begin(),
                    row.end(),
                    moved.votes.begin() + static_cast<std::ptrdiff_t>(to * patterns.raterCount));
        }
      },
      1 << 12);
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
