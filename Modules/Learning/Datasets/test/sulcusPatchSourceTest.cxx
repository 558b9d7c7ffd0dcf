#include "sulcusPatchSample.h"
#include <sulcusError.h>
#include <sulcusParameters.h>
#include <sulcusPatchSource.h>

#include <ATen/TensorIndexing.h>
#include <torch/types.h>

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace
{

using namespace sulcus;
using sulcus::test::Patches;
using sulcus::test::SameBatch;
using sulcus::test::SameStream;
using sulcus::test::TestCase;
using testing::HasSubstr;

TEST_F(Patches, UnaugmentedPatchesAreExactPiecesWhereTheirAffineSays)
{
  const auto cache = MakeCache(3);
  const auto source = Source(cache, {{Rule("labelled", CasePool::Labelled, 4)}});
  for (std::int64_t step = 0; step < 5; ++step)
  {
    const auto batch = source->At(step);
    EXPECT_EQ(batch.step, step);
    const auto & stream = batch.Require("labelled");
    ASSERT_EQ(stream.image.sizes(), (std::vector<std::int64_t>{4, 1, 8, 8, 8}));
    ASSERT_EQ(stream.label.sizes(), (std::vector<std::int64_t>{4, 8, 8, 8}));
    EXPECT_FALSE(stream.softLabel.defined() || stream.weight.defined() ||
                 stream.observed.defined());
    for (std::int64_t i = 0; i < 4; ++i)
    {
      const auto number = stream.caseIndex[static_cast<std::size_t>(i)] + 1;
      const auto mm = stream.millimetreFromVoxel[i];
      // The affine of case n has origin (10 n, -5, 3) and unit spacing: the offset is the first
      // voxel.
      const auto x = mm[0][3].item<double>() - 10.0 * static_cast<double>(number);
      const auto y = mm[1][3].item<double>() + 5.0;
      const auto z = mm[2][3].item<double>() - 3.0;
      EXPECT_EQ(stream.image[i][0][0][0][0].item<float>(),
                1000.0 * static_cast<double>(number) + 100 * z + 10 * y + x);
      EXPECT_EQ(stream.image[i][0][7][5][3].item<float>(),
                1000.0 * static_cast<double>(number) + 100 * (z + 7) + 10 * (y + 5) + x + 3);
    }
  }
}

TEST_F(Patches, BatchDependsOnSeedAndStepAlone)
{
  const auto cache = MakeCache(5, [](TestCase & one) { one.labelled = one.number < 4; });
  auto two = Rule("pair", CasePool::All, 2, "contrastive");
  two.views = 2;
  const SamplingRule rule{{Rule("labelled", CasePool::Labelled, 2, "full"),
                           Rule("unlabelled", CasePool::Unlabelled, 3, "full"),
                           two}};
  const auto a = Source(cache, rule);
  const auto b = Source(cache, rule);
  const auto seventh = a->At(7);
  a->At(2);
  EXPECT_TRUE(SameBatch(seventh, a->At(7)));
  EXPECT_TRUE(SameBatch(seventh, b->At(7)));
  EXPECT_FALSE(SameStream(seventh.Require("labelled"), a->At(8).Require("labelled")));
  EXPECT_FALSE(SameBatch(seventh, Source(cache, rule, {}, 4)->At(7)));
  // A stream does not depend on the streams beside it.
  const auto alone = Source(cache, {{rule.streams[0]}});
  EXPECT_TRUE(SameStream(alone->At(7).Require("labelled"), seventh.Require("labelled")));
  EXPECT_EQ(seventh.streams.size(), 4u);
  EXPECT_TRUE(seventh.streams.contains("pair2"));
  EXPECT_THROW(seventh.Require("pair"), UsageError);
}

TEST_F(Patches, ForegroundShareIsKeptAndClassesAreBalanced)
{
  const auto cache = MakeCache(2);
  auto rule = Rule("labelled", CasePool::Labelled, 4);
  rule.foregroundFraction = 0.5;
  rule.patchSize = {2, 2, 2};
  const auto source = Source(cache, {{rule}});
  std::map<std::int64_t, int> centres;
  for (std::int64_t step = 0; step < 100; ++step)
  {
    const auto label = source->At(step).Require("labelled").label;
    for (std::int64_t i = 0; i < 4; ++i)
    {
      ++centres[label[i][1][1][1].item<std::int64_t>()]; // the voxel that a patch of two is centred
                                                         // on
    }
  }
  // Half of 400 on a structure, in equal parts, although the first is three times as large; chance
  // adds few.
  EXPECT_NEAR(centres[1], 100, 25);
  EXPECT_NEAR(centres[2], 100, 25);
}

TEST_F(Patches, EveryCaseIsSeenEquallyOftenInRounds)
{
  const auto cache = MakeCache(6);
  const auto source = Source(cache, {{Rule("labelled", CasePool::Labelled, 4)}});
  std::map<std::int64_t, int> seen;
  for (std::int64_t step = 0; step < 9; ++step) // 36 samples: six rounds
  {
    const auto batch = source->At(step);
    for (const auto index : batch.Require("labelled").caseIndex)
    {
      ++seen[index];
    }
  }
  EXPECT_EQ(seen.size(), 6u);
  for (const auto & [index, count] : seen)
  {
    EXPECT_EQ(count, 6) << index;
  }
}

TEST_F(Patches, LabelsOfUnlabelledStreamsAreNeverRead)
{
  const auto scramble = [](TestCase & one)
  {
    std::fill(one.label.begin(), one.label.end(), std::uint8_t{2});
    one.weight.assign(one.label.size(), 3.0f);
    one.observed.assign(one.label.size(), 0);
  };
  auto partitioned = Rule("all", CasePool::All, 0, "contrastive");
  partitioned.partition.volumes = 3;
  partitioned.views = 2;
  const SamplingRule rule{{Rule("plain", CasePool::All, 3, "full"), partitioned}};
  const auto labelled = Source(MakeCache(4), rule);
  const auto scrambled = Source(MakeCache(4, scramble), rule);
  const auto unlabelled = Source(MakeCache(4, [](TestCase & one) { one.labelled = false; }), rule);
  for (std::int64_t step = 0; step < 4; ++step)
  {
    const auto batch = labelled->At(step);
    EXPECT_FALSE(batch.Require("plain").label.defined());
    EXPECT_FALSE(batch.Require("all1").observed.defined());
    EXPECT_TRUE(SameBatch(batch, scrambled->At(step)));
    EXPECT_TRUE(SameBatch(batch, unlabelled->At(step)));
  }
}

TEST_F(Patches, SmallVolumesArePaddedByTheChosenRule)
{
  const auto cache = MakeCache(1, [](TestCase &) {}, {5, 8, 9});
  DatasetOptions options;
  options.padding = "zero";
  options.paddingIsBackground = false;
  const auto rule = SamplingRule{{Rule("labelled", CasePool::Labelled, 2)}};
  const auto zero = Source(cache, rule, options)->At(0).Require("labelled");
  options.padding = "replicate";
  options.paddingIsBackground = true;
  const auto replicated = Source(cache, rule, options)->At(0).Require("labelled");
  ASSERT_TRUE(zero.observed.defined());
  EXPECT_FALSE(replicated.observed.defined());
  EXPECT_EQ(zero.observed.sum().item<std::int64_t>(), 2 * 5 * 8 * 8);   // all five slices are shown
  EXPECT_TRUE(torch::equal(zero.image.squeeze(1) != 0, zero.observed)); // case 1 has no zero voxel
  EXPECT_EQ((replicated.image < 1000).sum().item<std::int64_t>(), 0);
  EXPECT_EQ((zero.label * zero.observed.logical_not()).sum().item<std::int64_t>(), 0);
}

TEST_F(Patches, SoftLabelsWeightsAndMasksFollowAndAreCompletedForOtherCases)
{
  const auto cache = MakeCache(
      3,
      [](TestCase & one)
      {
        const auto voxels = one.label.size();
        if (one.number == 2) // soft label alone
        {
          one.labelled = false;
          one.softLabel.assign(3 * voxels, 0.0f);
          std::fill_n(one.softLabel.begin(), voxels, 0.4f);
          std::fill_n(one.softLabel.begin() + static_cast<std::ptrdiff_t>(voxels), voxels, 0.6f);
        }
        if (one.number == 3)
        {
          one.weight.assign(voxels, 0.25f);
          one.observed.assign(voxels, 1);
          one.observed[0] = 0;
        }
      });
  const auto source = Source(cache, {{Rule("labelled", CasePool::Labelled, 3, "weak")}});
  const auto stream = source->At(0).Require("labelled");
  ASSERT_EQ(stream.softLabel.sizes(), (std::vector<std::int64_t>{3, 3, 8, 8, 8}));
  EXPECT_TRUE(torch::allclose(stream.softLabel.sum(1), torch::ones({3, 8, 8, 8})));
  EXPECT_TRUE(torch::equal(stream.softLabel.argmax(1).masked_select(stream.observed),
                           stream.label.masked_select(stream.observed)));
  for (std::int64_t i = 0; i < 3; ++i)
  {
    const auto number = stream.caseIndex[static_cast<std::size_t>(i)] + 1;
    const auto weight = stream.weight[i];
    if (number != 3)
    {
      EXPECT_TRUE(torch::equal(weight, torch::ones_like(weight)));
    }
    else
    {
      EXPECT_TRUE(((weight - 0.25).abs() < 1e-6).logical_or(weight == 1).all().item<bool>());
    }
  }
}

TEST_F(Patches, MistakesAreRefused)
{
  const auto cache = MakeCache(3);
  const auto without = MakeCache(2, [](TestCase & one) { one.labelled = false; });
  EXPECT_THAT(RefusedBecause(without, Rule("labelled", CasePool::Labelled, 2)),
              HasSubstr("needs labelled training cases"));
  EXPECT_THAT(RefusedBecause(cache, Rule("u", CasePool::Unlabelled, 2)),
              HasSubstr("needs unlabelled training cases"));
  auto different = Rule("all", CasePool::All, 4);
  different.differentCases = true;
  EXPECT_THAT(RefusedBecause(cache, different),
              HasSubstr("needs 4 different subjects in every batch, there are 3"));
  auto partitioned = Rule("global", CasePool::All, 0);
  partitioned.partition.volumes = 2;
  EXPECT_THAT(RefusedBecause(MakeCache(1), partitioned), HasSubstr("needs 2 different subjects"));
  partitioned.partition.partitions = 15;
  EXPECT_THAT(RefusedBecause(cache, partitioned),
              HasSubstr("case 'case_101': 14 slices along the partition axis, fewer than 15"));
  partitioned.partition.partitions = 1;
  EXPECT_THAT(RefusedBecause(cache, partitioned), HasSubstr("nothing to tell apart"));
  EXPECT_THAT(RefusedBecause(cache, Rule("all", CasePool::All, 2, "strong")),
              HasSubstr("unknown augmentation 'strong'"));
  EXPECT_THAT(RefusedBecause(cache, Rule("all", CasePool::All, 0)), HasSubstr("0 samples"));
  auto views = Rule("all", CasePool::All, 2);
  views.viewAugmentation = {"weak"};
  views.views = 2;
  EXPECT_THAT(RefusedBecause(cache, views), HasSubstr("1 augmentations for 2 views"));
  m_Plan.channels = {"T1", "T2"};
  EXPECT_THAT(RefusedBecause(cache, Rule("all", CasePool::All, 2)),
              HasSubstr("1 channels, the plan has 2"));
  m_Plan.channels = {"T1"};
  m_Plan.labels.pop_back();
  EXPECT_THAT(RefusedBecause(cache, Rule("labelled", CasePool::Labelled, 2)),
              HasSubstr("3 classes, the plan has 2"));
  EXPECT_THROW(Source(cache, {}), UsageError);
}

TEST(DatasetOptions, AreDescribed)
{
  DatasetOptions options;
  Parameters parameters;
  Describe(parameters, options);
  parameters.Require("rotation_deg", "test").SetText("25");
  EXPECT_EQ(options.full.spatial.rotationInDegrees, 25.0);
  EXPECT_NO_THROW(parameters.SetJson(parameters.ToJson(), "test"));
}

} // namespace
