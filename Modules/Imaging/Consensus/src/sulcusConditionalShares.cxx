#include "sulcusConditionalShares.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sulcus::detail
{
namespace
{

/** Pair terms that a band voxel saves with each label. */
class NeighbourPull
{
public:
  NeighbourPull(const ContrastWeights & weights,
                double lambda,
                std::span<const std::uint16_t> labels)
      : m_Weights(weights), m_Labels(labels), m_Lambda(lambda),
        m_Steps(GridNeighbourhood(2 * weights.StepCount()).ForwardSteps()),
        m_Offsets(GridNeighbourhood(2 * weights.StepCount()).Offsets(weights.Size()))
  {
  }

  void
  Add(std::size_t voxel, std::span<double> pull) const
  {
    const auto & size = m_Weights.Size();
    const std::array<std::size_t, 3> index{
        voxel % size[0], voxel / size[0] % size[1], voxel / size[0] / size[1]};
    for (unsigned k = 0; k < m_Steps.size(); ++k)
    {
      bool ahead = true;
      bool behind = true;
      for (unsigned axis = 0; axis < 3; ++axis)
      {
        const auto step = static_cast<std::size_t>(m_Steps[k][axis]);
        ahead = ahead && index[axis] + step < size[axis]; // wraps below 0: huge
        behind = behind && index[axis] - step < size[axis];
      }
      const auto offset = static_cast<std::size_t>(m_Offsets[m_Steps.size() + k]);
      if (ahead)
      {
        pull[m_Labels[voxel + offset]] += m_Lambda * m_Weights(k, voxel);
      }
      if (behind)
      {
        pull[m_Labels[voxel - offset]] += m_Lambda * m_Weights(k, voxel - offset);
      }
    }
  }

private:
  const ContrastWeights & m_Weights;
  std::span<const std::uint16_t> m_Labels;
  double m_Lambda;
  std::vector<GridNeighbourhood::Step> m_Steps;
  std::vector<std::ptrdiff_t> m_Offsets;
};

void
Normalise(std::span<const double> logShares, float * shares)
{
  const double largest = *std::max_element(logShares.begin(), logShares.end());
  double total = 0.0;
  for (const double value : logShares)
  {
    total += std::exp(value - largest);
  }
  std::transform(logShares.begin(),
                 logShares.end(),
                 shares,
                 [&](double value) { return float(std::exp(value - largest) / total); });
}

} // namespace

std::vector<float>
ConditionalShares(const VoteField & field,
                  const ContrastWeights & weights,
                  double lambda,
                  const ConsensusOptions & options,
                  std::span<const std::uint16_t> labels)
{
  const unsigned count = field.labelCount;
  const double epsilon = options.epsilon * field.meanWeight;
  const double evidence = options.evidence * field.meanWeight;
  const NeighbourPull neighbours(weights, lambda, labels);
  std::vector<float> shares(labels.size() * count, 0.0F);
  std::vector<double> logShares(count);
  std::vector<double> pull(count);
  for (std::size_t p = 0; p < labels.size(); ++p)
  {
    if (field.place[p] == VoteField::Clamped)
    {
      shares[p * count + field.clampedLabel[p]] = 1.0F;
      continue;
    }
    const double * votes = field.sums.data() + std::size_t(field.place[p]) * count;
    double total = 0.0;
    for (unsigned l = 0; l < count; ++l)
    {
      total += votes[l];
    }
    std::fill(pull.begin(), pull.end(), 0.0);
    neighbours.Add(p, pull);
    for (unsigned l = 0; l < count; ++l)
    {
      // what neither a vote nor a neighbour speaks for would share the smoothing's epsilon
      const bool possible = votes[l] > 0.0 || pull[l] > 0.0 || total == 0.0;
      logShares[l] = possible ? pull[l] - UnaryCost(votes[l], total, count, epsilon, evidence)
                              : -std::numeric_limits<double>::infinity();
    }
    Normalise(logShares, shares.data() + p * count);
  }
  return shares;
}

} // namespace sulcus::detail
