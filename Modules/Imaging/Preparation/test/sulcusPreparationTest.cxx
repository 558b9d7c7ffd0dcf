#include "sulcusPreparation.h"

#include <sulcusError.h>
#include <sulcusPreparedCache.h>
#include <sulcusSafeTensors.h>
#include <sulcusSha256.h>
#include <sulcusSmallDataset.h>
#include <sulcusThreads.h>
#include <sulcusUndo.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace sulcus
{

namespace
{

namespace fs = std::filesystem;

PreparationOptions
OptionsFor(const fs::path & path)
{
  PreparationOptions options;
  options.dataset.path = path.string();
  return options;
}

CheckedDataset
Prepare(const PreparationOptions & options, const fs::path & cache)
{
  auto checked = CheckDataset(options);
  WriteCache(checked, options, cache, Overwrite::Refuse);
  return checked;
}

std::size_t
IndexOf(const PreparedCache & cache, const std::string & id)
{
  for (std::size_t i = 0; i < cache.Cases().size(); ++i)
  {
    if (cache.Cases()[i].id == id)
    {
      return i;
    }
  }
  throw std::runtime_error("no case " + id);
}

/** A prepared array as an image on the prepared grid. */
template <typename TImage, typename TValue>
typename TImage::Pointer
AsImage(std::span<const TValue> values, const ImageGrid & grid)
{
  auto image = NewImage<TImage>(grid);
  std::copy(values.begin(), values.end(), image->GetBufferPointer());
  return image;
}

LabelImage::Pointer
NativeLabel(const PreparedCache & cache, const std::string & id)
{
  const auto index = IndexOf(cache, id);
  const auto undo = Undo::FromJson(cache.Cases()[index].undo, "test");
  const auto prepared = AsImage<LabelImage>(cache.Volume(index).label, undo.PreparedGrid());
  return ToNative(prepared.GetPointer(), undo);
}

bool
SameVoxels(const LabelImage * a, const LabelImage * b)
{
  const auto count = a->GetLargestPossibleRegion().GetNumberOfPixels();
  return SameGrid(GridOf(a), GridOf(b)) &&
         std::equal(a->GetBufferPointer(), a->GetBufferPointer() + count, b->GetBufferPointer());
}

} // namespace

/** The exit status that a refusal of the data set means; Success if it is accepted. */
template <typename TOptions>
ExitCode
RefusalOf(const TOptions & options)
{
  try
  {
    CheckDataset(options);
  }
  catch (const Error & error)
  {
    return error.Code();
  }
  return ExitCode::Success;
}

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
