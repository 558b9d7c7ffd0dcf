#pragma once

#include "sulcusFeatureBins.h"
#include "sulcusRandomForest.h"
#include "sulcusSplitGain.h"

#include <optional>

namespace sulcus::detail
{

/** What all trees of a forest share while they are grown. */
struct TrainingSet
{
  const ForestSamples & labelled;
  const ForestSamples * unlabelled; ///< may be null
  unsigned classCount;
  const ForestOptions & options;
  FeatureBins bins;
  std::vector<std::uint8_t> labelledBins;
  std::vector<std::uint8_t> unlabelledBins;
  std::vector<double> classWeights;
};

struct GrownTree
{
  RandomForest::Tree tree;
  std::vector<std::uint8_t> inBag; ///< 1 where the labelled point was drawn
  std::vector<double> gains; ///< entropy decrease of each feature, weighted by the mass it split
};

/** Grows one tree on its own bootstrap of the training set. */
GrownTree
GrowTree(const TrainingSet & set, RandomEngine random);

} // namespace sulcus::detail
