#pragma once

#include "sulcusGraphCutConsensus.h"
#include "sulcusLabelVoteImageFilter.h"

namespace sulcus
{

template <typename TLabelImage>
std::vector<double>
LabelVoteImageFilter<TLabelImage>::WeightsFor(const VotePatterns & patterns) const
{
  if (m_WeightByAgreement)
  {
    auto weights = LeaveOneOutAgreement(patterns);
    for (auto & weight : weights)
    {
      weight = std::max(weight, ConsensusOptions().minimumWeight);
    }
    return weights;
  }
  if (m_Weights.empty())
  {
    return EqualWeights(patterns);
  }
  if (m_Weights.size() != patterns.raterCount ||
      std::any_of(m_Weights.begin(), m_Weights.end(), [](double w) { return !(w >= 0.0); }))
  {
    throw UsageError(Message("vote: ",
                             m_Weights.size(),
                             " weights for ",
                             patterns.raterCount,
                             " annotators; one each is needed and none may be negative"));
  }
  return m_Weights;
}

template <typename TLabelImage>
void
LabelVoteImageFilter<TLabelImage>::Fuse(const MapVotes & votes)
{
  const auto & patterns = votes.Patterns();
  const auto winners = WinningLabels(VoteSums(patterns, WeightsFor(patterns)), patterns.labelCount);
  votes.Paint(this->ValuesOf(winners), this->GetOutput()->GetBufferPointer());
}

} // namespace sulcus
