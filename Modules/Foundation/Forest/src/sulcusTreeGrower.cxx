#include "sulcusTreeGrower.h"

#include "sulcusLeafShapes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sulcus::detail
{
namespace
{

/** Points of one node: a range of the labelled and of the unlabelled order. */
struct Range
{
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t
  Size() const
  {
    return end - begin;
  }
};

struct Split
{
  std::size_t feature = 0;
  std::size_t bin = 0; ///< points up to this bin go left
  double gain = 0.0;
  double labelledGain = 0.0;
};

struct Work
{
  std::int32_t node;
  int depth;
  Range labelled;
  Range unlabelled;
};

/** mass * log(mass), 0 at 0. */
double
MassLog(double mass)
{
  return mass > 0.0 ? mass * std::log(mass) : 0.0;
}

class Grower
{
public:
  Grower(const TrainingSet & set, RandomEngine & random)
      : m_Set(set), m_Random(random), m_Features(set.labelled.featureCount),
        m_Histogram(256 * set.classCount), m_Counts(256)
  {
    std::iota(m_Features.begin(), m_Features.end(), std::size_t(0));
    m_Grown.gains.assign(m_Features.size(), 0.0);
    DrawBootstrap();
  }

  GrownTree
  Grow()
  {
    m_Grown.tree.nodes.emplace_back();
    std::vector<Work> stack{{0, 0, {0, m_Labelled.size()}, {0, m_Unlabelled.size()}}};
    while (!stack.empty())
    {
      const Work work = stack.back();
      stack.pop_back();
      const auto split = work.depth < m_Set.options.depth ? FindSplit(work) : std::nullopt;
      if (!split)
      {
        MakeLeaf(work);
        continue;
      }
      m_Grown.gains[split->feature] += split->labelledGain * m_Mass;
      auto [leftLabelled, rightLabelled] =
          Partition(m_Labelled, m_Set.labelledBins, work.labelled, *split);
      auto [leftOthers, rightOthers] =
          Partition(m_Unlabelled, m_Set.unlabelledBins, work.unlabelled, *split);
      const auto next = static_cast<std::int32_t>(m_Grown.tree.nodes.size());
      m_Grown.tree.nodes[static_cast<std::size_t>(work.node)] = {
          static_cast<std::int32_t>(split->feature),
          m_Set.bins.Edge(split->feature, split->bin),
          next};
      m_Grown.tree.nodes.resize(m_Grown.tree.nodes.size() + 2);
      stack.push_back({next + 1, work.depth + 1, rightLabelled, rightOthers});
      stack.push_back({next, work.depth + 1, leftLabelled, leftOthers});
    }
    m_Leaves.FillEmpty(m_Grown.tree.posteriors, m_Set.classCount);
    return std::move(m_Grown);
  }

private:
  std::size_t
  LabelledCount() const
  {
    return m_Set.labelled.Count();
  }

  /** As many draws with replacement as there are points; a point drawn k times weighs k. */
  void
  DrawBootstrap()
  {
    const std::size_t count = LabelledCount();
    m_Weight.assign(count, 0.0F);
    m_Grown.inBag.assign(count, 0);
    for (std::size_t i = 0; i < count; ++i)
    {
      const auto drawn = static_cast<std::size_t>(m_Random.Integer(0, std::int64_t(count) - 1));
      m_Weight[drawn] += 1.0F;
      m_Grown.inBag[drawn] = 1;
    }
    for (std::size_t i = 0; i < count; ++i)
    {
      if (m_Grown.inBag[i])
      {
        m_Labelled.push_back(static_cast<std::uint32_t>(i));
      }
    }
    if (m_Set.unlabelled)
    {
      m_Unlabelled.resize(m_Set.unlabelled->Count());
      std::iota(m_Unlabelled.begin(), m_Unlabelled.end(), 0U);
    }
  }

  double
  MassOf(std::uint32_t point) const
  {
    return double(m_Weight[point]) * m_Set.classWeights[m_Set.labelled.labels[point]];
  }

  std::vector<double>
  ClassMasses(const Range & range, double & drawn) const
  {
    std::vector<double> masses(m_Set.classCount, 0.0);
    drawn = 0.0;
    for (std::size_t i = range.begin; i < range.end; ++i)
    {
      masses[m_Set.labelled.labels[m_Labelled[i]]] += MassOf(m_Labelled[i]);
      drawn += m_Weight[m_Labelled[i]];
    }
    return masses;
  }

  std::size_t
  FeaturesToDraw() const
  {
    const auto all = m_Features.size();
    const auto asked = static_cast<std::size_t>(m_Set.options.featuresPerSplit);
    return std::min(
        all, asked > 0 ? asked : std::max<std::size_t>(1, std::size_t(std::sqrt(double(all)))));
  }

  /** The best split among the features drawn; more are drawn while none of them can split. */
  std::optional<Split>
  FindSplit(const Work & work)
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

  /** Class masses and draws of each bin of a feature. */
  std::pair<std::size_t, std::size_t>
  FillHistogram(const Range & range, std::size_t feature)
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
  ClearHistogram(std::size_t low, std::size_t high)
  {
    const auto classes = static_cast<std::ptrdiff_t>(m_Set.classCount);
    for (std::size_t bin = low; bin <= high; ++bin)
    {
      std::fill_n(m_Histogram.begin() + static_cast<std::ptrdiff_t>(bin) * classes, classes, 0.0);
      m_Counts[bin] = 0.0;
    }
  }

  /** Entropy gain of every threshold from running sums: |S| H(S) = |S| log|S| - sum_c m_c log m_c.
   */
  std::optional<Split>
  BestLabelledSplit(const Range & range, const std::vector<double> & masses, std::size_t feature)
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

  /** Labelled plus unlabelled gain at up to 15 quantiles of the node's points. */
  std::optional<Split>
  BestMixedSplit(const Work & work,
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
  BestOfGroups(std::size_t feature,
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

  /** Bins at which to try a split: up to 15, evenly spread over the node's points. */
  std::vector<std::size_t>
  QuantileBins(const Work & work, std::size_t feature) const
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

  std::pair<Range, Range>
  Partition(std::vector<std::uint32_t> & order,
            const std::vector<std::uint8_t> & bins,
            const Range & range,
            const Split & split) const
  {
    const std::size_t count = &order == &m_Labelled ? LabelledCount() : order.size();
    const auto * column = bins.data() + split.feature * count;
    const auto begin = order.begin() + static_cast<std::ptrdiff_t>(range.begin);
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(range.end);
    const auto middle =
        std::stable_partition(begin, end, [&](auto point) { return column[point] <= split.bin; });
    const auto cut = static_cast<std::size_t>(middle - order.begin());
    return {{range.begin, cut}, {cut, range.end}};
  }

  static std::span<const std::uint32_t>
  Points(const std::vector<std::uint32_t> & order, const Range & range)
  {
    return {order.data() + range.begin, range.Size()};
  }

  void
  MakeLeaf(const Work & work)
  {
    double drawn = 0.0;
    const auto masses = ClassMasses(work.labelled, drawn);
    auto & node = m_Grown.tree.nodes[static_cast<std::size_t>(work.node)];
    node.feature = -1;
    node.next = static_cast<std::int32_t>(m_Grown.tree.posteriors.size() / m_Set.classCount);
    const double mass = std::accumulate(masses.begin(), masses.end(), 0.0);
    for (const auto value : masses)
    {
      m_Grown.tree.posteriors.push_back(static_cast<float>(mass > 0.0 ? value / mass : 0.0));
    }
    if (m_Set.unlabelled)
    {
      m_Leaves.Add(m_Set.labelled,
                   Points(m_Labelled, work.labelled),
                   *m_Set.unlabelled,
                   Points(m_Unlabelled, work.unlabelled));
    }
  }

  const TrainingSet & m_Set;
  RandomEngine & m_Random;
  GrownTree m_Grown;
  std::vector<std::size_t> m_Features;
  std::vector<float> m_Weight;
  std::vector<std::uint32_t> m_Labelled;
  std::vector<std::uint32_t> m_Unlabelled;
  std::vector<double> m_Histogram;
  std::vector<double> m_Counts;
  std::vector<double> m_Left;
  LeafShapes m_Leaves;
  double m_Mass = 0.0;
};

} // namespace

GrownTree
GrowTree(const TrainingSet & set, RandomEngine random)
{
  return Grower(set, random).Grow();
}

} // namespace sulcus::detail
