#pragma once

#include "sulcusStructureScores.h"
#include <sulcusRandomEngine.h>
#include <sulcusStatistics.h>
#include <sulcusTable.h>

#include <span>
#include <string>
#include <vector>

namespace sulcus
{

/** All structures of one case. */
struct CaseScores
{
  std::string id;
  std::string
      subject; ///< cases of one subject are drawn together in intervals; empty: the case itself
  std::vector<StructureScores> structures;
};

/** One row a case and structure, in the order given. Columns: case, subject, structure, presence,
 * dice, iou, sensitivity, precision, hd_mm, hd95_mm, msd_mm, msd_reference_to_prediction_mm,
 * msd_prediction_to_reference_mm, surface_dice_<tolerance>mm…, volume_reference_ml,
 * volume_prediction_ml, volume_difference_ml, volume_difference_percent, reference_voxels,
 * prediction_voxels, common_voxels. */
Table
ScoreTable(const std::vector<CaseScores> & cases, std::span<const double> tolerancesInMm);

/** "surface_dice_1mm", "surface_dice_0.5mm". */
std::string
SurfaceDiceColumn(double toleranceInMm);

/** Columns of a score table that are scores, in its order. */
std::vector<std::string>
ScoreMetrics(const Table & scores);

/** The distinct texts of the column structure, in the order in which they come. */
std::vector<std::string>
StructuresIn(const Table & table);

/** Numbers of a column in the rows of one structure, NaN where missing. \throws UsageError if the
 * column holds a text. */
std::vector<double>
ValuesOfStructure(const Table & table, const std::string & structure, const std::string & column);

/** Whether more of a metric is better (overlap) or less (distances, size of volume differences). */
bool
HigherIsBetter(const std::string & metric);

/** One row a structure and metric: structure, metric, cases, not_applicable, missed, spurious,
 * mean, mean_low, mean_high (bootstrap interval), sd, median, q25, q75, worst. With several
 * structures the rows of "all structures" take the mean over the applicable structures of each case
 * first. Rows whose scores are not applicable are left out of the figures and counted; missed and
 * invented structures are in. \throws UsageError for a table without the columns of ScoreTable. */
Table
SummariseScores(const Table & scores,
                const RandomEngine & random,
                const BootstrapOptions & options = {});

/** Paired comparison of two score tables over the same cases and structures, one row a structure
 * and metric: structure, metric, pairs, mean_a, mean_b, mean_difference, difference_low,
 * difference_high, median_difference, better_b, equal, worse_b, p_wilcoxon, p_holm. Differences are
 * b − a; volume differences are compared by size. Holm's adjustment is over all rows. \param
 * metrics  empty: dice, hd95_mm, msd_mm and every surface Dice \throws UsageError naming the first
 * case and structure that only one table has, or a repeated one. */
Table
CompareScores(const Table & a,
              const Table & b,
              const RandomEngine & random,
              const BootstrapOptions & options = {},
              std::vector<std::string> metrics = {});

/** Name of the rows that take all structures together. */
inline constexpr const char * AllStructures = "all structures";

} // namespace sulcus
