#pragma once

#include <sulcusParameters.h>
#include <sulcusRandomEngine.h>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace sulcus
{

/** Points in feature space, row by row: feature f of point i is features[i * featureCount + f]. */
struct ForestSamples
{
  std::size_t featureCount = 0;
  std::vector<float> features;
  std::vector<std::uint8_t>
      labels; ///< 0 ... classCount - 1, one a point; empty for unlabelled points

  std::size_t
  Count() const
  {
    return featureCount ? features.size() / featureCount : 0;
  }
};

struct ForestOptions
{
  int trees = 100;
  int depth = 12;
  int minLeaf = 10;
  int featuresPerSplit = 0;  ///< 0: square root of their number
  bool classBalanced = true; ///< every class weighs the same, however many points it has
  double unlabelledWeight = 0.5;
};

void
Describe(Parameters & visit, ForestOptions & options);

/** What the points left out of each tree's bootstrap say. */
struct OutOfBag
{
  std::vector<float> posteriors;    ///< row by row; 0 where no tree left the point out
  std::vector<std::uint16_t> trees; ///< number of trees that left the point out
  double balancedAccuracy = 0.0;
};

/** A random forest for classification (Breiman 2001): bootstrap, a random subset of features at
 * each split, entropy gain, out-of-bag estimate, importances (mean decrease of entropy, summing to
 * 1). With unlabelled points the gain is that of semi-supervised forests, I_s + a I_u, with the
 * covariance taken over the features drawn for the split; a leaf without labelled points takes the
 * distribution of the nearest labelled leaf of its tree (Mahalanobis distance between leaf means
 * with the mean of their diagonal covariances).
 *
 * Features are binned to at most 256 quantiles while training; thresholds are stored as feature
 * values. Training time O(trees * depth * points * features drawn). Trees are independent random
 * streams: the same bits for any number of threads. */
class RandomForest
{
public:
  struct Node
  {
    std::int32_t feature = -1; ///< -1: a leaf
    float threshold = 0.0F;
    std::int32_t next = 0; ///< left child (right one follows it), or the leaf's row of posteriors
  };
  struct Tree
  {
    std::vector<Node> nodes;
    std::vector<float> posteriors; ///< classCount a leaf
  };

  RandomForest() = default;

  /** \throws UsageError for no points, labels out of range, counts that do not match; InputError
   * for features that are not finite (naming the first). */
  static RandomForest
  Train(const ForestSamples & labelled,
        unsigned classCount,
        const ForestOptions & options,
        const RandomEngine & random,
        OutOfBag * outOfBag = nullptr,
        const ForestSamples * unlabelled = nullptr);

  /** Mean of the trees' leaf distributions for one point. */
  void
  Predict(const float * features, float * posterior) const;

  /** Posteriors of many points, row by row, on all threads. */
  std::vector<float>
  Predict(std::span<const float> features) const;

  unsigned
  ClassCount() const
  {
    return m_ClassCount;
  }
  std::size_t
  FeatureCount() const
  {
    return m_Importances.size();
  }
  const std::vector<double> &
  Importances() const
  {
    return m_Importances;
  }
  const std::vector<Tree> &
  Trees() const
  {
    return m_Trees;
  }

  nlohmann::json
  ToJson() const;
  /** \throws ModelError for anything that is not a complete, loop-free forest. */
  static RandomForest
  FromJson(const nlohmann::json & json);

private:
  unsigned m_ClassCount = 0;
  std::vector<double> m_Importances;
  std::vector<Tree> m_Trees;
};

/** Mean over the classes that occur in `truth` of the share of their points that were found; 0 for
 * no points. Ties of posteriors go to the lower class. */
double
BalancedAccuracy(std::span<const std::uint8_t> truth,
                 std::span<const float> posteriors,
                 unsigned classCount);

/** A forest trained with unlabelled points where they help, without where they do not. */
struct ControlledForest
{
  RandomForest forest;
  OutOfBag outOfBag;
  double accuracyWith = 0.0;    ///< out-of-bag balanced accuracy with unlabelled points
  double accuracyWithout = 0.0; ///< and without
  bool usesUnlabelled = false;
};

/** Trains both and keeps the semi-supervised one unless its out-of-bag balanced accuracy is lower.
 */
ControlledForest
TrainWithOutOfBagControl(const ForestSamples & labelled,
                         const ForestSamples & unlabelled,
                         unsigned classCount,
                         const ForestOptions & options,
                         const RandomEngine & random);

} // namespace sulcus
