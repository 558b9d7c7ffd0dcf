#pragma once

#include <array>

namespace sulcus
{

/** Maps voxel indices (x, y, z; x fastest) to millimetres (LPS: x to the patient's left, y to
 * posterior, z to superior). Row-major 3×4: columns 0–2 are direction cosines times spacing, column
 * 3 is the centre of voxel (0, 0, 0). */
class Affine
{
public:
  using Point = std::array<double, 3>;

  Affine(); ///< identity
  explicit Affine(const std::array<double, 12> & rowMajor);

  static Affine
  FromGrid(const Point & spacing,
           const Point & origin,
           const std::array<double, 9> & directionRowMajor);

  Point
  operator()(const Point & index) const;

  /** this ∘ other: apply the other first. */
  Affine
  After(const Affine & other) const;

  /** \throws GeometryError if the determinant is zero or not finite. */
  Affine
  Inverse() const;

  /** Lengths of columns 0–2 in mm. */
  Point
  Spacing() const;

  double
  Determinant() const;

  const std::array<double, 12> &
  RowMajor() const
  {
    return m_Values;
  }

private:
  std::array<double, 12> m_Values;
};

/** Largest distance in mm between the images of the eight corners of an index box of the given size
 * under two maps. */
double
CornerDistance(const Affine & a, const Affine & b, const Affine::Point & sizeInVoxels);

} // namespace sulcus
