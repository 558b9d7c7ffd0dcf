#include "sulcusTestCache.h"
#include <sulcusError.h>
#include <sulcusParameters.h>
#include <sulcusPatchSource.h>
#include <sulcusPrefetchingSource.h>

#include <ATen/TensorIndexing.h>
#include <torch/types.h>

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace
{

using namespace sulcus;
using sulcus::test::CacheTest;
using sulcus::test::TestCase;
using testing::HasSubstr;

bool
SameStream(const Stream & a, const Stream & b)
{
  const auto same = [](const torch::Tensor & x, const torch::Tensor & y)
  { return x.defined() == y.defined() && (!x.defined() || torch::equal(x, y)); };
  bool extra = a.extra.size() == b.extra.size();
  for (const auto & [name, tensor] : a.extra)
  {
    extra = extra && b.extra.contains(name) && torch::equal(tensor, b.extra.at(name));
  }
  return extra && same(a.image, b.image) && same(a.label, b.label) &&
         same(a.softLabel, b.softLabel) && same(a.weight, b.weight) &&
         same(a.observed, b.observed) && same(a.millimetreFromVoxel, b.millimetreFromVoxel) &&
         a.caseIndex == b.caseIndex;
}

bool
SameBatch(const Batch & a, const Batch & b)
{
  bool same = a.step == b.step && a.streams.size() == b.streams.size();
  for (const auto & [name, stream] : a.streams)
  {
    same = same && b.streams.contains(name) && SameStream(stream, b.streams.at(name));
  }
  return same;
}

class Patches : public CacheTest
{
protected:
  std::unique_ptr<PatchSource>
  Source(const std::shared_ptr<const PreparedCache> & cache,
         const SamplingRule & rule,
         const DatasetOptions & options = {},
         std::uint64_t seed = 3,
         const SelectionOptions & selection = {}) const
  {
    return std::make_unique<PatchSource>(
        cache, SelectCases(*cache, selection), m_Plan, rule, options, seed);
  }

  std::string
  RefusedBecause(const std::shared_ptr<const PreparedCache> & cache, const StreamRule & rule) const
  {
    try
    {
      Source(cache, {{rule}});
    }
    catch (const UsageError & error)
    {
      return error.what();
    }
    return "accepted";
  }

  static StreamRule
  Rule(const std::string & name,
       CasePool pool,
       int samples,
       const std::string & augmentation = "none")
  {
    StreamRule rule;
    rule.name = name;
    rule.pool = pool;
    rule.samples = samples;
    rule.augmentation = augmentation;
    return rule;
  }
};

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

TEST_F(Patches, PartitionsComeFromDifferentSubjectsAndTheRightPlace)
{
  const auto cache = MakeCache(
      6,
      [](TestCase & one)
      {
        one.entry.subject =
            "subject_" + std::to_string(one.number / 2); // pairs of scans: 0, 1, 1, 2, 2, 3
        one.entry.millimetreFromVoxel =
            Affine::FromGrid({1, 1, 1}, {0, 0, 0}, {1, 0, 0, 0, 1, 0, 0, 0, -1}); // head first
      },
      {41, 16, 16});
  auto rule = Rule("global", CasePool::All, 0, "none");
  rule.partition.volumes = 3;
  rule.partition.partitions = 4;
  rule.partition.guard = 0.1;
  const auto source = Source(cache, {{rule}});
  std::set<double> positions;
  for (std::int64_t step = 0; step < 30; ++step)
  {
    const auto stream = source->At(step).Require("global");
    ASSERT_EQ(stream.image.size(0), 12);
    std::set<std::string> subjects;
    for (std::int64_t i = 0; i < 12; ++i)
    {
      const auto index = static_cast<std::size_t>(stream.caseIndex[static_cast<std::size_t>(i)]);
      subjects.insert(cache->Cases()[index].subject);
      EXPECT_EQ(stream.extra.at("partition")[i].item<std::int64_t>(), i % 4);
      const double position = stream.extra.at("position")[i].item<double>();
      const std::array<double, 5> bounds{0.0, 10.0 / 41, 20.0 / 41, 30.0 / 41, 1.0};
      const auto part = static_cast<std::size_t>(i % 4);
      EXPECT_GE(position, bounds[part] + (part > 0 ? 0.05 : 0.0) - 1e-9);
      EXPECT_LT(position, bounds[part + 1] - (part < 3 ? 0.05 : 0.0) + 1e-9);
      // Towards the head is towards slice 0 here; the patch's centre lies 3.5 slices after its
      // first.
      const double centre = -(stream.millimetreFromVoxel[i][2][3].item<double>()) + 3.5;
      EXPECT_NEAR(position, 1.0 - (centre + 0.5) / 41.0, 1e-9);
      EXPECT_GT(stream.image[i].abs().sum().item<float>(), 0.0f); // no blank sample enters a loss
      positions.insert(position);
    }
    EXPECT_EQ(subjects.size(), 3u);
  }
  EXPECT_GT(positions.size(), 20u);
}

TEST_F(Patches, ViewsShareTheirPlaceAndGeometryOnlyWhenAsked)
{
  const auto cache = MakeCache(3);
  auto rule = Rule("view", CasePool::Labelled, 2, "weak");
  rule.views = 3;
  rule.viewAugmentation = {"weak", "weak", "contrastive-published"};
  const auto independent = Source(cache, {{rule}})->At(1);
  EXPECT_TRUE(torch::equal(independent.Require("view1").millimetreFromVoxel,
                           independent.Require("view2").millimetreFromVoxel));
  EXPECT_EQ(independent.Require("view1").caseIndex, independent.Require("view3").caseIndex);
  EXPECT_FALSE(
      torch::equal(independent.Require("view1").image, independent.Require("view2").image));
  rule.sharedGeometry = true;
  const auto shared = Source(cache, {{rule}})->At(1);
  EXPECT_TRUE(torch::equal(shared.Require("view1").image,
                           shared.Require("view2").image)); // weak: geometry alone
  EXPECT_TRUE(torch::equal(shared.Require("view1").label, shared.Require("view3").label));
  EXPECT_FALSE(torch::equal(shared.Require("view1").image, shared.Require("view3").image));
  EXPECT_TRUE(torch::equal(shared.Require("view1").image, independent.Require("view1").image));
}

TEST_F(Patches, CorrespondenceLeadsFromOneViewToTheOther)
{
  m_Plan.flipAllowed = {true, true, true};
  const auto cache = MakeCache(2, [](TestCase &) {}, {30, 32, 34});
  auto rule = Rule("view", CasePool::All, 3, "weak");
  rule.views = 2;
  rule.patchSize = {9, 10, 12};
  for (const auto kind : {Correspondence::Affine, Correspondence::Dense})
  {
    rule.correspondence = kind;
    const auto source = Source(cache, {{rule}});
    std::int64_t compared = 0;
    for (std::int64_t step = 0; step < 4; ++step)
    {
      const auto batch = source->At(step);
      const auto & first = batch.Require("view1");
      const auto & second = batch.Require("view2");
      EXPECT_TRUE(first.extra.empty());
      for (std::int64_t i = 0; i < 3; ++i)
      {
        for (const auto & voxel :
             {std::array<std::int64_t, 3>{4, 5, 6}, std::array<std::int64_t, 3>{2, 3, 8}})
        {
          const auto [z, y, x] = voxel;
          torch::Tensor there =
              kind == Correspondence::Affine
                  ? second.extra.at("fromView1")[i].matmul(torch::tensor({static_cast<double>(x),
                                                                          static_cast<double>(y),
                                                                          static_cast<double>(z),
                                                                          1.0},
                                                                         torch::kDouble))
                  : second.extra.at("positionOfView1")
                        .index({i, torch::indexing::Slice(), z, y, x})
                        .to(torch::kDouble);
          // The image is linear, so trilinear interpolation at corresponding places gives equal
          // values.
          const auto size = torch::tensor({12.0, 10.0, 9.0}, torch::kDouble);
          if ((there < 0).logical_or(there > size - 1).any().item<bool>())
          {
            continue;
          }
          const auto grid = (2 * there / (size - 1) - 1).to(torch::kFloat).view({1, 1, 1, 1, 3});
          const auto sampled =
              torch::grid_sampler_3d(second.image[i].unsqueeze(0), grid, 0, 1, true);
          EXPECT_NEAR(sampled.item<float>(), first.image[i][0][z][y][x].item<float>(), 0.02f);
          ++compared;
        }
      }
    }
    EXPECT_GT(compared, 15);
  }
  rule.augmentation = "full"; // deforms
  rule.correspondence = Correspondence::Affine;
  EXPECT_THAT(RefusedBecause(cache, rule), HasSubstr("no affine correspondence"));
  rule.correspondence = Correspondence::Dense;
  EXPECT_EQ(Source(cache, {{rule}})
                ->At(0)
                .Require("view2")
                .extra.at("positionOfView1")
                .isfinite()
                .all()
                .item<bool>(),
            true);
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

TEST_F(Patches, PrefetchingGivesTheSameBatchesWhateverTheThreads)
{
  const auto cache = MakeCache(4);
  const SamplingRule rule{{Rule("labelled", CasePool::Labelled, 2, "full")}};
  const auto direct = Source(cache, rule);
  for (const int threads : {1, 3})
  {
    DatasetOptions options;
    options.prefetchThreads = threads;
    options.prefetchDepth = 2;
    const auto ahead = MakePatchSource(cache, SelectCases(*cache, {}), m_Plan, rule, options, 3);
    for (const std::int64_t step : {5, 6, 7, 8, 2, 3, 3, 40}) // resumes and repeats included
    {
      EXPECT_TRUE(SameBatch(ahead->At(step), direct->At(step))) << step;
    }
  }
}

/** Fails at one step. */
class FailingSource : public BatchSource
{
public:
  Batch
  At(std::int64_t step) override
  {
    if (step == 3)
    {
      throw InputError("damaged");
    }
    Batch batch;
    batch.step = step;
    return batch;
  }
};

TEST(PrefetchingSource, ErrorsArriveWithTheirStep)
{
  PrefetchingSource source(std::make_unique<FailingSource>(), 2, 4);
  for (const std::int64_t step : {0, 1, 2})
  {
    EXPECT_EQ(source.At(step).step, step);
  }
  EXPECT_THROW(source.At(3), InputError);
  EXPECT_EQ(source.At(4).step, 4);
  EXPECT_THROW(PrefetchingSource(std::make_unique<FailingSource>(), 0, 1), UsageError);
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
