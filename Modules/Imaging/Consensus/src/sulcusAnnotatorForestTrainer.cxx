#include "sulcusAnnotatorForestTrainer.h"

#include "sulcusSelfConsistency.h"
#include "sulcusSharedFeatures.h"

#include <algorithm>

namespace sulcus
{
namespace
{

constexpr std::size_t mostClasses = 255;

std::vector<std::uint32_t>
SamplesOf(const AnnotationBlock & block, std::size_t rater, const ConsensusOptions & options)
{
  const auto & votes = block.votes[rater];
  std::vector<std::uint32_t> observed;
  for (std::uint32_t p = 0; p < votes.size(); ++p)
  {
    if (votes[p] != VotePatterns::MissingVote)
    {
      observed.push_back(p);
    }
  }
  return detail::StratifiedSample(observed,
                                  votes,
                                  block.labelCount,
                                  std::size_t(options.maxSamples),
                                  RandomEngine(options.seed).Fork("samples"));
}

} // namespace

void
AnnotatorForestTrainer::AddScan(const AnnotationBlock & block,
                                const ConsensusResult & result,
                                const std::vector<std::string> & names,
                                const ConsensusOptions & options)
{
  if (block.image.empty() || block.labelCount > mostClasses)
  {
    return;
  }
  std::map<std::size_t, std::vector<std::uint32_t>> samples;
  std::vector<std::uint32_t> all;
  for (std::size_t r = 0; r < names.size(); ++r)
  {
    if (m_Wanted.contains(names[r]) && result.raters[r].observedFraction > 0.0)
    {
      samples[r] = SamplesOf(block, r, options);
      all.insert(all.end(), samples[r].begin(), samples[r].end());
    }
  }
  if (samples.empty())
  {
    return;
  }
  const detail::SharedFeatures features({block.size, block.spacingInMm, block.image}, all);
  m_FeatureCount = features.Names().size();
  for (const auto & [rater, voxels] : samples)
  {
    FeatureMatrix rows;
    features.AppendRows(voxels, rows);
    auto & own = m_Collected[names[rater]];
    own.features.insert(own.features.end(), rows.values.begin(), rows.values.end());
    for (const auto voxel : voxels)
    {
      own.labels.push_back(block.ValueOf(block.votes[rater][voxel]));
    }
    own.weightSum += result.raters[rater].meanWeight;
    ++own.scans;
  }
}

AnnotatorForests
AnnotatorForestTrainer::Train(const ConsensusOptions & options) const
{
  AnnotatorForests forests;
  for (const auto & [name, own] : m_Collected)
  {
    AnnotatorForest learnt;
    learnt.labels = own.labels;
    std::sort(learnt.labels.begin(), learnt.labels.end());
    learnt.labels.erase(std::unique(learnt.labels.begin(), learnt.labels.end()),
                        learnt.labels.end());
    if (learnt.labels.size() < 2 || learnt.labels.size() > mostClasses)
    {
      continue;
    }
    ForestSamples set{m_FeatureCount, {}, {}};
    const std::size_t most = 4 * std::size_t(options.maxSamples);
    const std::size_t stride = (own.labels.size() + most - 1) / most;
    for (std::size_t i = 0; i < own.labels.size(); i += stride)
    {
      const auto row = own.features.begin() + static_cast<std::ptrdiff_t>(i * m_FeatureCount);
      set.features.insert(
          set.features.end(), row, row + static_cast<std::ptrdiff_t>(m_FeatureCount));
      set.labels.push_back(static_cast<std::uint8_t>(
          std::lower_bound(learnt.labels.begin(), learnt.labels.end(), own.labels[i]) -
          learnt.labels.begin()));
    }
    OutOfBag outOfBag;
    learnt.forest = RandomForest::Train(set,
                                        static_cast<unsigned>(learnt.labels.size()),
                                        options.forest,
                                        RandomEngine(options.seed).Fork("absent"),
                                        &outOfBag);
    learnt.meanWeight = own.weightSum / double(own.scans);
    learnt.accuracy = outOfBag.balancedAccuracy;
    learnt.scans = own.scans;
    forests[name] = std::make_shared<const AnnotatorForest>(std::move(learnt));
  }
  return forests;
}

} // namespace sulcus
