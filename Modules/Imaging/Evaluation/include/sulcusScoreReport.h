#pragma once

#include "sulcusCalibration.h"
#include <sulcusHtml.h>
#include <sulcusTable.h>

#include <string>
#include <utility>
#include <vector>

namespace sulcus
{

/** One row a structure for people: Dice with its interval, HD95, mean surface distance, surface
 * Dice at the first tolerance, missed and invented. Made from SummariseScores. */
Table
ShortSummary(const Table & summary);

/** "0.871 (0.853 to 0.886)"; "n/a" without a value. */
std::string
WithInterval(double value, double low, double high);

/** Adds the short summary, box charts of Dice and HD95, Bland–Altman charts of volumes and the
 * table of all cases, worst Dice first. \param caseLinks  section ids of cases within the page, for
 * links from the table */
void
AddScoreSections(HtmlPage & page,
                 const Table & scores,
                 const Table & summary,
                 const std::vector<std::pair<std::string, std::string>> & caseLinks = {});

/** Adds a table made by CompareScores. */
void
AddComparisonSection(HtmlPage & page,
                     const Table & comparison,
                     const std::string & nameOfA,
                     const std::string & nameOfB);

/** Adds a reliability diagram and the figures of a calibration. */
void
AddCalibrationSection(HtmlPage & page,
                      const std::vector<std::pair<std::string, Calibration>> & structures);

} // namespace sulcus
