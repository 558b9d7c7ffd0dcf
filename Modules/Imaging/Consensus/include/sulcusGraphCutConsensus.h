#pragma once

#include "sulcusAnnotatorForest.h"
#include "sulcusConsensusOptions.h"
#include "sulcusVotePatterns.h"

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace sulcus
{

/** Several annotations of one block of voxels, and perhaps its image. */
struct AnnotationBlock
{
  std::array<std::size_t, 3> size{};
  std::array<double, 3> spacingInMm{1.0, 1.0, 1.0};
  unsigned labelCount = 2;
  std::vector<std::vector<std::uint16_t>>
      votes;                    ///< a rater: label index or VotePatterns::MissingVote, x fastest
  std::span<const float> image; ///< empty: none
  /** A rater: what is known of them from other scans, for those who saw nothing of this one. Empty,
   * or null where nothing is known. */
  std::vector<std::shared_ptr<const AnnotatorForest>> forests;
  std::vector<std::int64_t> labelValues; ///< of label indices; empty: the index is the value

  std::int64_t
  ValueOf(std::uint16_t index) const
  {
    return labelValues.empty() ? std::int64_t(index) : labelValues[index];
  }
  std::size_t
  VoxelCount() const
  {
    return size[0] * size[1] * size[2];
  }
};

/** Bits of ConsensusResult::flags. */
enum ConsensusFlag : std::uint8_t
{
  FlagUnanimous = 1,   ///< at least two annotators saw the voxel and all agree
  FlagContested = 2,   ///< annotators disagree
  FlagImputed = 4,     ///< an imputed vote took part
  FlagUnsupported = 8, ///< nobody saw the voxel and nothing could be imputed
  FlagTie = 16,        ///< the two best labels got equal votes
  FlagUnstable = 32    ///< the label changes when lambda is halved or doubled
};

/** How far one annotator can be trusted. */
struct RaterReliability
{
  double observedFraction = 0.0;
  std::optional<double> selfConsistency; ///< nothing where undefined: no image, or one label only
  std::vector<double>
      labelAccuracy;      ///< held-out recall of each label; NaN where the label was not used
  double agreement = 1.0; ///< leave-one-out Dice, 1 where nothing is comparable
  double meanWeight = 0.0;
  double shareOfVotes = 0.0;
  std::size_t imputedVoxels = 0;
  double completionAccuracy = 0.0;        ///< out-of-bag balanced accuracy of the forest used
  double completionAccuracyWithout = 0.0; ///< without unlabelled points
  bool completionUsesUnlabelled = false;
};

struct ConsensusResult
{
  std::vector<std::uint16_t> labels; ///< label indices
  std::vector<float> confidence;
  std::vector<std::uint8_t> flags;
  std::vector<float> voteShares; ///< labelCount a voxel: V_p(l) / T_p, uniform where T_p = 0
  /** labelCount a voxel: how probable each label is given votes, image and the labels around; the
   * soft label to train on. The likeliest label is that of `labels`. */
  std::vector<float> probability;
  /** How much is known about each voxel, 0 to 1: T / (T + t0) relative to that of a voxel which
   * everybody saw; the weight of the voxel in training. */
  std::vector<float> evidence;
  std::vector<std::vector<std::uint16_t>>
      completed; ///< a rater: observed or imputed label, else MissingVote
  std::vector<std::vector<std::uint8_t>> provenance; ///< a rater: 0 missing, 1 observed, 2 imputed
  std::vector<RaterReliability> raters;
  double energy = 0.0;     ///< of the labels, nats
  double lowerBound = 0.0; ///< no labelling has less; rounding included
  bool hasLowerBound = false;
  std::int64_t cutValue = 0; ///< of the last integer problem
  unsigned sweeps = 0;
  std::size_t bandVoxels = 0; ///< not clamped
  double bandFraction = 0.0;
  std::vector<std::string> notes; ///< one line each: what was not possible or looks odd
};

/** Consensus of several annotators without EM: self-consistency of each annotator by spatially
 * blocked held-out prediction, agreement with the others, completion of missing annotations by
 * semi-supervised forests, weighted votes as unaries, contrast-sensitive pair terms in millimetres,
 * an exact minimum cut for two labels and expansion moves for more. Missing is never background.
 * Without an image, self-consistency and completion are left out and pair terms use distance alone.
 * An annotator who saw nothing has a vote only where a forest knows them from other scans.
 *
 * \param progress is told the share of the work that is done, 0 to 1; it may throw to end the work.
 * The same bits for any number of threads and any order of annotators, for a given seed.
 * \throws UsageError for no annotators or sizes that differ, InputError for an image with NaN or
 * Inf (with their number), GeometryError for bad spacing. */
ConsensusResult
RunGraphCutConsensus(const AnnotationBlock & block,
                     const ConsensusOptions & options,
                     const std::function<void(double)> & progress = {});

/** The same with given weights a_r (one an annotator) and without self-consistency, agreement or
 * completion. */
ConsensusResult
RunWeightedCut(const AnnotationBlock & block,
               std::span<const double> weights,
               const ConsensusOptions & options);

/** D(l) = -log((V(l) + e) / (T + K e)) in nats, T the sum of the votes; times T / (T + t0) where t0
 * is above 0. */
std::vector<double>
UnaryCosts(std::span<const double> votes, double epsilon, double evidence = 0.0);

/** SC_r = clip((BA - 1/K) / (1 - 1/K), 0, 1). */
double
SelfConsistencyFromAccuracy(double balancedAccuracy, unsigned labelsUsed);

/** Mean over foreground labels of the Dice between each rater and the majority of the others, on
 * voxels that both observed and where the others' vote is not tied; 1 where nothing is comparable.
 */
std::vector<double>
LeaveOneOutAgreement(const VotePatterns & patterns);

/** Cohen's kappa from a confusion matrix of counts, row by row; NaN where chance agreement is 1. */
double
CohenKappa(std::span<const double> confusion, unsigned labelCount);

} // namespace sulcus
