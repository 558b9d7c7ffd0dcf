#include "sulcusRandomForest.h"

#include "sulcusTreeGrower.h"
#include <sulcusError.h>
#include <sulcusThreads.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sulcus
{
namespace
{

void
CheckFeatures(const ForestSamples & samples, const char * what)
{
  if (samples.featureCount == 0 || samples.features.size() % samples.featureCount != 0)
  {
    throw UsageError(Message("forest: ",
                             samples.features.size(),
                             " values of ",
                             what,
                             " points do not fill rows of ",
                             samples.featureCount,
                             " features"));
  }
  for (std::size_t i = 0; i < samples.features.size(); ++i)
  {
    if (!std::isfinite(samples.features[i]))
    {
      throw InputError(Message("forest: feature ",
                               i % samples.featureCount,
                               " of ",
                               what,
                               " point ",
                               i / samples.featureCount,
                               " is not a finite number"));
    }
  }
}

void
CheckSamples(const ForestSamples & labelled, unsigned classCount, const ForestOptions & options)
{
  CheckFeatures(labelled, "labelled");
  if (labelled.Count() == 0 || labelled.labels.size() != labelled.Count() || classCount == 0 ||
      classCount > 255)
  {
    throw UsageError(Message("forest: ",
                             labelled.Count(),
                             " labelled points, ",
                             labelled.labels.size(),
                             " labels, ",
                             classCount,
                             " classes (at least one point and 1 to 255 classes)"));
  }
  for (const auto label : labelled.labels)
  {
    if (label >= classCount)
    {
      throw UsageError(Message("forest: label ", int(label), " with ", classCount, " classes"));
    }
  }
  if (options.trees < 1 || options.trees > 65535 || options.depth < 0 || options.minLeaf < 1)
  {
    throw UsageError(Message("forest: ",
                             options.trees,
                             " trees of depth ",
                             options.depth,
                             ", leaves of at least ",
                             options.minLeaf,
                             " points: expected at least 1, 0 and 1"));
  }
}

std::vector<double>
ClassWeights(const ForestSamples & samples, unsigned classCount, bool balanced)
{
  std::vector<double> counts(classCount, 0.0);
  for (const auto label : samples.labels)
  {
    counts[label] += 1.0;
  }
  const auto present =
      double(std::count_if(counts.begin(), counts.end(), [](double n) { return n > 0.0; }));
  std::vector<double> weights(classCount, 1.0);
  for (unsigned c = 0; balanced && c < classCount; ++c)
  {
    weights[c] = counts[c] > 0.0 ? double(samples.Count()) / (present * counts[c]) : 0.0;
  }
  return weights;
}

const float *
LeafOf(const RandomForest::Tree & tree, const float * features, unsigned classCount)
{
  const RandomForest::Node * node = tree.nodes.data();
  while (node->feature >= 0)
  {
    const bool right = !(features[node->feature] <= node->threshold);
    node = tree.nodes.data() + node->next + (right ? 1 : 0);
  }
  return tree.posteriors.data() + static_cast<std::size_t>(node->next) * classCount;
}

/** Each labelled point judged by the trees that did not see it, in the order of the trees. */
OutOfBag
JudgeOutOfBag(const ForestSamples & labelled,
              const std::vector<RandomForest::Tree> & trees,
              const std::vector<std::vector<std::uint8_t>> & inBag,
              unsigned classCount)
{
  OutOfBag out;
  out.posteriors.assign(labelled.Count() * classCount, 0.0F);
  out.trees.assign(labelled.Count(), 0);
  ParallelFor(labelled.Count(),
              [&](std::size_t begin, std::size_t end)
              {
                std::vector<double> sum(classCount);
                for (std::size_t i = begin; i < end; ++i)
                {
                  std::fill(sum.begin(), sum.end(), 0.0);
                  for (std::size_t t = 0; t < trees.size(); ++t)
                  {
                    if (inBag[t][i])
                    {
                      continue;
                    }
                    const float * leaf = LeafOf(
                        trees[t], labelled.features.data() + i * labelled.featureCount, classCount);
                    std::transform(sum.begin(), sum.end(), leaf, sum.begin(), std::plus<>());
                    ++out.trees[i];
                  }
                  for (unsigned c = 0; c < classCount && out.trees[i] > 0; ++c)
                  {
                    out.posteriors[i * classCount + c] = static_cast<float>(sum[c] / out.trees[i]);
                  }
                }
              });
  std::vector<std::uint8_t> truth;
  std::vector<float> judged;
  for (std::size_t i = 0; i < labelled.Count(); ++i)
  {
    if (out.trees[i] > 0)
    {
      truth.push_back(labelled.labels[i]);
      const auto first = out.posteriors.begin() + static_cast<std::ptrdiff_t>(i * classCount);
      judged.insert(judged.end(), first, first + static_cast<std::ptrdiff_t>(classCount));
    }
  }
  out.balancedAccuracy = BalancedAccuracy(truth, judged, classCount);
  return out;
}

} // namespace

void
Describe(Parameters & visit, ForestOptions & options)
{
  visit("trees", options.trees, "Trees of a forest.").Range(1, 65535);
  visit("depth", options.depth, "Splits from the root to a leaf at most.").Range(0, 64);
  visit("min_leaf", options.minLeaf, "Points in a leaf at least.").Range(1);
  visit("features_per_split",
        options.featuresPerSplit,
        "Features tried at a split; 0 is the square root of their number.")
      .Range(0);
  visit("class_balanced",
        options.classBalanced,
        "Give every class the same weight, however many points it has.");
  visit("unlabelled_weight", options.unlabelledWeight, "Weight of the gain from unlabelled points.")
      .Range(0, 10);
}

RandomForest
RandomForest::Train(const ForestSamples & labelled,
                    unsigned classCount,
                    const ForestOptions & options,
                    const RandomEngine & random,
                    OutOfBag * outOfBag,
                    const ForestSamples * unlabelled)
{
  CheckSamples(labelled, classCount, options);
  const ForestSamples * others = unlabelled && unlabelled->Count() > 0 ? unlabelled : nullptr;
  if (others)
  {
    CheckFeatures(*others, "unlabelled");
    if (others->featureCount != labelled.featureCount)
    {
      throw UsageError(Message("forest: ",
                               others->featureCount,
                               " features of unlabelled points, ",
                               labelled.featureCount,
                               " of labelled ones"));
    }
  }
  detail::TrainingSet set{labelled,
                          others,
                          classCount,
                          options,
                          detail::FeatureBins(labelled, others),
                          {},
                          {},
                          ClassWeights(labelled, classCount, options.classBalanced)};
  set.labelledBins = set.bins.Apply(labelled);
  if (others)
  {
    set.unlabelledBins = set.bins.Apply(*others);
  }

  const auto count = static_cast<std::size_t>(options.trees);
  std::vector<detail::GrownTree> grown(count);
  ParallelForEach(count, [&](std::size_t t) { grown[t] = detail::GrowTree(set, random.Fork(t)); });

  RandomForest forest;
  forest.m_ClassCount = classCount;
  forest.m_Importances.assign(labelled.featureCount, 0.0);
  std::vector<std::vector<std::uint8_t>> inBag;
  for (auto & tree : grown)
  {
    std::transform(tree.gains.begin(),
                   tree.gains.end(),
                   forest.m_Importances.begin(),
                   forest.m_Importances.begin(),
                   std::plus<>());
    forest.m_Trees.push_back(std::move(tree.tree));
    inBag.push_back(std::move(tree.inBag));
  }
  const double total =
      std::accumulate(forest.m_Importances.begin(), forest.m_Importances.end(), 0.0);
  for (auto & importance : forest.m_Importances)
  {
    importance = total > 0.0 ? importance / total : 0.0;
  }
  if (outOfBag)
  {
    *outOfBag = JudgeOutOfBag(labelled, forest.m_Trees, inBag, classCount);
  }
  return forest;
}

void
RandomForest::Predict(const float * features, float * posterior) const
{
  std::array<double, 256> sum{};
  for (const auto & tree : m_Trees)
  {
    const float * leaf = LeafOf(tree, features, m_ClassCount);
    for (unsigned c = 0; c < m_ClassCount; ++c)
    {
      sum[c] += leaf[c];
    }
  }
  for (unsigned c = 0; c < m_ClassCount; ++c)
  {
    posterior[c] = static_cast<float>(sum[c] / double(m_Trees.size()));
  }
}

std::vector<float>
RandomForest::Predict(std::span<const float> features) const
{
  if (m_Trees.empty() || features.size() % FeatureCount() != 0)
  {
    throw UsageError(Message("forest of ",
                             m_Trees.size(),
                             " trees and ",
                             FeatureCount(),
                             " features: got ",
                             features.size(),
                             " values"));
  }
  const std::size_t count = features.size() / FeatureCount();
  std::vector<float> posteriors(count * m_ClassCount);
  ParallelFor(
      count,
      [&](std::size_t begin, std::size_t end)
      {
        for (std::size_t i = begin; i < end; ++i)
        {
          Predict(features.data() + i * FeatureCount(), posteriors.data() + i * m_ClassCount);
        }
      },
      256);
  return posteriors;
}

double
BalancedAccuracy(std::span<const std::uint8_t> truth,
                 std::span<const float> posteriors,
                 unsigned classCount)
{
  std::vector<double> found(classCount, 0.0);
  std::vector<double> all(classCount, 0.0);
  for (std::size_t i = 0; i < truth.size(); ++i)
  {
    const auto row = posteriors.subspan(i * classCount, classCount);
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    all[truth[i]] += 1.0;
    found[truth[i]] += best == truth[i] ? 1.0 : 0.0;
  }
  double sum = 0.0;
  double present = 0.0;
  for (unsigned c = 0; c < classCount; ++c)
  {
    sum += all[c] > 0.0 ? found[c] / all[c] : 0.0;
    present += all[c] > 0.0 ? 1.0 : 0.0;
  }
  return present > 0.0 ? sum / present : 0.0;
}

ControlledForest
TrainWithOutOfBagControl(const ForestSamples & labelled,
                         const ForestSamples & unlabelled,
                         unsigned classCount,
                         const ForestOptions & options,
                         const RandomEngine & random)
{
  ControlledForest result;
  result.forest = RandomForest::Train(labelled, classCount, options, random, &result.outOfBag);
  result.accuracyWithout = result.outOfBag.balancedAccuracy;
  result.accuracyWith = result.accuracyWithout;
  if (unlabelled.Count() == 0 || options.unlabelledWeight <= 0.0)
  {
    return result;
  }
  OutOfBag outOfBag;
  auto forest = RandomForest::Train(labelled, classCount, options, random, &outOfBag, &unlabelled);
  result.accuracyWith = outOfBag.balancedAccuracy;
  result.usesUnlabelled = result.accuracyWith >= result.accuracyWithout;
  if (result.usesUnlabelled)
  {
    result.forest = std::move(forest);
    result.outOfBag = std::move(outOfBag);
  }
  return result;
}

} // namespace sulcus
