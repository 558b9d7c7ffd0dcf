#pragma once

#include "sulcusVoxelFeatures.h"

#include <algorithm>

namespace sulcus::detail
{

/** Features of several lists of voxels, each voxel computed once. */
class SharedFeatures
{
public:
  SharedFeatures(const ImageBlock & image, std::vector<std::uint32_t> voxels)
      : m_Voxels(std::move(voxels))
  {
    std::sort(m_Voxels.begin(), m_Voxels.end());
    m_Voxels.erase(std::unique(m_Voxels.begin(), m_Voxels.end()), m_Voxels.end());
    m_Features = ComputeVoxelFeatures(image, m_Voxels);
  }

  const std::vector<std::string> &
  Names() const
  {
    return m_Features.names;
  }

  /** Adds one row a voxel. */
  void
  AppendRows(std::span<const std::uint32_t> voxels, FeatureMatrix & target) const
  {
    target.names = m_Features.names;
    const auto count = static_cast<std::ptrdiff_t>(m_Features.names.size());
    for (const auto voxel : voxels)
    {
      const auto row = std::lower_bound(m_Voxels.begin(), m_Voxels.end(), voxel) - m_Voxels.begin();
      const auto first = m_Features.values.begin() + row * count;
      target.values.insert(target.values.end(), first, first + count);
    }
  }

private:
  std::vector<std::uint32_t> m_Voxels;
  FeatureMatrix m_Features;
};

} // namespace sulcus::detail
