#include "sulcusAffine.h"

#include "sulcusError.h"

#include <algorithm>
#include <cmath>

namespace sulcus
{

Affine::Affine() : m_Values{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}
{
}

Affine::Affine(const std::array<double, 12> & rowMajor) : m_Values(rowMajor)
{
}

Affine
Affine::FromGrid(const Point & spacing,
                 const Point & origin,
                 const std::array<double, 9> & direction)
{
  std::array<double, 12> values{};
  for (int row = 0; row < 3; ++row)
  {
    for (int column = 0; column < 3; ++column)
    {
      values[4 * row + column] = direction[3 * row + column] * spacing[column];
    }
    values[4 * row + 3] = origin[row];
  }
  return Affine(values);
}

Affine::Point
Affine::operator()(const Point & p) const
{
  Point out{};
  for (int row = 0; row < 3; ++row)
  {
    const double * r = m_Values.data() + 4 * row;
    out[row] = r[0] * p[0] + r[1] * p[1] + r[2] * p[2] + r[3];
  }
  return out;
}

Affine
Affine::After(const Affine & other) const
{
  std::array<double, 12> values{};
  for (int row = 0; row < 3; ++row)
  {
    for (int column = 0; column < 4; ++column)
    {
      double sum = column == 3 ? m_Values[4 * row + 3] : 0.0;
      for (int k = 0; k < 3; ++k)
      {
        sum += m_Values[4 * row + k] * other.m_Values[4 * k + column];
      }
      values[4 * row + column] = sum;
    }
  }
  return Affine(values);
}

double
Affine::Determinant() const
{
  const auto & m = m_Values;
  return m[0] * (m[5] * m[10] - m[6] * m[9]) - m[1] * (m[4] * m[10] - m[6] * m[8]) +
         m[2] * (m[4] * m[9] - m[5] * m[8]);
}

Affine
Affine::Inverse() const
{
  const double determinant = Determinant();
  if (!std::isfinite(determinant) || determinant == 0.0)
  {
    throw GeometryError(Message(
        "the index-to-millimetre matrix cannot be inverted (determinant ", determinant, ")"));
  }
  const auto & m = m_Values;
  const auto cofactor = [&](int a, int b, int c, int d)
  { return (m[a] * m[d] - m[b] * m[c]) / determinant; };
  std::array<double, 12> v{cofactor(5, 6, 9, 10),
                           cofactor(2, 1, 10, 9),
                           cofactor(1, 2, 5, 6),
                           0,
                           cofactor(6, 4, 10, 8),
                           cofactor(0, 2, 8, 10),
                           cofactor(2, 0, 6, 4),
                           0,
                           cofactor(4, 5, 8, 9),
                           cofactor(1, 0, 9, 8),
                           cofactor(0, 1, 4, 5),
                           0};
  for (int row = 0; row < 3; ++row)
  {
    v[4 * row + 3] = -(v[4 * row] * m[3] + v[4 * row + 1] * m[7] + v[4 * row + 2] * m[11]);
  }
  return Affine(v);
}

Affine::Point
Affine::Spacing() const
{
  Point spacing{};
  for (int column = 0; column < 3; ++column)
  {
    spacing[column] = std::hypot(m_Values[column], m_Values[4 + column], m_Values[8 + column]);
  }
  return spacing;
}

double
CornerDistance(const Affine & a, const Affine & b, const Affine::Point & size)
{
  double largest = 0.0;
  for (int corner = 0; corner < 8; ++corner)
  {
    const Affine::Point index{(corner & 1) != 0 ? size[0] - 1 : 0,
                              (corner & 2) != 0 ? size[1] - 1 : 0,
                              (corner & 4) != 0 ? size[2] - 1 : 0};
    const auto p = a(index);
    const auto q = b(index);
    largest = std::max(largest, std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
  }
  return largest;
}

} // namespace sulcus
