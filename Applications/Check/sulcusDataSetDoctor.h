#pragma once

#include "sulcusDataSet.h"
#include <sulcusReadSettings.h>

#include <array>
#include <functional>
#include <map>
#include <optional>
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

/** What one pass over the voxels of a case leaves behind. */
struct CaseSummary
{
  std::string name;
  bool readable = false;
  std::array<std::uint64_t, 3> size{};
  std::array<double, 3> spacing{}; ///< along left-right, back-front, foot-head
  std::string orientation;
  double median = 0.0;
  double high = 0.0;            ///< 99th percentile
  std::vector<float> thumbnail; ///< 12 x 12 x 12 block means in LPS order, zero mean, unit length
  std::map<int, std::uint64_t> labelVoxels;
  std::map<int, std::array<double, 3>> centroids; ///< mm, LPS
  std::array<double, 3> centre{};                 ///< of the image, mm, LPS
};

/** Looks at every case and compares them. \param progress called with the fraction done */
std::vector<Finding>
ExamineDataSet(const DataSet & set,
               const ReadOptions & options,
               std::vector<CaseSummary> & summaries,
               const std::function<void(double)> & progress);

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
