#include "sulcusStudySample.h"
#include <sulcusPreparedCache.h>
#include <sulcusTable.h>

#include <algorithm>
#include <set>

namespace sulcus
{

TEST_F(StudyProgram, ALostSpacingIsHandedToSegmentation)
{
  MakeCohort();
  auto manifest = ReadTsv(m_Folder / "cohort/manifest.tsv", CellTyping::Texts);
  Table lost({"case", "split", "image", "label", "spacing"});
  for (std::size_t row = 0; row < manifest.RowCount(); ++row)
  {
    lost.AddRow({manifest.At(row, "case"),
                 manifest.At(row, "split"),
                 manifest.At(row, "image_T1"),
                 manifest.At(row, "label"),
                 row == 0 ? Cell("1.5,1.5,4") : Cell()});
    if (row == 0)
    {
      lost.Set(0, "label", Cell());
    }
  }
  WriteTsv(m_Folder / "cohort/manifest.tsv", lost, Overwrite::Allow);
  const auto run = RunProgram("study", Quick({"--until", "data"}));
  ASSERT_EQ(run.status, 0) << run.errors;
  const auto segment = ReadTsv(m_Folder / "study/data/segment.tsv", CellTyping::Texts);
  EXPECT_EQ(segment.Texts("spacing").front(), "1.5,1.5,4");
  EXPECT_EQ(segment.Texts("spacing").back(), "n/a");
}

TEST_F(StudyProgram, SlowWeightsOfLabelledCasesPassTheConsensus)
{
  MakeCohort();
  auto manifest = ReadTsv(m_Folder / "cohort/manifest.tsv", CellTyping::Texts);
  Table weighted({"case", "split", "image_T1", "label", "weight", "annotator_careful"});
  std::set<std::string> labelled;
  for (std::size_t row = 0; row < manifest.RowCount(); ++row)
  {
    const auto & label = manifest.At(row, "label");
    const bool trains = ToText(manifest.At(row, "split")) == "train";
    weighted.AddRow({manifest.At(row, "case"),
                     manifest.At(row, "split"),
                     manifest.At(row, "image_T1"),
                     label,
                     trains && !IsMissing(label) ? label : Cell(), // a map of 0 to 4
                     trains ? manifest.At(row, "annotator_careful") : Cell()});
    if (trains && !IsMissing(label))
    {
      labelled.insert(ToText(manifest.At(row, "case")));
    }
  }
  ASSERT_EQ(labelled.size(), 2U);
  WriteTsv(m_Folder / "cohort/manifest.tsv", weighted, Overwrite::Allow);
  const auto run = RunProgram("study", Quick({"--until", "prepare"}));
  ASSERT_EQ(run.status, 0) << run.errors;
  ASSERT_THAT(Stages(), testing::Contains("consensus"));
  const PreparedCache cache(m_Folder / "study/cache");
  for (std::size_t c = 0; c < cache.Cases().size(); ++c)
  {
    const auto & one = cache.Cases()[c];
    EXPECT_EQ(one.hasWeight, one.split == "train") << one.id << ": given, or of the consensus";
    if (labelled.contains(one.id))
    {
      const auto volume = cache.Volume(c);
      EXPECT_GT(*std::max_element(volume.weight.begin(), volume.weight.end()), 1.5F)
          << one.id << ": the given map, no consensus's confidence";
    }
  }
}

} // namespace sulcus
