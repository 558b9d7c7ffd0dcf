#include "sulcusGrower.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sulcus::detail
{
namespace
{

/** mass * log(mass), 0 at 0. */
double
MassLog(double mass)
{
  return mass > 0.0 ? mass * std::log(mass) : 0.0;
}

} // namespace

std::size_t
Grower::FeaturesToDraw() const
{
  const auto all = m_Features.size();
  const auto asked = static_cast<std::size_t>(m_Set.options.featuresPerSplit);
  return std::min(
      all, asked > 0 ? asked : std::max<std::size_t>(1, std::size_t(std::sqrt(double(all)))));
}

std::optional<Split>
Grower::FindSplit(const Work & work)
{
  double drawn = 0.0;
  const auto masses = ClassMasses(work.labelled, drawn);
  const auto occupied =
      std::count_if(masses.begin(), masses.end(), [](double mass) { return mass > 0.0; });
  const double points = drawn + double(work.unlabelled.Size());
  m_Mass = std::accumulate(masses.begin(), masses.end(), 0.0);
  if (occupied == 1 || points < 2.0 * m_Set.options.minLeaf)
  {
    return std::nullopt;
  }
  const std::size_t wanted = FeaturesToDraw();
  std::optional<Split> best;
  for (std::size_t k = 0; k < m_Features.size() && (k < wanted || !best); ++k)
  {
    const auto other = static_cast<std::size_t>(
        m_Random.Integer(std::int64_t(k), std::int64_t(m_Features.size()) - 1));
    std::swap(m_Features[k], m_Features[other]);
  }
  for (std::size_t k = 0; k < m_Features.size() && (k < wanted || !best); ++k)
  {
    const auto split = work.unlabelled.Size() > 0
                           ? BestMixedSplit(work, masses, m_Features[k], wanted)
                           : BestLabelledSplit(work.labelled, masses, m_Features[k]);
    if (split && (!best || split->gain > best->gain))
    {
      best = split;
    }
  }
  return best;
}

std::pair<std::size_t, std::size_t>
Grower::FillHistogram(const Range & range, std::size_t feature)
{
  const std::uint8_t * bins = m_Set.labelledBins.data() + feature * LabelledCount();
  std::size_t low = 255;
  std::size_t high = 0;
  for (std::size_t i = range.begin; i < range.end; ++i)
  {
    const std::uint32_t point = m_Labelled[i];
    const std::size_t bin = bins[point];
    low = std::min(low, bin);
    high = std::max(high, bin);
    m_Histogram[bin * m_Set.classCount + m_Set.labelled.labels[point]] += MassOf(point);
    m_Counts[bin] += m_Weight[point];
  }
  return {low, high};
}

void
Grower::ClearHistogram(std::size_t low, std::size_t high)
{
  const auto classes = static_cast<std::ptrdiff_t>(m_Set.classCount);
  for (std::size_t bin = low; bin <= high; ++bin)
  {
    std::fill_n(m_Histogram.begin() + static_cast<std::ptrdiff_t>(bin) * classes, classes, 0.0);
    m_Counts[bin] = 0.0;
  }
}

std::optional<Split>
Grower::BestLabelledSplit(const Range & range,
                          const std::vector<double> & masses,
                          std::size_t feature)
{
  const auto [low, high] = FillHistogram(range, feature);
  std::vector<double> & left = m_Left;
  left.assign(masses.size(), 0.0);
  double leftMass = 0.0;
  double leftCount = 0.0;
  double total = 0.0;
  for (std::size_t bin = low; bin <= high; ++bin)
  {
    total += m_Counts[bin];
  }
  double parent = MassLog(m_Mass);
  for (const auto mass : masses)
  {
    parent -= MassLog(mass);
  }
  std::optional<Split> best;
  for (std::size_t bin = low; bin < high; ++bin)
  {
    if (m_Counts[bin] == 0.0)
    {
      continue;
    }
    leftCount += m_Counts[bin];
    double children = 0.0;
    for (std::size_t c = 0; c < masses.size(); ++c)
    {
      const double mass = m_Histogram[bin * masses.size() + c];
      left[c] += mass;
      leftMass += mass;
    }
    if (leftCount < m_Set.options.minLeaf || total - leftCount < m_Set.options.minLeaf)
    {
      continue;
    }
    children = MassLog(leftMass) + MassLog(m_Mass - leftMass);
    for (std::size_t c = 0; c < masses.size(); ++c)
    {
      children -= MassLog(left[c]) + MassLog(masses[c] - left[c]);
    }
    const double gain = (parent - children) / m_Mass;
    if (gain > 1e-12 && (!best || gain > best->gain))
    {
      best = Split{feature, bin, gain, gain};
    }
  }
  ClearHistogram(low, high);
  return best;
}

std::optional<Split>
Grower::BestMixedSplit(const Work & work,
                       const std::vector<double> & masses,
                       std::size_t feature,
                       std::size_t dimensions)
{
  const auto edges = QuantileBins(work, feature);
  std::vector<Moments> moments(edges.size() + 1, Moments(dimensions));
  std::vector<std::vector<double>> classes(edges.size() + 1,
                                           std::vector<double>(masses.size(), 0.0));
  std::vector<double> counts(edges.size() + 1, 0.0);
  const auto groupOf = [&](std::size_t bin)
  {
    return static_cast<std::size_t>(std::lower_bound(edges.begin(), edges.end(), bin) -
                                    edges.begin());
  };
  std::vector<float> point(dimensions);
  const auto add = [&](const ForestSamples & samples, std::uint32_t index, std::size_t group)
  {
    for (std::size_t d = 0; d < dimensions; ++d)
    {
      point[d] = samples.features[index * samples.featureCount + m_Features[d]];
    }
    moments[group].Add(point.data());
  };
  const auto * bins = m_Set.labelledBins.data() + feature * LabelledCount();
  for (std::size_t i = work.labelled.begin; i < work.labelled.end; ++i)
  {
    const auto group = groupOf(bins[m_Labelled[i]]);
    add(m_Set.labelled, m_Labelled[i], group);
    counts[group] += m_Weight[m_Labelled[i]];
    classes[group][m_Set.labelled.labels[m_Labelled[i]]] += MassOf(m_Labelled[i]);
  }
  const auto * otherBins = m_Set.unlabelledBins.data() + feature * m_Set.unlabelled->Count();
  for (std::size_t i = work.unlabelled.begin; i < work.unlabelled.end; ++i)
  {
    const auto group = groupOf(otherBins[m_Unlabelled[i]]);
    add(*m_Set.unlabelled, m_Unlabelled[i], group);
    counts[group] += 1.0;
  }
  return BestOfGroups(feature, dimensions, edges, moments, classes, counts);
}

std::optional<Split>
Grower::BestOfGroups(std::size_t feature,
                     std::size_t dimensions,
                     const std::vector<std::size_t> & edges,
                     const std::vector<Moments> & moments,
                     const std::vector<std::vector<double>> & classes,
                     const std::vector<double> & counts) const
{
  Moments left(dimensions);
  Moments right(dimensions);
  std::vector<double> leftClasses(classes.front().size(), 0.0);
  std::vector<double> rightClasses(leftClasses);
  double leftCount = 0.0;
  double rightCount = 0.0;
  for (std::size_t g = 0; g < moments.size(); ++g)
  {
    right += moments[g];
    rightCount += counts[g];
    std::transform(rightClasses.begin(),
                   rightClasses.end(),
                   classes[g].begin(),
                   rightClasses.begin(),
                   std::plus<>());
  }
  std::optional<Split> best;
  for (std::size_t g = 0; g < edges.size(); ++g)
  {
    left += moments[g];
    right -= moments[g];
    leftCount += counts[g];
    rightCount -= counts[g];
    for (std::size_t c = 0; c < leftClasses.size(); ++c)
    {
      leftClasses[c] += classes[g][c];
      rightClasses[c] -= classes[g][c];
    }
    if (leftCount < m_Set.options.minLeaf || rightCount < m_Set.options.minLeaf)
    {
      continue;
    }
    const double labelled = std::max(0.0, LabelledGain(leftClasses, rightClasses));
    const double gain = labelled + m_Set.options.unlabelledWeight * UnlabelledGain(left, right);
    if (gain > 1e-9 && (!best || gain > best->gain))
    {
      best = Split{feature, edges[g], gain, labelled};
    }
  }
  return best;
}

std::vector<std::size_t>
Grower::QuantileBins(const Work & work, std::size_t feature) const
{
  std::vector<std::size_t> counts(256, 0);
  const auto * bins = m_Set.labelledBins.data() + feature * LabelledCount();
  for (std::size_t i = work.labelled.begin; i < work.labelled.end; ++i)
  {
    ++counts[bins[m_Labelled[i]]];
  }
  const auto * otherBins = m_Set.unlabelledBins.data() + feature * m_Set.unlabelled->Count();
  for (std::size_t i = work.unlabelled.begin; i < work.unlabelled.end; ++i)
  {
    ++counts[otherBins[m_Unlabelled[i]]];
  }
  const std::size_t total = work.labelled.Size() + work.unlabelled.Size();
  std::vector<std::size_t> edges;
  std::size_t sum = 0;
  for (std::size_t bin = 0; bin + 1 < m_Set.bins.BinCount(feature); ++bin)
  {
    sum += counts[bin];
    if (counts[bin] > 0 && sum < total && sum * 16 >= (edges.size() + 1) * total &&
        edges.size() < 15)
    {
      edges.push_back(bin);
    }
  }
  return edges;
}

} // namespace sulcus::detail
