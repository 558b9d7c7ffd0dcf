#pragma once

#include <span>
#include <vector>

namespace sulcus
{

/** Shannon entropy in nats of non-negative masses; 0 for no mass. */
double
Entropy(std::span<const double> masses);

/** I_s = H(S) - sum_i |S_i| / |S| H(S_i) of a split of class masses in two. */
double
LabelledGain(std::span<const double> left, std::span<const double> right);

/** Count, sum and sum of products of points in a few dimensions: enough for their covariance. */
class Moments
{
public:
  explicit Moments(std::size_t dimensions);

  void
  Add(const float * point);
  Moments &
  operator+=(const Moments & other);
  Moments &
  operator-=(const Moments & other);

  double
  Count() const
  {
    return m_Count;
  }

  /** log of the determinant of the population covariance with `ridge` added to its diagonal. */
  double
  LogDeterminant(double ridge) const;

private:
  std::size_t m_Dimensions;
  double m_Count = 0.0;
  std::vector<double> m_Sums;     ///< first moments
  std::vector<double> m_Products; ///< lower triangle, row by row
};

/** I_u = log|Λ(S)| - sum_i |S_i| / |S| log|Λ(S_i)| of a split of points, labelled or not (Criminisi
 * and Shotton, semi-supervised classification forests). */
double
UnlabelledGain(const Moments & left, const Moments & right, double ridge = 1e-6);

} // namespace sulcus
