#pragma once

#include "sulcusFingerprint.h"
#include <sulcusParameters.h>

#include <vector>

namespace sulcus
{

/** What may be fixed by hand; everything else follows from the fingerprint. */
struct PlanOptions
{
  std::vector<double> targetSpacingInMm; ///< x, y, z; empty: derived, 0: an axis keeps its own
  std::vector<std::int64_t> patchSize;   ///< z, y, x; empty: derived
  std::int64_t patchVoxels = 204800;     ///< largest derived patch
  int levels = 0;                        ///< of the network; 0: derived
  int firstWidth = 16;                   ///< channels of the first level
  std::string crop = "auto";             ///< "auto", "on" or "off"
  double cropMarginInMm = 10.0;
  std::string normalisation = "z_score";
  bool correctBiasField = false;
  std::vector<std::string> flips; ///< "x", "y", "z": axes along which mirroring keeps labels true
  int batchSize = 2;
};

void
Describe(Parameters & visit, PlanOptions & options);

/** Median spacing of each axis over the scans. Where the coarsest axis is at least three times
 * coarser than the finest it takes the 10th percentile instead (but not below the next axis), so
 * that few scans lose slices (after Isensee et al., Nature Methods 2021). Spacings that agree
 * within 1 % are taken as they are, so nothing is resampled without need. x, y, z. */
std::array<double, 3>
DeriveTargetSpacing(const std::vector<CaseFingerprint> & fingerprint);

/** The patch, z, y, x: the whole median scan where that fits into `patchVoxels`. Else the longest
 * side in mm shrinks until it fits; along a thick-slice axis the patch holds no more slices than
 * three quarters of the scans have. Always divisible by the strides that DeriveTopology gives for
 * it. */
struct PatchChoice
{
  std::array<std::int64_t, 3> patchSize{};
  bool wholeScan = false; ///< the patch holds the median scan
  int levels = 0;
};
PatchChoice
DerivePatch(const std::vector<std::array<std::int64_t, 3>> & sizes,
            const std::array<double, 3> & spacingInMm,
            std::int64_t patchVoxels,
            int levels);

/** The plan of a data set from its training scans. Class widths double from level to level up to
 * 256. The foreground crop is switched on only where the median scan does not fit into a patch and
 * its tissue fills less than three quarters of it. The input contract allows half to twice the
 * spacings seen and half the extents. \throws UsageError for contradictory options */
Plan
DerivePlan(const Dataset & dataset,
           const std::vector<CaseFingerprint> & fingerprint,
           const PlanOptions & options);

} // namespace sulcus
