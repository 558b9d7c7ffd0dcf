#include "sulcusGridFlow.h"
#include <sulcusError.h>

#include <algorithm>

namespace sulcus
{

std::uint32_t
UniformGridCapacities::Maximum(unsigned step) const
{
  return m_CapacityOfStep.at(step);
}

void
UniformGridCapacities::Row(unsigned step,
                           std::size_t,
                           std::size_t count,
                           std::uint32_t * forward,
                           std::uint32_t * backward) const
{
  std::fill_n(forward, count, m_CapacityOfStep[step]);
  std::fill_n(backward, count, m_CapacityOfStep[step]);
}

StoredGridCapacities::StoredGridCapacities(std::size_t stepCount, std::size_t voxelCount)
    : m_Forward(stepCount, std::vector<std::uint32_t>(voxelCount)), m_Backward(m_Forward)
{
}

void
StoredGridCapacities::Set(unsigned step,
                          std::size_t voxel,
                          std::uint32_t forward,
                          std::uint32_t backward)
{
  m_Forward.at(step).at(voxel) = forward;
  m_Backward.at(step).at(voxel) = backward;
}

std::uint32_t
StoredGridCapacities::Maximum(unsigned step) const
{
  const auto largest = [](const auto & values)
  { return *std::max_element(values.begin(), values.end()); };
  return std::max(largest(m_Forward.at(step)), largest(m_Backward.at(step)));
}

void
StoredGridCapacities::Row(unsigned step,
                          std::size_t first,
                          std::size_t count,
                          std::uint32_t * forward,
                          std::uint32_t * backward) const
{
  std::copy_n(m_Forward[step].begin() + static_cast<std::ptrdiff_t>(first), count, forward);
  std::copy_n(m_Backward[step].begin() + static_cast<std::ptrdiff_t>(first), count, backward);
}

} // namespace sulcus
