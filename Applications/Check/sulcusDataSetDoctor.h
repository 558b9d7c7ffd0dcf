#pragma once

#include "sulcusCaseSummary.h"
#include "sulcusDataSet.h"
#include <sulcusReadSettings.h>

#include <functional>
#include <string>
#include <vector>

namespace sulcus
{

enum class Severity
{
  Fault, ///< training on it would be wrong; decides the exit status
  Note   ///< worth knowing
};

struct Finding
{
  Severity severity = Severity::Fault;
  std::string check;   ///< "unpaired", "orientation", …
  std::string subject; ///< the case it is about
  std::string what;
  std::string mend; ///< a command, or what to do
};

/** Looks at every case and compares them. \param progress called after each case with how many are
 * done and its name */
std::vector<Finding>
ExamineDataSet(const DataSet & set,
               const ReadOptions & options,
               std::vector<CaseSummary> & summaries,
               const std::function<void(std::size_t, const std::string &)> & progress);

/** The checks that need no voxels: pairing, duplicate names, splits, annotator coverage. */
void
CheckNames(const DataSet & set, std::vector<Finding> & findings);

/** The checks that compare cases: spacing, orientation, label layout, duplicates, intensity scales,
 * label values. */
void
CompareCases(const DataSet & set,
             const std::vector<CaseSummary> & summaries,
             std::vector<Finding> & findings);

} // namespace sulcus
