#include "sulcusPatchSample.h"
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
using sulcus::test::TestCase;

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

} // namespace
