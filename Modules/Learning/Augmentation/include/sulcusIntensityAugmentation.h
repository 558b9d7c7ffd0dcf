#pragma once

#include "sulcusSmoothGrid.h"
#include <sulcusRandomEngine.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sulcus
{

class Parameters;

/** What intensity changes may be drawn. Each is drawn with its own probability, in the order of the
 * members. */
struct IntensityRange
{
  double lowResolutionProbability = 0.3;
  double largestLowResolution = 2.0; ///< factor on the voxel size
  double blurProbability = 0.3;
  double largestBlurInMm = 1.0; ///< standard deviation
  double biasFieldProbability = 0.5;
  double biasField = 0.3; ///< largest relative gain or loss
  double gammaProbability = 0.6;
  double smallestGamma = 0.6;
  double largestGamma = 1.7;
  double invertedGamma = 0.25; ///< how often the bright end is bent instead of the dark one
  double contrastProbability = 0.6;
  double smallestContrast = 0.75;
  double largestContrast = 1.3;
  double brightnessProbability = 0.6;
  double brightness = 0.2; ///< largest shift, in units of the normalised image
  double noiseProbability = 0.3;
  double largestNoise = 0.15; ///< standard deviation, in units of the normalised image
  double ricianNoise = 0.0;   ///< how often noise is Rician instead of Gaussian
  double cutOutProbability = 0.0;
  double largestCutOut = 0.4; ///< edge of a box as part of the patch's
  std::int64_t cutOutBoxes = 1;
  bool clip = false; ///< clip to [clipLow, clipHigh] at the end
  double clipLow = 0.0;
  double clipHigh = 1.5;

  /** No change at all. */
  static IntensityRange
  Nothing();
};

void
Describe(Parameters & visit, IntensityRange & o);

/** A box of voxels [begin, end), z, y, x. */
struct DrawnBox
{
  std::array<std::int64_t, 3> begin{};
  std::array<std::int64_t, 3> end{};
};

/** One drawn change of intensities, applied in the order of the members. Vectors hold one value a
 * channel; empty ones leave the image alone. Dark and bright end are the patch's own minimum and
 * maximum. */
struct DrawnIntensity
{
  std::array<double, 3> lowResolution{
      1, 1, 1}; ///< factor on the voxel size along z, y, x; samples, then interpolates
  std::array<double, 3> blurInMm{}; ///< Gaussian, z, y, x
  std::vector<SmoothGrid> gain;     ///< multiplies what lies above the dark end
  std::vector<double> gamma;        ///< ((x - dark) / (bright - dark)) ^ gamma
  bool invertedGamma = false;       ///< the same from the bright end
  std::vector<double> contrast;     ///< about the mean of the channel
  std::vector<double> brightness;
  std::vector<double> noise; ///< standard deviation
  bool rician = false;       ///< magnitude of a complex signal above the dark end
  std::uint64_t noiseKey = 0;
  std::vector<DrawnBox> cutOut; ///< boxes set to the mean of the channel
  std::optional<std::array<double, 2>> clip;

  /** Whether UndoIntensity can restore the image: nothing lost by blur, low resolution, boxes,
   * clipping or Rician noise. */
  bool
  IsInvertible() const;
};

/** What applying a draw measured in each channel, needed to undo it. */
struct IntensityTrace
{
  struct Channel
  {
    float dark = 0.0f; ///< before the gain
    float gammaDark = 0.0f;
    float gammaBright = 0.0f;
    float mean = 0.0f; ///< before the contrast
  };
  std::vector<Channel> channels;
};

/** \throws UsageError for a range that is empty or negative. \param spacingInMm z, y, x */
DrawnIntensity
DrawIntensity(const IntensityRange & range,
              int channels,
              const std::array<std::int64_t, 3> & size,
              const std::array<double, 3> & spacingInMm,
              RandomEngine & random);

/** Changes an image [channels, z, y, x] in place, on one thread. Same draw and image: same bits. */
IntensityTrace
ApplyIntensity(std::span<float> image,
               int channels,
               const std::array<std::int64_t, 3> & size,
               const std::array<double, 3> & spacingInMm,
               const DrawnIntensity & drawn);

/** Restores the image up to rounding. \throws UsageError if the draw is not invertible. */
void
UndoIntensity(std::span<float> image,
              int channels,
              const std::array<std::int64_t, 3> & size,
              const DrawnIntensity & drawn,
              const IntensityTrace & trace);

} // namespace sulcus
