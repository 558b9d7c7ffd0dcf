#pragma once

#include "sulcusSmoothField.h"

#include <array>
#include <cstdint>
#include <vector>

namespace sulcus
{

enum class Tissue : std::uint8_t
{
  Air,
  Scalp,
  Skull,
  Fluid,
  GreyMatter,
  WhiteMatter,
  HippocampusHead,
  HippocampusTail,
  Ventricle,
  Lesion
};
inline constexpr std::size_t TissueCount = 10;

/** Label values of the truth; every other tissue is background. */
enum class PhantomLabel : std::uint16_t
{
  Background = 0,
  HippocampusHead = 1,
  HippocampusTail = 2,
  Ventricle = 3,
  Lesion = 4
};

/** One made-up person: a miniature head about 40 mm across with two curved hippocampi, each in two
 * adjacent parts, two ventricles and one to three lesions, given as closed formulas in
 * millimetres.
 *
 * Sizes, positions, a small rotation, a smooth deformation, the folds of the cortex and the lesions
 * are drawn. The frame is LPS with the centre of the head at the origin. */
class Anatomy
{
public:
  using Point = std::array<double, 3>;
  using Fractions = std::array<float, TissueCount>;

  /** \param variability  scales everything that differs between people; 1 is the usual amount, 0
   * gives the average person (lesions are still drawn) */
  explicit Anatomy(RandomEngine random, double variability = 1.0);

  /** What is found around a point. `fractions` are the tissue shares of a voxel of the given width;
   * they sum to 1. */
  struct Sample
  {
    Fractions fractions{};
    PhantomLabel label = PhantomLabel::Background;
  };
  Sample
  At(const Point & point, double voxelWidthInMm) const;

  /** Smooth displacement added to a point before the formulas are asked. */
  const std::array<SmoothField, 3> &
  Deformation() const
  {
    return m_Deformation;
  }

  /** As At, with the deformation already evaluated (on a whole grid, which is faster). */
  Sample
  AtDisplaced(const Point & point, const Point & displacement, double voxelWidthInMm) const;

private:
  /** A bent tube with a radius that shrinks from head to tail. */
  struct Hippocampus
  {
    Point centre{};          ///< of the arc
    double arcRadius = 0.0;  ///< mm
    double firstAngle = 0.0; ///< radians; head end
    double lastAngle = 0.0;  ///< tail end
    double headRadius = 0.0; ///< of the tube
    double tailRadius = 0.0;
    double border = 0.0; ///< share of the arc that belongs to the head
  };
  struct Lesion
  {
    Point centre{};
    Point radii{};
  };
  struct Distances; // signed, negative inside

  Point
  ToAverageHead(const Point & point, const Point & displacement) const;
  Distances
  Measure(const Point & averagePoint) const;
  void
  PlaceLesions(RandomEngine & random);

  std::array<double, 9> m_AverageFromPerson{}; ///< rotation and scale, row-major
  std::array<SmoothField, 3> m_Deformation;
  SmoothField m_Folds;
  SmoothField m_LesionEdge;
  std::array<Hippocampus, 2> m_Hippocampi;
  Point m_VentricleRadii{};
  Point m_VentricleCentre{};
  std::vector<Lesion> m_Lesions;
};

} // namespace sulcus
