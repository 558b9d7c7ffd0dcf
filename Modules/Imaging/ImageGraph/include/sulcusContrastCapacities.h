#pragma once

#include <sulcusGridFlow.h>

#include <array>
#include <span>
#include <vector>

namespace sulcus
{

/** One scalar per voxel that neighbours are compared by, and how much it counts. */
struct ContrastChannel
{
  std::span<const float> values;
  double weight = 1.0;
};

/** Contrast-sensitive pair weights in millimetres,
 *   B_pq = exp(-sum_f w_f (f(p) - f(q))^2 / (2 s^2)) * s_min / |p - q|,
 * with s^2 the mean of the numerator over all neighbour pairs (B = s_min / |p - q| where it is 0 or
 * there is no channel) and s_min the smallest spacing. */
class ContrastWeights
{
public:
  /** \throws UsageError for a spacing that is not positive or channels of another size. */
  ContrastWeights(const GridSize & size,
                  const std::array<double, 3> & spacingInMm,
                  unsigned neighbours,
                  std::vector<ContrastChannel> channels);

  /** B of the edge from a voxel to its forward neighbour. */
  double
  operator()(unsigned step, std::size_t voxel) const;

  /** s_min / |p - q| of a forward step: the largest B. */
  double
  Largest(unsigned step) const
  {
    return m_Geometry[step];
  }

  /** Factor that makes smoothing comparable between neighbourhoods: 6 / sum over all neighbours of
   * s_min / |p - q| of an isotropic grid (1, 0.4142 and 0.3141 for 6, 18 and 26). */
  static double
  NeighbourhoodFactor(unsigned neighbours);

  double
  Variance() const
  {
    return m_Variance;
  }
  unsigned
  StepCount() const
  {
    return static_cast<unsigned>(m_Geometry.size());
  }
  const GridSize &
  Size() const
  {
    return m_Size;
  }

private:
  double
  Difference(std::size_t p, std::size_t q) const;
  void
  MeasureVariance(unsigned neighbours);

  GridSize m_Size;
  std::vector<ContrastChannel> m_Channels;
  std::vector<double> m_Geometry;
  std::vector<std::ptrdiff_t> m_Offsets;
  double m_Variance = 0.0;
};

/** Whole-number capacities floor(factor * B), kept where that takes at most 256 MiB and computed
 * anew otherwise. Rounding down keeps every cut a lower bound of the real one. */
class ContrastCapacities : public GridCapacities
{
public:
  /** \param weights must outlive this object. */
  ContrastCapacities(const ContrastWeights & weights, double factor);

  std::uint32_t
  Maximum(unsigned step) const override;
  void
  Row(unsigned step,
      std::size_t first,
      std::size_t count,
      std::uint32_t * forward,
      std::uint32_t * backward) const override;

private:
  std::uint32_t
  Capacity(unsigned step, std::size_t voxel) const;

  const ContrastWeights & m_Weights;
  double m_Factor;
  std::vector<std::vector<std::uint32_t>> m_Kept;
};

} // namespace sulcus
