#pragma once

#include "sulcusConsensusCut.h"
#include "sulcusRaterTrust.h"

namespace sulcus::detail
{

/** Adds the weighted votes of every voxel, observed and imputed, annotators in canonical order.
 * Counts every annotator's votes in `trust` and marks imputed voxels in `band`. */
VoteField
GatherVotes(const AnnotationBlock & block,
            std::span<const std::uint32_t> order,
            const ConsensusOptions & options,
            Band & band,
            RaterTrust & trust);

} // namespace sulcus::detail
