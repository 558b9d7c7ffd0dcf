#pragma once

#include "sulcusLeafShapes.h"
#include "sulcusTreeGrower.h"

#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace sulcus::detail
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

/** A tree while it grows: the orders of its points, and what is left to be split. */
class Grower
{
public:
  Grower(const TrainingSet & set, RandomEngine & random);

  GrownTree
  Grow();

private:
  std::size_t
  LabelledCount() const
  {
    return m_Set.labelled.Count();
  }

  /** As many draws with replacement as there are points; a point drawn k times weighs k. */
  void
  DrawBootstrap();

  double
  MassOf(std::uint32_t point) const
  {
    return double(m_Weight[point]) * m_Set.classWeights[m_Set.labelled.labels[point]];
  }

  std::vector<double>
  ClassMasses(const Range & range, double & drawn) const;

  std::size_t
  FeaturesToDraw() const;

  /** The best split among the features drawn; more are drawn while none of them can split. */
  std::optional<Split>
  FindSplit(const Work & work);

  /** Class masses and draws of each bin of a feature. */
  std::pair<std::size_t, std::size_t>
  FillHistogram(const Range & range, std::size_t feature);

  void
  ClearHistogram(std::size_t low, std::size_t high);

  /** Entropy gain of every threshold from running sums: |S| H(S) = |S| log|S| - sum_c m_c log m_c.
   */
  std::optional<Split>
  BestLabelledSplit(const Range & range, const std::vector<double> & masses, std::size_t feature);

  /** Labelled plus unlabelled gain at up to 15 quantiles of the node's points. */
  std::optional<Split>
  BestMixedSplit(const Work & work,
                 const std::vector<double> & masses,
                 std::size_t feature,
                 std::size_t dimensions);

  std::optional<Split>
  BestOfGroups(std::size_t feature,
               std::size_t dimensions,
               const std::vector<std::size_t> & edges,
               const std::vector<Moments> & moments,
               const std::vector<std::vector<double>> & classes,
               const std::vector<double> & counts) const;

  /** Bins at which to try a split: up to 15, evenly spread over the node's points. */
  std::vector<std::size_t>
  QuantileBins(const Work & work, std::size_t feature) const;

  std::pair<Range, Range>
  Partition(std::vector<std::uint32_t> & order,
            const std::vector<std::uint8_t> & bins,
            const Range & range,
            const Split & split) const;

  static std::span<const std::uint32_t>
  Points(const std::vector<std::uint32_t> & order, const Range & range)
  {
    return {order.data() + range.begin, range.Size()};
  }

  void
  MakeLeaf(const Work & work);

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

} // namespace sulcus::detail
