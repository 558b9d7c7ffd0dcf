#pragma once

#include "sulcusRandomForest.h"

#include <vector>

namespace sulcus::detail
{

/** Every feature cut at up to 255 quantiles; point i has bin b of feature f if it is above edge b-1
 * and not above edge b. */
class FeatureBins
{
public:
  FeatureBins(const ForestSamples & samples, const ForestSamples * more);

  std::uint8_t
  BinOf(std::size_t feature, float value) const;

  /** Bins feature by feature: bin of point i is result[f * count + i]. */
  std::vector<std::uint8_t>
  Apply(const ForestSamples & samples) const;

  /** Largest value of the bin. */
  float
  Edge(std::size_t feature, std::size_t bin) const
  {
    return m_Edges[feature][bin];
  }

  std::size_t
  BinCount(std::size_t feature) const
  {
    return m_Edges[feature].size() + 1;
  }

private:
  std::vector<std::vector<float>> m_Edges;
};

} // namespace sulcus::detail
