#include <sulcusError.h>
#include <sulcusGraphCutConsensusImageFilter.h>
#include <sulcusLabelVoteImageFilter.h>
#include <sulcusMultiLabelStapleImageFilter.h>
#include <sulcusRandomEngine.h>
#include <sulcusSimpleFusionImageFilter.h>
#include <sulcusStapleImageFilter.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace sulcus
{
namespace
{

using Bytes = itk::Image<std::uint8_t, 3>;

/** An oblique, anisotropic, offset grid. */
template <typename TImage>
typename TImage::Pointer
MakeImage(const std::vector<typename TImage::PixelType> & values, std::array<unsigned, 3> size)
{
  auto image = TImage::New();
  typename TImage::SizeType imageSize{{size[0], size[1], size[2]}};
  image->SetRegions(imageSize);
  typename TImage::SpacingType spacing;
  spacing[0] = 0.8;
  spacing[1] = 1.1;
  spacing[2] = 2.5;
  image->SetSpacing(spacing);
  typename TImage::PointType origin;
  origin.Fill(-31.5);
  image->SetOrigin(origin);
  typename TImage::DirectionType direction;
  direction.SetIdentity();
  direction(0, 0) = direction(1, 1) = std::cos(0.3);
  direction(0, 1) = -std::sin(0.3);
  direction(1, 0) = std::sin(0.3);
  image->SetDirection(direction);
  image->Allocate();
  std::copy(values.begin(), values.end(), image->GetBufferPointer());
  return image;
}

template <typename TImage>
std::vector<typename TImage::PixelType>
ValuesOf(const TImage * image)
{
  const auto * buffer = image->GetBufferPointer();
  return {buffer, buffer + image->GetBufferedRegion().GetNumberOfPixels()};
}

/** A ball drawn by several hands of different skill. */
struct Hands
{
  std::array<unsigned, 3> size{24, 20, 16};
  std::vector<std::uint8_t> truth;
  std::vector<std::vector<std::uint8_t>> drawn;

  explicit Hands(std::size_t raters, unsigned labels = 2, std::uint8_t foreground = 1)
  {
    RandomEngine random(77);
    for (std::size_t p = 0; p < 24 * 20 * 16; ++p)
    {
      const double x = double(p % 24) - 11.0;
      const double y = double(p / 24 % 20) - 9.0;
      const double z = double(p / 480) - 8.0;
      const double radius = std::sqrt(x * x + y * y + 2.0 * z * z);
      truth.push_back(radius > 8.0 ? 0 : std::uint8_t(foreground + (labels > 2 && x > 0 ? 1 : 0)));
    }
    for (std::size_t r = 0; r < raters; ++r)
    {
      auto map = truth;
      for (auto & value : map)
      {
        value = random.Chance(0.02 + 0.03 * double(r)) ? (value ? 0 : foreground) : value;
      }
      drawn.push_back(map);
    }
  }
};

template <typename TFilter>
void
AddAll(TFilter * filter, const Hands & hands)
{
  for (unsigned r = 0; r < hands.drawn.size(); ++r)
  {
    filter->SetAnnotation(r, MakeImage<Bytes>(hands.drawn[r], hands.size));
  }
}

TEST(LabelVoteImageFilter, CountsAndBreaksTiesDownwards)
{
  auto filter = LabelVoteImageFilter<Bytes>::New();
  filter->SetAnnotation(0, MakeImage<Bytes>({7, 7, 0, 200}, {4, 1, 1}));
  filter->SetAnnotation(1, MakeImage<Bytes>({7, 200, 0, 7}, {4, 1, 1}));
  filter->SetAnnotation(2, MakeImage<Bytes>({0, 7, 200, 0}, {4, 1, 1}));
  filter->Update();
  EXPECT_EQ(ValuesOf(filter->GetOutput()), (std::vector<std::uint8_t>{7, 7, 0, 0}));
  EXPECT_EQ(filter->LabelValues(), (std::vector<std::uint8_t>{0, 7, 200}));
  EXPECT_EQ(filter->GetOutput()->GetDirection(), filter->GetInput(0)->GetDirection());
  filter->SetWeights({0.4, 0.1, 0.45});
  filter->Update();
  EXPECT_EQ(ValuesOf(filter->GetOutput()), (std::vector<std::uint8_t>{7, 7, 0, 0}));
  filter->SetWeights({0.2, 0.5, 0.1});
  filter->Update();
  EXPECT_EQ(ValuesOf(filter->GetOutput()), (std::vector<std::uint8_t>{7, 200, 0, 7}));
  filter->SetWeights({1.0});
  EXPECT_THROW(filter->Update(), UsageError);
}

TEST(LabelVoteImageFilter, MissingIsNotBackground)
{
  auto filter = LabelVoteImageFilter<Bytes>::New();
  filter->SetAnnotation(0, MakeImage<Bytes>({1, 1, 255}, {3, 1, 1}));
  filter->SetAnnotation(1, MakeImage<Bytes>({255, 0, 255}, {3, 1, 1}));
  filter->SetAnnotation(2, MakeImage<Bytes>({0, 0, 255}, {3, 1, 1}));
  filter->SetMissingValue(255);
  filter->SetObservedMask(2, MakeImage<Bytes>({0, 0, 1}, {3, 1, 1}));
  filter->Update();
  // voxel 0: only annotator 0 saw it; voxel 1: a tie of 1 and 0; voxel 2: nobody
  EXPECT_EQ(ValuesOf(filter->GetOutput()), (std::vector<std::uint8_t>{1, 0, 0}));
}

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

TEST(SimpleFusionImageFilter, DropsTheAnnotatorWhoIsFarOff)
{
  Hands hands(5);
  std::rotate(hands.drawn[4].begin(),
              hands.drawn[4].begin() + 24 * 6,
              hands.drawn[4].end()); // shifted by six rows
  auto filter = SimpleFusionImageFilter<Bytes>::New();
  AddAll(filter.GetPointer(), hands);
  filter->Update();
  EXPECT_FALSE(filter->Estimate().kept[4]);
  EXPECT_TRUE(filter->Estimate().kept[0]);
  EXPECT_GT(filter->Estimate().performance[0], filter->Estimate().performance[4]);
}

template <typename TPixel>
class PixelTypes : public testing::Test
{
};
using Integers = testing::
    Types<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::int32_t, std::uint64_t>;
TYPED_TEST_SUITE(PixelTypes, Integers);

TYPED_TEST(PixelTypes, VoteAndConsensusKeepLabelValues)
{
  using Image = itk::Image<TypeParam, 3>;
  const TypeParam a = 3;
  const TypeParam b = 101;
  auto vote = LabelVoteImageFilter<Image>::New();
  auto cut = GraphCutConsensusImageFilter<Image>::New();
  const std::vector<std::vector<TypeParam>> maps{{a, a, 0, b}, {a, b, 0, b}, {0, b, 0, b}};
  for (unsigned r = 0; r < 3; ++r)
  {
    vote->SetAnnotation(r, MakeImage<Image>(maps[r], {4, 1, 1}));
    cut->SetAnnotation(r, MakeImage<Image>(maps[r], {4, 1, 1}));
  }
  ConsensusOptions options;
  options.lambda = 0.0;
  cut->SetOptions(options);
  vote->Update();
  cut->Update();
  EXPECT_EQ(ValuesOf(vote->GetOutput()), (std::vector<TypeParam>{a, b, 0, b}));
  EXPECT_EQ(cut->GetOutput()->GetBufferPointer()[3], b);
  EXPECT_EQ(cut->GetConfidence()->GetBufferPointer()[3], 1.0F);
  EXPECT_EQ(cut->GetFlags()->GetBufferPointer()[0], FlagContested);
}

TEST(GraphCutConsensusImageFilter, BlockGivesTheSameAsTheWholeGrid)
{
  const Hands hands(3, 3);
  ConsensusOptions options;
  options.lambda = 0.8;
  auto block = GraphCutConsensusImageFilter<Bytes>::New();
  AddAll(block.GetPointer(), hands);
  block->SetOptions(options);
  block->Update();
  AnnotationBlock whole;
  whole.size = {24, 20, 16};
  whole.spacingInMm = {0.8, 1.1, 2.5};
  whole.labelCount = 3;
  for (const auto & map : hands.drawn)
  {
    whole.votes.emplace_back(map.begin(), map.end());
  }
  const auto expected = RunGraphCutConsensus(whole, options);
  const auto found = ValuesOf(block->GetOutput());
  ASSERT_EQ(found.size(), expected.labels.size());
  for (std::size_t p = 0; p < found.size(); ++p)
  {
    ASSERT_EQ(found[p], expected.labels[p]);
  }
}

TEST(GraphCutConsensusImageFilter, NothingDrawnAtAll)
{
  auto filter = GraphCutConsensusImageFilter<Bytes>::New();
  const std::vector<std::uint8_t> nothing(24 * 20 * 16, 0);
  auto partly = nothing;
  partly[5] = 9;
  filter->SetAnnotation(0, MakeImage<Bytes>(nothing, {24, 20, 16}));
  filter->SetAnnotation(1, MakeImage<Bytes>(partly, {24, 20, 16}));
  filter->SetMissingValue(9);
  filter->Update();
  EXPECT_EQ(ValuesOf(filter->GetOutput()), nothing);
  const auto flags = ValuesOf(filter->GetFlags());
  EXPECT_EQ(flags[4], FlagUnanimous);
  EXPECT_EQ(flags[5], 0) << "one annotator alone is not unanimous";
  EXPECT_EQ(flags.back(), FlagUnanimous);
}

TEST(AnnotationFusionImageFilter, RefusesBadInput)
{
  EXPECT_THROW(LabelVoteImageFilter<Bytes>::New()->Update(), UsageError) << "no annotators";

  auto grids = LabelVoteImageFilter<Bytes>::New();
  auto shifted = MakeImage<Bytes>({0, 1}, {2, 1, 1});
  auto origin = shifted->GetOrigin();
  origin[0] += 1.0;
  shifted->SetOrigin(origin);
  grids->SetAnnotation(0, MakeImage<Bytes>({0, 1}, {2, 1, 1}));
  grids->SetAnnotation(1, shifted);
  EXPECT_ANY_THROW(grids->Update()) << "annotators on different grids";

  using Wide = itk::Image<std::int32_t, 3>;
  std::vector<std::int32_t> many(70000);
  std::iota(many.begin(), many.end(), 0);
  auto labels = LabelVoteImageFilter<Wide>::New();
  labels->SetAnnotation(0, MakeImage<Wide>(many, {700, 100, 1}));
  try
  {
    labels->Update();
    FAIL() << "70,000 distinct labels were accepted";
  }
  catch (const UsageError & error)
  {
    EXPECT_NE(std::string(error.what()).find("70000"), std::string::npos) << error.what();
  }

  auto gap = LabelVoteImageFilter<Bytes>::New();
  gap->SetAnnotation(0, MakeImage<Bytes>({0, 1}, {2, 1, 1}));
  gap->SetAnnotation(2, MakeImage<Bytes>({0, 1}, {2, 1, 1}));
  EXPECT_THROW(gap->Update(), UsageError);

  auto nan = GraphCutConsensusImageFilter<Bytes>::New();
  nan->SetAnnotation(0, MakeImage<Bytes>({0, 1}, {2, 1, 1}));
  nan->SetAnnotation(1, MakeImage<Bytes>({1, 1}, {2, 1, 1}));
  nan->SetImage(MakeImage<itk::Image<float, 3>>({NAN, 1.0F}, {2, 1, 1}));
  try
  {
    nan->Update();
    FAIL() << "NaN was accepted";
  }
  catch (const InputError & error)
  {
    EXPECT_NE(std::string(error.what()).find(" 1 voxels"), std::string::npos) << error.what();
  }
}

} // namespace
} // namespace sulcus
