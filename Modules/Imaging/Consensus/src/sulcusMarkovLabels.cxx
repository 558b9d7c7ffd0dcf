#include "sulcusStaple.h"
#include <sulcusContrastCapacities.h>
#include <sulcusExpansion.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{
namespace
{

/** floor(scale * min(-log W, 30)) of the voxel's pattern. */
class PatternCosts : public LabelCosts
{
public:
  PatternCosts(std::span<const std::uint32_t> patternOfVoxel,
               std::span<const double> probability,
               unsigned labelCount,
               double scale)
      : m_PatternOfVoxel(patternOfVoxel), m_LabelCount(labelCount)
  {
    for (const auto value : probability)
    {
      m_Costs.push_back(
          static_cast<std::int32_t>(scale * std::min(30.0, -std::log(std::max(value, 1e-300)))));
    }
  }

  void
  Costs(unsigned label, std::size_t first, std::size_t count, std::int32_t * costs) const override
  {
    for (std::size_t i = 0; i < count; ++i)
    {
      costs[i] = m_Costs[m_PatternOfVoxel[first + i] * m_LabelCount + label];
    }
  }

private:
  std::span<const std::uint32_t> m_PatternOfVoxel;
  unsigned m_LabelCount;
  std::vector<std::int32_t> m_Costs;
};

} // namespace

std::vector<std::uint16_t>
LabelUnderMarkovPrior(const std::array<std::size_t, 3> & size,
                      const std::array<double, 3> & spacingInMm,
                      std::span<const std::uint32_t> patternOfVoxel,
                      std::span<const double> probability,
                      unsigned labelCount,
                      double weight)
{
  const double scale = std::min(double(1 << 20), double(1 << 26) / (6.0 * weight));
  const PatternCosts costs(patternOfVoxel, probability, labelCount, scale);
  const ContrastWeights weights(size, spacingInMm, 6, {});
  const ContrastCapacities capacities(weights, weight * scale);
  std::vector<std::uint8_t> labels(patternOfVoxel.size());
  (void)SolveByExpansion({size, 6, labelCount, &costs, &capacities}, labels);
  return {labels.begin(), labels.end()};
}

} // namespace sulcus
