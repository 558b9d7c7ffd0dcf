#pragma once

#include "sulcusGraphCutConsensus.h"
#include <sulcusTable.h>

#include <nlohmann/json_fwd.hpp>

#include <limits>
#include <string>

namespace sulcus
{

/** One annotator against one reference for one label, on the voxels the annotator saw. NaN:
 * undefined. */
struct LabelScore
{
  static constexpr double Undefined = std::numeric_limits<double>::quiet_NaN();

  std::uint64_t truePositives = 0;
  std::uint64_t falsePositives = 0;
  std::uint64_t falseNegatives = 0;
  std::uint64_t trueNegatives = 0;
  double sensitivity = Undefined;
  double specificity = Undefined;
  double precision = Undefined;
  double dice = Undefined; ///< undefined where both are empty
  double jaccard = Undefined;
  double volumeDifferenceInMl = 0.0; ///< annotator minus reference
  double hd95InMm = Undefined;       ///< infinite where one of both is empty
  double meanSurfaceDistanceInMm = Undefined;

  bool
  BothEmpty() const
  {
    return truePositives + falsePositives + falseNegatives == 0;
  }
};

struct ReferenceScores
{
  std::vector<LabelScore> labels;       ///< of every label, background first
  std::vector<std::uint64_t> confusion; ///< [reference][annotator], counts
  double kappa = LabelScore::Undefined;

  /** Mean Dice over foreground labels where it is defined. */
  double
  MeanDice() const;
};

/** Scores of one annotator against reference labels. Voxels the annotator did not see count for
 * nothing. \param outside voxels beyond the arrays that both call background */
ReferenceScores
ScoreAgainst(std::span<const std::uint16_t> reference,
             std::span<const std::uint16_t> annotation,
             const AnnotationBlock & geometry,
             std::uint64_t outside,
             bool withDistances);

struct RaterReport
{
  std::vector<std::string> raters; ///< names, in the order of the annotations
  std::vector<std::string> labels; ///< names of label values
  std::vector<RaterReliability> reliability;
  std::vector<ReferenceScores> againstConsensus;
  std::vector<ReferenceScores> againstOthers; ///< consensus of all the others: the honest figure
  std::vector<int> rank;                      ///< 1 is best, by mean Dice against the others
  std::vector<double> pairwiseDice;           ///< raters x raters
  std::vector<double> pairwiseKappa;
  double fleissKappa = LabelScore::Undefined;
  double contestedFraction = 0.0; ///< contested voxels / voxels that anyone called foreground
  double meanConfidence = 1.0;    ///< over voxels that anyone called foreground
  double energy = 0.0;
  double lowerBound = LabelScore::Undefined;
  std::int64_t cutValue = 0;
  unsigned sweeps = 0;
  std::size_t bandVoxels = 0;
  double bandFraction = 0.0;
  std::vector<std::string> notes;

  nlohmann::ordered_json
  ToJson() const;
  /** One row an annotator and foreground label. */
  Table
  ToTable(const std::string & caseId) const;
};

/** Puts the report together; runs one consensus for every annotator left out (observed votes only,
 * weights from the self-consistency already measured and the agreement among the others). \param
 * raterNames of the first annotators of the block: those after them, who may only have imputed
 * votes, are not reported on. \param outside voxels beyond the block that each annotator saw, all
 * background */
RaterReport
MakeRaterReport(const AnnotationBlock & block,
                const ConsensusResult & result,
                std::vector<std::string> raterNames,
                std::vector<std::string> labelNames,
                const ConsensusOptions & options,
                std::span<const std::uint64_t> outside = {},
                bool withDistances = true);

/** Fleiss' kappa for any number of votes a voxel (voxels with fewer than two say nothing). NaN
 * where chance agreement is 1. \param outside voxels that all raters call background */
double
FleissKappa(const AnnotationBlock & block, std::uint64_t outside = 0);

} // namespace sulcus
