#include "sulcusRaterTrust.h"

#include "sulcusSelfConsistency.h"
#include "sulcusSharedFeatures.h"
#include <sulcusError.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus::detail
{
namespace
{

constexpr auto Missing = VotePatterns::MissingVote;

/** Forests tell at most this many classes apart. */
constexpr unsigned MostForestLabels = 255;

std::vector<std::uint32_t>
VoxelsOf(const AnnotationBlock & block, std::size_t rater, bool observed)
{
  std::vector<std::uint32_t> voxels;
  for (std::uint32_t p = 0; p < block.VoxelCount(); ++p)
  {
    if ((block.votes[rater][p] != Missing) == observed)
    {
      voxels.push_back(p);
    }
  }
  return voxels;
}

RaterTrust
Untouched(const AnnotationBlock & block)
{
  RaterTrust trust;
  const std::size_t raters = block.votes.size();
  trust.raters.resize(raters);
  trust.weights.resize(raters);
  trust.completions.resize(raters);
  for (std::size_t r = 0; r < raters; ++r)
  {
    trust.raters[r].labelAccuracy.assign(block.labelCount,
                                         std::numeric_limits<double>::quiet_NaN());
    const auto seen = std::count_if(
        block.votes[r].begin(), block.votes[r].end(), [](auto v) { return v != Missing; });
    trust.raters[r].observedFraction = double(seen) / double(block.VoxelCount());
  }
  return trust;
}

/** Voxels of one annotator that features are needed for. */
struct FeatureVoxels
{
  std::vector<std::uint32_t> samples; ///< to train on
  std::vector<std::uint32_t> judged;  ///< observed voxels of the band, if c_r(p) counts
  std::vector<std::uint32_t> missing; ///< to impute
};

SharedFeatures
FeaturesOf(const ImageBlock & image, const std::vector<FeatureVoxels> & ofRaters)
{
  std::vector<std::uint32_t> all;
  for (const auto & one : ofRaters)
  {
    for (const auto * list : {&one.samples, &one.judged, &one.missing})
    {
      all.insert(all.end(), list->begin(), list->end());
    }
  }
  return {image, std::move(all)};
}

/** The forest that knows an annotator from other scans, or null. */
const AnnotatorForest *
ForestOf(const AnnotationBlock & block, std::size_t rater)
{
  return rater < block.forests.size() ? block.forests[rater].get() : nullptr;
}

/** Divides by the mean over the voxels with the same label. Forests are balanced over labels, so
 * foreground looks more probable at a border than it is: without this, whoever draws more there
 * weighs more. */
void
NormaliseByLabel(std::span<const std::uint32_t> voxels,
                 std::span<const std::uint16_t> votes,
                 unsigned labelCount,
                 std::vector<float> & values)
{
  std::vector<double> sum(labelCount, 0.0);
  std::vector<double> count(labelCount, 0.0);
  for (std::size_t i = 0; i < voxels.size(); ++i)
  {
    sum[votes[voxels[i]]] += double(values[i]);
    count[votes[voxels[i]]] += 1.0;
  }
  for (std::size_t i = 0; i < voxels.size(); ++i)
  {
    const auto label = votes[voxels[i]];
    values[i] = sum[label] > 0.0 ? float(double(values[i]) * count[label] / sum[label]) : 1.0F;
  }
}

/** Every annotator draws from the same random stream, so that the place in the list means nothing.
 */
class ImageJudge
{
public:
  ImageJudge(const AnnotationBlock & block,
             const Band & band,
             const ConsensusOptions & options,
             const std::function<void(double)> & progress,
             RaterTrust & trust)
      : m_Block(block), m_Band(band), m_Options(options), m_Progress(progress), m_Trust(trust),
        m_Random(options.seed),
        m_Folds(
            SpatialFolds(block, options.blockInMm, unsigned(options.folds), m_Random.Fork("folds")))
  {
  }

  /** Fills the trust; returns the local consistency c_r at the band voxels, a list an annotator. */
  std::vector<std::vector<float>>
  Judge(std::span<const std::uint32_t> order)
  {
    const ImageBlock image{m_Block.size, m_Block.spacingInMm, m_Block.image};
    m_Trust.pairFeatures = ComputePairFeatures(image);
    std::vector<FeatureVoxels> voxels;
    for (std::size_t r = 0; r < m_Block.votes.size(); ++r)
    {
      voxels.push_back(ChooseVoxels(r));
    }
    const auto features = FeaturesOf(image, voxels);
    m_Trust.featureNames = features.Names();
    m_Trust.importances.assign(features.Names().size(), 0.0);
    std::vector<std::vector<float>> local(m_Block.votes.size());
    double done = 1.0; // the features are about as much work as one annotator
    for (const auto r : order)
    {
      Report(done++ / (1.0 + double(order.size())));
      local[r] = JudgeOne(r, voxels[r], features);
      if (!voxels[r].missing.empty())
      {
        Complete(r, voxels[r], features);
      }
    }
    return local;
  }

private:
  FeatureVoxels
  ChooseVoxels(std::size_t rater) const
  {
    FeatureVoxels voxels;
    const auto observed = VoxelsOf(m_Block, rater, true);
    voxels.samples = StratifiedSample(observed,
                                      m_Block.votes[rater],
                                      m_Block.labelCount,
                                      std::size_t(m_Options.maxSamples),
                                      m_Random.Fork("samples"));
    if (m_Options.localPower > 0.0)
    {
      std::copy_if(m_Band.voxels.begin(),
                   m_Band.voxels.end(),
                   std::back_inserter(voxels.judged),
                   [&](auto p) { return m_Block.votes[rater][p] != Missing; });
    }
    if (m_Options.complete && !observed.empty())
    {
      voxels.missing = VoxelsOf(m_Block, rater, false);
    }
    else if (m_Options.complete && ForestOf(m_Block, rater))
    {
      voxels.missing = m_Band.voxels; // elsewhere those who looked agree
    }
    return voxels;
  }

  void
  Report(double share) const
  {
    if (m_Progress)
    {
      m_Progress(share);
    }
  }

  std::vector<float>
  JudgeOne(std::size_t r, const FeatureVoxels & voxels, const SharedFeatures & features)
  {
    FeatureMatrix ofSamples;
    FeatureMatrix ofJudged;
    features.AppendRows(voxels.samples, ofSamples);
    features.AppendRows(voxels.judged, ofJudged);
    const auto measured = MeasureSelfConsistency(m_Block.votes[r],
                                                 m_Folds,
                                                 voxels.samples,
                                                 ofSamples,
                                                 voxels.judged,
                                                 ofJudged,
                                                 m_Block.labelCount,
                                                 m_Options,
                                                 m_Random.Fork("consistency"));
    m_Trust.raters[r].selfConsistency = measured.score;
    m_Trust.raters[r].labelAccuracy = measured.labelAccuracy;
    for (std::size_t f = 0; f < measured.importances.size(); ++f)
    {
      m_Trust.importances[f] += measured.importances[f];
    }
    constexpr double sigmaInMm = 2.0;
    auto smooth = SmoothAtVoxels(m_Block, voxels.judged, measured.local, sigmaInMm);
    NormaliseByLabel(voxels.judged, m_Block.votes[r], m_Block.labelCount, smooth);
    std::vector<float> local(m_Band.voxels.size(), 1.0F);
    for (std::size_t b = 0, j = 0; b < local.size() && j < voxels.judged.size(); ++b)
    {
      if (m_Band.voxels[b] == voxels.judged[j])
      {
        local[b] = smooth[j++];
      }
    }
    return local;
  }

  void
  Complete(std::size_t r, const FeatureVoxels & voxels, const SharedFeatures & features)
  {
    FeatureMatrix rows;
    features.AppendRows(voxels.samples, rows);
    features.AppendRows(voxels.missing, rows);
    const ContrastWeights weights(
        m_Block.size, m_Block.spacingInMm, 6, {{m_Trust.pairFeatures.intensity, 1.0}});
    auto & completion = m_Trust.completions[r];
    auto & rater = m_Trust.raters[r];
    rater.imputedVoxels = voxels.missing.size();
    if (voxels.samples.empty())
    {
      const auto & known = *ForestOf(m_Block, r);
      completion = ImputeFromForest(m_Block, r, known, voxels.missing, rows, weights);
      rater.completionAccuracy = rater.completionAccuracyWithout = known.accuracy;
      return;
    }
    completion = CompleteAnnotation(m_Block,
                                    r,
                                    voxels.samples,
                                    voxels.missing,
                                    rows,
                                    weights,
                                    m_Options,
                                    m_Random.Fork("completion"));
    rater.completionAccuracy = completion.accuracy;
    rater.completionAccuracyWithout = completion.accuracyWithout;
    rater.completionUsesUnlabelled = completion.usesUnlabelled;
  }

  const AnnotationBlock & m_Block;
  const Band & m_Band;
  const ConsensusOptions & m_Options;
  const std::function<void(double)> & m_Progress;
  RaterTrust & m_Trust;
  RandomEngine m_Random;
  std::vector<std::uint8_t> m_Folds;
};

/** Stands for SC where it is undefined: half the mean of the defined ones, 1 if there is none. */
double
SubstituteConsistency(const std::vector<RaterReliability> & raters,
                      std::span<const std::uint32_t> order)
{
  double sum = 0.0;
  double defined = 0.0;
  for (const auto r : order)
  {
    sum += raters[r].selfConsistency.value_or(0.0);
    defined += raters[r].selfConsistency ? 1.0 : 0.0;
  }
  return defined > 0.0 ? 0.5 * sum / defined : 1.0;
}

void
SetWeights(const AnnotationBlock & block,
           const Band & band,
           const ConsensusOptions & options,
           const std::vector<std::vector<float>> & local,
           std::span<const std::uint32_t> order,
           RaterTrust & trust)
{
  const double substitute = SubstituteConsistency(trust.raters, order);
  for (std::size_t r = 0; r < trust.raters.size(); ++r)
  {
    auto & rater = trust.raters[r];
    const bool known = rater.selfConsistency.has_value();
    const double consistency =
        known ? std::pow(*rater.selfConsistency, options.consistencyPower) : substitute;
    const double base = consistency * std::pow(rater.agreement, options.agreementPower);
    trust.constantWeights.push_back(std::max(options.minimumWeight, base));
    trust.weights[r].assign(band.voxels.size(), float(trust.constantWeights[r]));
    double total = 0.0;
    double seen = 0.0;
    for (std::size_t b = 0; b < band.voxels.size(); ++b)
    {
      if (block.votes[r][band.voxels[b]] == Missing)
      {
        continue;
      }
      if (known)
      {
        const double here = std::pow(double(local[r][b]), options.localPower);
        trust.weights[r][b] = float(std::max(options.minimumWeight, base * here));
      }
      total += trust.weights[r][b];
      seen += 1.0;
    }
    rater.meanWeight = seen > 0.0 ? total / seen : trust.constantWeights[r];
    if (rater.observedFraction == 0.0 && rater.imputedVoxels > 0)
    {
      rater.meanWeight = ForestOf(block, r)->meanWeight;
    }
  }
}

} // namespace

RaterTrust
JudgeRaters(const AnnotationBlock & block,
            const VotePatterns & patterns,
            const Band & band,
            const ConsensusOptions & options,
            const std::function<void(double)> & progress)
{
  auto trust = Untouched(block);
  const auto agreement = LeaveOneOutAgreement(patterns);
  for (std::size_t r = 0; r < trust.raters.size(); ++r)
  {
    trust.raters[r].agreement = agreement[r];
  }
  std::vector<std::vector<float>> local(trust.raters.size());
  if (!block.image.empty() && block.labelCount > MostForestLabels)
  {
    trust.notes.push_back(Message(block.labelCount,
                                  " labels: self-consistency and completion need at most ",
                                  MostForestLabels,
                                  " and were left out"));
  }
  else if (!block.image.empty())
  {
    local = ImageJudge(block, band, options, progress, trust).Judge(patterns.canonicalOrder);
  }
  SetWeights(block, band, options, local, patterns.canonicalOrder, trust);
  return trust;
}

RaterTrust
TrustAsGiven(const AnnotationBlock & block, const Band & band, std::span<const double> weights)
{
  auto trust = Untouched(block);
  trust.constantWeights.assign(weights.begin(), weights.end());
  for (std::size_t r = 0; r < trust.raters.size(); ++r)
  {
    trust.weights[r].assign(band.voxels.size(), float(weights[r]));
    trust.raters[r].meanWeight = weights[r];
  }
  return trust;
}

} // namespace sulcus::detail
