#include "sulcusStaple.h"

#include <sulcusError.h>
#include <sulcusThreads.h>

#include <algorithm>
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

/** Patterns are summed in pieces of this many, the pieces in order: the same bits for any number of
 * threads. */
constexpr std::size_t PieceSize = 4096;

template <typename TBody>
void
ForPieces(std::size_t count, const TBody & body)
{
  const std::size_t pieces = (count + PieceSize - 1) / PieceSize;
  ParallelFor(pieces,
              [&](std::size_t begin, std::size_t end)
              {
                for (std::size_t piece = begin; piece < end; ++piece)
                {
                  body(piece, piece * PieceSize, std::min(count, (piece + 1) * PieceSize));
                }
              });
}

/** Votes of every pattern as bits, eight raters a byte in canonical order, so that sums over raters
 * are look-ups. */
class BinaryVotes
{
public:
  explicit BinaryVotes(const VotePatterns & patterns)
      : bytes((patterns.raterCount + 7) / 8), ones(patterns.Size() * bytes, 0),
        zeros(patterns.Size() * bytes, 0)
  {
    for (std::size_t i = 0; i < patterns.Size(); ++i)
    {
      for (std::size_t r = 0; r < patterns.raterCount; ++r)
      {
        const auto vote = patterns.Pattern(i)[patterns.canonicalOrder[r]];
        auto & target = vote == 1 ? ones : zeros;
        if (vote != VotePatterns::MissingVote)
        {
          target[i * bytes + r / 8] =
              static_cast<std::uint8_t>(target[i * bytes + r / 8] | (1U << (r % 8)));
        }
      }
    }
  }

  std::size_t bytes;
  std::vector<std::uint8_t> ones;
  std::vector<std::uint8_t> zeros;
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

class BinaryExpectationMaximisation
{
public:
  BinaryExpectationMaximisation(const VotePatterns & patterns, const StapleOptions & options)
      : m_Patterns(patterns), m_Options(options), m_Votes(patterns), m_Probability(patterns.Size()),
        m_Sensitivity(patterns.raterCount, 0.0), m_Specificity(patterns.raterCount, 0.0)
  {
    StartFromMeanVote();
  }

  BinaryStaple
  Run()
  {
    BinaryStaple result;
    for (result.iterations = 0; result.iterations < m_Options.iterations && !result.converged;
         ++result.iterations)
    {
      const double change = MaximizationStep();
      ExpectationStep();
      result.converged = result.iterations > 0 && change <= m_Options.tolerance;
    }
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

private:
  void
  StartFromMeanVote()
  {
    std::uint64_t given = 0;
    std::uint64_t ones = 0;
    for (std::size_t i = 0; i < m_Patterns.Size(); ++i)
    {
      std::uint64_t one = 0;
      std::uint64_t all = 0;
      for (const auto vote : m_Patterns.Pattern(i))
      {
        one += vote == 1;
        all += vote != VotePatterns::MissingVote;
      }
      given += all * m_Patterns.counts[i];
      ones += one * m_Patterns.counts[i];
      m_Probability[i] = all > 0 ? double(one) / double(all) : -1.0;
    }
    const double mean = given > 0 ? double(ones) / double(given) : 0.5;
    m_Prior = m_Options.prior > 0.0 ? m_Options.prior : mean * m_Options.confidenceWeight;
    m_Prior = std::min(m_Prior, 1.0);
    for (auto & probability : m_Probability)
    {
      probability = probability < 0.0 ? m_Prior : probability;
    }
  }

  /** p_r = sum of W where r voted 1 / sum of W where r voted; q_r likewise with 1 - W. Returns the
   * largest change. */
  double
  MaximizationStep()
  {
    struct Sums
    {
      std::vector<ByteTable> oneIn, zeroIn, zeroOut, oneOut;
    };
    const std::size_t bytes = m_Votes.bytes;
    std::vector<Sums> pieces((m_Patterns.Size() + PieceSize - 1) / PieceSize);
    ForPieces(m_Patterns.Size(),
              [&](std::size_t piece, std::size_t begin, std::size_t end)
              {
                auto & sums = pieces[piece];
                for (auto * table : {&sums.oneIn, &sums.zeroIn, &sums.zeroOut, &sums.oneOut})
                {
                  table->assign(bytes, ByteTable{});
                }
                for (std::size_t i = begin; i < end; ++i)
                {
                  const double inside = double(m_Patterns.counts[i]) * m_Probability[i];
                  const double outside = double(m_Patterns.counts[i]) * (1.0 - m_Probability[i]);
                  for (std::size_t byte = 0; byte < bytes; ++byte)
                  {
                    const auto ones = m_Votes.ones[i * bytes + byte];
                    const auto zeros = m_Votes.zeros[i * bytes + byte];
                    sums.oneIn[byte][ones] += inside;
                    sums.oneOut[byte][ones] += outside;
                    sums.zeroIn[byte][zeros] += inside;
                    sums.zeroOut[byte][zeros] += outside;
                  }
                }
              });
    double change = 0.0;
    for (std::size_t r = 0; r < m_Patterns.raterCount; ++r)
    {
      std::array<double, 4> total{};
      for (const auto & piece : pieces)
      {
        const std::array<const ByteTable *, 4> tables{
            &piece.oneIn[r / 8], &piece.zeroIn[r / 8], &piece.zeroOut[r / 8], &piece.oneOut[r / 8]};
        for (std::size_t k = 0; k < 4; ++k)
        {
          for (unsigned bits = 0; bits < 256; ++bits)
          {
            total[k] += (bits >> (r % 8)) & 1U ? (*tables[k])[bits] : 0.0;
          }
        }
      }
      change = std::max(change, Set(m_Sensitivity[r], total[0], total[0] + total[1]));
      change = std::max(change, Set(m_Specificity[r], total[2], total[2] + total[3]));
    }
    return change;
  }

  static double
  Set(double & parameter, double part, double whole)
  {
    const double value = KeepInside(whole > 0.0 ? part / whole : 0.5);
    const double change = std::abs(value - parameter);
    parameter = value;
    return change;
  }

  void
  ExpectationStep()
  {
    std::vector<double> ofOne;
    std::vector<double> ofZero;
    for (std::size_t r = 0; r < m_Patterns.raterCount; ++r)
    {
      ofOne.push_back(std::log(m_Sensitivity[r]) - std::log(1.0 - m_Specificity[r]));
      ofZero.push_back(std::log(1.0 - m_Sensitivity[r]) - std::log(m_Specificity[r]));
    }
    const auto one = SumTables(ofOne);
    const auto zero = SumTables(ofZero);
    const double start = std::log(m_Prior) - std::log(1.0 - m_Prior);
    ForPieces(m_Patterns.Size(),
              [&](std::size_t, std::size_t begin, std::size_t end)
              {
                for (std::size_t i = begin; i < end; ++i)
                {
                  double odds = start;
                  for (std::size_t byte = 0; byte < m_Votes.bytes; ++byte)
                  {
                    odds += one[byte][m_Votes.ones[i * m_Votes.bytes + byte]] +
                            zero[byte][m_Votes.zeros[i * m_Votes.bytes + byte]];
                  }
                  m_Probability[i] = odds >= 0.0 ? 1.0 / (1.0 + std::exp(-odds))
                                                 : std::exp(odds) / (1.0 + std::exp(odds));
                }
              });
  }

  const VotePatterns & m_Patterns;
  const StapleOptions & m_Options;
  BinaryVotes m_Votes;
  std::vector<double> m_Probability;
  std::vector<double> m_Sensitivity; ///< canonical order
  std::vector<double> m_Specificity;
  double m_Prior = 0.0;
};

class MultiLabelExpectationMaximisation
{
public:
  MultiLabelExpectationMaximisation(const VotePatterns & patterns, const StapleOptions & options)
      : m_Patterns(patterns), m_Options(options), m_Labels(patterns.labelCount),
        m_Probability(patterns.Size() * patterns.labelCount, 0.0),
        m_Confusion(patterns.raterCount * patterns.labelCount * patterns.labelCount, 0.0)
  {
    StartFromMeanVote();
  }

  MultiLabelStaple
  Run()
  {
    MultiLabelStaple result;
    for (result.iterations = 0; result.iterations < m_Options.iterations && !result.converged;
         ++result.iterations)
    {
      const double change = MaximizationStep();
      ExpectationStep();
      result.converged = result.iterations > 0 && change <= m_Options.tolerance;
    }
    result.prior = m_Prior;
    result.probability = m_Probability;
    result.confusion = m_Confusion;
    return result;
  }

private:
  void
  StartFromMeanVote()
  {
    std::vector<std::uint64_t> votes(m_Labels, 0);
    std::uint64_t given = 0;
    for (std::size_t i = 0; i < m_Patterns.Size(); ++i)
    {
      std::uint64_t all = 0;
      for (const auto vote : m_Patterns.Pattern(i))
      {
        if (vote != VotePatterns::MissingVote)
        {
          m_Probability[i * m_Labels + vote] += 1.0;
          votes[vote] += m_Patterns.counts[i];
          ++all;
        }
      }
      given += all * m_Patterns.counts[i];
      for (unsigned l = 0; l < m_Labels && all > 0; ++l)
      {
        m_Probability[i * m_Labels + l] /= double(all);
      }
    }
    for (unsigned l = 0; l < m_Labels; ++l)
    {
      m_Prior.push_back(given > 0 ? double(votes[l]) / double(given) : 1.0 / m_Labels);
    }
    for (std::size_t i = 0; i < m_Patterns.Size(); ++i)
    {
      const auto pattern = m_Patterns.Pattern(i);
      if (std::all_of(pattern.begin(),
                      pattern.end(),
                      [](auto v) { return v == VotePatterns::MissingVote; }))
      {
        std::copy(m_Prior.begin(),
                  m_Prior.end(),
                  m_Probability.begin() + static_cast<std::ptrdiff_t>(i * m_Labels));
      }
    }
  }

  double
  MaximizationStep()
  {
    const std::size_t pieceCount = (m_Patterns.Size() + PieceSize - 1) / PieceSize;
    std::vector<std::vector<double>> pieces(pieceCount);
    ForPieces(m_Patterns.Size(),
              [&](std::size_t piece, std::size_t begin, std::size_t end)
              {
                auto & sums = pieces[piece];
                sums.assign(m_Confusion.size(), 0.0);
                for (std::size_t i = begin; i < end; ++i)
                {
                  const auto pattern = m_Patterns.Pattern(i);
                  const auto count = double(m_Patterns.counts[i]);
                  for (std::size_t r = 0; r < pattern.size(); ++r)
                  {
                    for (unsigned truth = 0;
                         truth < m_Labels && pattern[r] != VotePatterns::MissingVote;
                         ++truth)
                    {
                      sums[(r * m_Labels + truth) * m_Labels + pattern[r]] +=
                          count * m_Probability[i * m_Labels + truth];
                    }
                  }
                }
              });
    double change = 0.0;
    std::vector<double> row(m_Labels);
    for (std::size_t start = 0; start < m_Confusion.size(); start += m_Labels)
    {
      double total = 0.0;
      for (unsigned vote = 0; vote < m_Labels; ++vote)
      {
        row[vote] = 0.0;
        for (const auto & piece : pieces)
        {
          row[vote] += piece[start + vote];
        }
        total += row[vote];
      }
      for (unsigned vote = 0; vote < m_Labels; ++vote)
      {
        const double value = total > 0.0 ? row[vote] / total : 1.0 / m_Labels;
        change = std::max(change, std::abs(value - m_Confusion[start + vote]));
        m_Confusion[start + vote] = value;
      }
    }
    return change;
  }

  void
  ExpectationStep()
  {
    std::vector<double> logConfusion(m_Confusion.size());
    std::transform(m_Confusion.begin(),
                   m_Confusion.end(),
                   logConfusion.begin(),
                   [](double value) { return std::log(std::max(value, 1e-300)); });
    ForPieces(m_Patterns.Size(),
              [&](std::size_t, std::size_t begin, std::size_t end)
              {
                for (std::size_t i = begin; i < end; ++i)
                {
                  const auto pattern = m_Patterns.Pattern(i);
                  double * row = m_Probability.data() + i * m_Labels;
                  double largest = -INFINITY;
                  for (unsigned truth = 0; truth < m_Labels; ++truth)
                  {
                    double sum = m_Prior[truth] > 0.0 ? std::log(m_Prior[truth]) : -INFINITY;
                    for (const auto r : m_Patterns.canonicalOrder)
                    {
                      sum += pattern[r] == VotePatterns::MissingVote
                                 ? 0.0
                                 : logConfusion[(r * m_Labels + truth) * m_Labels + pattern[r]];
                    }
                    row[truth] = sum;
                    largest = std::max(largest, sum);
                  }
                  double total = 0.0;
                  for (unsigned truth = 0; truth < m_Labels; ++truth)
                  {
                    row[truth] = std::exp(row[truth] - largest);
                    total += row[truth];
                  }
                  for (unsigned truth = 0; truth < m_Labels; ++truth)
                  {
                    row[truth] /= total;
                  }
                }
              });
  }

  const VotePatterns & m_Patterns;
  const StapleOptions & m_Options;
  unsigned m_Labels;
  std::vector<double> m_Probability;
  std::vector<double> m_Confusion;
  std::vector<double> m_Prior;
};

} // namespace

void
Describe(Parameters & visit, StapleOptions & options)
{
  visit("staple_iterations", options.iterations, "Upper bound on EM sweeps.").Range(1).Advanced();
  visit("staple_tolerance", options.tolerance, "Stop when no parameter moves more than this.")
      .Range(0)
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

MultiLabelStaple
RunMultiLabelStaple(const VotePatterns & patterns, const StapleOptions & options)
{
  return MultiLabelExpectationMaximisation(patterns, options).Run();
}

} // namespace sulcus
