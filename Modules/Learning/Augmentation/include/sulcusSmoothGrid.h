#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

/** A smooth field over a box of voxels: a uniform cubic B-spline through few control values.
 * Between the controls the field is twice continuously differentiable and never leaves the range of
 * the controls. Axes z, y, x. */
struct SmoothGrid
{
  std::array<std::int64_t, 3> size{};  ///< voxels that the field covers
  std::array<std::int64_t, 3> count{}; ///< control values along each axis: intervals + 3
  int components = 0;
  std::vector<float> values; ///< [components, count z, count y, count x]

  bool
  IsEmpty() const
  {
    return components == 0;
  }

  /** As many equal intervals as the length goes into the extent, at least one; all values zero. */
  static SmoothGrid
  WithSpacing(const std::array<std::int64_t, 3> & size,
              const std::array<double, 3> & spacingInMm,
              double controlSpacingInMm,
              int components);

  /** Distance of neighbouring controls in voxels. */
  std::array<double, 3>
  IntervalInVoxels() const;

  /** The field at any point of the box (z, y, x voxels; outside, that of the nearest point inside).
   */
  void
  At(const std::array<double, 3> & point, std::span<double> values) const;
};

/** Evaluates a SmoothGrid one row of voxels after another: the weights of an axis are tabled once,
 * a row costs four multiplications a voxel and component. */
class SmoothGridRows
{
public:
  explicit SmoothGridRows(const SmoothGrid & grid);

  /** The field along row (z, y): [components, size x]. Valid until the next call. */
  std::span<const float>
  Row(std::int64_t z, std::int64_t y);

private:
  struct Taps
  {
    std::vector<std::int32_t> first; ///< first of four controls, one a voxel
    std::vector<float> weight;       ///< [4, size]
  };
  static Taps
  MakeTaps(std::int64_t size, std::int64_t count);

  const SmoothGrid & m_Grid;
  Taps m_Z;
  Taps m_Y;
  std::vector<float> m_Expand;              ///< [count x, size x] weights along x
  std::vector<std::int64_t> m_SupportBegin; ///< of each control along x
  std::vector<std::int64_t> m_SupportEnd;
  std::vector<float> m_Plane; ///< [components, count y, count x] at the current z
  std::vector<float> m_Line;  ///< [components, count x] at the current row
  std::vector<float> m_Row;
  std::int64_t m_CurrentZ = -1;
};

} // namespace sulcus
