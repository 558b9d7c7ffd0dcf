#pragma once

#include <sulcusImages.h>

#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

/** Voxels whose confidence fell into one bin. */
struct CalibrationBin
{
  double low = 0.0;
  double high = 0.0;
  std::uint64_t count = 0;
  double meanConfidence = 0.0; ///< NaN for an empty bin
  double frequency = 0.0;      ///< share of the voxels that are right, or that hold the structure
};

/** How far stated probabilities and observed frequencies agree. NaN where there are no voxels. */
struct Calibration
{
  std::uint64_t count = 0;
  double expectedError =
      0.0; ///< ECE: mean |frequency − confidence| of the bins, weighted by count (Guo et al. 2017)
  double largestError = 0.0; ///< MCE: the largest of them
  double brier = 0.0; ///< mean squared error; summed over the classes for several (Brier 1950)
  double logLoss =
      0.0; ///< mean −log of the probability of the truth, clipped at 1e-12, natural logarithm
  std::vector<CalibrationBin> bins;
};

/** Collects (probability, outcome) pairs in equal-width bins; bin k of n is [k/n, (k+1)/n), the
 * last one closed. Several cases may be added one after the other. */
class CalibrationAccumulator
{
public:
  explicit CalibrationAccumulator(int bins = 15);

  /** \throws InputError unless 0 ≤ confidence ≤ 1 (1e-6 beyond is rounded in). */
  void
  Add(double confidence, bool outcome, double squaredError, double probabilityOfTruth);
  void
  Add(const CalibrationAccumulator & other);

  Calibration
  Result() const;

private:
  struct Sums
  {
    std::uint64_t count = 0;
    double confidence = 0.0;
    std::uint64_t outcomes = 0;
    double squaredError = 0.0;
    double logLoss = 0.0;
  };
  std::vector<Sums> m_Bins;
};

/** Calibration of one structure's probability map: the outcome is "the reference holds the
 * structure". \param values  labels of the structure \param region  if given, only voxels that are
 * not 0 there count (far background flatters every model) \throws GeometryError for different
 * grids, InputError for a value outside [0, 1]. */
CalibrationAccumulator
CalibrationOfStructure(const FloatImage * probability,
                       const LabelImage * reference,
                       std::span<const std::uint16_t> values,
                       const MaskImage * region = nullptr,
                       int bins = 15);

/** Calibration of the most probable class, ties to the lowest component; Brier score over all
 * classes. \param labels  label value of every component \throws UsageError unless there is one
 * label a component; InputError if a voxel's probabilities do not sum to 1 ± 0.01. */
CalibrationAccumulator
CalibrationOfClasses(const VectorImage * probabilities,
                     const LabelImage * reference,
                     std::span<const std::uint16_t> labels,
                     const MaskImage * region = nullptr,
                     int bins = 15);

/** Calibration of the confidence that a segmentation states for the labels it chose: the outcome is
 * "the reference holds the same label". What is left of 1 counts as the probability of the truth
 * where the label is wrong, which is the most it can have been. \throws as CalibrationOfStructure
 */
CalibrationAccumulator
CalibrationOfConfidence(const FloatImage * confidence,
                        const LabelImage * prediction,
                        const LabelImage * reference,
                        const MaskImage * region = nullptr,
                        int bins = 15);

/** Voxels within a distance of the structure in the reference: a region for the functions above.
 * \param marginInMm ≥ 0 */
MaskImage::Pointer
RegionAround(const LabelImage * reference,
             std::span<const std::uint16_t> values,
             double marginInMm);

} // namespace sulcus
