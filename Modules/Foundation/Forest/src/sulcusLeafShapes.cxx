#include "sulcusLeafShapes.h"

#include <algorithm>
#include <limits>

namespace sulcus::detail
{

void
LeafShapes::Add(const ForestSamples & labelled,
                std::span<const std::uint32_t> labelledPoints,
                const ForestSamples & unlabelled,
                std::span<const std::uint32_t> unlabelledPoints)
{
  const std::size_t features = labelled.featureCount;
  Leaf leaf{std::vector<double>(features, 0.0),
            std::vector<double>(features, 0.0),
            !labelledPoints.empty()};
  const auto add = [&](const ForestSamples & samples, std::span<const std::uint32_t> points)
  {
    for (const auto point : points)
    {
      for (std::size_t f = 0; f < features; ++f)
      {
        const double value = samples.features[point * features + f];
        leaf.mean[f] += value;
        leaf.variance[f] += value * value;
      }
    }
  };
  add(labelled, labelledPoints);
  add(unlabelled, unlabelledPoints);
  const auto count =
      double(std::max<std::size_t>(1, labelledPoints.size() + unlabelledPoints.size()));
  for (std::size_t f = 0; f < features; ++f)
  {
    leaf.mean[f] /= count;
    leaf.variance[f] = std::max(0.0, leaf.variance[f] / count - leaf.mean[f] * leaf.mean[f]) + 1e-6;
  }
  m_Leaves.push_back(std::move(leaf));
}

void
LeafShapes::FillEmpty(std::vector<float> & posteriors, unsigned classCount) const
{
  const auto row = [&](std::size_t leaf)
  { return posteriors.begin() + static_cast<std::ptrdiff_t>(leaf * classCount); };
  for (std::size_t leaf = 0; leaf < m_Leaves.size(); ++leaf)
  {
    double nearest = std::numeric_limits<double>::infinity();
    std::size_t source = leaf;
    for (std::size_t other = 0; other < m_Leaves.size() && !m_Leaves[leaf].hasLabels; ++other)
    {
      if (m_Leaves[other].hasLabels && Distance(m_Leaves[leaf], m_Leaves[other]) < nearest)
      {
        nearest = Distance(m_Leaves[leaf], m_Leaves[other]);
        source = other;
      }
    }
    if (source != leaf)
    {
      std::copy_n(row(source), classCount, row(leaf));
    }
  }
}

double
LeafShapes::Distance(const Leaf & a, const Leaf & b)
{
  double sum = 0.0;
  for (std::size_t f = 0; f < a.mean.size(); ++f)
  {
    const double difference = a.mean[f] - b.mean[f];
    sum += difference * difference / (0.5 * (a.variance[f] + b.variance[f]));
  }
  return sum;
}

} // namespace sulcus::detail
