#include "sulcusFeatureBins.h"

#include <sulcusThreads.h>

#include <algorithm>

namespace sulcus::detail
{
namespace
{

/** Up to 20,000 values of one feature, evenly spread over the points. */
void
AppendValues(const ForestSamples & samples, std::size_t feature, std::vector<float> & values)
{
  constexpr std::size_t most = 20000;
  const std::size_t stride = 1 + samples.Count() / most;
  for (std::size_t i = 0; i < samples.Count(); i += stride)
  {
    values.push_back(samples.features[i * samples.featureCount + feature]);
  }
}

/** Edges halfway between neighbouring values, at every distinct value where there are few, else at
 * quantiles. */
std::vector<float>
ChooseEdges(std::vector<float> values)
{
  constexpr std::size_t most = 255;
  std::sort(values.begin(), values.end());
  std::vector<float> distinct;
  std::unique_copy(values.begin(), values.end(), std::back_inserter(distinct));
  std::vector<float> edges;
  const auto add = [&](const std::vector<float> & from, std::size_t i)
  {
    const auto next = std::upper_bound(distinct.begin(), distinct.end(), from[i]);
    if (next != distinct.end())
    {
      const float edge = from[i] + 0.5F * (*next - from[i]);
      const float inside = edge < *next ? edge : from[i];
      if (edges.empty() || inside > edges.back())
      {
        edges.push_back(inside);
      }
    }
  };
  if (distinct.size() <= most + 1)
  {
    for (std::size_t i = 0; i + 1 < distinct.size(); ++i)
    {
      add(distinct, i);
    }
    return edges;
  }
  for (std::size_t b = 1; b <= most; ++b)
  {
    add(values, b * values.size() / (most + 1));
  }
  return edges;
}

} // namespace

FeatureBins::FeatureBins(const ForestSamples & samples, const ForestSamples * more)
    : m_Edges(samples.featureCount)
{
  ParallelForEach(samples.featureCount,
                  [&](std::size_t feature)
                  {
                    std::vector<float> values;
                    AppendValues(samples, feature, values);
                    if (more)
                    {
                      AppendValues(*more, feature, values);
                    }
                    m_Edges[feature] = ChooseEdges(std::move(values));
                  });
}

std::uint8_t
FeatureBins::BinOf(std::size_t feature, float value) const
{
  const auto & edges = m_Edges[feature];
  return static_cast<std::uint8_t>(std::lower_bound(edges.begin(), edges.end(), value) -
                                   edges.begin());
}

std::vector<std::uint8_t>
FeatureBins::Apply(const ForestSamples & samples) const
{
  const std::size_t count = samples.Count();
  std::vector<std::uint8_t> bins(count * samples.featureCount);
  ParallelForEach(samples.featureCount,
                  [&](std::size_t feature)
                  {
                    for (std::size_t i = 0; i < count; ++i)
                    {
                      bins[feature * count + i] =
                          BinOf(feature, samples.features[i * samples.featureCount + feature]);
                    }
                  });
  return bins;
}

} // namespace sulcus::detail
