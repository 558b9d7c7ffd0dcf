#pragma once

#include "sulcusConsensusCut.h"
#include "sulcusRaterTrust.h"

namespace sulcus::detail
{

/** Confidence, vote shares and ties of every voxel, from the gathered votes. */
void
DescribeVoxels(const VoteField & field, Band & band, ConsensusResult & result);

/** ConsensusResult::evidence. */
void
MeasureEvidence(const VoteField & field,
                const std::vector<RaterReliability> & raters,
                const ConsensusOptions & options,
                ConsensusResult & result);

/** Shares of votes, completed annotations with their provenance, and notes on what looks odd. */
void
DescribeRaters(const AnnotationBlock & block,
               std::span<const std::uint32_t> order,
               RaterTrust & trust,
               ConsensusResult & result);

} // namespace sulcus::detail
