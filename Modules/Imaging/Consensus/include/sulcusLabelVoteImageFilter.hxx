#pragma once

#include "sulcusLabelVoteImageFilter.h"

namespace sulcus
{

template <typename TLabelImage>
template <typename TTable>
void
LabelVoteImageFilter<TLabelImage>::Vote(const TTable & table)
{
  const auto & patterns = table.Patterns();
  const auto weights = m_Weights.empty() ? EqualWeights(patterns) : m_Weights;
  if (weights.size() != patterns.raterCount ||
      std::any_of(weights.begin(), weights.end(), [](double w) { return !(w >= 0.0); }))
  {
    throw UsageError(Message("vote: ",
                             weights.size(),
                             " weights for ",
                             patterns.raterCount,
                             " annotators; one each is needed and none may be negative"));
  }
  const auto winners = WinningLabels(VoteSums(patterns, weights), patterns.labelCount);
  table.Paint(this->ValuesOf(winners), this->GetOutput()->GetBufferPointer());
}

} // namespace sulcus
