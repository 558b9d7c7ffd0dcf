#pragma once

#include <sulcusHtml.h>
#include <sulcusStudyManifest.h>
#include <sulcusTable.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sulcus
{

/** Where the files of a scored case are, relative to nothing: ready to be opened. */
struct ReportedCase
{
  std::string id;
  std::filesystem::path image;
  std::filesystem::path reference;
  std::filesystem::path prediction; ///< may not exist: the case failed
};

/** Draws a case as PNG. */
using CasePictures = std::function<std::vector<std::byte>(const ReportedCase & reported)>;

struct StudyReportOptions
{
  int worstCases = 12; ///< shown with pictures
};

/** A finished study, read from its folder. */
struct StudyResults
{
  std::filesystem::path folder;
  StudyManifest manifest;
  std::vector<std::string> methods; ///< with scores, in the study's order
  std::vector<Table> scores;        ///< one a method, as sulcus-evaluate writes them
  std::vector<Table> summaries;
  std::size_t best = 0; ///< method with the highest mean Dice
};

/** \throws InputError if the folder is no study, or a table is damaged */
StudyResults
ReadStudyResults(const std::filesystem::path & folder);

/** The whole page. */
HtmlPage
StudyPage(const StudyResults & results,
          const StudyReportOptions & options,
          const CasePictures & pictures);

// The page's parts; each adds nothing where the study has no such results.

void
AddMethods(HtmlPage & page, const StudyResults & results);
void
AddWorstCases(HtmlPage & page,
              const StudyResults & results,
              const StudyReportOptions & options,
              const CasePictures & pictures);
void
AddVolumes(HtmlPage & page, const StudyResults & results);
void
AddCalibrations(HtmlPage & page, const StudyResults & results);
void
AddUnscoredCases(HtmlPage & page, const StudyResults & results);
void
AddTrainingCurves(HtmlPage & page, const StudyResults & results);
void
AddAnnotators(HtmlPage & page, const StudyResults & results);
void
AddFindings(HtmlPage & page, const StudyResults & results);
void
AddManifest(HtmlPage & page, const StudyResults & results);

} // namespace sulcus
