#include "sulcusPreparationSample.h"
#include <sulcusSafeTensors.h>
#include <sulcusSha256.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace sulcus
{

TEST(Preparation, LabelsComeBackVoxelForVoxel)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "raw", 3);
  Prepare(OptionsFor(folder / "raw"), folder / "cache");
  const PreparedCache cache(folder / "cache");
  cache.Verify();
  ASSERT_EQ(cache.Cases().size(), 3U);
  for (const std::string id : {"a", "b", "c"})
  {
    EXPECT_TRUE(SameVoxels(NativeLabel(cache, id), SmallDataset::Label())) << id;
  }
  const auto & entry = cache.Cases()[0];
  const auto volume = cache.Volume(0);
  EXPECT_EQ(entry.size, (std::array<std::int64_t, 3>{10, 12, 14}));
  EXPECT_EQ(volume.classes, 3);
  std::int64_t sum = 0;
  for (const auto count : entry.labelVoxels)
  {
    sum += count;
  }
  EXPECT_EQ(sum, 10 * 12 * 14);
  // The ball is brighter than all around it, wherever the axes went.
  float darkestOfBall = std::numeric_limits<float>::max();
  float brightestAround = std::numeric_limits<float>::lowest();
  for (std::size_t i = 0; i < volume.label.size(); ++i)
  {
    float & extreme = volume.label[i] != 0 ? darkestOfBall : brightestAround;
    extreme = volume.label[i] != 0 ? std::min(extreme, volume.image[i])
                                   : std::max(extreme, volume.image[i]);
  }
  EXPECT_GT(darkestOfBall, brightestAround);
  // The affine is LPS: the file's x axis runs to the right, the prepared one to the left.
  EXPECT_GT(entry.millimetreFromVoxel.RowMajor()[0], 0.0);
  const auto corner = SmallDataset::Grid().PointAt(13, 0, 0);
  const auto first = entry.millimetreFromVoxel({0, 0, 0});
  for (int axis = 0; axis < 3; ++axis)
  {
    EXPECT_NEAR(first[axis], corner[axis], 1e-4);
  }
  EXPECT_TRUE(fs::exists(folder / "cache/plan.json"));
  EXPECT_EQ(PlanToJson(ReadPlan(folder / "cache/plan.json")),
            PlanToJson(PlanFromJson(cache.PlanJson(), "cache")));
}

TEST(Preparation, WithheldLabelsAreNeitherReadNorWritten)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "raw", 4);
  // A withheld label may even be damaged: nobody looks at it.
  SmallDataset::Text(folder / "raw/labelsTr/a.nii.gz", "not an image");
  SmallDataset::Text(folder / "splits.json",
                     R"({"test": [], "validation": ["d"], "pool": ["a", "b", "c"],
                         "labelled": {"0": ["c", "b", "a"]}})");
  auto options = OptionsFor(folder / "raw");
  options.split.splits = (folder / "splits.json").string();
  options.split.labelled = 1;
  Prepare(options, folder / "cache");
  const PreparedCache cache(folder / "cache");
  const std::map<std::string, bool> labelled{{"a", false}, {"b", false}, {"c", true}, {"d", true}};
  for (const auto & [id, expected] : labelled)
  {
    const auto & entry = cache.Cases()[IndexOf(cache, id)];
    EXPECT_EQ(entry.hasLabel, expected) << id;
    EXPECT_EQ(entry.split, id == "d" ? "validation" : "train") << id;
    EXPECT_EQ(entry.labelVoxels.empty(), !expected) << id;
    const SafeTensorsReader file(folder / ("cache/" + entry.file));
    EXPECT_EQ(file.Tensors().size(), expected ? 2U : 1U) << id;
  }
}

TEST(Preparation, SameBytesForAnyNumberOfThreads)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "raw", 5, 2);
  const int before = GetThreadCount();
  std::map<std::string, std::string> hashes[2];
  for (int run = 0; run < 2; ++run)
  {
    SetThreadCount(run == 0 ? 1 : 4);
    const auto cache = folder / ("cache" + std::to_string(run));
    auto options = OptionsFor(folder / "raw");
    options.plan.targetSpacingInMm = {1.1, 1.1, 1.1};
    Prepare(options, cache);
    for (const auto & file : FilesBelow(cache))
    {
      hashes[run][file] = Sha256OfFile(cache / file);
    }
  }
  SetThreadCount(before);
  EXPECT_GE(hashes[0].size(), 5U + 4U);
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST(Preparation, ResampledLabelsKeepTheirVolumeAndValues)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "raw", 1);
  auto options = OptionsFor(folder / "raw");
  options.plan.targetSpacingInMm = {0.5, 0.5, 0.5};
  options.plan.crop = "off";
  Prepare(options, folder / "cache");
  const PreparedCache cache(folder / "cache");
  const auto native = SmallDataset::Label();
  const auto count = native->GetLargestPossibleRegion().GetNumberOfPixels();
  const auto * voxels = native->GetBufferPointer();
  for (std::uint16_t value = 1; value <= 2; ++value)
  {
    const double volume =
        static_cast<double>(std::count(voxels, voxels + count, value)) * 0.75 * 1.0 * 1.5;
    const double prepared = static_cast<double>(cache.Cases()[0].labelVoxels[value]) * 0.125;
    EXPECT_NEAR(prepared / volume, 1.0, 0.1);
  }
}

TEST(Preparation, SpacingIsReplacedWithAWarning)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "raw", 2);
  auto options = OptionsFor(folder / "raw");
  options.dataset.spacingInMm = {1.5, 1.5, 10.0};
  const auto checked = Prepare(options, folder / "cache");
  ASSERT_EQ(checked.warnings.size(), 1U);
  EXPECT_NE(checked.warnings[0].find("1.5 x 1.5 x 10 mm"), std::string::npos);
  EXPECT_EQ(checked.plan.targetSpacingInMm, (std::array<double, 3>{1.5, 1.5, 10.0}));
  const PreparedCache cache(folder / "cache");
  const auto spacing = cache.Cases()[0].millimetreFromVoxel.Spacing();
  EXPECT_NEAR(spacing[2], 10.0, 1e-9);
  EXPECT_EQ(cache.Cases()[0].size, (std::array<std::int64_t, 3>{10, 12, 14}));
}

TEST(Preparation, ChannelsMayShareOneFile)
{
  const TestFolder folder;
  const auto grid = SmallDataset::Grid();
  auto both = VectorImage::New();
  SetGrid(both, grid);
  both->SetNumberOfComponentsPerPixel(2);
  both->Allocate();
  const auto first = SmallDataset::Image(1);
  const auto second = SmallDataset::Image(2);
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    both->GetBufferPointer()[2 * i] = first->GetBufferPointer()[i];
    both->GetBufferPointer()[2 * i + 1] = second->GetBufferPointer()[i];
  }
  SmallDataset::Write(folder / "joint/imagesTr/x.nii.gz", both);
  SmallDataset::Write(folder / "joint/labelsTr/x.nii.gz", SmallDataset::Label());
  SmallDataset::Text(
      folder / "joint/dataset.json",
      R"({"modality": {"0": "T1", "1": "T2"}, "labels": {"0": "background", "1": "l", "2": "u"},
          "training": [{"image": "./imagesTr/x.nii.gz", "label": "./labelsTr/x.nii.gz"}]})");
  SmallDataset::Write(folder / "apart/x1.nii.gz", first);
  SmallDataset::Write(folder / "apart/x2.nii.gz", second);
  SmallDataset::Write(folder / "apart/l.nii.gz", SmallDataset::Label());
  SmallDataset::Text(folder / "apart/manifest.tsv",
                     "case\timage_T1\timage_T2\tlabel\nx\tx1.nii.gz\tx2.nii.gz\tl.nii.gz\n");
  Prepare(OptionsFor(folder / "joint"), folder / "c1");
  Prepare(OptionsFor(folder / "apart"), folder / "c2");
  EXPECT_EQ(Sha256OfFile(folder / "c1/cases/x.safetensors"),
            Sha256OfFile(folder / "c2/cases/x.safetensors"));
}

TEST(Preparation, AnEditedPlanIsUsedAsItIs)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "raw", 2);
  auto options = OptionsFor(folder / "raw");
  auto plan = CheckDataset(options).plan;
  plan.targetSpacingInMm = {1.0, 1.0, 2.0};
  plan.normalisation[0].kind = "percentile";
  plan.batchSize = 7;
  SmallDataset::Text(folder / "edited.json", PlanToJson(plan).dump(1));
  options.planFile = (folder / "edited.json").string();
  Prepare(options, folder / "cache");
  const PreparedCache cache(folder / "cache");
  EXPECT_EQ(cache.PlanJson(), nlohmann::json(PlanToJson(plan)));
  const auto volume = cache.Volume(0);
  EXPECT_EQ(volume.size, (std::array<std::int64_t, 3>{8, 12, 11}));

  plan.channels = {"T1", "T2"};
  plan.normalisation.resize(2);
  plan.network.inputChannels = 2;
  SmallDataset::Text(folder / "edited.json", PlanToJson(plan).dump(1));
  EXPECT_THROW(CheckDataset(options), UsageError);
}

TEST(Preparation, AFailedRunLeavesNothing)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "raw", 3);
  const auto options = OptionsFor(folder / "raw");
  const auto checked = CheckDataset(options);
  fs::remove(folder / "raw/imagesTr/c_0000.nii.gz");
  EXPECT_THROW(WriteCache(checked, options, folder / "new", Overwrite::Refuse), InputError);
  EXPECT_FALSE(fs::exists(folder / "new"));
  fs::create_directories(folder / "there");
  EXPECT_THROW(WriteCache(checked, options, folder / "there", Overwrite::Refuse), InputError);
  EXPECT_TRUE(FilesBelow(folder / "there").empty());
}

TEST(Preparation, EveryProblemIsCountedAndTheFirstIsNamed)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "raw", 4);
  SmallDataset::Text(folder / "raw/imagesTr/b_0000.nii.gz", "cut");
  SmallDataset::Text(folder / "raw/imagesTr/d_0000.nii.gz", "cut");
  try
  {
    CheckDataset(OptionsFor(folder / "raw"));
    FAIL() << "two damaged images were accepted";
  }
  catch (const Error & error)
  {
    EXPECT_EQ(error.Code(), ExitCode::DamagedInput);
    const std::string line = error.what();
    EXPECT_NE(line.find("b_0000"), std::string::npos) << line;
    EXPECT_NE(line.find("1 more case"), std::string::npos) << line;
  }
}

TEST(Preparation, FoldsReachTheCache)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "raw", 6);
  auto options = OptionsFor(folder / "raw");
  options.split.folds = 3;
  Prepare(options, folder / "cache");
  std::map<int, int> count;
  const PreparedCache named1(folder / "cache");
  for (const auto & entry : named1.Cases())
  {
    ++count[entry.fold];
  }
  EXPECT_EQ(count, (std::map<int, int>{{0, 2}, {1, 2}, {2, 2}}));
}

} // namespace sulcus
