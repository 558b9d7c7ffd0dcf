#include "sulcusStaple.h"

#include "sulcusPatternPieces.h"
#include "sulcusStapleSweeps.h"
#include <sulcusError.h>

#include <array>
#include <cmath>

namespace sulcus
{
namespace
{

constexpr double Smallest = 1e-12;

double
KeepInside(double parameter)
{
  return std::clamp(parameter, Smallest, 1.0 - Smallest);
}

/** Votes of every pattern as bits, eight raters a byte in canonical order, so that sums over raters
 * are look-ups. Where nothing is missing the zeros are the rest of the ones and need no bits. */
class BinaryVotes
{
public:
  explicit BinaryVotes(const VotePatterns & patterns)
      : bytes((patterns.raterCount + 7) / 8), complete(!patterns.anyMissing),
        ones(patterns.Size() * bytes, 0), zeros(complete ? 0 : patterns.Size() * bytes, 0)
  {
    detail::ForPieces(patterns.Size(),
                      [&](std::size_t, std::size_t begin, std::size_t end)
                      {
                        for (std::size_t i = begin; i < end; ++i)
                        {
                          Pack(patterns, i);
                        }
                      });
  }

  std::size_t bytes;
  bool complete; ///< no vote is missing
  std::vector<std::uint8_t> ones;
  std::vector<std::uint8_t> zeros;

private:
  void
  Pack(const VotePatterns & patterns, std::size_t i)
  {
    const auto pattern = patterns.Pattern(i);
    for (std::size_t byte = 0; byte < bytes; ++byte)
    {
      unsigned one = 0;
      unsigned zero = 0;
      for (unsigned bit = 0; bit < 8 && 8 * byte + bit < pattern.size(); ++bit)
      {
        const auto vote = pattern[patterns.canonicalOrder[8 * byte + bit]];
        one |= unsigned(vote == 1) << bit;
        zero |= unsigned(vote == 0) << bit;
      }
      ones[i * bytes + byte] = static_cast<std::uint8_t>(one);
      if (!complete)
      {
        zeros[i * bytes + byte] = static_cast<std::uint8_t>(zero);
      }
    }
  }
};

using ByteTable = std::array<double, 256>;

/** table[byte][bits] = sum over the set bits of the rater's value. */
std::vector<ByteTable>
SumTables(const std::vector<double> & values)
{
  std::vector<ByteTable> tables((values.size() + 7) / 8);
  for (std::size_t byte = 0; byte < tables.size(); ++byte)
  {
    for (unsigned bits = 0; bits < 256; ++bits)
    {
      double sum = 0.0;
      for (unsigned bit = 0; bit < 8 && 8 * byte + bit < values.size(); ++bit)
      {
        sum += (bits >> bit) & 1U ? values[8 * byte + bit] : 0.0;
      }
      tables[byte][bits] = sum;
    }
  }
  return tables;
}

void
AddTables(const std::vector<ByteTable> & tables, std::vector<ByteTable> & sums)
{
  for (std::size_t byte = 0; byte < tables.size(); ++byte)
  {
    std::transform(sums[byte].begin(),
                   sums[byte].end(),
                   tables[byte].begin(),
                   sums[byte].begin(),
                   std::plus<>());
  }
}

/** Sum of the entries in which a rater's bit is set. */
double
SumOfBit(const ByteTable & table, std::size_t bit)
{
  double sum = 0.0;
  for (unsigned bits = 0; bits < 256; ++bits)
  {
    sum += (bits >> bit) & 1U ? table[bits] : 0.0;
  }
  return sum;
}

class BinaryExpectationMaximisation
{
public:
  BinaryExpectationMaximisation(const VotePatterns & patterns, const StapleOptions & options)
      : m_Patterns(patterns), m_Options(options), m_Votes(patterns), m_Probability(patterns.Size()),
        m_Sensitivity(patterns.raterCount, 0.0), m_Specificity(patterns.raterCount, 0.0)
  {
    StartFromMeanVote();
    const std::vector<double> certain(patterns.Size(), 1.0);
    m_Given = WeightsOfVotes(certain);
    if (options.start > 0.0)
    {
      std::fill(m_Sensitivity.begin(), m_Sensitivity.end(), KeepInside(options.start));
      m_Specificity = m_Sensitivity;
      ExpectationStep();
    }
  }

  BinaryStaple
  Run()
  {
    BinaryStaple result;
    detail::SweepUntilStill(*this, m_Options, result);
    result.prior = m_Prior;
    result.probability = m_Probability;
    result.sensitivity.resize(m_Patterns.raterCount);
    result.specificity.resize(m_Patterns.raterCount);
    for (std::size_t r = 0; r < m_Patterns.raterCount; ++r)
    {
      result.sensitivity[m_Patterns.canonicalOrder[r]] = m_Sensitivity[r];
      result.specificity[m_Patterns.canonicalOrder[r]] = m_Specificity[r];
    }
    return result;
  }

  /** p_r = sum of W where r voted 1 / sum of W where r voted; q_r likewise with 1 - W. Returns the
   * largest change. */
  double
  MaximizationStep()
  {
    const auto inside = WeightsOfVotes(m_Probability);
    double change = 0.0;
    for (std::size_t r = 0; r < m_Patterns.raterCount; ++r)
    {
      const double oneIn = inside.ofOnes[r];
      const double zeroIn = std::max(0.0, inside.ofZeros[r]);
      const double oneOut = std::max(0.0, m_Given.ofOnes[r] - inside.ofOnes[r]);
      const double zeroOut = std::max(0.0, m_Given.ofZeros[r] - inside.ofZeros[r]);
      change = std::max(change, Set(m_Sensitivity[r], oneIn, oneIn + zeroIn));
      change = std::max(change, Set(m_Specificity[r], zeroOut, zeroOut + oneOut));
    }
    return change;
  }

  /** Log odds of the foreground: those of the prior, and of every vote given the performance. */
  void
  ExpectationStep()
  {
    std::vector<double> ofOne;
    std::vector<double> ofZero;
    double start = std::log(m_Prior) - std::log(1.0 - m_Prior);
    for (std::size_t r = 0; r < m_Patterns.raterCount; ++r)
    {
      const double one = std::log(m_Sensitivity[r]) - std::log(1.0 - m_Specificity[r]);
      const double zero = std::log(1.0 - m_Sensitivity[r]) - std::log(m_Specificity[r]);
      ofOne.push_back(m_Votes.complete ? one - zero : one);
      ofZero.push_back(zero);
      start += m_Votes.complete ? zero : 0.0;
    }
    const auto one = SumTables(ofOne);
    const auto zero = SumTables(ofZero);
    const std::size_t bytes = m_Votes.bytes;
    detail::ForPieces(m_Patterns.Size(),
                      [&](std::size_t, std::size_t begin, std::size_t end)
                      {
                        for (std::size_t i = begin; i < end; ++i)
                        {
                          double odds = start;
                          for (std::size_t byte = 0; byte < bytes; ++byte)
                          {
                            odds += one[byte][m_Votes.ones[i * bytes + byte]];
                          }
                          for (std::size_t byte = 0; byte < bytes && !m_Votes.complete; ++byte)
                          {
                            odds += zero[byte][m_Votes.zeros[i * bytes + byte]];
                          }
                          m_Probability[i] = odds >= 0.0 ? 1.0 / (1.0 + std::exp(-odds))
                                                         : std::exp(odds) / (1.0 + std::exp(odds));
                        }
                      });
  }

private:
  /** Sums of a weight over the voxels at which each rater voted 1 and 0, canonical order. */
  struct VoteWeights
  {
    std::vector<double> ofOnes;
    std::vector<double> ofZeros;
  };

  /** Votes given in a piece of the patterns, and how many of them for the foreground. */
  struct VoteCounts
  {
    std::uint64_t all = 0;
    std::uint64_t ones = 0;
  };

  VoteCounts
  MeanVotesOf(std::size_t begin, std::size_t end)
  {
    VoteCounts counts;
    for (std::size_t i = begin; i < end; ++i)
    {
      std::uint64_t ones = 0;
      std::uint64_t all = 0;
      for (const auto vote : m_Patterns.Pattern(i))
      {
        ones += vote == 1;
        all += vote != VotePatterns::MissingVote;
      }
      counts.all += all * m_Patterns.counts[i];
      counts.ones += ones * m_Patterns.counts[i];
      m_Probability[i] = all > 0 ? double(ones) / double(all) : -1.0;
    }
    return counts;
  }

  void
  StartFromMeanVote()
  {
    std::vector<VoteCounts> pieces(detail::PieceCount(m_Patterns.Size()));
    detail::ForPieces(m_Patterns.Size(),
                      [&](std::size_t piece, std::size_t begin, std::size_t end)
                      { pieces[piece] = MeanVotesOf(begin, end); });
    VoteCounts total;
    for (const auto & piece : pieces)
    {
      total.all += piece.all;
      total.ones += piece.ones;
    }
    const double mean = total.all > 0 ? double(total.ones) / double(total.all) : 0.5;
    m_Prior = m_Options.prior > 0.0 ? m_Options.prior : mean * m_Options.confidenceWeight;
    m_Prior = std::min(m_Prior, 1.0);
    for (auto & probability : m_Probability)
    {
      probability = probability < 0.0 ? m_Prior : probability; // nobody voted
    }
  }

  VoteWeights
  WeightsOfVotes(const std::vector<double> & weightOfPattern) const
  {
    struct Sums
    {
      std::vector<ByteTable> ones;
      std::vector<ByteTable> zeros;
      double all = 0.0;
    };
    const std::size_t bytes = m_Votes.bytes;
    std::vector<Sums> pieces(detail::PieceCount(m_Patterns.Size()));
    detail::ForPieces(m_Patterns.Size(),
                      [&](std::size_t piece, std::size_t begin, std::size_t end)
                      {
                        auto & sums = pieces[piece];
                        sums.ones.assign(bytes, ByteTable{});
                        sums.zeros.assign(m_Votes.complete ? 0 : bytes, ByteTable{});
                        for (std::size_t i = begin; i < end; ++i)
                        {
                          const double weight = double(m_Patterns.counts[i]) * weightOfPattern[i];
                          sums.all += weight;
                          for (std::size_t byte = 0; byte < bytes; ++byte)
                          {
                            sums.ones[byte][m_Votes.ones[i * bytes + byte]] += weight;
                          }
                          for (std::size_t byte = 0; byte < sums.zeros.size(); ++byte)
                          {
                            sums.zeros[byte][m_Votes.zeros[i * bytes + byte]] += weight;
                          }
                        }
                      });
    Sums total{std::vector<ByteTable>(bytes, ByteTable{}),
               std::vector<ByteTable>(m_Votes.complete ? 0 : bytes, ByteTable{})};
    for (const auto & piece : pieces) // in order: the same bits for any number of threads
    {
      AddTables(piece.ones, total.ones);
      AddTables(piece.zeros, total.zeros);
      total.all += piece.all;
    }
    VoteWeights weights;
    for (std::size_t r = 0; r < m_Patterns.raterCount; ++r)
    {
      const double one = SumOfBit(total.ones[r / 8], r % 8);
      weights.ofOnes.push_back(one);
      weights.ofZeros.push_back(m_Votes.complete ? total.all - one
                                                 : SumOfBit(total.zeros[r / 8], r % 8));
    }
    return weights;
  }

  static double
  Set(double & parameter, double part, double whole)
  {
    const double value = KeepInside(whole > 0.0 ? part / whole : 0.5);
    const double change = std::abs(value - parameter);
    parameter = value;
    return change;
  }

  const VotePatterns & m_Patterns;
  const StapleOptions & m_Options;
  BinaryVotes m_Votes;
  std::vector<double> m_Probability;
  VoteWeights m_Given;               ///< voxels at which each rater voted 1 and 0
  std::vector<double> m_Sensitivity; ///< canonical order
  std::vector<double> m_Specificity;
  double m_Prior = 0.0;
};

} // namespace

void
Describe(Parameters & visit, StapleOptions & options)
{
  visit("staple_iterations", options.iterations, "Upper bound on EM sweeps.").Range(1).Advanced();
  visit("staple_tolerance", options.tolerance, "Stop when no parameter moves more than this.")
      .Range(0)
      .Advanced();
  visit("staple_start",
        options.start,
        "Chance of a right vote that the first sweep assumes; 0 starts from the mean vote.")
      .Range(0, 1)
      .Advanced();
  visit("staple_prior", options.prior, "Prior of the foreground (two labels); 0 is the mean vote.")
      .Range(0, 1)
      .Advanced();
}

BinaryStaple
RunBinaryStaple(const VotePatterns & patterns, const StapleOptions & options)
{
  if (patterns.labelCount != 2)
  {
    throw UsageError(Message("binary STAPLE: ", patterns.labelCount, " labels; expected 2"));
  }
  return BinaryExpectationMaximisation(patterns, options).Run();
}

} // namespace sulcus
