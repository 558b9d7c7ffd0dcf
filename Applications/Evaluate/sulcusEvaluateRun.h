#pragma once

#include "sulcusCaseFiles.h"
#include <sulcusApplication.h>
#include <sulcusCalibration.h>
#include <sulcusDeclaredLabels.h>
#include <sulcusScoreTable.h>

#include <map>
#include <string>
#include <vector>

namespace sulcus
{

/** What sulcus-evaluate is asked to do. */
struct EvaluateSettings
{
  std::string reference;
  std::string prediction;
  std::string output;
  std::string image;
  std::string labels;
  std::vector<std::string> regions;
  std::int64_t ignoreLabel = -1;
  std::int64_t unknownLabel = -1;
  std::string referenceSuffix;
  std::string predictionSuffix;
  std::vector<std::string> cases;
  std::string splits;
  std::string split = "test";
  std::string subjects;
  std::string unpaired = "refuse";
  std::string baseline;
  std::vector<std::string> metrics;
  std::string probabilities;
  std::string probabilitySuffix;
  std::string confidenceMaps;
  std::string confidenceSuffix = "_confidence";
  double calibrationMarginInMm = 10.0;
  bool html = false;
  BootstrapOptions bootstrap;
  EvaluationOptions scores;
};

void
Describe(Parameters & visit, EvaluateSettings & settings);

/** Everything known before a voxel is compared. */
struct EvaluationJob
{
  std::vector<CaseFiles> cases;
  std::vector<CaseFiles> baselineCases; ///< empty unless the baseline is a folder or an image
  bool baselineIsTable = false;
  DeclaredLabels labels;
};

/** Pairs files, reads declarations, compares the grids by their headers. \throws as the parts */
EvaluationJob
PlanEvaluation(const EvaluateSettings & settings);

/** Scores of all cases, with the label confusion of all of them together. */
struct EvaluatedCases
{
  std::vector<CaseScores> cases;
  Confusion confusion;
};

EvaluatedCases
ScoreCases(const std::vector<CaseFiles> & cases,
           const DeclaredLabels & labels,
           const EvaluateSettings & settings);

/** Calibration over all cases, within a margin: of every structure around it, from probability
 * files; and of the chosen labels around all structures, from confidence maps ("chosen label"). */
std::vector<std::pair<std::string, Calibration>>
CalibrateCases(const EvaluationJob & job, const EvaluateSettings & settings);

} // namespace sulcus
