#pragma once

#include "sulcusConsensusCases.h"
#include <sulcusAnnotatorForest.h>
#include <sulcusApplication.h>
#include <sulcusConsensusOptions.h>
#include <sulcusRaterReport.h>
#include <sulcusTable.h>

#include <filesystem>
#include <functional>

namespace sulcus
{

struct ConsensusProgramOptions
{
  std::vector<std::string> annotations;
  std::string image;
  std::string manifest;
  std::string caseName = "case";
  std::string outputFolder;
  std::string rule = "graph_cut";
  std::string outputs = "standard";
  int missingValue = -1;
  bool resample = false;
  bool compare = true;
  bool imputeAbsent = true;
  ConsensusOptions consensus;
};

/** What one case leaves for the tables of the whole call. */
struct CaseSummary
{
  ConsensusCase source;
  RaterReport report;
  Table rules; ///< one row a rule
  /** Slice with the most disagreement: annotators' borders and the contested voxels, as PNG. */
  std::vector<std::byte> picture;
};

/** What all cases of a call share. */
struct CohortKnowledge
{
  std::set<std::uint16_t> labels; ///< of all cases: the components of the soft label
  AnnotatorForests forests;       ///< of annotators who left cases out
};

/** Fuses one case and writes its files into the output folder. \param progress is told the share
 * that is done. */
CaseSummary
RunCase(const ConsensusCase & source,
        const CohortKnowledge & cohort,
        const ConsensusProgramOptions & options,
        const std::function<void(double)> & progress,
        RunContext & context);

/** Tables, report.html and report.json of all cases. */
void
WriteReports(const std::vector<CaseSummary> & cases,
             const ConsensusProgramOptions & options,
             RunContext & context);

/** manifest.tsv and dataset.json, which `sulcus-prepare` reads. Training cases get the soft label
 * and the confidence; a test or validation case keeps the label it had, because a label that was
 * computed is no reference; a case without annotators keeps everything. */
void
WriteTrainingManifest(const ConsensusCohort & cohort,
                      const std::set<std::uint16_t> & labels,
                      const ConsensusProgramOptions & options,
                      RunContext & context);

} // namespace sulcus
