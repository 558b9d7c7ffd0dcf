#pragma once

#include "sulcusStudyData.h"
#include <sulcusStudyManifest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sulcus
{

/** Fills expectedSeconds and expectedMemoryInBytes of every stage.
 *
 * A stage that this study has done before counts with what it took then, scaled by its number of
 * steps. Otherwise a cost a voxel (and, for training, a step and voxel of the patch) is taken, as
 * measured on two cores with AVX-512 (Documentation/Results/study.md); other numbers of threads
 * scale it. Expect a factor of two either way on other machines.
 * \param folder  of the study; the patch comes from `cache/plan.json` where that exists */
void
EstimateStages(std::vector<Stage> & stages,
               const StudyData & data,
               const StudyManifest & manifest,
               const std::filesystem::path & folder,
               int threads);

/** What the estimate stands on, for people. */
std::string
EstimateBasis();

} // namespace sulcus
