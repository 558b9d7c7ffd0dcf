#include <sulcusPhantomCohort.h>
#include <sulcusPreparedCache.h>
#include <sulcusSafeRead.h>
#include <sulcusSmallDataset.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <set>

namespace sulcus
{

namespace fs = std::filesystem;

TEST(PrepareProgram, AnswersHelpAndDescription)
{
  const auto help = RunProgram("prepare", {"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.output.find("--splits"), std::string::npos);
  const auto xml = RunProgram("prepare", {"--xml"});
  EXPECT_EQ(xml.status, 0);
  EXPECT_EQ(xml.output.rfind("<?xml ", 0), 0U);
  EXPECT_TRUE(xml.errors.empty());
}

TEST(PrepareProgram, ExistingOutputStaysUnlessOverwritten)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "data", 2);
  const std::vector<std::string> arguments{
      (folder / "data").string(), "--output", (folder / "cache").string()};
  ASSERT_EQ(RunProgram("prepare", arguments).status, 0);
  const auto before = TextOf(folder / "cache/cache.json");
  const auto again = RunProgram("prepare", arguments);
  EXPECT_EQ(again.status, 4);
  EXPECT_EQ(again.ErrorLines(), 1) << again.errors;
  EXPECT_EQ(TextOf(folder / "cache/cache.json"), before);
  fs::remove(folder / "data/imagesTr/b_0000.nii.gz");
  fs::remove(folder / "data/labelsTr/b.nii.gz");
  auto overwriting = arguments;
  overwriting.push_back("--overwrite");
  EXPECT_EQ(RunProgram("prepare", overwriting).status, 0);
  EXPECT_EQ(PreparedCache(folder / "cache").Cases().size(), 1U);
  EXPECT_FALSE(fs::exists(folder / "cache/cases/b.safetensors"));
}

TEST(PrepareProgram, DryRunChecksAndWritesNothing)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "data", 2);
  const auto run = RunProgram("prepare",
                              {(folder / "data").string(),
                               "--output",
                               (folder / "cache").string(),
                               "--dry_run",
                               "--report",
                               (folder / "report.json").string()});
  EXPECT_EQ(run.status, 0) << run.errors;
  EXPECT_FALSE(fs::exists(folder / "cache"));
  EXPECT_FALSE(fs::exists(folder / "report.json"));
}

TEST(PrepareProgram, PhantomCohortEndToEnd)
{
  const TestFolder folder;
  PhantomCohortOptions options;
  options.cases = 6;
  options.testCases = 2;
  options.validationCases = 1;
  options.labelledCases = 1;
  options.annotators = 2;
  options.scan.channels = 2;
  WritePhantomCohort(options, folder / "cohort", Overwrite::Refuse);
  const auto run = RunProgram(
      "prepare", {(folder / "cohort").string(), "--output", (folder / "cache").string()});
  ASSERT_EQ(run.status, 0) << run.errors;
  const PreparedCache cache(folder / "cache");
  cache.Verify();
  ASSERT_EQ(cache.Cases().size(), 4U); // without the test cases
  int labelled = 0;
  for (std::size_t i = 0; i < cache.Cases().size(); ++i)
  {
    const auto & entry = cache.Cases()[i];
    labelled += entry.split == "train" && entry.hasLabel ? 1 : 0;
    EXPECT_EQ(cache.Volume(i).channels, 2);
    EXPECT_FALSE(entry.site.empty());
    EXPECT_NE(entry.split, "test");
  }
  EXPECT_EQ(labelled, 1);

  const auto split = RunProgram("prepare",
                                {(folder / "cohort/dataset.json").string(),
                                 "--output",
                                 (folder / "split").string(),
                                 "--splits",
                                 (folder / "cohort/splits.json").string(),
                                 "--labelled",
                                 "2",
                                 "--split_seed",
                                 "1"});
  ASSERT_EQ(split.status, 0) << split.errors;
  const auto splits = nlohmann::json::parse(TextOf(folder / "cohort/splits.json"));
  std::set<std::string> expected{splits["labelled"]["1"][0], splits["labelled"]["1"][1]};
  std::set<std::string> found;
  const PreparedCache named2(folder / "split");
  for (const auto & entry : named2.Cases())
  {
    if (entry.split == "train" && entry.hasLabel)
    {
      found.insert(entry.id);
    }
  }
  EXPECT_EQ(found, expected);
}

TEST(PrepareProgram, HippocampusWithTheFrozenSplit)
{
  const char * data = std::getenv("SULCUS_TEST_DATA");
  if (data == nullptr)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  const TestFolder folder;
  const fs::path root = fs::path(data) / "hippocampus";
  const auto run = RunProgram("prepare",
                              {root.string(),
                               "--output",
                               (folder / "cache").string(),
                               "--labels",
                               "anterior=1,posterior=2",
                               "--splits",
                               (root / "splits.json").string(),
                               "--labelled",
                               "4"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const PreparedCache cache(folder / "cache");
  const auto plan = cache.PlanJson();
  EXPECT_EQ(plan["patch_size"], nlohmann::json({40, 56, 40}));
  EXPECT_EQ(plan["network"]["widths"], nlohmann::json({16, 32, 64, 128}));
  EXPECT_EQ(plan["target_spacing_mm"], nlohmann::json({1.0, 1.0, 1.0}));
  EXPECT_EQ(plan["crop_to_foreground"], false);
  const auto splits = nlohmann::json::parse(TextOf(root / "splits.json"));
  std::size_t labelled = 0;
  for (const auto & entry : cache.Cases())
  {
    const auto header = ReadHeader((root / "images" / (entry.id + ".nii.gz")).string()).grid;
    EXPECT_EQ(entry.size,
              (std::array<std::int64_t, 3>{static_cast<std::int64_t>(header.size[2]),
                                           static_cast<std::int64_t>(header.size[1]),
                                           static_cast<std::int64_t>(header.size[0])}))
        << entry.id;
    labelled += entry.split == "train" && entry.hasLabel ? 1U : 0U;
    for (const auto & test : splits["test"])
    {
      EXPECT_NE(entry.id, test);
    }
  }
  EXPECT_EQ(cache.Cases().size(), splits["pool"].size() + splits["validation"].size());
  EXPECT_EQ(labelled, 4U);
}

TEST(PrepareProgram, AcdcWithLostSpacingAndScribbles)
{
  const char * data = std::getenv("SULCUS_TEST_DATA");
  if (data == nullptr)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  const TestFolder folder;
  const fs::path root = fs::path(data) / "acdc";
  const auto run = RunProgram("prepare",
                              {root.string(),
                               "--output",
                               (folder / "cache").string(),
                               "--image_pattern",
                               "{case}_image.nii.gz",
                               "--label_pattern",
                               "{case}_scribble.nii.gz",
                               "--subject_pattern",
                               "^(patient[0-9]+)",
                               "--labels",
                               "rv=1,myocardium=2,lv=3",
                               "--unknown_label",
                               "4",
                               "--spacing",
                               "1.5,1.5,10",
                               "--splits",
                               (root / "splits.json").string(),
                               "--labelled",
                               "2"});
  ASSERT_EQ(run.status, 0) << run.errors;
  const PreparedCache cache(folder / "cache");
  const auto plan = cache.PlanJson();
  EXPECT_EQ(plan["patch_size"], nlohmann::json({8, 160, 160}));
  EXPECT_EQ(plan["target_spacing_mm"], nlohmann::json({1.5, 1.5, 10.0}));
  EXPECT_EQ(plan["network"]["strides"][1], nlohmann::json({1, 2, 2}));
  std::size_t labelled = 0;
  for (std::size_t i = 0; i < cache.Cases().size(); ++i)
  {
    const auto & entry = cache.Cases()[i];
    EXPECT_EQ(entry.hasObserved, entry.hasLabel);
    if (entry.split == "train" && entry.hasLabel)
    {
      ++labelled;
      const auto observed = cache.Volume(i).observed;
      const auto known = std::count(observed.begin(), observed.end(), 1);
      EXPECT_GT(known, 0);
      EXPECT_LT(known, static_cast<std::int64_t>(observed.size()) / 10);
    }
  }
  EXPECT_EQ(labelled, 2U);
}

} // namespace sulcus
