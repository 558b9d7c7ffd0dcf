#pragma once

#include <sulcusImageGrid.h>
#include <sulcusRandomEngine.h>

#include <array>
#include <vector>

namespace sulcus
{

/** A smooth random function of place: a sum of cosine waves with random directions and phases.
 *
 * Mean 0 and the given standard deviation over place and draws (spectral method: Shinozuka and
 * Deodatis 1991). It has no grid of its own, so scans of one subject on different grids see the
 * same function. */
class SmoothField
{
public:
  using Point = std::array<double, 3>;

  /** \param wavelengthInMm  typical distance between two crests; drawn within ±30 % a wave */
  SmoothField(RandomEngine & random,
              double standardDeviation,
              double wavelengthInMm,
              int waves = 20);

  /** Value at a point in mm. */
  double
  operator()(const Point & point) const;

  /** Values at all voxel centres, x fastest. Equal to the point-wise value to single precision;
   * about six operations per voxel and wave, because phases advance by a fixed step along a row. */
  std::vector<float>
  OnGrid(const ImageGrid & grid) const;

private:
  struct Wave
  {
    Point vector{}; ///< radians per mm
    double phase = 0.0;
  };
  std::vector<Wave> m_Waves;
  double m_Amplitude = 0.0;
};

} // namespace sulcus
