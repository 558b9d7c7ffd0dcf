#include "sulcusCompletion.h"

#include <algorithm>

namespace sulcus::detail
{
namespace
{

/** Appends what every peer drew at a voxel: one value a peer and label, all 0 where the peer saw
 * nothing. */
void
AppendPeerLabels(const AnnotationBlock & block,
                 std::size_t rater,
                 std::uint32_t voxel,
                 std::vector<float> & row)
{
  for (std::size_t peer = 0; peer < block.votes.size(); ++peer)
  {
    for (unsigned label = 0; label < block.labelCount && peer != rater; ++label)
    {
      row.push_back(block.votes[peer][voxel] == label ? 1.0F : 0.0F);
    }
  }
}

ForestSamples
MakeSamples(const AnnotationBlock & block,
            std::size_t rater,
            std::span<const std::uint32_t> voxels,
            const FeatureMatrix & features,
            std::size_t firstRow,
            bool usePeers,
            bool withLabels)
{
  const std::size_t count = features.names.size();
  ForestSamples samples;
  samples.featureCount = count + (usePeers ? (block.votes.size() - 1) * block.labelCount : 0);
  samples.features.reserve(voxels.size() * samples.featureCount);
  for (std::size_t i = 0; i < voxels.size(); ++i)
  {
    const auto first =
        features.values.begin() + static_cast<std::ptrdiff_t>((firstRow + i) * count);
    samples.features.insert(
        samples.features.end(), first, first + static_cast<std::ptrdiff_t>(count));
    if (usePeers)
    {
      AppendPeerLabels(block, rater, voxels[i], samples.features);
    }
    if (withLabels)
    {
      samples.labels.push_back(static_cast<std::uint8_t>(block.votes[rater][voxels[i]]));
    }
  }
  return samples;
}

/** Every few of the missing voxels, so that the covariance of the gain stays cheap. */
ForestSamples
Thin(const ForestSamples & all, std::size_t most)
{
  const std::size_t stride = 1 + all.Count() / std::max<std::size_t>(1, most);
  ForestSamples thinned;
  thinned.featureCount = all.featureCount;
  for (std::size_t i = 0; i < all.Count(); i += stride)
  {
    const auto first = all.features.begin() + static_cast<std::ptrdiff_t>(i * all.featureCount);
    thinned.features.insert(
        thinned.features.end(), first, first + static_cast<std::ptrdiff_t>(all.featureCount));
  }
  return thinned;
}

/** Replaces every imputed distribution by the mean of itself and its neighbours, weighted by B;
 * observed neighbours count with what was drawn. */
void
AverageWithNeighbours(const AnnotationBlock & block,
                      std::size_t rater,
                      const ContrastWeights & weights,
                      Completion & completion)
{
  constexpr std::uint32_t none = 0xffffffffU;
  std::vector<std::uint32_t> place(block.VoxelCount(), none);
  for (std::uint32_t i = 0; i < completion.voxels.size(); ++i)
  {
    place[completion.voxels[i]] = i;
  }
  const unsigned labels = block.labelCount;
  const auto steps = GridNeighbourhood(2 * weights.StepCount()).ForwardSteps();
  const auto offsets = GridNeighbourhood(2 * weights.StepCount()).Offsets(block.size);
  const auto before = completion.posteriors;
  std::vector<double> sum(labels);
  for (std::size_t i = 0; i < completion.voxels.size(); ++i)
  {
    const std::size_t p = completion.voxels[i];
    const std::array<std::size_t, 3> index{
        p % block.size[0], p / block.size[0] % block.size[1], p / block.size[0] / block.size[1]};
    double total = 1.0;
    for (unsigned l = 0; l < labels; ++l)
    {
      sum[l] = before[i * labels + l];
    }
    for (unsigned k = 0; k < steps.size(); ++k)
    {
      for (const int sign : {1, -1})
      {
        bool inside = true;
        for (unsigned axis = 0; axis < 3; ++axis)
        {
          const auto moved = static_cast<std::ptrdiff_t>(index[axis]) + sign * steps[k][axis];
          inside = inside && moved >= 0 && moved < static_cast<std::ptrdiff_t>(block.size[axis]);
        }
        if (!inside)
        {
          continue;
        }
        const auto q = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(p) +
                                                sign * offsets[steps.size() + k]);
        const double weight = weights(k, sign > 0 ? p : q);
        const auto drawn = block.votes[rater][q];
        if (drawn == VotePatterns::MissingVote && place[q] == none)
        {
          continue;
        }
        for (unsigned l = 0; l < labels; ++l)
        {
          const double value = drawn != VotePatterns::MissingVote ? (drawn == l ? 1.0 : 0.0)
                                                                  : before[place[q] * labels + l];
          sum[l] += weight * value;
        }
        total += weight;
      }
    }
    for (unsigned l = 0; l < labels; ++l)
    {
      completion.posteriors[i * labels + l] = static_cast<float>(sum[l] / total);
    }
  }
}

void
SmoothAmongNeighbours(const AnnotationBlock & block,
                      std::size_t rater,
                      const ContrastWeights & weights,
                      Completion & completion)
{
  constexpr int sweeps = 5;
  for (int sweep = 0; sweep < sweeps; ++sweep)
  {
    AverageWithNeighbours(block, rater, weights, completion);
  }
}

} // namespace

Completion
CompleteAnnotation(const AnnotationBlock & block,
                   std::size_t rater,
                   std::span<const std::uint32_t> samples,
                   std::span<const std::uint32_t> missing,
                   const FeatureMatrix & features,
                   const ContrastWeights & weights,
                   const ConsensusOptions & options,
                   const RandomEngine & random)
{
  const bool usePeers = options.usePeerLabels && block.votes.size() > 1;
  const auto labelled = MakeSamples(block, rater, samples, features, 0, usePeers, true);
  const auto target = MakeSamples(block, rater, missing, features, samples.size(), usePeers, false);
  const auto controlled =
      TrainWithOutOfBagControl(labelled,
                               Thin(target, std::size_t(options.maxSamples) / 4),
                               block.labelCount,
                               options.forest,
                               random);
  Completion completion;
  completion.voxels.assign(missing.begin(), missing.end());
  completion.posteriors = controlled.forest.Predict(target.features);
  completion.accuracy = controlled.outOfBag.balancedAccuracy;
  completion.accuracyWithout = controlled.accuracyWithout;
  completion.usesUnlabelled = controlled.usesUnlabelled;
  SmoothAmongNeighbours(block, rater, weights, completion);
  return completion;
}

Completion
ImputeFromForest(const AnnotationBlock & block,
                 std::size_t rater,
                 const AnnotatorForest & known,
                 std::span<const std::uint32_t> missing,
                 const FeatureMatrix & features,
                 const ContrastWeights & weights)
{
  const std::size_t classes = known.labels.size();
  const unsigned labels = block.labelCount;
  std::vector<std::size_t> classOf(labels, classes); // of a label of this scan
  for (unsigned l = 0; l < labels; ++l)
  {
    const auto place = std::lower_bound(
        known.labels.begin(), known.labels.end(), block.ValueOf(static_cast<std::uint16_t>(l)));
    if (place != known.labels.end() && *place == block.ValueOf(static_cast<std::uint16_t>(l)))
    {
      classOf[l] = static_cast<std::size_t>(place - known.labels.begin());
    }
  }
  const auto posteriors = known.forest.Predict(features.values);
  Completion completion;
  completion.voxels.assign(missing.begin(), missing.end());
  completion.posteriors.assign(missing.size() * labels, 1.0F / float(labels));
  for (std::size_t i = 0; i < missing.size(); ++i)
  {
    const float * row = posteriors.data() + i * classes;
    double sum = 0.0;
    for (unsigned l = 0; l < labels; ++l)
    {
      sum += classOf[l] < classes ? row[classOf[l]] : 0.0F;
    }
    for (unsigned l = 0; l < labels && sum > 0.0; ++l)
    {
      completion.posteriors[i * labels + l] =
          classOf[l] < classes ? static_cast<float>(row[classOf[l]] / sum) : 0.0F;
    }
  }
  SmoothAmongNeighbours(block, rater, weights, completion);
  return completion;
}

} // namespace sulcus::detail
