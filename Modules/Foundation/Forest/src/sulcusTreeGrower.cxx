#include "sulcusGrower.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sulcus::detail
{

Grower::Grower(const TrainingSet & set, RandomEngine & random)
    : m_Set(set), m_Random(random), m_Features(set.labelled.featureCount),
      m_Histogram(256 * set.classCount), m_Counts(256)
{
  std::iota(m_Features.begin(), m_Features.end(), std::size_t(0));
  m_Grown.gains.assign(m_Features.size(), 0.0);
  DrawBootstrap();
}

GrownTree
Grower::Grow()
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

void
Grower::DrawBootstrap()
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

std::vector<double>
Grower::ClassMasses(const Range & range, double & drawn) const
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

std::pair<Range, Range>
Grower::Partition(std::vector<std::uint32_t> & order,
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

void
Grower::MakeLeaf(const Work & work)
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

GrownTree
GrowTree(const TrainingSet & set, RandomEngine random)
{
  return Grower(set, random).Grow();
}

} // namespace sulcus::detail
