#include "sulcusAnatomy.h"
#include "sulcusPhantomCohort.h"
#include "sulcusSmoothField.h"
#include <sulcusAtomicFile.h>
#include <sulcusSafeRead.h>
#include <sulcusSha256.h>
#include <sulcusThreads.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <unistd.h>

namespace sulcus
{

namespace
{

ImageGrid
ObliqueGrid()
{
  ImageGrid grid;
  grid.size = {{9, 7, 5}};
  grid.spacing[0] = 0.7;
  grid.spacing[1] = 1.3;
  grid.spacing[2] = 3.0;
  grid.origin[0] = -20.0;
  grid.origin[1] = 4.0;
  grid.origin[2] = 11.0;
  const double c = std::cos(0.4);
  const double s = std::sin(0.4);
  grid.direction[0][0] = c;
  grid.direction[0][2] = -s;
  grid.direction[2][0] = s;
  grid.direction[2][2] = c;
  return grid;
}

std::filesystem::path
FreshFolder(const std::string & name)
{
  const auto folder =
      std::filesystem::temp_directory_path() / (name + "-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  return folder;
}

std::map<std::uint16_t, std::size_t>
Histogram(const LabelImage * labels)
{
  std::map<std::uint16_t, std::size_t> counts;
  const auto * voxels = labels->GetBufferPointer();
  for (std::size_t i = 0; i < labels->GetLargestPossibleRegion().GetNumberOfPixels(); ++i)
  {
    ++counts[voxels[i]];
  }
  return counts;
}

double
Dice(const LabelImage * a, const LabelImage * b, std::uint16_t label)
{
  std::size_t both = 0;
  std::size_t sum = 0;
  for (std::size_t i = 0; i < a->GetLargestPossibleRegion().GetNumberOfPixels(); ++i)
  {
    const bool inA = a->GetBufferPointer()[i] == label;
    const bool inB = b->GetBufferPointer()[i] == label;
    both += inA && inB ? 1U : 0U;
    sum += (inA ? 1U : 0U) + (inB ? 1U : 0U);
  }
  return 2.0 * static_cast<double>(both) / static_cast<double>(sum);
}

PhantomCohortOptions
SmallCohort()
{
  PhantomCohortOptions options;
  options.cases = 4;
  options.testCases = 1;
  options.validationCases = 1;
  options.labelledCases = 1;
  options.annotators = 2;
  options.seed = 5;
  return options;
}

} // namespace

TEST(SmoothField, GridValuesEqualPointValues)
{
  RandomEngine random(3);
  const SmoothField field(random, 2.0, 12.0);
  const auto grid = ObliqueGrid();
  const auto values = field.OnGrid(grid);
  ASSERT_EQ(values.size(), grid.VoxelCount());
  std::size_t i = 0;
  for (int z = 0; z < 5; ++z)
  {
    for (int y = 0; y < 7; ++y)
    {
      for (int x = 0; x < 9; ++x, ++i)
      {
        const auto p = grid.PointAt(x, y, z);
        ASSERT_NEAR(values[i], field({p[0], p[1], p[2]}), 1e-5);
      }
    }
  }
}

TEST(SmoothField, HasTheStatedDeviationAndIsSmooth)
{
  double sum = 0.0;
  double squares = 0.0;
  double largestStep = 0.0;
  int count = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed)
  {
    RandomEngine random(seed);
    const SmoothField field(random, 1.5, 20.0);
    for (const double x : {0.0, 13.0, 37.0})
    {
      const double value = field({x, 2.0 * x, -x});
      sum += value;
      squares += value * value;
      ++count;
      largestStep = std::max(largestStep, std::abs(field({x + 0.1, 2.0 * x, -x}) - value));
    }
  }
  EXPECT_NEAR(sum / count, 0.0, 0.15);
  EXPECT_NEAR(std::sqrt(squares / count), 1.5, 0.12);
  // The steepest possible slope: all waves in phase with the shortest wavelength.
  EXPECT_LT(largestStep, 0.1 * 1.5 * std::sqrt(2.0 * 20) * 2.0 * M_PI / 14.0);
}

TEST(Anatomy, TissueSharesSumToOneAndLabelsFollowThem)
{
  const Anatomy anatomy{RandomEngine(11)};
  RandomEngine random(12);
  for (int i = 0; i < 20000; ++i)
  {
    const Anatomy::Point p{
        random.Uniform(-24, 24), random.Uniform(-24, 24), random.Uniform(-24, 24)};
    const auto sample = anatomy.At(p, 1.0);
    double sum = 0.0;
    for (const float share : sample.fractions)
    {
      ASSERT_GE(share, -1e-6);
      sum += share;
    }
    ASSERT_NEAR(sum, 1.0, 1e-5);
    // A vanishing voxel holds the one tissue of its centre.
    const auto pure = anatomy.At(p, 1e-9).fractions;
    const auto is = [&](Tissue tissue) { return pure[static_cast<std::size_t>(tissue)] > 0.5; };
    ASSERT_EQ(is(Tissue::HippocampusHead), sample.label == PhantomLabel::HippocampusHead);
    ASSERT_EQ(is(Tissue::HippocampusTail), sample.label == PhantomLabel::HippocampusTail);
    ASSERT_EQ(is(Tissue::Ventricle), sample.label == PhantomLabel::Ventricle);
    ASSERT_EQ(is(Tissue::Lesion), sample.label == PhantomLabel::Lesion);
  }
}

TEST(Anatomy, EveryPersonHasEveryStructureOfPlausibleSize)
{
  PhantomCohortOptions options;
  options.cases = 24;
  for (int number = 0; number < options.cases; ++number)
  {
    const auto phantom = MakePhantomCase(options, number);
    const auto grid = GridOf(phantom.scan.truth.GetPointer());
    const double voxel = grid.spacing[0] * grid.spacing[1] * grid.spacing[2];
    auto counts = Histogram(phantom.scan.truth);
    ASSERT_EQ(counts.size(), 5U) << phantom.id;
    EXPECT_GT(static_cast<double>(counts[1]) * voxel, 250.0) << phantom.id;
    EXPECT_GT(static_cast<double>(counts[2]) * voxel, 150.0) << phantom.id;
    EXPECT_GT(static_cast<double>(counts[3]) * voxel, 150.0) << phantom.id;
    EXPECT_GT(static_cast<double>(counts[4]) * voxel, 25.0) << phantom.id;
    for (int axis = 0; axis < 3; ++axis)
    {
      EXPECT_GE(grid.size[axis], 38U);
      EXPECT_LE(grid.size[axis], 56U);
    }
  }
}

TEST(Scan, IsObliqueOffCentreAndDiffersBetweenSites)
{
  PhantomCohortOptions options;
  options.scan.channels = 2;
  std::set<std::string> orientations;
  std::vector<double> largest;
  for (int number = 0; number < 3; ++number)
  {
    const auto phantom = MakePhantomCase(options, number);
    const auto grid = GridOf(phantom.scan.truth.GetPointer());
    ASSERT_EQ(phantom.scan.channels.size(), 2U);
    for (const auto & channel : phantom.scan.channels)
    {
      EXPECT_TRUE(SameGrid(grid, GridOf(channel.GetPointer())));
    }
    orientations.insert(OrientationCode(grid));
    double offAxis = 0.0;
    for (int row = 0; row < 3; ++row)
    {
      for (int column = 0; column < 3; ++column)
      {
        const double d = std::abs(grid.direction[row][column]);
        offAxis = std::max(offAxis, std::min(d, 1.0 - d));
      }
    }
    EXPECT_GT(offAxis, 0.01);
    const auto * voxels = phantom.scan.channels[0]->GetBufferPointer();
    largest.push_back(*std::max_element(voxels, voxels + grid.VoxelCount()));
  }
  EXPECT_EQ(orientations, (std::set<std::string>{"LPS", "RAS", "PIR"}));
  EXPECT_GT(largest[2] / largest[1], 50.0);
}

TEST(Scan, StructuresHaveTheContrastOfTheirTissue)
{
  PhantomCohortOptions options;
  const auto phantom = MakePhantomCase(options, 0);
  const auto * voxels = phantom.scan.channels[0]->GetBufferPointer();
  const auto * labels = phantom.scan.truth->GetBufferPointer();
  std::map<std::uint16_t, double> sum;
  std::map<std::uint16_t, double> count;
  for (std::size_t i = 0; i < phantom.scan.truth->GetLargestPossibleRegion().GetNumberOfPixels();
       ++i)
  {
    sum[labels[i]] += voxels[i];
    count[labels[i]] += 1.0;
  }
  const auto mean = [&](std::uint16_t label) { return sum[label] / count[label]; };
  EXPECT_GT(mean(1), 1.1 * mean(2)); // head over tail
  EXPECT_GT(mean(2), 1.1 * mean(4)); // tail over lesion
  EXPECT_GT(mean(4), 1.1 * mean(3)); // lesion over ventricle
}

TEST(PhantomCohort, OneSubjectIsTheSamePersonAtTwoSites)
{
  PhantomCohortOptions options;
  options.cases = 8;
  options.testCases = 2;
  options.scansPerSubject = 2;
  const auto first = MakePhantomCase(options, 0);
  const auto second = MakePhantomCase(options, 1);
  EXPECT_EQ(first.subject, second.subject);
  EXPECT_NE(first.site, second.site);
  const auto volume = [](const PhantomCase & phantom)
  {
    const auto grid = GridOf(phantom.scan.truth.GetPointer());
    return static_cast<double>(Histogram(phantom.scan.truth)[1]) * grid.spacing[0] *
           grid.spacing[1] * grid.spacing[2];
  };
  EXPECT_NEAR(volume(first) / volume(second), 1.0, 0.04);
  const auto other = MakePhantomCase(options, 2);
  EXPECT_NE(other.subject, first.subject);
}

TEST(Annotator, WithoutHabitsDrawsTheTruth)
{
  const auto phantom = MakePhantomCase(PhantomCohortOptions{}, 1);
  const auto drawn = Annotate(phantom.scan.truth, AnnotatorProfile{}, RandomEngine(1));
  const auto * a = drawn->GetBufferPointer();
  const auto * b = phantom.scan.truth->GetBufferPointer();
  EXPECT_TRUE(std::equal(a, a + drawn->GetLargestPossibleRegion().GetNumberOfPixels(), b));
  EXPECT_TRUE(SameGrid(GridOf(drawn.GetPointer()), GridOf(phantom.scan.truth.GetPointer())));
}

TEST(Annotator, HabitsShowInTheDrawing)
{
  const PhantomCohortOptions options;
  const auto truth = MakePhantomCase(options, 0).scan.truth;
  const RandomEngine random(2);
  const auto draw = [&](const AnnotatorProfile & profile)
  { return Annotate(truth, profile, random); };
  auto counts = Histogram(truth);

  AnnotatorProfile generous;
  generous.biasInMm = 0.8;
  AnnotatorProfile cautious;
  cautious.biasInMm = -0.8;
  EXPECT_GT(Histogram(draw(generous))[3], counts[3]);
  EXPECT_LT(Histogram(draw(cautious))[3], counts[3]);

  AnnotatorProfile lazy;
  lazy.missingSliceRate = 0.5;
  const auto size = truth->GetLargestPossibleRegion().GetSize();
  const auto missing = Histogram(draw(lazy))[NotAnnotated];
  EXPECT_EQ(missing % (size[0] * size[1]), 0U);
  EXPECT_NEAR(
      static_cast<double>(missing) / static_cast<double>(size[0] * size[1] * size[2]), 0.5, 0.25);

  AnnotatorProfile swapping;
  swapping.labelSwapRate = 1.0;
  auto swapped = Histogram(draw(swapping));
  EXPECT_NE(swapped, counts);
  std::multiset<std::size_t> sizesBefore;
  std::multiset<std::size_t> sizesAfter;
  for (std::uint16_t label = 0; label < 5; ++label)
  {
    sizesBefore.insert(counts[label]);
    sizesAfter.insert(swapped[label]);
  }
  EXPECT_EQ(sizesBefore, sizesAfter);

  AnnotatorProfile blundering;
  blundering.blunderRate = 1.0;
  EXPECT_NE(Histogram(draw(blundering)), counts);
}

TEST(Annotator, FixedProfilesRankAsTheirNamesSay)
{
  const PhantomCohortOptions options;
  std::map<std::string, double> dice;
  for (int number = 0; number < 4; ++number)
  {
    const auto truth = MakePhantomCase(options, number).scan.truth;
    for (const auto & annotation : AnnotatePhantomCase(options, number, truth))
    {
      for (std::uint16_t label = 1; label <= 4; ++label)
      {
        dice[annotation.annotator] += Dice(annotation.labels, truth, label) / 16.0;
      }
    }
  }
  ASSERT_EQ(dice.size(), 5U);
  EXPECT_GT(dice["careful"], 0.9);
  EXPECT_GT(dice["careful"], dice["generous"]);
  EXPECT_GT(dice["generous"], dice["careless"]);
  EXPECT_GT(dice["careless"], dice["adversarial"]);
  EXPECT_LT(dice["adversarial"], 0.3);
}

TEST(Annotator, RefusesATruthThatHoldsTheMarkOfMissingVoxels)
{
  auto truth = NewImage<LabelImage>(ObliqueGrid());
  truth->GetBufferPointer()[4] = NotAnnotated;
  EXPECT_THROW(Annotate(truth, AnnotatorProfile{}, RandomEngine(0)), UsageError);
}

TEST(PhantomCohort, FilesAreTheSameForAnyNumberOfThreads)
{
  const int before = GetThreadCount();
  std::map<std::string, std::string> hashes[2];
  for (int run = 0; run < 2; ++run)
  {
    SetThreadCount(run == 0 ? 1 : 3);
    const auto folder = FreshFolder("phantom-threads");
    WritePhantomCohort(SmallCohort(), folder, Overwrite::Refuse);
    for (const auto & entry : std::filesystem::recursive_directory_iterator(folder))
    {
      if (entry.is_regular_file())
      {
        hashes[run][std::filesystem::relative(entry.path(), folder)] = Sha256OfFile(entry.path());
      }
    }
    std::filesystem::remove_all(folder);
  }
  SetThreadCount(before);
  // 4 cases of image, truth, two annotators; manifest, splits, dataset; the lock.
  EXPECT_GE(hashes[0].size(), 4U * 4U + 3U);
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST(PhantomCohort, FolderIsAWholeDataSet)
{
  const auto options = SmallCohort();
  const auto folder = FreshFolder("phantom-folder");
  WritePhantomCohort(options, folder, Overwrite::Refuse);
  const auto json = nlohmann::json::parse(ReadTextFile(folder / "dataset.json"));
  EXPECT_EQ(json["numTraining"], 3);
  EXPECT_EQ(json["labels"]["lesion"], 4);
  const auto splits = nlohmann::json::parse(ReadTextFile(folder / "splits.json"));
  EXPECT_EQ(splits["pool"].size(), 2U);
  EXPECT_EQ(splits["labelled"]["0"].size(), 2U);
  const auto phantom = MakePhantomCase(options, 3);
  EXPECT_EQ(phantom.split, "test");
  const auto read = ReadLabels((folder / "labelsTs" / (phantom.id + ".nii.gz")).string());
  EXPECT_EQ(Histogram(read.image), Histogram(phantom.scan.truth));
  const auto manifest = ReadTextFile(folder / "manifest.tsv");
  EXPECT_EQ(std::count(manifest.begin(), manifest.end(), '\n'), 5);
  // Exactly one training case names its label: labelsTr holds three, one of them for validation.
  std::size_t named = 0;
  for (std::size_t at = manifest.find("\tlabelsTr/"); at != std::string::npos;
       at = manifest.find("\tlabelsTr/", at + 1))
  {
    ++named;
  }
  EXPECT_EQ(named, 2U);
  EXPECT_THROW(WritePhantomCohort(options, folder, Overwrite::Refuse), OutputError);
  EXPECT_NO_THROW(WritePhantomCohort(options, folder, Overwrite::Allow));
  std::filesystem::remove_all(folder);
}

TEST(PhantomCohort, RefusesContradictions)
{
  auto options = SmallCohort();
  options.testCases = 3;
  EXPECT_THROW(CheckPhantomCohort(options), UsageError);
  options = SmallCohort();
  options.labelledCases = 3;
  EXPECT_THROW(CheckPhantomCohort(options), UsageError);
  options = SmallCohort();
  options.scan.channels = 5;
  EXPECT_THROW(CheckPhantomCohort(options), UsageError);
  options = SmallCohort();
  options.scansPerSubject = 2;
  EXPECT_THROW(CheckPhantomCohort(options), UsageError);
  EXPECT_THROW(MakePhantomCase(SmallCohort(), 4), UsageError);
}

} // namespace sulcus
