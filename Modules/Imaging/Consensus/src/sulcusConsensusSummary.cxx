#include "sulcusConsensusSummary.h"

#include <sulcusError.h>

#include <algorithm>
#include <numeric>

namespace sulcus::detail
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;

void
ShareVotes(std::span<const std::uint32_t> order, std::vector<RaterReliability> & raters)
{
  double votes = 0.0;
  for (const auto r : order)
  {
    votes += raters[r].shareOfVotes;
  }
  for (auto & rater : raters)
  {
    rater.shareOfVotes = votes > 0.0 ? rater.shareOfVotes / votes : 1.0 / double(raters.size());
  }
}

/** Observed labels, then the most probable imputed ones where nothing was observed. */
void
AddCompleted(const AnnotationBlock & block,
             std::size_t rater,
             const Completion & completion,
             ConsensusResult & result)
{
  auto labels = block.votes[rater];
  std::vector<std::uint8_t> provenance(labels.size());
  std::transform(labels.begin(),
                 labels.end(),
                 provenance.begin(),
                 [](auto vote) { return vote != Missing ? std::uint8_t(1) : std::uint8_t(0); });
  const auto count = static_cast<std::ptrdiff_t>(block.labelCount);
  for (std::size_t i = 0; i < completion.voxels.size(); ++i)
  {
    const auto row = completion.posteriors.begin() + static_cast<std::ptrdiff_t>(i) * count;
    labels[completion.voxels[i]] =
        static_cast<std::uint16_t>(std::max_element(row, row + count) - row);
    provenance[completion.voxels[i]] = 2;
  }
  result.completed.push_back(std::move(labels));
  result.provenance.push_back(std::move(provenance));
}

std::size_t
CountFlag(const std::vector<std::uint8_t> & flags, ConsensusFlag flag)
{
  return static_cast<std::size_t>(
      std::count_if(flags.begin(), flags.end(), [flag](auto f) { return (f & flag) != 0; }));
}

void
AddNotes(const AnnotationBlock & block, ConsensusResult & result)
{
  if (block.votes.size() == 1)
  {
    result.notes.push_back("single annotator: the consensus is that annotation, smoothed only "
                           "where nothing is clamped");
  }
  for (std::size_t a = 0; a < block.votes.size(); ++a)
  {
    for (std::size_t b = a + 1; b < block.votes.size(); ++b)
    {
      if (result.raters[a].observedFraction > 0.0 && block.votes[a] == block.votes[b])
      {
        result.notes.push_back(
            Message("annotators ", a + 1, " and ", b + 1, " drew identical maps; both count"));
      }
    }
  }
  const auto ties = CountFlag(result.flags, FlagTie);
  if (ties > 0 && ties * 2 > result.bandVoxels)
  {
    result.notes.push_back(Message(
        "votes are tied at ", ties, " of ", result.bandVoxels, " voxels that are not unanimous"));
  }
  if (const auto alone = CountFlag(result.flags, FlagUnsupported); alone > 0)
  {
    result.notes.push_back(Message(alone, " voxels were seen by nobody; their neighbours decided"));
  }
}

} // namespace

void
MeasureEvidence(const VoteField & field,
                const std::vector<RaterReliability> & raters,
                const ConsensusOptions & options,
                ConsensusResult & result)
{
  const double half = options.evidence * field.meanWeight;
  const auto share = [&](double total) { return total > 0.0 ? total / (total + half) : 0.0; };
  double everybody = 0.0;
  for (const auto & rater : raters)
  {
    everybody += rater.observedFraction > 0.0 ? rater.meanWeight : 0.0;
  }
  const double most = share(everybody);
  result.evidence.resize(field.place.size(), 0.0F);
  for (std::size_t p = 0; p < result.evidence.size() && most > 0.0; ++p)
  {
    double total = 0.0;
    if (field.place[p] == VoteField::Clamped)
    {
      total = field.clampedTotal[p];
    }
    else
    {
      const double * sums = field.sums.data() + std::size_t(field.place[p]) * field.labelCount;
      total = std::accumulate(sums, sums + field.labelCount, 0.0);
    }
    result.evidence[p] = float(std::min(1.0, share(total) / most));
  }
}

void
DescribeVoxels(const VoteField & field, Band & band, ConsensusResult & result)
{
  const unsigned labels = field.labelCount;
  const std::size_t voxels = field.place.size();
  result.confidence.assign(voxels, 0.0F);
  result.voteShares.assign(voxels * labels, 0.0F);
  for (std::size_t p = 0; p < voxels; ++p)
  {
    if (field.place[p] == VoteField::Clamped)
    {
      result.confidence[p] = 1.0F;
      result.voteShares[p * labels + field.clampedLabel[p]] = 1.0F;
      continue;
    }
    const double * sums = field.sums.data() + std::size_t(field.place[p]) * labels;
    double first = 0.0;
    double second = 0.0;
    double total = 0.0;
    for (unsigned l = 0; l < labels; ++l)
    {
      total += sums[l];
      second = std::max(second, std::min(first, sums[l]));
      first = std::max(first, sums[l]);
    }
    for (unsigned l = 0; l < labels; ++l)
    {
      result.voteShares[p * labels + l] = float(total > 0.0 ? sums[l] / total : 1.0 / labels);
    }
    result.confidence[p] = float(total > 0.0 ? (first - second) / total : 0.0);
    const bool tied = total > 0.0 && labels > 1 && first - second <= 1e-9 * total;
    band.flags[p] = static_cast<std::uint8_t>(band.flags[p] | (tied ? FlagTie : 0));
  }
  result.flags = band.flags;
}

void
DescribeRaters(const AnnotationBlock & block,
               std::span<const std::uint32_t> order,
               RaterTrust & trust,
               ConsensusResult & result)
{
  ShareVotes(order, trust.raters);
  result.raters = trust.raters;
  for (std::size_t r = 0; r < trust.raters.size(); ++r)
  {
    AddCompleted(block, r, trust.completions[r], result);
  }
  result.notes = trust.notes;
  AddNotes(block, result);
}

} // namespace sulcus::detail
