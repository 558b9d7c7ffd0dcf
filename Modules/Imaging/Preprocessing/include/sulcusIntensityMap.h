#pragma once

#include <string>
#include <vector>

namespace sulcus
{

/** A continuous piecewise linear map of intensities through points (from[i], to[i]), `from`
 * strictly ascending. Beyond the outermost points it stays flat (`clamped`) or continues with the
 * slope of the outermost piece. One point alone maps everything to its value. Clipping and every
 * normalisation here are such maps, so several of them join into one pass over the voxels. */
class IntensityMap
{
public:
  IntensityMap() = default; ///< identity

  /** \throws UsageError unless both lists are equally long, not empty, finite, and `from` ascends
   * strictly. */
  IntensityMap(std::vector<double> from, std::vector<double> to, bool clamped);

  double
  operator()(double value) const;

  /** this after `clip`, where `clip` is clamped: the map of clip(value). */
  IntensityMap
  After(const IntensityMap & clip) const;

  bool
  IsIdentity() const
  {
    return m_From.empty();
  }
  /** The pieces as slope · value + intercept on [begin, next begin), the first one from −∞. */
  struct Piece
  {
    float begin;
    float slope;
    float intercept;
  };
  std::vector<Piece>
  Pieces() const;

private:
  std::vector<double> m_From;
  std::vector<double> m_To;
  bool m_Clamped = false;
};

/** Values below `low` become `low`, above `high` become `high`. */
IntensityMap
ClipMap(double low, double high);

/** (value − mean) / deviation; everything to 0 if the deviation is 0. */
IntensityMap
ZScoreMap(double mean, double standardDeviation);

/** [low, high] onto [0, 1], continued beyond; everything to 0 if high = low. */
IntensityMap
RescaleMap(double low, double high);

/** The ITK-style filters apply a map to rows through this. */
void
ApplyPieces(const std::vector<IntensityMap::Piece> & pieces,
            const float * values,
            std::size_t count,
            float * out);

} // namespace sulcus
