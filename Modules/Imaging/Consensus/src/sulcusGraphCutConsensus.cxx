#include "sulcusGraphCutConsensus.h"

#include "sulcusCompletion.h"
#include "sulcusConsensusCut.h"
#include "sulcusSelfConsistency.h"
#include "sulcusVoteTable.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sulcus
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;

VotePatterns
PatternsOf(const AnnotationBlock & block)
{
  using Table = VoteTable<std::uint16_t>;
  std::vector<Table::Rater> raters;
  for (const auto & votes : block.votes)
  {
    raters.push_back({votes.data(), nullptr});
  }
  std::vector<std::uint16_t> index(Table::ValueCount);
  std::iota(index.begin(), index.end(), std::uint16_t(0));
  return Table(std::move(raters), block.VoxelCount(), std::move(index), block.labelCount)
      .Patterns();
}

void
CheckBlock(const AnnotationBlock & block)
{
  if (block.votes.empty())
  {
    throw UsageError("consensus: no annotators");
  }
  const auto voxels = GridVoxelCount(block.size);
  for (std::size_t r = 0; r < block.votes.size(); ++r)
  {
    if (block.votes[r].size() != voxels)
    {
      throw UsageError(Message("consensus: annotator ",
                               r + 1,
                               " has ",
                               block.votes[r].size(),
                               " voxels, expected ",
                               voxels));
    }
  }
  if (block.image.empty())
  {
    return;
  }
  if (block.image.size() != voxels)
  {
    throw UsageError(
        Message("consensus: image of ", block.image.size(), " voxels, expected ", voxels));
  }
  const auto bad = std::count_if(
      block.image.begin(), block.image.end(), [](float v) { return !std::isfinite(v); });
  if (bad > 0)
  {
    throw InputError(Message("consensus: the image has ", bad, " voxels that are NaN or infinite"));
  }
}

/** One consensus, from the annotations in canonical order. */
class Consensus
{
public:
  Consensus(const AnnotationBlock & block,
            const VotePatterns & patterns,
            const ConsensusOptions & options)
      : m_Block(block), m_Patterns(patterns), m_Options(options), m_Order(patterns.canonicalOrder),
        m_Raters(block.votes.size()), m_Weights(block.votes.size()),
        m_Completions(block.votes.size())
  {
    CountVotes();
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      m_Raters[r].labelAccuracy.assign(block.labelCount, std::numeric_limits<double>::quiet_NaN());
      const auto seen = std::count_if(
          block.votes[r].begin(), block.votes[r].end(), [](auto v) { return v != Missing; });
      m_Raters[r].observedFraction = double(seen) / double(block.VoxelCount());
    }
  }

  /** Weights from self-consistency and agreement; completion. */
  void
  Judge()
  {
    const auto agreement = LeaveOneOutAgreement(m_Patterns);
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      m_Raters[r].agreement = agreement[r];
    }
    FindBand();
    if (!m_Block.image.empty())
    {
      LookAtImage();
    }
    SetWeights();
  }

  void
  UseWeights(std::span<const double> weights)
  {
    FindBand();
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      m_Weights[r].assign(m_Band.size(), float(weights[r]));
      m_ConstantWeights.push_back(weights[r]);
      m_Raters[r].meanWeight = weights[r];
    }
  }

  ConsensusResult
  Solve()
  {
    const auto field = GatherVotes();
    auto channels = PairChannels();
    const ContrastWeights weights(
        m_Block.size, m_Block.spacingInMm, unsigned(m_Options.neighbours), channels);
    const double lambda =
        m_Options.lambda * ContrastWeights::NeighbourhoodFactor(unsigned(m_Options.neighbours));
    const auto cut = detail::CutVotes(field, weights, lambda, m_Options);

    ConsensusResult result;
    result.labels = cut.labels;
    result.energy = cut.energy;
    result.lowerBound = cut.lowerBound;
    result.hasLowerBound = cut.hasLowerBound;
    result.cutValue = cut.cutValue;
    result.sweeps = cut.sweeps;
    result.bandVoxels = m_Band.size();
    result.bandFraction = double(m_Band.size()) / double(m_Block.VoxelCount());
    Describe(field, result);
    if (m_Options.stability && m_Options.lambda > 0.0)
    {
      for (const double factor : {0.5, 2.0})
      {
        const auto other = detail::CutVotes(field, weights, factor * lambda, m_Options);
        for (std::size_t p = 0; p < other.labels.size(); ++p)
        {
          result.flags[p] = static_cast<std::uint8_t>(
              result.flags[p] | (other.labels[p] != cut.labels[p] ? FlagUnstable : 0));
        }
      }
    }
    Report(result);
    return result;
  }

private:
  /** Observed votes of every voxel, and whether they agree. */
  void
  CountVotes()
  {
    m_Flags.assign(m_Block.VoxelCount(), 0);
    for (std::size_t p = 0; p < m_Flags.size(); ++p)
    {
      std::uint16_t first = Missing;
      unsigned seen = 0;
      bool differ = false;
      for (const auto & votes : m_Block.votes)
      {
        if (votes[p] != Missing)
        {
          first = seen == 0 ? votes[p] : first;
          differ = differ || votes[p] != first;
          ++seen;
        }
      }
      m_Flags[p] = differ      ? FlagContested
                   : seen >= 2 ? FlagUnanimous
                   : seen == 0 ? FlagUnsupported
                               : 0;
    }
  }

  bool
  IsClamped(std::size_t voxel) const
  {
    return m_Options.clampUnanimous && (m_Flags[voxel] & FlagUnanimous) != 0;
  }

  void
  FindBand()
  {
    for (std::size_t p = 0; p < m_Flags.size(); ++p)
    {
      if (!IsClamped(p))
      {
        m_Band.push_back(static_cast<std::uint32_t>(p));
      }
    }
  }

  /** A random stream that depends on what an annotator drew, not on the place in the list. */
  RandomEngine
  EngineOf(std::size_t rater, const char * purpose) const
  {
    const auto position = std::find(m_Order.begin(), m_Order.end(), rater) - m_Order.begin();
    return RandomEngine(m_Options.seed).Fork(purpose).Fork(static_cast<std::uint64_t>(position));
  }

  std::vector<std::uint32_t>
  VoxelsOf(std::size_t rater, bool observed) const
  {
    std::vector<std::uint32_t> voxels;
    for (std::uint32_t p = 0; p < m_Block.VoxelCount(); ++p)
    {
      if ((m_Block.votes[rater][p] != Missing) == observed)
      {
        voxels.push_back(p);
      }
    }
    return voxels;
  }

  /** Self-consistency of every annotator and completion of the missing parts; both need features.
   */
  void
  LookAtImage()
  {
    const ImageBlock image{m_Block.size, m_Block.spacingInMm, m_Block.image};
    m_PairFeatures = ComputePairFeatures(image);
    const auto folds = detail::SpatialFolds(m_Block,
                                            m_Options.blockInMm,
                                            unsigned(m_Options.folds),
                                            RandomEngine(m_Options.seed).Fork("folds"));

    std::vector<std::vector<std::uint32_t>> samples(m_Raters.size());
    std::vector<std::vector<std::uint32_t>> wanted(m_Raters.size());
    std::vector<std::vector<std::uint32_t>> missing(m_Raters.size());
    std::vector<std::uint32_t> all;
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      const auto observed = VoxelsOf(r, true);
      samples[r] = detail::StratifiedSample(observed,
                                            m_Block.votes[r],
                                            m_Block.labelCount,
                                            std::size_t(m_Options.maxSamples),
                                            EngineOf(r, "samples"));
      for (const auto p : m_Band)
      {
        if (m_Block.votes[r][p] != Missing)
        {
          wanted[r].push_back(p);
        }
      }
      missing[r] = m_Options.complete && !observed.empty() ? VoxelsOf(r, false)
                                                           : std::vector<std::uint32_t>{};
      for (const auto * list : {&samples[r], &wanted[r], &missing[r]})
      {
        all.insert(all.end(), list->begin(), list->end());
      }
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    const auto features = ComputeVoxelFeatures(image, all);
    const auto rowsOf = [&](std::span<const std::uint32_t> voxels, FeatureMatrix & target)
    {
      const std::size_t count = features.names.size();
      target.names = features.names;
      for (const auto voxel : voxels)
      {
        const auto row = std::lower_bound(all.begin(), all.end(), voxel) - all.begin();
        const auto first = features.values.begin() + row * static_cast<std::ptrdiff_t>(count);
        target.values.insert(
            target.values.end(), first, first + static_cast<std::ptrdiff_t>(count));
      }
    };
    m_Local.resize(m_Raters.size());
    m_Importances.assign(features.names.size(), 0.0);
    for (const auto r : m_Order)
    {
      FeatureMatrix ofSamples;
      FeatureMatrix ofWanted;
      rowsOf(samples[r], ofSamples);
      rowsOf(wanted[r], ofWanted);
      auto measured = detail::MeasureSelfConsistency(m_Block.votes[r],
                                                     folds,
                                                     samples[r],
                                                     ofSamples,
                                                     wanted[r],
                                                     ofWanted,
                                                     m_Block.labelCount,
                                                     m_Options,
                                                     EngineOf(r, "consistency"));
      m_Raters[r].selfConsistency = measured.score;
      m_Raters[r].labelAccuracy = measured.labelAccuracy;
      m_Local[r].assign(m_Band.size(), 1.0F);
      const auto smooth = detail::SmoothAtVoxels(m_Block, wanted[r], measured.local, 2.0);
      for (std::size_t b = 0, w = 0; b < m_Band.size() && w < wanted[r].size(); ++b)
      {
        if (m_Band[b] == wanted[r][w])
        {
          m_Local[r][b] = smooth[w++];
        }
      }
      for (std::size_t f = 0; f < measured.importances.size(); ++f)
      {
        m_Importances[f] += measured.importances[f];
      }
      m_FeatureNames = features.names;
      if (!missing[r].empty())
      {
        rowsOf(missing[r], ofSamples);
        Complete(r, samples[r], missing[r], ofSamples);
      }
    }
  }

  void
  Complete(std::size_t r,
           const std::vector<std::uint32_t> & samples,
           const std::vector<std::uint32_t> & missing,
           const FeatureMatrix & features)
  {
    const ContrastWeights weights(
        m_Block.size, m_Block.spacingInMm, 6, {{m_PairFeatures.intensity, 1.0}});
    m_Completions[r] = detail::CompleteAnnotation(
        m_Block, r, samples, missing, features, weights, m_Options, EngineOf(r, "completion"));
    m_Raters[r].imputedVoxels = missing.size();
    m_Raters[r].completionAccuracy = m_Completions[r].accuracy;
    m_Raters[r].completionAccuracyWithout = m_Completions[r].accuracyWithout;
    m_Raters[r].completionUsesUnlabelled = m_Completions[r].usesUnlabelled;
  }

  /** a_r(p) = max(w_min, SC^alpha c^beta A^gamma) at the observed voxels of the band. */
  void
  SetWeights()
  {
    double defined = 0.0;
    double sum = 0.0;
    for (const auto r : m_Order)
    {
      defined += m_Raters[r].selfConsistency ? 1.0 : 0.0;
      sum += m_Raters[r].selfConsistency.value_or(0.0);
    }
    const double substitute = defined > 0.0 ? 0.5 * sum / defined : 1.0;
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      const auto & sc = m_Raters[r].selfConsistency;
      const double trust = std::pow(m_Raters[r].agreement, m_Options.agreementPower);
      const double base = (sc ? std::pow(*sc, m_Options.consistencyPower) : substitute) * trust;
      m_ConstantWeights.push_back(std::max(m_Options.minimumWeight, base));
      m_Weights[r].assign(m_Band.size(), float(m_ConstantWeights[r]));
      double total = 0.0;
      double seen = 0.0;
      for (std::size_t b = 0; b < m_Band.size(); ++b)
      {
        if (m_Block.votes[r][m_Band[b]] == Missing)
        {
          continue;
        }
        if (sc)
        {
          const double local = std::pow(double(m_Local[r][b]), m_Options.localPower);
          m_Weights[r][b] = float(std::max(m_Options.minimumWeight, base * local));
        }
        total += m_Weights[r][b];
        seen += 1.0;
      }
      m_Raters[r].meanWeight = seen > 0.0 ? total / seen : m_ConstantWeights[r];
    }
  }

  detail::VoteField
  GatherVotes()
  {
    detail::VoteField field;
    const unsigned labels = m_Block.labelCount;
    field.labelCount = labels;
    field.place.assign(m_Block.VoxelCount(), detail::VoteField::Clamped);
    field.clampedLabel.assign(m_Block.VoxelCount(), 0);
    field.clampedTotal.assign(m_Block.VoxelCount(), 0.0);
    field.sums.assign(m_Band.size() * labels, 0.0);
    for (std::size_t b = 0; b < m_Band.size(); ++b)
    {
      field.place[m_Band[b]] = static_cast<std::uint32_t>(b);
    }
    double weightSum = 0.0;
    for (const auto r : m_Order)
    {
      weightSum += m_Raters[r].meanWeight;
      for (std::size_t p = 0; p < m_Block.VoxelCount(); ++p)
      {
        if (field.place[p] == detail::VoteField::Clamped && m_Block.votes[r][p] != Missing)
        {
          field.clampedLabel[p] = m_Block.votes[r][p];
          field.clampedTotal[p] += m_ConstantWeights[r];
        }
      }
      for (std::size_t b = 0; b < m_Band.size(); ++b)
      {
        const auto vote = m_Block.votes[r][m_Band[b]];
        if (vote == Missing)
        {
          continue;
        }
        const double weight = m_Weights[r][b];
        for (unsigned l = 0; l < labels && m_Options.softness > 0.0; ++l)
        {
          field.sums[b * labels + l] += weight * m_Options.softness / labels;
        }
        field.sums[b * labels + vote] += weight * (1.0 - m_Options.softness);
        m_Raters[r].shareOfVotes += weight;
      }
      AddImputedVotes(r, field);
    }
    field.meanWeight = weightSum / double(m_Raters.size());
    return field;
  }

  /** Weight rho * mean weight * (1 - H(pi) / log K): a uniform prediction says nothing. */
  void
  AddImputedVotes(std::size_t r, detail::VoteField & field)
  {
    const unsigned labels = m_Block.labelCount;
    const auto & completion = m_Completions[r];
    for (std::size_t i = 0; i < completion.voxels.size(); ++i)
    {
      const auto place = field.place[completion.voxels[i]];
      if (place == detail::VoteField::Clamped)
      {
        continue;
      }
      const float * posterior = completion.posteriors.data() + i * labels;
      double entropy = 0.0;
      for (unsigned l = 0; l < labels; ++l)
      {
        entropy -=
            posterior[l] > 0.0F ? double(posterior[l]) * std::log(double(posterior[l])) : 0.0;
      }
      const double certainty =
          labels > 1 ? std::max(0.0, 1.0 - entropy / std::log(double(labels))) : 1.0;
      const double weight = m_Options.imputedWeight * m_Raters[r].meanWeight * certainty;
      for (unsigned l = 0; l < labels; ++l)
      {
        field.sums[std::size_t(place) * labels + l] += weight * posterior[l];
      }
      m_Raters[r].shareOfVotes += weight;
      auto & flag = m_Flags[completion.voxels[i]];
      flag = static_cast<std::uint8_t>((flag | (weight > 0.0 ? FlagImputed : 0)) &
                                       ~(weight > 0.0 ? FlagUnsupported : 0));
    }
  }

  std::vector<ContrastChannel>
  PairChannels() const
  {
    if (m_Block.image.empty())
    {
      return {};
    }
    if (m_PairFeatures.intensity.empty() || !m_Options.contrastOfAllFeatures)
    {
      return {{m_Block.image, 1.0}};
    }
    std::array<double, 3> weights{0.0, 0.0, 0.0};
    for (std::size_t f = 0; f < m_FeatureNames.size(); ++f)
    {
      const auto & name = m_FeatureNames[f];
      weights[0] += name == "smoothed_1mm" || name == "mean_1mm" ? m_Importances[f] : 0.0;
      weights[1] += name == "texture_1mm" ? m_Importances[f] : 0.0;
      weights[2] += name == "curvature_1mm" ? m_Importances[f] : 0.0;
    }
    const double sum = weights[0] + weights[1] + weights[2];
    if (!(sum > 0.0))
    {
      return {{m_PairFeatures.intensity, 1.0}};
    }
    return {{m_PairFeatures.intensity, weights[0] / sum},
            {m_PairFeatures.texture, weights[1] / sum},
            {m_PairFeatures.curvature, weights[2] / sum}};
  }

  /** Confidence, vote shares and ties. */
  void
  Describe(const detail::VoteField & field, ConsensusResult & result)
  {
    const unsigned labels = m_Block.labelCount;
    const std::size_t voxels = m_Block.VoxelCount();
    result.confidence.assign(voxels, 0.0F);
    result.voteShares.assign(voxels * labels, 0.0F);
    for (std::size_t p = 0; p < voxels; ++p)
    {
      if (field.place[p] == detail::VoteField::Clamped)
      {
        result.confidence[p] = 1.0F;
        result.voteShares[p * labels + field.clampedLabel[p]] = 1.0F;
        continue;
      }
      const double * sums = field.sums.data() + std::size_t(field.place[p]) * labels;
      double first = 0.0;
      double second = 0.0;
      double total = 0.0;
      for (unsigned l = 0; l < labels; ++l)
      {
        total += sums[l];
        second = std::max(second, std::min(first, sums[l]));
        first = std::max(first, sums[l]);
      }
      for (unsigned l = 0; l < labels; ++l)
      {
        result.voteShares[p * labels + l] = float(total > 0.0 ? sums[l] / total : 1.0 / labels);
      }
      result.confidence[p] = float(total > 0.0 ? (first - second) / total : 0.0);
      const bool tied = total > 0.0 && labels > 1 && first - second <= 1e-9 * total;
      m_Flags[p] = static_cast<std::uint8_t>(m_Flags[p] | (tied ? FlagTie : 0));
    }
    result.flags = m_Flags;
  }

  void
  Report(ConsensusResult & result)
  {
    double votes = 0.0;
    for (const auto r : m_Order)
    {
      votes += m_Raters[r].shareOfVotes;
    }
    for (auto & rater : m_Raters)
    {
      rater.shareOfVotes = votes > 0.0 ? rater.shareOfVotes / votes : 1.0 / double(m_Raters.size());
    }
    result.raters = m_Raters;
    const unsigned labels = m_Block.labelCount;
    for (std::size_t r = 0; r < m_Raters.size(); ++r)
    {
      auto completed = m_Block.votes[r];
      std::vector<std::uint8_t> provenance(completed.size(), 0);
      for (std::size_t p = 0; p < completed.size(); ++p)
      {
        provenance[p] = completed[p] != Missing ? 1 : 0;
      }
      for (std::size_t i = 0; i < m_Completions[r].voxels.size(); ++i)
      {
        const auto row =
            m_Completions[r].posteriors.begin() + static_cast<std::ptrdiff_t>(i * labels);
        completed[m_Completions[r].voxels[i]] = static_cast<std::uint16_t>(
            std::max_element(row, row + static_cast<std::ptrdiff_t>(labels)) - row);
        provenance[m_Completions[r].voxels[i]] = 2;
      }
      result.completed.push_back(std::move(completed));
      result.provenance.push_back(std::move(provenance));
    }
    AddNotes(result);
  }

  void
  AddNotes(ConsensusResult & result) const
  {
    if (m_Block.votes.size() == 1)
    {
      result.notes.push_back("single annotator: the consensus is that annotation, smoothed only "
                             "where nothing is clamped");
    }
    for (std::size_t a = 0; a < m_Block.votes.size(); ++a)
    {
      for (std::size_t b = a + 1; b < m_Block.votes.size(); ++b)
      {
        if (m_Block.votes[a] == m_Block.votes[b])
        {
          result.notes.push_back(
              Message("annotators ", a + 1, " and ", b + 1, " drew identical maps; both count"));
        }
      }
    }
    const auto ties = std::count_if(
        result.flags.begin(), result.flags.end(), [](auto f) { return (f & FlagTie) != 0; });
    if (ties > 0 && std::size_t(ties) * 2 > result.bandVoxels)
    {
      result.notes.push_back(Message(
          "votes are tied at ", ties, " of ", result.bandVoxels, " voxels that are not unanimous"));
    }
    const auto alone = std::count_if(result.flags.begin(),
                                     result.flags.end(),
                                     [](auto f) { return (f & FlagUnsupported) != 0; });
    if (alone > 0)
    {
      result.notes.push_back(
          Message(alone, " voxels were seen by nobody; their neighbours decided"));
    }
  }

  const AnnotationBlock & m_Block;
  const VotePatterns & m_Patterns;
  const ConsensusOptions & m_Options;
  std::vector<std::uint32_t> m_Order;
  std::vector<RaterReliability> m_Raters;
  std::vector<std::vector<float>> m_Weights; ///< a rater: a_r at the band voxels
  std::vector<double> m_ConstantWeights;
  std::vector<std::vector<float>> m_Local; ///< c_r at the band voxels
  std::vector<detail::Completion> m_Completions;
  std::vector<std::uint32_t> m_Band;
  std::vector<std::uint8_t> m_Flags;
  PairFeatures m_PairFeatures;
  std::vector<double> m_Importances;
  std::vector<std::string> m_FeatureNames;
};

} // namespace

ConsensusResult
RunGraphCutConsensus(const AnnotationBlock & block, const ConsensusOptions & options)
{
  CheckConsensusOptions(options);
  CheckBlock(block);
  const auto patterns = PatternsOf(block);
  Consensus consensus(block, patterns, options);
  consensus.Judge();
  return consensus.Solve();
}

ConsensusResult
RunWeightedCut(const AnnotationBlock & block,
               std::span<const double> weights,
               const ConsensusOptions & options)
{
  CheckConsensusOptions(options);
  CheckBlock(block);
  if (weights.size() != block.votes.size())
  {
    throw UsageError(
        Message("consensus: ", weights.size(), " weights for ", block.votes.size(), " annotators"));
  }
  const auto patterns = PatternsOf(block);
  Consensus consensus(block, patterns, options);
  consensus.UseWeights(weights);
  return consensus.Solve();
}

} // namespace sulcus
