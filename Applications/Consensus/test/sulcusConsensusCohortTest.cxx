// Whole cohorts: phantoms from drawing to the prepared cache, and real readers.
#include "sulcusFusionFixture.h"
#include <sulcusPreparedCache.h>
#include <sulcusTable.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>

namespace sulcus
{
namespace
{

/** A small cohort drawn by three annotators, of whom one left gaps; the last case is for testing.
 */
class SlowCohortOfThree : public FusionFixture
{
protected:
  SlowCohortOfThree()
      : FusionFixture("cohort/manifest.tsv",
                      {"--missing_value", "255", "--trees", "6", "--max_samples", "400"})
  {
  }

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
};

TEST_F(SlowCohortOfThree, SoftLabelsAndConfidenceReachThePreparedCache)
{
  const auto fused = Fuse("fused", {"--no_compare"});
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

TEST_F(SlowCohortOfThree, ReportsWhoCanBeTrustedAndWhichCaseToSeeAgain)
{
  const auto fused = Fuse("fused", {"--no_compare"});
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

TEST_F(SlowCohortOfThree, SameBytesForAnyNumberOfThreads)
{
  ExpectSameBytesForAnyThreads();
}

/** Fuses the first real nodules in one call. */
void
FuseNodules(int count)
{
  const char * root = std::getenv("SULCUS_TEST_DATA");
  if (!root)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  const TestFolder folder;
  std::vector<std::string> arguments;
  for (int n = 0; n < count; ++n)
  {
    char name[64];
    std::snprintf(name, sizeof(name), "/lidc-readers/nodule%03d_readers.nii.gz", n);
    arguments.push_back(root + std::string(name));
  }
  arguments.insert(arguments.end(), {"--output", (folder / "fused").string()});
  const auto run = RunProgram("consensus", arguments);
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto report = nlohmann::json::parse(TextOf(folder / "fused/report.json"));
  EXPECT_EQ(report["cases"].size(), std::size_t(count));
  for (const auto & [name, one] : report["cases"].items())
  {
    EXPECT_EQ(one["annotators"].size(), 4U) << name;
    EXPECT_NEAR(one["lower_bound"].get<double>(),
                one["energy"].get<double>(),
                1e-3 * one["energy"].get<double>())
        << name;
  }
}

TEST(ConsensusProgram, ThreeRealNodulesInOneCall)
{
  FuseNodules(3);
}

TEST(SlowConsensusProgram, SixtyRealNodulesInOneCall)
{
  FuseNodules(60);
}

} // namespace
} // namespace sulcus
