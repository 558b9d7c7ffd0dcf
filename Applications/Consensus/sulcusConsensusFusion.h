#pragma once

#include "sulcusConsensusRun.h"
#include <sulcusAnnotatorForest.h>
#include <sulcusGraphCutConsensusImageFilter.h>

#include <functional>

namespace sulcus
{

using ConsensusFilter = GraphCutConsensusImageFilter<LabelImage, FloatImage>;

/** Runs the graph cut on a case. Annotators with a forest who have no map in the case take part
 * after those who have one. \param progress is told the share that is done. */
ConsensusFilter::Pointer
FuseCase(const ConsensusCase & source,
         const LoadedCase & loaded,
         const AnnotatorForests & forests,
         const ConsensusOptions & options,
         const std::function<void(double)> & progress);

/** Names of those whom FuseCase adds to a case, in the order in which it does. */
std::vector<std::string>
AbsentAnnotators(const ConsensusCase & source, const AnnotatorForests & forests);

/** Annotators who drew in some cases with an image and not in others. */
std::set<std::string>
AnnotatorsWithAbsences(const ConsensusCohort & cohort);

/** Learns how these annotators draw from the cases they saw. \param progress is told the number of
 * cases done. */
AnnotatorForests
LearnAnnotators(const ConsensusCohort & cohort,
                const std::set<std::string> & annotators,
                const ConsensusProgramOptions & options,
                const std::function<void(double)> & progress);

/** Whether the case has an annotator who is one of these. */
bool
HasAnnotatorOf(const ConsensusCase & source, const std::set<std::string> & annotators);

} // namespace sulcus
