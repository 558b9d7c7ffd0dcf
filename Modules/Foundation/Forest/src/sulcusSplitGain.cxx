#include "sulcusSplitGain.h"

#include <cmath>

namespace sulcus
{
namespace
{

double
Total(std::span<const double> masses)
{
  double total = 0.0;
  for (const auto mass : masses)
  {
    total += mass;
  }
  return total;
}

} // namespace

double
Entropy(std::span<const double> masses)
{
  const double total = Total(masses);
  double entropy = 0.0;
  for (const auto mass : masses)
  {
    if (mass > 0.0)
    {
      entropy -= mass / total * std::log(mass / total);
    }
  }
  return entropy;
}

double
LabelledGain(std::span<const double> left, std::span<const double> right)
{
  std::vector<double> all(left.begin(), left.end());
  for (std::size_t c = 0; c < all.size(); ++c)
  {
    all[c] += right[c];
  }
  const double total = Total(all);
  return total > 0.0 ? Entropy(all) - Total(left) / total * Entropy(left) -
                           Total(right) / total * Entropy(right)
                     : 0.0;
}

Moments::Moments(std::size_t dimensions)
    : m_Dimensions(dimensions), m_Sums(dimensions, 0.0),
      m_Products(dimensions * (dimensions + 1) / 2, 0.0)
{
}

void
Moments::Add(const float * point)
{
  m_Count += 1.0;
  auto product = m_Products.begin();
  for (std::size_t i = 0; i < m_Dimensions; ++i)
  {
    const double value = point[i];
    m_Sums[i] += value;
    for (std::size_t j = 0; j <= i; ++j)
    {
      *product++ += value * point[j];
    }
  }
}

Moments &
Moments::operator+=(const Moments & other)
{
  m_Count += other.m_Count;
  for (std::size_t i = 0; i < m_Sums.size(); ++i)
  {
    m_Sums[i] += other.m_Sums[i];
  }
  for (std::size_t i = 0; i < m_Products.size(); ++i)
  {
    m_Products[i] += other.m_Products[i];
  }
  return *this;
}

Moments &
Moments::operator-=(const Moments & other)
{
  m_Count -= other.m_Count;
  for (std::size_t i = 0; i < m_Sums.size(); ++i)
  {
    m_Sums[i] -= other.m_Sums[i];
  }
  for (std::size_t i = 0; i < m_Products.size(); ++i)
  {
    m_Products[i] -= other.m_Products[i];
  }
  return *this;
}

double
Moments::LogDeterminant(double ridge) const
{
  std::vector<double> factor(m_Products.size(), 0.0); // Cholesky, lower triangle
  const auto at = [](std::size_t i, std::size_t j) { return i * (i + 1) / 2 + j; };
  double logDeterminant = 0.0;
  for (std::size_t i = 0; i < m_Dimensions; ++i)
  {
    for (std::size_t j = 0; j <= i; ++j)
    {
      double value = m_Count > 0.0 ? m_Products[at(i, j)] / m_Count -
                                         m_Sums[i] / m_Count * (m_Sums[j] / m_Count)
                                   : 0.0;
      value += i == j ? ridge : 0.0;
      for (std::size_t k = 0; k < j; ++k)
      {
        value -= factor[at(i, k)] * factor[at(j, k)];
      }
      if (i == j)
      {
        value = std::max(value, 0.5 * ridge + 1e-300); // rounding of nearly dependent features
        logDeterminant += std::log(value);
        factor[at(i, i)] = std::sqrt(value);
      }
      else
      {
        factor[at(i, j)] = value / factor[at(j, j)];
      }
    }
  }
  return logDeterminant;
}

double
UnlabelledGain(const Moments & left, const Moments & right, double ridge)
{
  Moments all = left;
  all += right;
  return all.LogDeterminant(ridge) - left.Count() / all.Count() * left.LogDeterminant(ridge) -
         right.Count() / all.Count() * right.LogDeterminant(ridge);
}

} // namespace sulcus
