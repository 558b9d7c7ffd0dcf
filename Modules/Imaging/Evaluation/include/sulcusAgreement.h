#pragma once

#include "sulcusConfusion.h"
#include <sulcusImages.h>

#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

/** Agreement beyond chance. */
struct Kappa
{
  double kappa = 0.0; ///< NaN where chance alone would agree always (a single category in use)
  double observedAgreement = 0.0;
  double expectedAgreement = 0.0;
  std::uint64_t items = 0;
};

/** Cohen's kappa of two raters (Cohen 1960). The value depends on how much background the counts
 * include; count within a region of interest to compare cases. NaN fields for an empty table. */
Kappa
CohenKappa(const Confusion & confusion);

/** Fleiss' kappa (Fleiss 1971) for items rated by two or more raters each, whose number may differ
 * from item to item: agreement of an item is the share of its rater pairs that agree. Items with
 * fewer than two votes say nothing about agreement and are skipped. */
class FleissAccumulator
{
public:
  explicit FleissAccumulator(std::size_t categories);

  /** \param votes  how many raters chose each category; `times` such items. */
  void
  Add(std::span<const std::uint32_t> votes, std::uint64_t times = 1);
  void
  Add(const FleissAccumulator & other);

  Kappa
  Result() const;

private:
  std::vector<double> m_VotesOfCategory;
  double m_AgreementSum = 0.0;
  std::uint64_t m_Items = 0;
};

struct FleissOptions
{
  /** Voxels that all raters call background are left out, so that the empty surroundings do not
   * count as agreement. */
  bool foregroundOnly = false;
  /** A rater's voxels with this label are missing votes, not background. Negative: nothing is
   * missing. */
  int missingLabel = -1;
};

/** Fleiss' kappa over the voxels of several label maps on one grid.
 * \throws UsageError for fewer than two raters, GeometryError for different grids. */
Kappa
FleissKappa(const std::vector<LabelImage::ConstPointer> & raters,
            const FleissOptions & options = {});

} // namespace sulcus
