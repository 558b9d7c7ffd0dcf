#include "sulcusHands.h"
#include <sulcusError.h>
#include <sulcusGraphCutConsensusImageFilter.h>
#include <sulcusLabelVoteImageFilter.h>
#include <sulcusSimpleFusionImageFilter.h>

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace sulcus
{
namespace
{

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
