#pragma once

#include "sulcusVotePatterns.h"
#include <sulcusParameters.h>

#include <array>
#include <span>

namespace sulcus
{

struct StapleOptions
{
  int iterations = 1000;
  double tolerance = 1e-7; ///< largest change of any parameter at which the iteration ends
  double start = 0.0; ///< chance of a right vote that the first sweep assumes of everybody; 0: it
                      ///< starts from the mean vote
  double prior = 0.0; ///< of the foreground; 0: the mean vote
  double confidenceWeight = 1.0; ///< the prior is multiplied by it (two labels)
};

void
Describe(Parameters & visit, StapleOptions & options);

/** Two-label STAPLE (Warfield, Zou and Wells 2004). Label 1 is the foreground. */
struct BinaryStaple
{
  std::vector<double> probability; ///< of the foreground, for each pattern
  std::vector<double> sensitivity; ///< of each rater
  std::vector<double> specificity;
  double prior = 0.0;
  int iterations = 0;
  bool converged = false;
};

/** EM over distinct patterns: the same sums as over voxels, a thousand times fewer terms. Starts
 * from the mean vote. A missing vote says nothing: it is left out of the product of the E step and
 * of both sums of the M step. EM finds a local optimum: another start may lead to another one.
 * Parameters are kept within [1e-12, 1 - 1e-12]. A pattern without any vote keeps the prior.
 * \throws UsageError unless there are two labels. */
BinaryStaple
RunBinaryStaple(const VotePatterns & patterns, const StapleOptions & options = {});

/** STAPLE for several labels (Warfield 2004, section on multi-category; Rohlfing 2004). */
struct MultiLabelStaple
{
  std::vector<double> probability; ///< labelCount a pattern
  std::vector<double> confusion;   ///< [rater][truth][vote]: share of voxels of a truth that got a
                                   ///< vote; rows sum to 1
  std::vector<double> prior;
  int iterations = 0;
  bool converged = false;

  double
  Confusion(std::size_t rater, unsigned truth, unsigned vote, unsigned labelCount) const
  {
    return confusion[(rater * labelCount + truth) * labelCount + vote];
  }
};

MultiLabelStaple
RunMultiLabelStaple(const VotePatterns & patterns, const StapleOptions & options = {});

/** The labelling that minimises sum_p -log W_p(l) + weight * sum over face neighbours of
 * [different] * s_min / distance. \param patternOfVoxel row of `probability` (labelCount a row) of
 * every voxel. \throws UsageError above 255 labels. */
std::vector<std::uint16_t>
LabelUnderMarkovPrior(const std::array<std::size_t, 3> & size,
                      const std::array<double, 3> & spacingInMm,
                      std::span<const std::uint32_t> patternOfVoxel,
                      std::span<const double> probability,
                      unsigned labelCount,
                      double weight);

} // namespace sulcus
