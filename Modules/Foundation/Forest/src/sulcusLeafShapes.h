#pragma once

#include "sulcusRandomForest.h"

#include <span>
#include <vector>

namespace sulcus::detail
{

/** Where the leaves of one tree lie in feature space, so that leaves without labelled points can
 * borrow labels. */
class LeafShapes
{
public:
  /** The next leaf, made of some labelled and some unlabelled points. */
  void
  Add(const ForestSamples & labelled,
      std::span<const std::uint32_t> labelledPoints,
      const ForestSamples & unlabelled,
      std::span<const std::uint32_t> unlabelledPoints);

  /** Gives every leaf without labelled points the posteriors of the nearest leaf that has some. */
  void
  FillEmpty(std::vector<float> & posteriors, unsigned classCount) const;

private:
  struct Leaf
  {
    std::vector<double> mean;
    std::vector<double> variance;
    bool hasLabels = false;
  };

  /** Squared Mahalanobis distance of the means under the mean of both diagonal covariances. */
  static double
  Distance(const Leaf & a, const Leaf & b);

  std::vector<Leaf> m_Leaves;
};

} // namespace sulcus::detail
