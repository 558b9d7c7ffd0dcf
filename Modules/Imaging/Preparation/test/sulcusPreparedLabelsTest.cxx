#include "sulcusPreparationSample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace sulcus
{

TEST(Preparation, UnknownLabelBecomesNotObserved)
{
  const TestFolder folder;
  SmallDataset::WritePlain(folder / "plain", 2);
  auto scribble = SmallDataset::Label();
  const auto count = scribble->GetLargestPossibleRegion().GetNumberOfPixels();
  for (std::size_t i = 0; i < count; i += 3)
  {
    scribble->GetBufferPointer()[i] = 4;
  }
  SmallDataset::Write(folder / "plain/labels/a.nii.gz", scribble);
  auto options = OptionsFor(folder / "plain");
  options.dataset.labels = {"lower=1", "upper=2"};
  EXPECT_EQ(RefusalOf(options), ExitCode::DamagedInput);
  options.dataset.unknownLabel = 4;
  Prepare(options, folder / "cache");
  const PreparedCache cache(folder / "cache");
  const auto & entry = cache.Cases()[0];
  EXPECT_TRUE(entry.hasObserved);
  EXPECT_FALSE(cache.Cases()[1].hasObserved);
  const auto volume = cache.Volume(0);
  const auto unknown = std::count(volume.observed.begin(), volume.observed.end(), 0);
  EXPECT_EQ(unknown, static_cast<std::int64_t>((count + 2) / 3));
  std::int64_t counted = 0;
  for (const auto voxels : entry.labelVoxels)
  {
    counted += voxels;
  }
  EXPECT_EQ(counted, static_cast<std::int64_t>(count) - unknown);
  for (std::size_t i = 0; i < volume.label.size(); ++i)
  {
    EXPECT_TRUE(volume.observed[i] != 0 || volume.label[i] == 0);
  }
}

TEST(Preparation, SoftConsensusConfidenceAndObservedEnterTheCache)
{
  const TestFolder folder;
  const auto grid = SmallDataset::Grid();
  auto soft = VectorImage::New();
  SetGrid(soft, grid);
  soft->SetNumberOfComponentsPerPixel(3);
  soft->Allocate();
  auto confidence = NewImage<FloatImage>(grid, 0.25F);
  auto observed = NewImage<LabelImage>(grid, 1);
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    auto * share = soft->GetBufferPointer() + 3 * i;
    const bool ball = SmallDataset::Ball(i, grid);
    share[0] = ball ? 0.1F : 0.9F;
    share[1] = ball ? 0.6F : 0.1F;
    share[2] = ball ? 0.3F : 0.0F;
  }
  observed->GetBufferPointer()[0] = 0;
  confidence->GetBufferPointer()[5] = 2.0F;
  SmallDataset::Write(folder / "x.nii.gz", SmallDataset::Image(1));
  SmallDataset::Write(folder / "soft.nii.gz", soft);
  SmallDataset::Write(folder / "confidence.nii.gz", confidence);
  SmallDataset::Write(folder / "observed.nii.gz", observed);
  SmallDataset::Text(folder / "m.tsv",
                     "case\timage\tsoft_label\tconfidence\tobserved\nx\tx.nii.gz\tsoft.nii.gz\t"
                     "confidence.nii.gz\tobserved.nii.gz\n");
  auto options = OptionsFor(folder / "m.tsv");
  options.dataset.labels = {"lower=1", "upper=2"};
  Prepare(options, folder / "cache");
  const PreparedCache cache(folder / "cache");
  const auto & entry = cache.Cases()[0];
  EXPECT_TRUE(entry.hasSoftLabel && entry.hasWeight && entry.hasObserved);
  EXPECT_FALSE(entry.hasLabel);
  EXPECT_TRUE(entry.IsLabelled());
  const auto volume = cache.Volume(0);
  const std::size_t voxels = volume.weight.size();
  std::set<float> lowerShares;
  double weight = 0.0;
  for (std::size_t i = 0; i < voxels; ++i)
  {
    if (volume.observed[i] != 0)
    {
      lowerShares.insert(volume.softLabel[voxels + i]);
    }
    weight += volume.weight[i];
  }
  EXPECT_EQ(lowerShares.size(), 2U);
  EXPECT_NEAR(*lowerShares.begin(), 0.1, 1e-5);
  EXPECT_NEAR(*lowerShares.rbegin(), 0.6, 1e-5);
  EXPECT_NEAR(weight, 0.25 * static_cast<double>(voxels) + 1.75, 1e-3);
  EXPECT_EQ(std::count(volume.observed.begin(), volume.observed.end(), 0), 1);

  // Shares that do not sum to 1 are refused.
  soft->GetBufferPointer()[3 * 100] += 0.2F;
  SmallDataset::Write(folder / "soft.nii.gz", soft);
  EXPECT_EQ(RefusalOf(options), ExitCode::DamagedInput);
}

TEST(Preparation, AnnotatorsAreIgnoredFusedByMajorityOrSoft)
{
  const TestFolder folder;
  SmallDataset::Write(folder / "x.nii.gz", SmallDataset::Image(1));
  auto one = SmallDataset::Label();
  auto two = SmallDataset::Label();
  auto three = SmallDataset::Label();
  // Voxel 0: 1, 1, 0; voxel 1: 2, 1, 0 (tie of three); voxel 2: 2, unknown, unknown; voxel 3:
  // nobody.
  const std::uint16_t votes[4][3] = {{1, 1, 0}, {2, 1, 0}, {2, 255, 255}, {255, 255, 255}};
  for (std::size_t i = 0; i < 4; ++i)
  {
    one->GetBufferPointer()[i] = votes[i][0];
    two->GetBufferPointer()[i] = votes[i][1];
    three->GetBufferPointer()[i] = votes[i][2];
  }
  SmallDataset::Write(folder / "1.nii.gz", one);
  SmallDataset::Write(folder / "2.nii.gz", two);
  SmallDataset::Write(folder / "3.nii.gz", three);
  SmallDataset::Text(folder / "m.tsv",
                     "case\timage\tannotator_a\tannotator_b\tannotator_c\nx\tx.nii.gz\t1.nii.gz\t"
                     "2.nii.gz\t3.nii.gz\n");
  auto options = OptionsFor(folder / "m.tsv");
  options.dataset.labels = {"lower=1", "upper=2"};
  EXPECT_THROW(CheckDataset(options), UsageError); // ignored: 0 labelled cases

  options.annotators = "majority";
  Prepare(options, folder / "majority");
  const PreparedCache majority(folder / "majority");
  const auto native = NativeLabel(majority, "x");
  EXPECT_EQ(native->GetBufferPointer()[0], 1);
  EXPECT_EQ(native->GetBufferPointer()[1], 0);
  EXPECT_EQ(native->GetBufferPointer()[2], 2);
  const auto majorityObserved = majority.Volume(0).observed;
  EXPECT_EQ(std::count(majorityObserved.begin(), majorityObserved.end(), 0), 1);

  options.annotators = "soft";
  Prepare(options, folder / "soft");
  const PreparedCache soft(folder / "soft");
  const auto volume = soft.Volume(0);
  const auto undo = Undo::FromJson(soft.Cases()[0].undo, "test");
  const std::size_t voxels = volume.observed.size();
  const auto lower =
      ToNative(AsImage<FloatImage>(volume.softLabel.subspan(voxels, voxels), undo.PreparedGrid())
                   .GetPointer(),
               undo);
  EXPECT_NEAR(lower->GetBufferPointer()[0], 2.0 / 3.0, 1e-5);
  EXPECT_NEAR(lower->GetBufferPointer()[1], 1.0 / 3.0, 1e-5);
  EXPECT_NEAR(lower->GetBufferPointer()[2], 0.0, 1e-5);
}

} // namespace sulcus
