#include "sulcusGraphCutConsensus.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus
{
namespace
{

/** Majority of all raters but one; MissingVote where nobody else voted or the vote is tied: a tie
 * is no majority, and calling it background would hold every annotator's foreground against them.
 */
std::uint16_t
MajorityOfOthers(std::span<const std::uint16_t> pattern,
                 std::size_t left,
                 std::vector<unsigned> & counts)
{
  std::fill(counts.begin(), counts.end(), 0U);
  for (std::size_t r = 0; r < pattern.size(); ++r)
  {
    if (r != left && pattern[r] != VotePatterns::MissingVote)
    {
      ++counts[pattern[r]];
    }
  }
  const auto best = std::max_element(counts.begin(), counts.end());
  const bool decided = *best > 0 && std::count(counts.begin(), counts.end(), *best) == 1;
  return decided ? static_cast<std::uint16_t>(best - counts.begin()) : VotePatterns::MissingVote;
}

} // namespace

double
SelfConsistencyFromAccuracy(double balancedAccuracy, unsigned labelsUsed)
{
  const double chance = 1.0 / labelsUsed;
  return std::clamp((balancedAccuracy - chance) / (1.0 - chance), 0.0, 1.0);
}

std::vector<double>
LeaveOneOutAgreement(const VotePatterns & patterns)
{
  std::vector<double> agreement(patterns.raterCount, 1.0);
  std::vector<unsigned> counts(patterns.labelCount);
  for (std::size_t r = 0; r < patterns.raterCount; ++r)
  {
    std::vector<double> both(patterns.labelCount, 0.0);
    std::vector<double> sizes(patterns.labelCount, 0.0);
    for (std::size_t i = 0; i < patterns.Size(); ++i)
    {
      const auto pattern = patterns.Pattern(i);
      const auto own = pattern[r];
      const auto others = MajorityOfOthers(pattern, r, counts);
      if (own == VotePatterns::MissingVote || others == VotePatterns::MissingVote)
      {
        continue;
      }
      const auto count = double(patterns.counts[i]);
      sizes[own] += count;
      sizes[others] += count;
      both[own] += own == others ? count : 0.0;
    }
    double sum = 0.0;
    double labels = 0.0;
    for (unsigned l = 1; l < patterns.labelCount; ++l)
    {
      sum += sizes[l] > 0.0 ? 2.0 * both[l] / sizes[l] : 0.0;
      labels += sizes[l] > 0.0 ? 1.0 : 0.0;
    }
    agreement[r] = labels > 0.0 ? sum / labels : 1.0;
  }
  return agreement;
}

double
CohenKappa(std::span<const double> confusion, unsigned labelCount)
{
  double total = 0.0;
  double agreed = 0.0;
  std::vector<double> rows(labelCount, 0.0);
  std::vector<double> columns(labelCount, 0.0);
  for (unsigned a = 0; a < labelCount; ++a)
  {
    for (unsigned b = 0; b < labelCount; ++b)
    {
      const double count = confusion[a * labelCount + b];
      total += count;
      rows[a] += count;
      columns[b] += count;
      agreed += a == b ? count : 0.0;
    }
  }
  double chance = 0.0;
  for (unsigned l = 0; l < labelCount; ++l)
  {
    chance += total > 0.0 ? rows[l] / total * (columns[l] / total) : 0.0;
  }
  return total > 0.0 && chance < 1.0 ? (agreed / total - chance) / (1.0 - chance)
                                     : std::numeric_limits<double>::quiet_NaN();
}

} // namespace sulcus
