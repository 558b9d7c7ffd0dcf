#include "sulcusTestCache.h"
#include <sulcusCaseSelection.h>
#include <sulcusError.h>
#include <sulcusParameters.h>
#include <sulcusPartitions.h>

#include <gmock/gmock.h>

namespace
{

using namespace sulcus;
using sulcus::test::CacheTest;
using sulcus::test::TestCase;
using testing::ElementsAre;

class Selection : public CacheTest
{
protected:
  std::shared_ptr<const PreparedCache>
  MixedCache()
  {
    return MakeCache(
        8,
        [](TestCase & one)
        {
          one.labelled = one.number != 3 && one.number != 4;
          one.entry.split = one.number == 7 ? "validation" : one.number == 8 ? "test" : "train";
          one.entry.fold = one.number == 8 ? -1 : one.number % 3;
        });
  }
};

TEST_F(Selection, FollowsTheSplit)
{
  const auto selection = SelectCases(*MixedCache(), {});
  EXPECT_THAT(selection.labelled, ElementsAre(0, 1, 4, 5));
  EXPECT_THAT(selection.unlabelled, ElementsAre(2, 3));
  EXPECT_THAT(selection.validation, ElementsAre(6));
}

TEST_F(Selection, NamedCasesKeepTheirLabelsAndTheOthersTrainWithout)
{
  SelectionOptions options;
  options.labelledIds = {"case_105"};
  const auto selection = SelectCases(*MixedCache(), options);
  EXPECT_THAT(selection.labelled, ElementsAre(4));
  EXPECT_THAT(selection.unlabelled, ElementsAre(0, 1, 2, 3, 5));
  options.useUnlabelled = false;
  EXPECT_TRUE(SelectCases(*MixedCache(), options).unlabelled.empty());
}

TEST_F(Selection, DrawnCountsAreNested)
{
  const auto cache = MixedCache();
  std::vector<std::size_t> previous;
  for (const int count : {0, 1, 2, 3, 4})
  {
    SelectionOptions options;
    options.labelledCount = count;
    options.labelledSeed = 5;
    const auto labelled = SelectCases(*cache, options).labelled;
    EXPECT_EQ(labelled.size(), static_cast<std::size_t>(count));
    EXPECT_TRUE(std::includes(labelled.begin(), labelled.end(), previous.begin(), previous.end()));
    previous = labelled;
  }
  SelectionOptions options;
  options.labelledCount = 5;
  EXPECT_THROW(SelectCases(*cache, options), UsageError);
}

TEST_F(Selection, AFoldValidatesInsteadOfTheSplit)
{
  SelectionOptions options;
  options.fold = 1; // cases 1, 4 (no label) and 7
  const auto selection = SelectCases(*MixedCache(), options);
  EXPECT_THAT(selection.validation, ElementsAre(0, 6));
  EXPECT_THAT(selection.labelled, ElementsAre(1, 4, 5));
  EXPECT_THAT(selection.unlabelled, ElementsAre(2));
  options.fold = 9;
  EXPECT_THROW(SelectCases(*MixedCache(), options), UsageError);
}

TEST_F(Selection, MistakesAreRefused)
{
  const auto cache = MixedCache();
  for (const char * id :
       {"case_999", "case_103", "case_107", "case_108"}) // absent, unlabelled, validation, test
  {
    SelectionOptions options;
    options.labelledIds = {id};
    EXPECT_THROW(SelectCases(*cache, options), UsageError) << id;
  }
  SelectionOptions both;
  both.labelledIds = {"case_101"};
  both.labelledCount = 1;
  EXPECT_THROW(SelectCases(*cache, both), UsageError);
  const auto onlyTest = MakeCache(2, [](TestCase & one) { one.entry.split = "test"; });
  EXPECT_THROW(SelectCases(*onlyTest, {}), UsageError);
}

TEST(Partitions, BoundariesAreBalanced) // T8 of the contrastive specification
{
  EXPECT_THAT(PartitionBounds(10, 4), ElementsAre(0, 2, 5, 7, 10));
  EXPECT_THAT(PartitionBounds(7, 4), ElementsAre(0, 1, 3, 5, 7));
  EXPECT_THROW(PartitionBounds(3, 4), UsageError);
}

TEST(Partitions, FollowTheAnatomyNotTheArray)
{
  PreparedCase entry;
  entry.size = {20, 30, 40};
  entry.foreground = {{2, 3, 4}, {12, 23, 34}};
  // Array x runs to the head, y to the right (against LPS x), z to the front (against LPS y);
  // oblique by 20 degrees.
  const double c = std::cos(0.35);
  const double s = std::sin(0.35);
  entry.millimetreFromVoxel =
      Affine::FromGrid({0.8, 1.1, 2}, {5, 6, 7}, {s, -c, 0, 0, 0, -1, c, s, 0});
  const auto head = FindAnatomicalExtent(entry, 2);
  EXPECT_EQ(head.arrayAxis, 2u);
  EXPECT_FALSE(head.reversed);
  EXPECT_EQ(head.begin, 4);
  const auto left = FindAnatomicalExtent(entry, 0);
  EXPECT_EQ(left.arrayAxis, 1u);
  EXPECT_TRUE(left.reversed);
  EXPECT_NEAR(left.Position(2.5), 1.0, 1e-12);
  EXPECT_NEAR(left.Position(22.5), 0.0, 1e-12);
  EXPECT_NEAR(left.Voxel(left.Position(9.0)), 9.0, 1e-12);
  const auto back = FindAnatomicalExtent(entry, 1);
  EXPECT_EQ(back.arrayAxis, 0u);
  EXPECT_TRUE(back.reversed);
}

TEST(SelectionOptions, AreDescribed)
{
  SelectionOptions options;
  Parameters parameters;
  Describe(parameters, options);
  parameters.Require("labelled_count", "test").SetText("4");
  EXPECT_EQ(options.labelledCount, 4);
}

} // namespace
