#include "sulcusPatternPieces.h"
#include "sulcusStapleSweeps.h"

#include <cmath>

namespace sulcus
{
namespace
{

class MultiLabelExpectationMaximisation
{
public:
  MultiLabelExpectationMaximisation(const VotePatterns & patterns, const StapleOptions & options)
      : m_Patterns(patterns), m_Options(options), m_Labels(patterns.labelCount),
        m_Probability(patterns.Size() * patterns.labelCount, 0.0),
        m_Confusion(patterns.raterCount * patterns.labelCount * patterns.labelCount, 0.0)
  {
    StartFromMeanVote();
    if (options.start > 0.0 && m_Labels > 1)
    {
      for (std::size_t i = 0; i < m_Confusion.size(); ++i)
      {
        const bool right = i % m_Labels == i / m_Labels % m_Labels;
        m_Confusion[i] = right ? options.start : (1.0 - options.start) / (m_Labels - 1);
      }
      ExpectationStep();
    }
  }

  MultiLabelStaple
  Run()
  {
    MultiLabelStaple result;
    detail::SweepUntilStill(*this, m_Options, result);
    result.prior = m_Prior;
    result.probability = m_Probability;
    result.confusion = m_Confusion;
    return result;
  }

  double
  MaximizationStep()
  {
    const std::size_t pieceCount = detail::PieceCount(m_Patterns.Size());
    std::vector<std::vector<double>> pieces(pieceCount);
    detail::ForPieces(m_Patterns.Size(),
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
    detail::ForPieces(
        m_Patterns.Size(),
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

  const VotePatterns & m_Patterns;
  const StapleOptions & m_Options;
  unsigned m_Labels;
  std::vector<double> m_Probability;
  std::vector<double> m_Confusion;
  std::vector<double> m_Prior;
};

} // namespace

MultiLabelStaple
RunMultiLabelStaple(const VotePatterns & patterns, const StapleOptions & options)
{
  return MultiLabelExpectationMaximisation(patterns, options).Run();
}

} // namespace sulcus
