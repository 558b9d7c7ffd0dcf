#include "sulcusSelfConsistency.h"

#include "sulcusBlockFilters.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus::detail
{
namespace
{

std::vector<float>
RowsOf(const FeatureMatrix & features, const std::vector<std::uint32_t> & rows)
{
  const std::size_t count = features.names.size();
  std::vector<float> chosen;
  chosen.reserve(rows.size() * count);
  for (const auto row : rows)
  {
    const auto first = features.values.begin() + static_cast<std::ptrdiff_t>(row * count);
    chosen.insert(chosen.end(), first, first + static_cast<std::ptrdiff_t>(count));
  }
  return chosen;
}

/** Rows whose voxel lies (or does not lie) in the fold. */
std::vector<std::uint32_t>
RowsInFold(std::span<const std::uint32_t> voxels,
           std::span<const std::uint8_t> folds,
           unsigned fold,
           bool inside)
{
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < voxels.size(); ++i)
  {
    if ((folds[voxels[i]] == fold) == inside)
    {
      rows.push_back(i);
    }
  }
  return rows;
}

} // namespace

std::vector<std::uint32_t>
StratifiedSample(std::span<const std::uint32_t> voxels,
                 std::span<const std::uint16_t> labels,
                 unsigned labelCount,
                 std::size_t most,
                 RandomEngine random)
{
  std::vector<std::vector<std::uint32_t>> ofLabel(labelCount);
  for (const auto voxel : voxels)
  {
    ofLabel[labels[voxel]].push_back(voxel);
  }
  std::vector<std::size_t> bySize;
  for (unsigned l = 0; l < labelCount; ++l)
  {
    if (!ofLabel[l].empty())
    {
      bySize.push_back(l);
    }
  }
  std::stable_sort(bySize.begin(),
                   bySize.end(),
                   [&](auto a, auto b) { return ofLabel[a].size() < ofLabel[b].size(); });
  std::vector<std::uint32_t> chosen;
  for (std::size_t i = 0; i < bySize.size(); ++i)
  {
    auto & list = ofLabel[bySize[i]];
    const std::size_t share = (most - chosen.size()) / (bySize.size() - i);
    for (std::size_t k = 0; k < std::min(share, list.size()); ++k)
    {
      std::swap(list[k],
                list[std::size_t(random.Integer(std::int64_t(k), std::int64_t(list.size()) - 1))]);
      chosen.push_back(list[k]);
    }
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::vector<std::uint8_t>
SpatialFolds(const AnnotationBlock & block, double blockInMm, unsigned folds, RandomEngine random)
{
  std::array<std::size_t, 3> blocks{};
  double edge = blockInMm;
  for (bool fine = false; !fine; edge *= 0.5)
  {
    bool voxelwise = true;
    for (unsigned axis = 0; axis < 3; ++axis)
    {
      const auto voxels = std::max(1.0, std::round(edge / block.spacingInMm[axis]));
      blocks[axis] = static_cast<std::size_t>(std::ceil(double(block.size[axis]) / voxels));
      voxelwise = voxelwise && voxels <= 1.0;
    }
    fine = blocks[0] * blocks[1] * blocks[2] >= 2U * folds || voxelwise;
  }
  const auto order = random.Permutation(blocks[0] * blocks[1] * blocks[2]);
  std::vector<std::uint8_t> result(block.VoxelCount());
  for (std::size_t p = 0; p < result.size(); ++p)
  {
    const std::array<std::size_t, 3> index{
        p % block.size[0], p / block.size[0] % block.size[1], p / block.size[0] / block.size[1]};
    std::size_t number = 0;
    for (unsigned axis = 3; axis-- > 0;)
    {
      number = number * blocks[axis] + index[axis] * blocks[axis] / block.size[axis];
    }
    result[p] = static_cast<std::uint8_t>(order[number] % folds);
  }
  return result;
}

SelfConsistency
MeasureSelfConsistency(std::span<const std::uint16_t> labels,
                       std::span<const std::uint8_t> folds,
                       std::span<const std::uint32_t> samples,
                       const FeatureMatrix & sampleFeatures,
                       std::span<const std::uint32_t> wanted,
                       const FeatureMatrix & wantedFeatures,
                       unsigned labelCount,
                       const ConsensusOptions & options,
                       const RandomEngine & random)
{
  SelfConsistency result;
  result.labelAccuracy.assign(labelCount, std::numeric_limits<double>::quiet_NaN());
  result.local.assign(wanted.size(), 1.0F);
  std::vector<double> drawn(labelCount, 0.0);
  for (const auto voxel : samples)
  {
    drawn[labels[voxel]] += 1.0;
  }
  const auto used = static_cast<unsigned>(
      std::count_if(drawn.begin(), drawn.end(), [](double n) { return n > 0.0; }));
  if (used < 2)
  {
    return result;
  }
  const std::size_t features = sampleFeatures.names.size();
  std::vector<double> found(labelCount, 0.0);
  result.importances.assign(features, 0.0);
  for (unsigned fold = 0; fold < static_cast<unsigned>(options.folds); ++fold)
  {
    const auto train = RowsInFold(samples, folds, fold, false);
    const auto held = RowsInFold(samples, folds, fold, true);
    const auto judged = RowsInFold(wanted, folds, fold, true);
    if (train.empty())
    {
      continue;
    }
    ForestSamples set{features, RowsOf(sampleFeatures, train), {}};
    for (const auto row : train)
    {
      set.labels.push_back(static_cast<std::uint8_t>(labels[samples[row]]));
    }
    const auto forest = RandomForest::Train(set, labelCount, options.forest, random.Fork(fold));
    std::transform(forest.Importances().begin(),
                   forest.Importances().end(),
                   result.importances.begin(),
                   result.importances.begin(),
                   [](double a, double b) { return a + b; });
    const auto posterior = forest.Predict(RowsOf(sampleFeatures, held));
    for (std::size_t i = 0; i < held.size(); ++i)
    {
      const auto row = posterior.begin() + static_cast<std::ptrdiff_t>(i * labelCount);
      const auto best = std::max_element(row, row + static_cast<std::ptrdiff_t>(labelCount)) - row;
      const auto label = labels[samples[held[i]]];
      found[label] += best == label ? 1.0 : 0.0;
    }
    const auto local = forest.Predict(RowsOf(wantedFeatures, judged));
    for (std::size_t i = 0; i < judged.size(); ++i)
    {
      result.local[judged[i]] = local[i * labelCount + labels[wanted[judged[i]]]];
    }
  }
  double sum = 0.0;
  for (unsigned l = 0; l < labelCount; ++l)
  {
    if (drawn[l] > 0.0)
    {
      result.labelAccuracy[l] = found[l] / drawn[l];
      sum += result.labelAccuracy[l];
    }
  }
  result.score = SelfConsistencyFromAccuracy(sum / used, used);
  return result;
}

std::vector<float>
SmoothAtVoxels(const AnnotationBlock & block,
               std::span<const std::uint32_t> voxels,
               std::span<const float> values,
               double sigmaInMm)
{
  std::vector<float> sum(block.VoxelCount(), 0.0F);
  std::vector<float> known(block.VoxelCount(), 0.0F);
  for (std::size_t i = 0; i < voxels.size(); ++i)
  {
    sum[voxels[i]] = values[i];
    known[voxels[i]] = 1.0F;
  }
  const auto smoothSum = Smooth({block.size, block.spacingInMm, sum}, sigmaInMm);
  const auto smoothKnown = Smooth({block.size, block.spacingInMm, known}, sigmaInMm);
  std::vector<float> result(voxels.size());
  for (std::size_t i = 0; i < voxels.size(); ++i)
  {
    const float weight = smoothKnown[voxels[i]];
    result[i] = weight > 1e-6F ? smoothSum[voxels[i]] / weight : values[i];
  }
  return result;
}

} // namespace sulcus::detail
