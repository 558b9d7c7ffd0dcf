#include "sulcusCacheFolder.h"
#include <sulcusError.h>
#include <sulcusPreparedCache.h>
#include <sulcusThreads.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace
{

using namespace sulcus;
using sulcus::test::CacheFolder;
using sulcus::test::ErrorOf;
using testing::HasSubstr;

/** Owns arrays of a small case of size 2, 3, 4 with values that tell where they are. */
struct Sample
{
  explicit Sample(float offset = 0.0f, int channels = 2)
      : image(static_cast<std::size_t>(channels) * 24), label(24), softLabel(48), weight(24, 0.5f),
        observed(24, 1)
  {
    std::iota(image.begin(), image.end(), offset);
    label[5] = 1;
    std::fill(softLabel.begin(), softLabel.begin() + 24, 0.75f);
    std::fill(softLabel.begin() + 24, softLabel.end(), 0.25f);
    volume.channels = channels;
    volume.classes = 2;
    volume.size = {2, 3, 4};
    volume.image = image;
    volume.label = label;
  }

  std::vector<float> image;
  std::vector<std::uint8_t> label;
  std::vector<float> softLabel;
  std::vector<float> weight;
  std::vector<std::uint8_t> observed;
  PreparedVolume volume;
};

PreparedCase
Entry(const std::string & id, const std::string & subject, const std::string & split = "train")
{
  PreparedCase entry;
  entry.id = id;
  entry.subject = subject;
  entry.site = "A";
  entry.split = split;
  entry.foreground = {{0, 1, 2}, {2, 3, 4}};
  entry.millimetreFromVoxel =
      Affine::FromGrid({1, 0.7, 2.5}, {-80.5, 12, 1e-3}, {0, -1, 0, 1, 0, 0, 0, 0, 1});
  entry.undo = {{"steps", {"crop", 0.1}}};
  return entry;
}

class Cache : public CacheFolder
{
protected:
  void
  WriteTwoCases(Overwrite overwrite = Overwrite::Refuse)
  {
    Sample soft(100.0f);
    soft.volume.softLabel = soft.softLabel;
    soft.volume.weight = soft.weight;
    soft.volume.observed = soft.observed;
    PreparedCacheWriter writer(Root(), {{"patch", 3}}, overwrite);
    writer.Add(Entry("scan_b", "s2", "validation"), soft.volume);
    writer.Add(Entry("scan_a", "s1"), Sample().volume);
    writer.Finish();
  }

  std::filesystem::path
  Root() const
  {
    return m_Folder / "cache";
  }

  void
  Edit(const std::string & file, const std::string & from, const std::string & to) const
  {
    auto text = ReadTextFile(Root() / file);
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    AtomicWriteText(Root() / file, text.replace(at, from.size(), to), Overwrite::Allow);
  }

  std::string
  RefusedBecause() const
  {
    return ErrorOf<ModelError>(
        [&]
        {
          const PreparedCache cache(Root());
          cache.Verify();
        });
  }
};

TEST_F(Cache, RoundTripKeepsArraysAndCaseList)
{
  WriteTwoCases();
  const PreparedCache cache(Root());
  ASSERT_EQ(cache.Cases().size(), 2u);
  const auto & entry = cache.Cases()[0];
  EXPECT_EQ(entry.id, "scan_a");
  EXPECT_EQ(entry.subject, "s1");
  EXPECT_EQ(entry.split, "train");
  EXPECT_EQ(entry.size, (std::array<std::int64_t, 3>{2, 3, 4}));
  EXPECT_EQ(entry.foreground.begin, (std::array<std::int64_t, 3>{0, 1, 2}));
  EXPECT_EQ(entry.millimetreFromVoxel.RowMajor(), Entry("x", "y").millimetreFromVoxel.RowMajor());
  EXPECT_EQ(entry.undo, Entry("x", "y").undo);
  EXPECT_EQ(entry.labelVoxels, (std::vector<std::int64_t>{23, 1}));
  EXPECT_TRUE(entry.IsLabelled());
  EXPECT_FALSE(entry.hasWeight);
  EXPECT_EQ(cache.PlanJson().at("patch"), 3);
  EXPECT_EQ(cache.Identity().size(), 64u);

  const auto plain = cache.Volume(0);
  EXPECT_EQ(plain.channels, 2);
  EXPECT_EQ(plain.classes, 2);
  EXPECT_EQ(plain.image[24 + 7], 31.0f);
  EXPECT_EQ(plain.label[5], 1);
  EXPECT_TRUE(plain.softLabel.empty() && plain.weight.empty() && plain.observed.empty());
  const auto full = cache.Volume(1);
  EXPECT_EQ(full.image[0], 100.0f);
  EXPECT_EQ(full.softLabel[24], 0.25f);
  EXPECT_EQ(full.weight[3], 0.5f);
  EXPECT_EQ(full.observed.size(), 24u);
  EXPECT_NO_THROW(cache.Verify());
  EXPECT_THROW(cache.Volume(2), UsageError);
}

TEST_F(Cache, ViewsOutliveTheObjectThroughACopy)
{
  WriteTwoCases();
  std::unique_ptr<PreparedCache> original = std::make_unique<PreparedCache>(Root());
  const auto volume = original->Volume(0);
  const PreparedCache copy = *original;
  original.reset();
  EXPECT_EQ(volume.image[3], 3.0f);
  EXPECT_EQ(copy.Volume(0).image.data(), volume.image.data());
}

TEST_F(Cache, SameInputGivesTheSameIdentityWhateverTheOrderOfCases)
{
  WriteTwoCases();
  const auto identity = PreparedCache(Root()).Identity();
  {
    Sample soft(100.0f);
    soft.volume.softLabel = soft.softLabel;
    soft.volume.weight = soft.weight;
    soft.volume.observed = soft.observed;
    PreparedCacheWriter writer(Root(), {{"patch", 3}}, Overwrite::Allow);
    writer.Add(Entry("scan_a", "s1"), Sample().volume);
    writer.Add(Entry("scan_b", "s2", "validation"), soft.volume);
    writer.Finish();
  }
  EXPECT_EQ(PreparedCache(Root()).Identity(), identity);
}

TEST_F(Cache, EditedPlanOrCaseListIsRefused)
{
  WriteTwoCases();
  Edit("cache.json", "\"patch\": 3", "\"patch\": 4");
  EXPECT_THAT(RefusedBecause(), HasSubstr("was edited"));
  WriteTwoCases(Overwrite::Allow);
  Edit("cache.json", "validation", "train");
  EXPECT_THAT(RefusedBecause(), HasSubstr("was edited"));
  WriteTwoCases(Overwrite::Allow);
  Edit("cache.json", "\"schema_version\": 1", "\"schema_version\": 2");
  EXPECT_THAT(RefusedBecause(), HasSubstr("schema version 2"));
  AtomicWriteText(Root() / "cache.json", "{", Overwrite::Allow);
  EXPECT_THAT(RefusedBecause(), HasSubstr("not valid JSON"));
}

TEST_F(Cache, ChangedCutOrMissingCaseFilesAreRefused)
{
  WriteTwoCases();
  const auto file = Root() / "cases" / "scan_a.safetensors";
  const auto original = ReadTextFile(file);
  auto changed = original;
  changed[changed.size() - 30] ^= 1;
  AtomicWriteText(file, changed, Overwrite::Allow);
  EXPECT_NO_THROW(PreparedCache{Root()});
  EXPECT_THAT(RefusedBecause(), HasSubstr("SHA-256 differs"));
  AtomicWriteText(file, original.substr(0, original.size() - 1), Overwrite::Allow);
  EXPECT_THROW(PreparedCache{Root()}, ModelError);
  std::filesystem::remove(file);
  EXPECT_THAT(RefusedBecause(), HasSubstr("missing from the cache"));
}

TEST_F(Cache, HalfWrittenFoldersAreRefused)
{
  EXPECT_THROW(PreparedCache{Root()}, InputError);
  {
    PreparedCacheWriter writer(Root(), {}, Overwrite::Refuse);
    writer.Add(Entry("a", "s"), Sample().volume);
  }
  EXPECT_THAT(RefusedBecause(), HasSubstr("half-written"));
}

TEST_F(Cache, OverwritingNeedsConsentEndsTheOldCacheAtOnceAndRemovesItsFiles)
{
  WriteTwoCases();
  EXPECT_THROW(PreparedCacheWriter(Root(), {}, Overwrite::Refuse), OutputError);
  EXPECT_NO_THROW(PreparedCache{Root()});
  PreparedCacheWriter writer(Root(), {}, Overwrite::Allow);
  EXPECT_THAT(RefusedBecause(), HasSubstr("half-written"));
  EXPECT_THROW(PreparedCacheWriter(Root(), {}, Overwrite::Allow), OutputError); // locked
  writer.Add(Entry("scan_c", "s3"), Sample().volume);
  writer.Finish();
  EXPECT_EQ(PreparedCache(Root()).Cases().size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(Root() / "cases" / "scan_a.safetensors"));
}

TEST_F(Cache, BadCasesAreRefused)
{
  PreparedCacheWriter writer(Root(), {}, Overwrite::Refuse);
  const auto refused = [&](const PreparedCase & entry, const std::function<void(Sample &)> & edit)
  {
    Sample sample;
    edit(sample);
    return ErrorOf<UsageError>([&] { writer.Add(entry, sample.volume); });
  };
  const auto good = Entry("good", "s");
  EXPECT_THAT(refused(Entry("../evil", "s"), [](Sample &) {}), HasSubstr("an id is"));
  EXPECT_THAT(refused(Entry("", "s"), [](Sample &) {}), HasSubstr("an id is"));
  EXPECT_THAT(refused(good, [](Sample & s) { s.label[3] = 2; }), HasSubstr("class index 2"));
  EXPECT_THAT(refused(good, [](Sample & s) { s.volume.image = s.volume.image.first(47); }),
              HasSubstr("47 values, expected 48"));
  EXPECT_THAT(refused(good, [](Sample & s) { s.volume.size[1] = 0; }), HasSubstr("no voxel"));
  EXPECT_THAT(refused(good,
                      [](Sample & s)
                      {
                        s.weight[2] = -1;
                        s.volume.weight = s.weight;
                      }),
              HasSubstr("weight -1"));
  EXPECT_THAT(refused(good,
                      [](Sample & s)
                      {
                        s.softLabel[2] = 0.5f;
                        s.volume.softLabel = s.softLabel;
                      }),
              HasSubstr("sum to 0.75"));
  EXPECT_THAT(refused(good,
                      [](Sample & s)
                      {
                        s.softLabel[2] = 1.5f;
                        s.volume.softLabel = s.softLabel;
                      }),
              HasSubstr("need 0 to 1"));
  Sample unknown;
  unknown.softLabel[2] = 0.5f;
  unknown.observed[2] = 0;
  unknown.volume.softLabel = unknown.softLabel;
  unknown.volume.observed = unknown.observed;
  EXPECT_NO_THROW(writer.Add(Entry("unknown", "s"),
                             unknown.volume)); // nothing is claimed where nothing is known
  EXPECT_THAT(refused(Entry("unknown", "s"), [](Sample &) {}), HasSubstr("appears twice"));
  EXPECT_THAT(ErrorOf<UsageError>([&] { writer.Add(Entry("one", "s"), Sample(0, 1).volume); }),
              HasSubstr("1 channels"));
  Sample nan;
  nan.image[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(writer.Add(Entry("nan", "s"), nan.volume), RuntimeError);
}

TEST_F(Cache, OneSubjectOnBothSidesOfASplitIsRefused)
{
  PreparedCacheWriter writer(Root(), {}, Overwrite::Refuse);
  writer.Add(Entry("a", "s", "train"), Sample().volume);
  writer.Add(Entry("b", "s", "test"), Sample().volume);
  EXPECT_THAT(ErrorOf<UsageError>([&] { writer.Finish(); }),
              HasSubstr("subject 's' is on both sides"));
  EXPECT_THAT(RefusedBecause(), HasSubstr("half-written"));
}

TEST_F(Cache, CasesCanBeAddedFromManyThreads)
{
  PreparedCacheWriter writer(Root(), {}, Overwrite::Refuse);
  ParallelForEach(12,
                  [&](std::size_t i)
                  {
                    const auto name = std::string("case_") + static_cast<char>('a' + i);
                    writer.Add(Entry(name, name), Sample(static_cast<float>(i)).volume);
                  });
  writer.Finish();
  const PreparedCache cache(Root());
  ASSERT_EQ(cache.Cases().size(), 12u);
  for (std::size_t i = 0; i < 12; ++i)
  {
    EXPECT_EQ(cache.Volume(i).image[0], static_cast<float>(i));
  }
}

} // namespace
