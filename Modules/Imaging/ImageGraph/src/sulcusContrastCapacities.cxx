#include "sulcusContrastCapacities.h"

#include <sulcusError.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

/** Whether the forward neighbour of the voxel lies in the grid. */
bool
HasNeighbour(const GridSize & size, const GridNeighbourhood::Step & step, std::size_t voxel)
{
  const std::array<std::size_t, 3> index{
      voxel % size[0], voxel / size[0] % size[1], voxel / size[0] / size[1]};
  for (unsigned axis = 0; axis < 3; ++axis)
  {
    const auto moved = static_cast<std::ptrdiff_t>(index[axis]) + step[axis];
    if (moved < 0 || moved >= static_cast<std::ptrdiff_t>(size[axis]))
    {
      return false;
    }
  }
  return true;
}

} // namespace

ContrastWeights::ContrastWeights(const GridSize & size,
                                 const std::array<double, 3> & spacingInMm,
                                 unsigned neighbours,
                                 std::vector<ContrastChannel> channels)
    : m_Size(size), m_Channels(std::move(channels))
{
  const auto voxels = GridVoxelCount(size);
  for (const auto & channel : m_Channels)
  {
    if (channel.values.size() != voxels)
    {
      throw UsageError(Message("contrast weights: a channel of ",
                               channel.values.size(),
                               " values on ",
                               voxels,
                               " voxels"));
    }
  }
  const double smallest = *std::min_element(spacingInMm.begin(), spacingInMm.end());
  if (!(smallest > 0.0) || !std::isfinite(spacingInMm[0] + spacingInMm[1] + spacingInMm[2]))
  {
    throw GeometryError(Message("spacing ",
                                spacingInMm[0],
                                " x ",
                                spacingInMm[1],
                                " x ",
                                spacingInMm[2],
                                " mm: every value must be above 0"));
  }
  const GridNeighbourhood neighbourhood(neighbours);
  const auto distances = neighbourhood.Distances(spacingInMm);
  const auto offsets = neighbourhood.Offsets(size);
  for (unsigned k = neighbours / 2; k < neighbours; ++k)
  {
    m_Geometry.push_back(smallest / distances[k]);
    m_Offsets.push_back(offsets[k]);
  }
  MeasureVariance(neighbours);
}

double
ContrastWeights::Difference(std::size_t p, std::size_t q) const
{
  double sum = 0.0;
  for (const auto & channel : m_Channels)
  {
    const double difference = double(channel.values[p]) - double(channel.values[q]);
    sum += channel.weight * difference * difference;
  }
  return sum;
}

void
ContrastWeights::MeasureVariance(unsigned neighbours)
{
  if (m_Channels.empty())
  {
    return;
  }
  const auto steps = GridNeighbourhood(neighbours).ForwardSteps();
  std::vector<double> sums(m_Size[2], 0.0); // one a slice, added in order
  const std::size_t slice = m_Size[0] * m_Size[1];
  ParallelFor(m_Size[2],
              [&](std::size_t zBegin, std::size_t zEnd)
              {
                for (std::size_t z = zBegin; z < zEnd; ++z)
                {
                  for (std::size_t p = z * slice; p < (z + 1) * slice; ++p)
                  {
                    for (unsigned k = 0; k < steps.size(); ++k)
                    {
                      if (HasNeighbour(m_Size, steps[k], p))
                      {
                        sums[z] += Difference(p, p + static_cast<std::size_t>(m_Offsets[k]));
                      }
                    }
                  }
                }
              });
  const auto pairs = GridNeighbourhood(neighbours).EdgeCount(m_Size);
  for (const auto sum : sums)
  {
    m_Variance += sum;
  }
  m_Variance = pairs > 0 ? m_Variance / double(pairs) : 0.0;
}

double
ContrastWeights::operator()(unsigned step, std::size_t voxel) const
{
  if (!(m_Variance > 0.0))
  {
    return m_Geometry[step];
  }
  const double difference = Difference(voxel, voxel + static_cast<std::size_t>(m_Offsets[step]));
  return std::exp(-difference / (2.0 * m_Variance)) * m_Geometry[step];
}

double
ContrastWeights::NeighbourhoodFactor(unsigned neighbours)
{
  double sum = 0.0;
  for (const auto distance : GridNeighbourhood(neighbours).Distances({1.0, 1.0, 1.0}))
  {
    sum += 1.0 / distance;
  }
  return 6.0 / sum;
}

ContrastCapacities::ContrastCapacities(const ContrastWeights & weights, double factor)
    : m_Weights(weights), m_Factor(factor)
{
  constexpr std::size_t most = std::size_t(1) << 26;
  const std::size_t voxels = GridVoxelCount(weights.Size());
  if (voxels * weights.StepCount() > most)
  {
    return;
  }
  const auto steps = GridNeighbourhood(2 * weights.StepCount()).ForwardSteps();
  m_Kept.assign(weights.StepCount(), std::vector<std::uint32_t>(voxels, 0));
  ParallelFor(
      voxels,
      [&](std::size_t begin, std::size_t end)
      {
        for (std::size_t p = begin; p < end; ++p)
        {
          for (unsigned k = 0; k < steps.size(); ++k)
          {
            m_Kept[k][p] = HasNeighbour(weights.Size(), steps[k], p) ? Capacity(k, p) : 0;
          }
        }
      },
      4096);
}

std::uint32_t
ContrastCapacities::Capacity(unsigned step, std::size_t voxel) const
{
  return static_cast<std::uint32_t>(m_Factor * m_Weights(step, voxel));
}

std::uint32_t
ContrastCapacities::Maximum(unsigned step) const
{
  return static_cast<std::uint32_t>(m_Factor * m_Weights.Largest(step));
}

void
ContrastCapacities::Row(unsigned step,
                        std::size_t first,
                        std::size_t count,
                        std::uint32_t * forward,
                        std::uint32_t * backward) const
{
  for (std::size_t i = 0; i < count; ++i)
  {
    forward[i] = m_Kept.empty() ? Capacity(step, first + i) : m_Kept[step][first + i];
    backward[i] = forward[i];
  }
}

} // namespace sulcus
