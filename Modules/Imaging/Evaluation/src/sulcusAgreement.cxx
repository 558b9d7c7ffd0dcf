#include "sulcusAgreement.h"

#include <sulcusError.h>
#include <sulcusImageGrid.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>

namespace sulcus
{
namespace
{

Kappa
BeyondChance(double observed, double expected, std::uint64_t items)
{
  Kappa result{std::numeric_limits<double>::quiet_NaN(), observed, expected, items};
  if (expected < 1.0)
  {
    result.kappa = (observed - expected) / (1.0 - expected);
  }
  return result;
}

Kappa
NoItems()
{
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  return {none, none, none, 0};
}

/** How often each sorted list of votes occurs; the number of distinct lists is small. */
using Patterns = std::map<std::vector<std::uint16_t>, std::uint64_t>;

Patterns
CountPatterns(const std::vector<LabelImage::ConstPointer> & raters, const FleissOptions & options)
{
  const auto voxels = raters.front()->GetLargestPossibleRegion().GetNumberOfPixels();
  Patterns patterns;
  std::mutex mutex;
  ParallelFor(
      voxels,
      [&](std::size_t begin, std::size_t end)
      {
        Patterns own;
        std::vector<std::uint16_t> votes;
        std::vector<std::uint16_t> last;
        std::uint64_t run = 0;
        for (std::size_t i = begin; i < end; ++i)
        {
          votes.clear();
          for (const auto & rater : raters)
          {
            const auto label = rater->GetBufferPointer()[i];
            if (static_cast<int>(label) != options.missingLabel)
            {
              votes.push_back(label);
            }
          }
          std::sort(votes.begin(), votes.end());
          if (run > 0 && votes != last)
          {
            own[last] += run;
            run = 0;
          }
          last = votes;
          ++run;
        }
        if (run > 0)
        {
          own[last] += run;
        }
        const std::lock_guard lock(mutex);
        for (const auto & [pattern, count] : own)
        {
          patterns[pattern] += count;
        }
      },
      4096);
  return patterns;
}

} // namespace

Kappa
CohenKappa(const Confusion & confusion)
{
  const auto total = static_cast<double>(confusion.Total());
  if (total == 0.0)
  {
    return NoItems();
  }
  std::map<Confusion::Label, double> ofReference;
  std::map<Confusion::Label, double> ofPrediction;
  double agreeing = 0.0;
  for (const auto & [pair, count] : confusion.Pairs())
  {
    const auto voxels = static_cast<double>(count);
    ofReference[pair.first] += voxels;
    ofPrediction[pair.second] += voxels;
    agreeing += pair.first == pair.second ? voxels : 0.0;
  }
  double expected = 0.0;
  for (const auto & [label, count] : ofReference)
  {
    const auto found = ofPrediction.find(label);
    expected += found == ofPrediction.end() ? 0.0 : count / total * (found->second / total);
  }
  return BeyondChance(agreeing / total, expected, confusion.Total());
}

FleissAccumulator::FleissAccumulator(std::size_t categories) : m_VotesOfCategory(categories, 0.0)
{
}

void
FleissAccumulator::Add(std::span<const std::uint32_t> votes, std::uint64_t times)
{
  if (votes.size() != m_VotesOfCategory.size())
  {
    throw UsageError(
        Message("votes for ", votes.size(), " categories, expected ", m_VotesOfCategory.size()));
  }
  double raters = 0.0;
  double agreeingPairs = 0.0;
  for (const auto count : votes)
  {
    const auto n = static_cast<double>(count);
    raters += n;
    agreeingPairs += n * (n - 1.0);
  }
  if (raters < 2.0)
  {
    return;
  }
  const auto weight = static_cast<double>(times);
  for (std::size_t c = 0; c < votes.size(); ++c)
  {
    m_VotesOfCategory[c] += weight * static_cast<double>(votes[c]);
  }
  m_AgreementSum += weight * agreeingPairs / (raters * (raters - 1.0));
  m_Items += times;
}

void
FleissAccumulator::Add(const FleissAccumulator & other)
{
  if (other.m_VotesOfCategory.size() != m_VotesOfCategory.size())
  {
    throw UsageError("agreement counts of different categories cannot be added");
  }
  for (std::size_t c = 0; c < m_VotesOfCategory.size(); ++c)
  {
    m_VotesOfCategory[c] += other.m_VotesOfCategory[c];
  }
  m_AgreementSum += other.m_AgreementSum;
  m_Items += other.m_Items;
}

Kappa
FleissAccumulator::Result() const
{
  double votes = 0.0;
  for (const double count : m_VotesOfCategory)
  {
    votes += count;
  }
  if (m_Items == 0)
  {
    return NoItems();
  }
  double expected = 0.0;
  for (const double count : m_VotesOfCategory)
  {
    expected += count / votes * (count / votes);
  }
  return BeyondChance(m_AgreementSum / static_cast<double>(m_Items), expected, m_Items);
}

Kappa
FleissKappa(const std::vector<LabelImage::ConstPointer> & raters, const FleissOptions & options)
{
  if (raters.size() < 2)
  {
    throw UsageError(Message("agreement needs at least two raters, got ", raters.size()));
  }
  for (std::size_t r = 1; r < raters.size(); ++r)
  {
    RequireSameGrid(
        raters[0].GetPointer(), raters[r].GetPointer(), "rater 1", Message("rater ", r + 1));
  }
  const auto patterns = CountPatterns(raters, options);
  std::map<std::uint16_t, std::size_t> category;
  for (const auto & [pattern, count] : patterns)
  {
    for (const auto label : pattern)
    {
      category.emplace(label, category.size());
    }
  }
  FleissAccumulator accumulator(category.size());
  std::vector<std::uint32_t> votes(category.size());
  for (const auto & [pattern, count] : patterns)
  {
    const bool background =
        std::all_of(pattern.begin(), pattern.end(), [](std::uint16_t label) { return label == 0; });
    if (options.foregroundOnly && background)
    {
      continue;
    }
    std::fill(votes.begin(), votes.end(), 0U);
    for (const auto label : pattern)
    {
      ++votes[category.at(label)];
    }
    accumulator.Add(votes, count);
  }
  return accumulator.Result();
}

} // namespace sulcus
