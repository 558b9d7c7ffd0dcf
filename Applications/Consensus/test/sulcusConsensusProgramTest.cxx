#include <sulcusAtomicWrite.h>
#include <sulcusImageGrid.h>
#include <sulcusPreparedCache.h>
#include <sulcusRunProgram.h>
#include <sulcusSafeRead.h>
#include <sulcusTable.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>

namespace sulcus
{
namespace
{

ImageGrid
TestGrid()
{
  ImageGrid grid;
  grid.size = {{14, 12, 8}};
  grid.spacing[0] = 0.9;
  grid.spacing[1] = 1.1;
  grid.spacing[2] = 2.0;
  grid.origin[0] = -20.0;
  return grid;
}

LabelImage::Pointer
Ball(double radius, std::uint16_t label, const ImageGrid & grid = TestGrid())
{
  auto image = NewImage<LabelImage>(grid);
  for (std::size_t p = 0; p < grid.VoxelCount(); ++p)
  {
    const double x = double(p % 14) - 6.5;
    const double y = double(p / 14 % 12) - 5.5;
    const double z = double(p / 168) - 3.5;
    image->GetBufferPointer()[p] = x * x + y * y + 2.0 * z * z < radius * radius ? label : 0;
  }
  return image;
}

struct ThreeAnnotators
{
  TestFolder folder;
  std::vector<std::string> files;

  ThreeAnnotators()
  {
    const double radii[] = {4.0, 4.6, 3.4};
    for (int r = 0; r < 3; ++r)
    {
      files.push_back((folder / ("rater" + std::to_string(r) + ".nii.gz")).string());
      WriteImage(files.back(), Ball(radii[r], 7).GetPointer());
    }
  }

  ProgramResult
  Run(std::vector<std::string> arguments) const
  {
    arguments.insert(arguments.end(), {"--output", Output()});
    return RunProgram("consensus", arguments);
  }
  std::string
  Output() const
  {
    return (folder / "fused").string();
  }
};

TEST(ConsensusProgram, AnswersHelpAndDescription)
{
  EXPECT_EQ(RunProgram("consensus", {"--help"}).status, 0);
  const auto xml = RunProgram("consensus", {"--xml"});
  EXPECT_EQ(xml.status, 0);
  EXPECT_EQ(xml.output.rfind("<?xml ", 0), 0U);
}

TEST(ConsensusProgram, FusesThreeFilesAndReportsEveryRule)
{
  const ThreeAnnotators raters;
  const auto run = raters.Run(raters.files);
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto consensus = ReadLabels(raters.Output() + "/case_consensus.nii.gz");
  EXPECT_TRUE(SameGrid(GridOf(consensus.image.GetPointer()), TestGrid()));
  std::size_t different = 0;
  const auto middle = Ball(4.0, 7);
  for (std::size_t p = 0; p < TestGrid().VoxelCount(); ++p)
  {
    different += consensus.image->GetBufferPointer()[p] != middle->GetBufferPointer()[p];
  }
  EXPECT_LT(different, 40U) << "the middle of three balls, with label value 7 kept";
  const auto report = nlohmann::json::parse(TextOf(raters.Output() + "/report.json"));
  EXPECT_TRUE(report["cases"]["case"]["annotators"][0]["self_consistency"].is_null()) << "no image";
  EXPECT_EQ(report["cases"]["case"]["annotators"].size(), 3U);
  const auto rules = TextOf(raters.Output() + "/rules.tsv");
  for (const char * rule : {"graph_cut", "majority", "staple", "simple", "shape_averaging"})
  {
    EXPECT_NE(rules.find(rule), std::string::npos) << rule;
  }
  EXPECT_NE(TextOf(raters.Output() + "/manifest.tsv").find("soft_label"), std::string::npos);
  EXPECT_NE(TextOf(raters.Output() + "/report.html").find("data:image/png"), std::string::npos);
}

TEST(ConsensusProgram, AllBackgroundEndsWellWithNullDice)
{
  const ThreeAnnotators raters;
  for (int r = 0; r < 2; ++r)
  {
    WriteImage((raters.folder / ("empty" + std::to_string(r) + ".nii")).string(),
               Ball(0.0, 1).GetPointer());
  }
  const auto run = raters.Run(
      {(raters.folder / "empty0.nii").string(), (raters.folder / "empty1.nii").string()});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(TextOf(raters.Output() + "/report.json").find("nan"), std::string::npos);
}

TEST(ConsensusProgram, RefusesBadInputInOneLineAndWritesNothing)
{
  const ThreeAnnotators raters;
  const auto shifted = (raters.folder / "shifted.nii.gz").string();
  auto grid = TestGrid();
  grid.origin[1] += 3.0;
  WriteImage(shifted, Ball(4.0, 7, grid).GetPointer());
  const auto probability = (raters.folder / "probability.nii.gz").string();
  WriteImage(probability, NewImage<FloatImage>(TestGrid(), 0.5F).GetPointer());
  const auto oneVolume = (raters.folder / "volume.nii.gz").string();
  auto single = VectorImage::New();
  SetGrid(single, TestGrid());
  single->SetNumberOfComponentsPerPixel(1);
  single->Allocate();
  std::fill_n(single->GetBufferPointer(), TestGrid().VoxelCount(), 0.0F);
  WriteImage(oneVolume, single.GetPointer());
  const auto many = (raters.folder / "many.nii").string();
  ImageGrid wide;
  wide.size = {{700, 100, 1}};
  auto numbers = NewImage<FloatImage>(wide);
  std::iota(numbers->GetBufferPointer(), numbers->GetBufferPointer() + 70000, 0.0F);
  WriteImage(many, numbers.GetPointer());
  const auto nan = (raters.folder / "hole.nii").string();
  WriteImage(nan, NewImage<FloatImage>(TestGrid(), 1.0F).GetPointer());
  const float hole = std::numeric_limits<float>::quiet_NaN();
  std::fstream file(nan, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-8, std::ios::end);
  file.write(reinterpret_cast<const char *>(&hole), sizeof(hole));
  file.close();
  const auto broken = (raters.folder / "broken.nii.gz").string();
  std::ofstream(broken) << "not an image";
  struct Bad
  {
    std::vector<std::string> arguments;
    int status;
    std::string names;
  };
  const std::vector<Bad> cases{
      {{}, 2, "manifest"},
      {{raters.files[0], shifted}, 5, "shifted"},
      {{raters.files[0], probability}, 3, "probability"},
      {{raters.files[0], raters.files[1], broken, raters.files[2], raters.files[0]}, 3, "broken"},
      {{raters.files[0]}, 2, "one volume"},
      {{oneVolume}, 2, "one volume"},
      {{many, many}, 3, "many"},
      {{raters.files[0], raters.files[1], "--image", nan}, 3, "hole"},
      {{raters.files[0], raters.files[1], "--missing_value", "70000"}, 2, "missing_value"},
      {{raters.files[0], raters.files[1], "--neighbours", "7"}, 2, "neighbours"},
      {{raters.files[0], raters.files[1], "--rule", "stapel"}, 2, "rule"},
  };
  for (const auto & bad : cases)
  {
    const auto run = raters.Run(bad.arguments);
    EXPECT_EQ(run.status, bad.status) << bad.names << ": " << run.errors;
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
    EXPECT_NE(run.errors.find(bad.names), std::string::npos) << run.errors;
    EXPECT_FALSE(std::filesystem::exists(raters.Output())) << bad.names;
  }
  EXPECT_EQ(raters.Run({raters.files[0], shifted, "--resample"}).status, 0);
}

/** A small cohort drawn by three annotators, of whom one left gaps; the last case is for testing.
 */
class CohortOfThree : public testing::Test
{
protected:
  void
  SetUp() override
  {
    const auto made = RunProgram("phantom",
                                 {"--output",
                                  Path("cohort"),
                                  "--cases",
                                  "4",
                                  "--test_cases",
                                  "1",
                                  "--validation_cases",
                                  "1",
                                  "--labelled_cases",
                                  "1",
                                  "--annotators",
                                  "3",
                                  "--field_of_view",
                                  "36"});
    ASSERT_EQ(made.status, 0) << made.errors;
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  ProgramResult
  Fuse(const std::string & output, std::vector<std::string> more = {})
  {
    std::vector<std::string> arguments{"--manifest",
                                       Path("cohort/manifest.tsv"),
                                       "--missing_value",
                                       "255",
                                       "--output",
                                       Path(output),
                                       "--trees",
                                       "6",
                                       "--max_samples",
                                       "400",
                                       "--no_compare"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunProgram("consensus", arguments);
  }

  TestFolder m_Folder;
};

TEST_F(CohortOfThree, SoftLabelsAndConfidenceReachThePreparedCache)
{
  const auto fused = Fuse("fused");
  ASSERT_EQ(fused.status, 0) << fused.errors;
  const auto prepared = RunProgram("prepare", {Path("fused"), "--output", Path("cache")});
  ASSERT_EQ(prepared.status, 0) << prepared.errors;

  const PreparedCache cache(Path("cache"));
  ASSERT_EQ(cache.Cases().size(), 3U) << "test cases stay out unless asked for";
  std::size_t soft = 0;
  for (std::size_t c = 0; c < cache.Cases().size(); ++c)
  {
    const auto & one = cache.Cases()[c];
    const bool training = one.split == "train";
    EXPECT_EQ(one.hasSoftLabel, training) << one.id << ": references stay as they were";
    EXPECT_EQ(one.hasWeight, training) << one.id;
    EXPECT_EQ(one.hasLabel, !training) << one.id;
    if (!training)
    {
      continue;
    }
    ++soft;
    const auto volume = cache.Volume(c);
    const auto voxels = volume.weight.size();
    ASSERT_EQ(volume.softLabel.size(), 5 * voxels) << "background and four structures";
    std::size_t between = 0;
    std::size_t doubtful = 0;
    for (std::size_t p = 0; p < voxels; ++p)
    {
      float sum = 0.0F;
      for (std::size_t k = 0; k < 5; ++k)
      {
        const float share = volume.softLabel[k * voxels + p];
        sum += share;
        between += share > 0.01F && share < 0.99F;
      }
      ASSERT_NEAR(sum, 1.0F, 1e-4F);
      ASSERT_GE(volume.weight[p], 0.0F);
      ASSERT_LE(volume.weight[p], 1.0F + 1e-5F);
      doubtful += volume.weight[p] < 0.99F;
    }
    EXPECT_GT(between, 100U) << "annotators disagree somewhere";
    EXPECT_GT(doubtful, 100U);
  }
  EXPECT_EQ(soft, 2U);
}

TEST_F(CohortOfThree, ReportsWhoCanBeTrustedAndWhichCaseToSeeAgain)
{
  const auto fused = Fuse("fused");
  ASSERT_EQ(fused.status, 0) << fused.errors;
  for (const char * name : {"raters.tsv",
                            "annotators.tsv",
                            "cases.tsv",
                            "pairs.tsv",
                            "confusion.tsv",
                            "rules.tsv",
                            "report.json",
                            "report.html",
                            "phantom_001_provenance_cautious.nii.gz"})
  {
    EXPECT_TRUE(std::filesystem::exists(m_Folder / "fused" / name)) << name;
  }
  const auto cases = ReadTsv(m_Folder / "fused" / "cases.tsv").Numbers("reannotation_priority");
  ASSERT_EQ(cases.size(), 4U);
  EXPECT_TRUE(std::is_sorted(cases.rbegin(), cases.rend()));
  const auto report = nlohmann::json::parse(TextOf(m_Folder / "fused" / "report.json"));
  for (const auto & [name, one] : report["cases"].items())
  {
    for (const auto & annotator : one["annotators"])
    {
      EXPECT_TRUE(annotator["self_consistency"].is_number()) << name;
      const bool gaps = annotator["observed_fraction"].get<double>() < 1.0;
      EXPECT_EQ(annotator.contains("completion"), gaps) << name << annotator["name"];
    }
  }
}

TEST_F(CohortOfThree, SameBytesForAnyNumberOfThreads)
{
  ASSERT_EQ(Fuse("one", {"--threads", "1"}).status, 0);
  ASSERT_EQ(Fuse("three", {"--threads", "3"}).status, 0);
  const auto files = FilesBelow(m_Folder / "one");
  EXPECT_EQ(files, FilesBelow(m_Folder / "three"));
  for (const auto & file : files)
  {
    EXPECT_EQ(TextOf(m_Folder / "one" / file), TextOf(m_Folder / "three" / file)) << file;
  }
}

TEST(ConsensusProgram, SixtyRealNodulesInOneCall)
{
  const char * root = std::getenv("SULCUS_TEST_DATA");
  if (!root)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  const TestFolder folder;
  std::vector<std::string> arguments;
  for (int n = 0; n < 60; ++n)
  {
    char name[64];
    std::snprintf(name, sizeof(name), "/lidc-readers/nodule%03d_readers.nii.gz", n);
    arguments.push_back(root + std::string(name));
  }
  arguments.insert(arguments.end(), {"--output", (folder / "fused").string()});
  const auto run = RunProgram("consensus", arguments);
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto report = nlohmann::json::parse(TextOf(folder / "fused/report.json"));
  EXPECT_EQ(report["cases"].size(), 60U);
  for (const auto & [name, one] : report["cases"].items())
  {
    EXPECT_EQ(one["annotators"].size(), 4U) << name;
    EXPECT_NEAR(one["lower_bound"].get<double>(),
                one["energy"].get<double>(),
                1e-3 * one["energy"].get<double>())
        << name;
  }
}

} // namespace
} // namespace sulcus
