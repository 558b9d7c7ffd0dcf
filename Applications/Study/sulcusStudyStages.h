#pragma once

#include "sulcusStudyData.h"
#include "sulcusStudySettings.h"
#include <sulcusApplication.h>
#include <sulcusStage.h>

#include <filesystem>
#include <vector>

namespace sulcus
{

/** Checks every section but "train" against what its program accepts. \throws UsageError */
void
CheckSections(StudySettings & settings, const std::filesystem::path & programs);

/** Replaces "auto" by what the data ask for, and checks method names and the section "train".
 * \throws UsageError */
void
ResolveStudy(StudySettings & settings,
             const StudyData & data,
             const std::filesystem::path & programs);

/** The stages of a study in order: data, check, consensus (where annotators are fused), prepare,
 * pretrain/…, then train/…, segment/… and evaluate/… of each method, report. Without a case to
 * segment or to score these stages are left out. Times and memory are not estimated here. */
std::vector<Stage>
StagesOf(const StudySettings & settings,
         const StudyData & data,
         const CommonOptions & common,
         const std::filesystem::path & folder);

} // namespace sulcus
