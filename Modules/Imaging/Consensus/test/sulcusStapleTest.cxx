#include "sulcusHands.h"
#include <sulcusMultiLabelStapleImageFilter.h>
#include <sulcusStapleImageFilter.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace sulcus
{
namespace
{

TEST(StapleImageFilter, MaskOfZeroAnd255DoesNotHang)
{
  const Hands hands(3, 2, 255);
  auto filter = StapleImageFilter<Bytes>::New();
  AddAll(filter.GetPointer(), hands);
  filter->SetForegroundValue(255);
  filter->Update();
  EXPECT_TRUE(filter->Estimate().converged);
  std::size_t right = 0;
  const auto probability = ValuesOf(filter->GetOutput());
  for (std::size_t p = 0; p < probability.size(); ++p)
  {
    right += (probability[p] > 0.5F) == (hands.truth[p] == 255);
  }
  // two of three are wrong with 0.02 * 0.05 + 0.02 * 0.08 + 0.05 * 0.08 = 0.0066
  EXPECT_NEAR(double(right) / double(probability.size()), 0.9934, 0.002);
  // hand 0 flips 2 % of the voxels, hand 1 5 %, hand 2 8 %
  for (unsigned r = 0; r < 3; ++r)
  {
    EXPECT_NEAR(filter->Estimate().sensitivity[r], 0.98 - 0.03 * r, 0.02);
    EXPECT_NEAR(filter->Estimate().specificity[r], 0.98 - 0.03 * r, 0.02);
  }
}

/** STAPLE over voxels, written the long way. */
std::vector<double>
StapleByVoxels(const std::vector<std::vector<std::uint8_t>> & maps,
               std::vector<double> & p,
               std::vector<double> & q)
{
  const std::size_t voxels = maps[0].size();
  std::vector<double> w(voxels);
  double prior = 0.0;
  for (std::size_t v = 0; v < voxels; ++v)
  {
    for (const auto & map : maps)
    {
      w[v] += double(map[v]) / double(maps.size());
    }
    prior += w[v] / double(voxels);
  }
  p.assign(maps.size(), 0.0);
  q.assign(maps.size(), 0.0);
  for (int iteration = 0; iteration < 400; ++iteration)
  {
    for (std::size_t r = 0; r < maps.size(); ++r)
    {
      double pNumerator = 0.0, pSum = 0.0, qNumerator = 0.0, qSum = 0.0;
      for (std::size_t v = 0; v < voxels; ++v)
      {
        pNumerator += maps[r][v] ? w[v] : 0.0;
        qNumerator += maps[r][v] ? 0.0 : 1.0 - w[v];
        pSum += w[v];
        qSum += 1.0 - w[v];
      }
      p[r] = pNumerator / pSum;
      q[r] = qNumerator / qSum;
    }
    for (std::size_t v = 0; v < voxels; ++v)
    {
      double a = prior;
      double b = 1.0 - prior;
      for (std::size_t r = 0; r < maps.size(); ++r)
      {
        a *= maps[r][v] ? p[r] : 1.0 - p[r];
        b *= maps[r][v] ? 1.0 - q[r] : q[r];
      }
      w[v] = a / (a + b);
    }
  }
  return w;
}

TEST(StapleImageFilter, EqualsVoxelwiseExpectationMaximisation)
{
  const Hands hands(5);
  auto filter = StapleImageFilter<Bytes, itk::Image<double, 3>>::New();
  AddAll(filter.GetPointer(), hands);
  StapleOptions options;
  options.tolerance = 1e-12;
  filter->SetOptions(options);
  filter->Update();
  std::vector<double> p, q;
  const auto expected = StapleByVoxels(hands.drawn, p, q);
  const auto found = ValuesOf(filter->GetOutput());
  for (std::size_t v = 0; v < expected.size(); ++v)
  {
    ASSERT_NEAR(found[v], expected[v], 1e-8);
  }
  for (std::size_t r = 0; r < 5; ++r)
  {
    EXPECT_NEAR(filter->Estimate().sensitivity[r], p[r], 1e-9);
    EXPECT_NEAR(filter->Estimate().specificity[r], q[r], 1e-9);
  }
}

TEST(StapleImageFilter, SameBitsForAnyThreadsAndOrder)
{
  const Hands hands(5);
  const auto run = [&](const std::vector<std::size_t> & order, int threads)
  {
    SetThreadCount(threads);
    auto filter = StapleImageFilter<Bytes, itk::Image<double, 3>>::New();
    for (unsigned r = 0; r < 5; ++r)
    {
      filter->SetAnnotation(r, MakeImage<Bytes>(hands.drawn[order[r]], hands.size));
    }
    filter->Update();
    SetThreadCount(0);
    return ValuesOf(filter->GetOutput());
  };
  const auto expected = run({0, 1, 2, 3, 4}, 1);
  EXPECT_EQ(run({4, 2, 0, 1, 3}, 1), expected);
  EXPECT_EQ(run({2, 3, 4, 0, 1}, 3), expected);
}

TEST(StapleImageFilter, ManyRatersGoThroughTheHashTable)
{
  const Hands hands(24); // 2^24 codes: too many for direct numbering
  auto filter = StapleImageFilter<Bytes, itk::Image<double, 3>>::New();
  AddAll(filter.GetPointer(), hands);
  filter->Update();
  std::vector<double> p, q;
  const auto expected = StapleByVoxels(hands.drawn, p, q);
  const auto found = ValuesOf(filter->GetOutput());
  for (std::size_t v = 0; v < expected.size(); ++v)
  {
    ASSERT_NEAR(found[v], expected[v], 1e-6);
  }
}

TEST(StapleImageFilter, MissingVotesSayNothing)
{
  // A fourth annotator who saw nothing changes nothing.
  const Hands hands(3);
  auto three = StapleImageFilter<Bytes, itk::Image<double, 3>>::New();
  AddAll(three.GetPointer(), hands);
  three->Update();
  auto four = StapleImageFilter<Bytes, itk::Image<double, 3>>::New();
  AddAll(four.GetPointer(), hands);
  four->SetAnnotation(
      3, MakeImage<Bytes>(std::vector<std::uint8_t>(hands.truth.size(), 99), hands.size));
  four->SetMissingValue(99);
  four->Update();
  const auto a = ValuesOf(three->GetOutput());
  const auto b = ValuesOf(four->GetOutput());
  for (std::size_t p = 0; p < a.size(); ++p)
  {
    ASSERT_NEAR(a[p], b[p], 1e-9);
  }
}

TEST(MultiLabelStapleImageFilter, TwoLabelsEqualBinaryStaple)
{
  const Hands hands(4);
  auto binary = StapleImageFilter<Bytes, itk::Image<double, 3>>::New();
  AddAll(binary.GetPointer(), hands);
  binary->Update();
  auto multi = MultiLabelStapleImageFilter<Bytes>::New();
  AddAll(multi.GetPointer(), hands);
  multi->Update();
  const auto probability = ValuesOf(binary->GetOutput());
  const auto labels = ValuesOf(multi->GetOutput());
  for (std::size_t p = 0; p < labels.size(); ++p)
  {
    ASSERT_EQ(labels[p] == 1, probability[p] > 0.5) << p;
  }
  for (std::size_t r = 0; r < 4; ++r)
  {
    EXPECT_NEAR(multi->Estimate().Confusion(r, 1, 1, 2), binary->Estimate().sensitivity[r], 1e-5);
    EXPECT_NEAR(multi->Estimate().Confusion(r, 0, 0, 2), binary->Estimate().specificity[r], 1e-5);
  }
}

TEST(MultiLabelStapleImageFilter, TiesGoToALabelThatWasDrawnAndMarkovPriorRemovesSpecks)
{
  const Hands hands(3, 3);
  auto filter = MultiLabelStapleImageFilter<Bytes>::New();
  AddAll(filter.GetPointer(), hands);
  filter->Update();
  const auto plain = ValuesOf(filter->GetOutput());
  for (const auto label : plain)
  {
    ASSERT_LE(label, 2);
  }
  filter->SetMarkovWeight(1.5);
  filter->Update();
  const auto smooth = ValuesOf(filter->GetOutput());
  const auto errors = [&](const auto & labels)
  {
    std::size_t wrong = 0;
    for (std::size_t p = 0; p < labels.size(); ++p)
    {
      wrong += labels[p] != hands.truth[p];
    }
    return wrong;
  };
  EXPECT_LT(errors(smooth), errors(plain));
}

/** Several-label STAPLE over voxels, written the long way: probabilities of labels, voxel by voxel.
 */
std::vector<double>
MultiLabelStapleByVoxels(const std::vector<std::vector<std::uint8_t>> & maps, unsigned labels)
{
  const std::size_t voxels = maps[0].size();
  std::vector<double> w(voxels * labels, 0.0);
  std::vector<double> prior(labels, 0.0);
  for (std::size_t v = 0; v < voxels; ++v)
  {
    for (const auto & map : maps)
    {
      w[v * labels + map[v]] += 1.0 / double(maps.size());
      prior[map[v]] += 1.0 / double(maps.size() * voxels);
    }
  }
  std::vector<double> confusion(maps.size() * labels * labels);
  for (int iteration = 0; iteration < 300; ++iteration)
  {
    std::fill(confusion.begin(), confusion.end(), 0.0);
    for (std::size_t r = 0; r < maps.size(); ++r)
    {
      for (unsigned truth = 0; truth < labels; ++truth)
      {
        double sum = 0.0;
        double * row = confusion.data() + (r * labels + truth) * labels;
        for (std::size_t v = 0; v < voxels; ++v)
        {
          row[maps[r][v]] += w[v * labels + truth];
          sum += w[v * labels + truth];
        }
        std::transform(row, row + labels, row, [sum](double value) { return value / sum; });
      }
    }
    for (std::size_t v = 0; v < voxels; ++v)
    {
      double sum = 0.0;
      for (unsigned truth = 0; truth < labels; ++truth)
      {
        double product = prior[truth];
        for (std::size_t r = 0; r < maps.size(); ++r)
        {
          product *= confusion[(r * labels + truth) * labels + maps[r][v]];
        }
        w[v * labels + truth] = product;
        sum += product;
      }
      for (unsigned truth = 0; truth < labels; ++truth)
      {
        w[v * labels + truth] /= sum;
      }
    }
  }
  return w;
}

TEST(MultiLabelStapleImageFilter, EqualsVoxelwiseExpectationMaximisation)
{
  const Hands hands(4, 3);
  auto filter = MultiLabelStapleImageFilter<Bytes>::New();
  AddAll(filter.GetPointer(), hands);
  StapleOptions options;
  options.tolerance = 1e-12;
  filter->SetOptions(options);
  filter->Update();
  const auto expected = MultiLabelStapleByVoxels(hands.drawn, 3);
  const auto labels = ValuesOf(filter->GetOutput());
  for (std::size_t v = 0; v < labels.size(); ++v)
  {
    const auto row = expected.begin() + static_cast<std::ptrdiff_t>(3 * v);
    ASSERT_NEAR(row[labels[v]], *std::max_element(row, row + 3), 1e-9) << v;
  }
}

TEST(MultiLabelStapleImageFilter, SameBitsForAnyThreadsAndOrder)
{
  const Hands hands(5, 3);
  const auto run = [&](const std::vector<std::size_t> & order, int threads)
  {
    SetThreadCount(threads);
    auto filter = MultiLabelStapleImageFilter<Bytes>::New();
    for (unsigned r = 0; r < 5; ++r)
    {
      filter->SetAnnotation(r, MakeImage<Bytes>(hands.drawn[order[r]], hands.size));
    }
    filter->Update();
    SetThreadCount(0);
    return filter->Estimate();
  };
  const auto expected = run({0, 1, 2, 3, 4}, 1);
  const std::vector<std::size_t> order{3, 1, 4, 0, 2};
  const auto other = run(order, 3);
  EXPECT_EQ(other.probability, expected.probability) << "the same bits";
  for (std::size_t r = 0; r < 5; ++r)
  {
    EXPECT_EQ(other.Confusion(r, 1, 2, 3), expected.Confusion(order[r], 1, 2, 3));
  }
}

TEST(MultiLabelStapleImageFilter, StartOfTwoLabelsMeansTheSame)
{
  const Hands hands(4);
  StapleOptions options;
  options.start = 0.95;
  options.iterations = 1;
  auto binary = StapleImageFilter<Bytes, itk::Image<double, 3>>::New();
  AddAll(binary.GetPointer(), hands);
  binary->SetOptions(options);
  binary->Update();
  auto multi = MultiLabelStapleImageFilter<Bytes>::New();
  AddAll(multi.GetPointer(), hands);
  multi->SetOptions(options);
  multi->Update();
  for (std::size_t r = 0; r < 4; ++r)
  {
    EXPECT_NEAR(multi->Estimate().Confusion(r, 1, 1, 2), binary->Estimate().sensitivity[r], 1e-12);
    EXPECT_NEAR(multi->Estimate().Confusion(r, 0, 0, 2), binary->Estimate().specificity[r], 1e-12);
  }
}

TEST(VoteTable, BitsRowsAndNumbersCountTheSame)
{
  // 5 raters fit numbers, 24 and 60 go through bits, 70 through rows of votes
  for (const std::size_t raters : {5U, 24U, 60U, 70U})
  {
    Hands hands(raters);
    hands.drawn[1].resize(hands.truth.size() - 37); // not a whole number of blocks
    for (auto & map : hands.drawn)
    {
      map.resize(hands.drawn[1].size());
    }
    using Table = VoteTable<std::uint8_t>;
    std::vector<Table::Rater> list;
    for (const auto & map : hands.drawn)
    {
      list.push_back({map.data(), nullptr});
    }
    std::vector<std::uint16_t> index(256, 0);
    index[1] = 1;
    const Table table(list, hands.drawn[0].size(), index, 2);
    const auto & patterns = table.Patterns();
    EXPECT_EQ(std::accumulate(patterns.counts.begin(), patterns.counts.end(), std::uint64_t(0)),
              hands.drawn[0].size());
    std::vector<std::uint32_t> numbers(hands.drawn[0].size());
    std::vector<std::uint32_t> identity(patterns.Size());
    std::iota(identity.begin(), identity.end(), 0U);
    table.Paint(identity, numbers.data());
    for (std::size_t p = 0; p < numbers.size(); ++p)
    {
      for (std::size_t r = 0; r < raters; ++r)
      {
        ASSERT_EQ(patterns.Pattern(numbers[p])[r], hands.drawn[r][p]) << raters << " " << p;
      }
    }
    for (std::size_t i = 1; i < patterns.Size(); ++i)
    {
      const auto before = patterns.Pattern(i - 1);
      const auto here = patterns.Pattern(i);
      std::vector<std::uint16_t> a, b;
      for (const auto r : patterns.canonicalOrder)
      {
        a.push_back(before[r]);
        b.push_back(here[r]);
      }
      ASSERT_LT(a, b) << "ascending and distinct";
    }
  }
}

} // namespace
} // namespace sulcus
