#include "sulcusConsensusCut.h"

#include <sulcusError.h>
#include <sulcusExpansion.h>

#include <algorithm>
#include <cmath>

namespace sulcus::detail
{
namespace
{

/** Labels that anybody voted for, so that 255 classes are enough for one cut. */
class UsedLabels
{
public:
  explicit UsedLabels(const VoteField & field) : m_Compact(field.labelCount, 0)
  {
    std::vector<bool> used(field.labelCount, false);
    used[0] = true;
    for (std::size_t p = 0; p < field.place.size(); ++p)
    {
      if (field.place[p] == VoteField::Clamped)
      {
        used[field.clampedLabel[p]] = true;
      }
    }
    for (std::size_t i = 0; i < field.sums.size(); ++i)
    {
      used[i % field.labelCount] = used[i % field.labelCount] || field.sums[i] > 0.0;
    }
    for (unsigned l = 0; l < field.labelCount; ++l)
    {
      m_Compact[l] = static_cast<std::uint16_t>(m_Labels.size());
      if (used[l])
      {
        m_Labels.push_back(static_cast<std::uint16_t>(l));
      }
    }
    if (m_Labels.size() > 255)
    {
      throw ResourceError(Message("graph-cut consensus: ",
                                  m_Labels.size(),
                                  " labels in one case; at most 255 are supported"));
    }
  }

  unsigned
  Count() const
  {
    return static_cast<unsigned>(m_Labels.size());
  }
  std::uint16_t
  LabelOf(unsigned compact) const
  {
    return m_Labels[compact];
  }
  std::uint16_t
  CompactOf(std::uint16_t label) const
  {
    return m_Compact[label];
  }

private:
  std::vector<std::uint16_t> m_Compact;
  std::vector<std::uint16_t> m_Labels;
};

/** Whole-number costs floor(scale * D); a clamped voxel pays Forbidden for any other label. */
class VoteCosts : public LabelCosts
{
public:
  VoteCosts(const VoteField & field,
            const UsedLabels & labels,
            double lambdaSum,
            const ConsensusOptions & options)
      : m_Field(field), m_Labels(labels), m_Epsilon(options.epsilon * field.meanWeight),
        m_Evidence(options.evidence * field.meanWeight)
  {
    double largest = 1.0;
    for (std::size_t b = 0; b < field.BandSize(); ++b)
    {
      for (unsigned c = 0; c < labels.Count(); ++c)
      {
        largest = std::max(largest, Real(b, c));
      }
    }
    scale = std::min(
        {double(1 << 20), double(1 << 26) / largest, double(1 << 27) / std::max(lambdaSum, 1e-9)});
    m_Band.resize(field.BandSize() * labels.Count());
    for (std::size_t b = 0; b < field.BandSize(); ++b)
    {
      for (unsigned c = 0; c < labels.Count(); ++c)
      {
        m_Band[b * labels.Count() + c] = static_cast<std::int32_t>(scale * Real(b, c));
      }
    }
  }

  void
  Costs(unsigned label, std::size_t first, std::size_t count, std::int32_t * costs) const override
  {
    for (std::size_t i = 0; i < count; ++i)
    {
      const std::uint32_t place = m_Field.place[first + i];
      costs[i] = place != VoteField::Clamped ? m_Band[place * m_Labels.Count() + label]
                 : m_Labels.CompactOf(m_Field.clampedLabel[first + i]) == label ? 0
                                                                                : Forbidden;
    }
  }

  /** D of a band voxel in nats. */
  double
  Real(std::size_t band, unsigned compact) const
  {
    const auto * row = m_Field.sums.data() + band * m_Field.labelCount;
    double total = 0.0;
    for (unsigned l = 0; l < m_Field.labelCount; ++l)
    {
      total += row[l];
    }
    return UnaryCost(
        row[m_Labels.LabelOf(compact)], total, m_Field.labelCount, m_Epsilon, m_Evidence);
  }

  /** D of all clamped voxels for the labels they keep. */
  double
  ClampedEnergy() const
  {
    double sum = 0.0;
    for (std::size_t p = 0; p < m_Field.clampedTotal.size(); ++p)
    {
      if (m_Field.place[p] == VoteField::Clamped)
      {
        const double total = m_Field.clampedTotal[p];
        sum += UnaryCost(total, total, m_Field.labelCount, m_Epsilon, m_Evidence);
      }
    }
    return sum;
  }

  double scale = 1.0;

private:
  static constexpr std::int32_t Forbidden = 400000000;

  const VoteField & m_Field;
  const UsedLabels & m_Labels;
  double m_Epsilon;
  double m_Evidence;
  std::vector<std::int32_t> m_Band;
};

/** Energy of the labels in nats, straight from the real costs and weights. */
double
RealEnergy(const VoteField & field,
           const VoteCosts & costs,
           const UsedLabels & used,
           const ContrastWeights & weights,
           double lambda,
           std::span<const std::uint8_t> labels)
{
  double energy = costs.ClampedEnergy();
  const auto steps = GridNeighbourhood(2 * weights.StepCount()).ForwardSteps();
  const auto offsets = GridNeighbourhood(2 * weights.StepCount()).Offsets(weights.Size());
  const auto & size = weights.Size();
  (void)used;
  for (std::size_t p = 0; p < labels.size(); ++p)
  {
    if (field.place[p] != VoteField::Clamped)
    {
      energy += costs.Real(field.place[p], labels[p]);
    }
    const std::array<std::size_t, 3> index{
        p % size[0], p / size[0] % size[1], p / size[0] / size[1]};
    for (unsigned k = 0; k < steps.size(); ++k)
    {
      bool inside = true;
      for (unsigned axis = 0; axis < 3; ++axis)
      {
        inside = inside && index[axis] + static_cast<std::size_t>(steps[k][axis]) < size[axis];
      }
      const std::size_t q = p + static_cast<std::size_t>(offsets[steps.size() + k]);
      if (inside && labels[p] != labels[q])
      {
        energy += lambda * weights(k, p);
      }
    }
  }
  return energy;
}

} // namespace

double
UnaryCost(double vote, double total, unsigned labelCount, double epsilon, double evidence)
{
  const double cost = -std::log((vote + epsilon) / (total + labelCount * epsilon));
  const double trust = evidence > 0.0 ? total / (total + evidence) : 1.0;
  return std::max(0.0, cost * trust);
}

CutResult
CutVotes(const VoteField & field,
         const ContrastWeights & weights,
         double lambda,
         const ConsensusOptions & options)
{
  const UsedLabels used(field);
  double lambdaSum = 0.0;
  for (unsigned k = 0; k < weights.StepCount(); ++k)
  {
    lambdaSum += 2.0 * lambda * weights.Largest(k);
  }
  const VoteCosts costs(field, used, lambdaSum, options);
  const ContrastCapacities capacities(weights, lambda * costs.scale);
  std::vector<std::uint8_t> labels(field.place.size(), 0);
  ExpansionOptions expansion;
  expansion.maxSweeps = static_cast<unsigned>(options.maxSweeps);
  expansion.boundRounds = used.Count() <= 2 ? 1U : static_cast<unsigned>(options.boundRounds);
  const ExpansionProblem problem{
      weights.Size(), 2 * weights.StepCount(), used.Count(), &costs, &capacities};
  const auto report = SolveByExpansion(problem, labels, expansion);

  CutResult result;
  result.cutValue = report.energy;
  result.sweeps = report.sweeps;
  result.hasLowerBound = report.hasDualBound;
  result.lowerBound =
      report.hasDualBound ? double(report.dualBound) / costs.scale + costs.ClampedEnergy() : 0.0;
  result.energy = RealEnergy(field, costs, used, weights, lambda, labels);
  result.labels.resize(labels.size());
  std::transform(
      labels.begin(), labels.end(), result.labels.begin(), [&](auto c) { return used.LabelOf(c); });
  return result;
}

} // namespace sulcus::detail

namespace sulcus
{

std::vector<double>
UnaryCosts(std::span<const double> votes, double epsilon, double evidence)
{
  double total = 0.0;
  for (const auto vote : votes)
  {
    total += vote;
  }
  std::vector<double> costs;
  for (const auto vote : votes)
  {
    costs.push_back(
        detail::UnaryCost(vote, total, static_cast<unsigned>(votes.size()), epsilon, evidence));
  }
  return costs;
}

} // namespace sulcus
