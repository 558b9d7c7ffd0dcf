#include "sulcusDataset.h"

#include "sulcusManifestTable.h"
#include <sulcusError.h>
#include <sulcusSmallDataset.h>

#include <gtest/gtest.h>

#include <functional>

namespace sulcus
{

namespace
{

Dataset
Read(const std::filesystem::path & path)
{
  DatasetOptions options;
  options.path = path.string();
  return ReadDataset(options);
}

std::vector<std::string>
Ids(const Dataset & dataset)
{
  std::vector<std::string> ids;
  for (const auto & source : dataset.cases)
  {
    ids.push_back(source.id + ":" + source.split);
  }
  return ids;
}

std::string
MessageOf(const std::function<void()> & action)
{
  try
  {
    action();
  }
  catch (const Error & error)
  {
    return error.what();
  }
  return "";
}

} // namespace

TEST(Dataset, ReadsNnunetRawFolder)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder.Path(), 3, 2);
  SmallDataset::Write(folder / "imagesTs/t_0000.nii.gz", SmallDataset::Image(7));
  SmallDataset::Write(folder / "imagesTs/t_0001.nii.gz", SmallDataset::Image(8));
  const auto dataset = Read(folder.Path());
  EXPECT_EQ(Ids(dataset), (std::vector<std::string>{"a:train", "b:train", "c:train", "t:test"}));
  EXPECT_EQ(dataset.channels, (std::vector<std::string>{"C0", "C1"}));
  ASSERT_EQ(dataset.labels.size(), 3U);
  EXPECT_EQ(dataset.labels[2].name, "upper");
  EXPECT_EQ(dataset.labels[2].value, 2);
  EXPECT_EQ(dataset.cases[0].images.size(), 2U);
  EXPECT_TRUE(dataset.cases[0].IsLabelled());
  EXPECT_FALSE(dataset.cases[3].IsLabelled());
  EXPECT_TRUE(dataset.expectsLabels);
  EXPECT_EQ(dataset.name, "small");
}

TEST(Dataset, ReadsDecathlonFolderAndItsJson)
{
  const TestFolder folder;
  SmallDataset::WriteDecathlon(folder.Path());
  for (const auto & path : {folder.Path(), folder / "dataset.json"})
  {
    const auto dataset = Read(path);
    EXPECT_EQ(Ids(dataset),
              (std::vector<std::string>{
                  "small_001:train", "small_002:train", "small_003:train", "small_009:test"}));
    EXPECT_EQ(dataset.labels[1].name, "Lower");
    EXPECT_EQ(dataset.channels, std::vector<std::string>{"MRI"});
  }
}

TEST(Dataset, ReadsPlainFolderAndPatterns)
{
  const TestFolder folder;
  SmallDataset::WritePlain(folder / "plain", 2);
  EXPECT_EQ(Ids(Read(folder / "plain")), (std::vector<std::string>{"a:train", "b:train"}));

  for (const std::string id : {"p1_f1", "p1_f2", "p2_f1"})
  {
    SmallDataset::Write(folder / ("flat/" + id + "_image.nii.gz"), SmallDataset::Image(1));
    SmallDataset::Write(folder / ("flat/" + id + "_label.nii.gz"), SmallDataset::Label());
  }
  DatasetOptions options;
  options.path = (folder / "flat").string();
  options.imagePatterns = {"{case}_image.nii.gz"};
  options.labelPattern = "{case}_label.nii.gz";
  options.subjectPattern = "^(p[0-9]+)_";
  options.labels = {"upper=2", "lower=1"};
  const auto dataset = ReadDataset(options);
  ASSERT_EQ(dataset.cases.size(), 3U);
  EXPECT_EQ(dataset.cases[0].subject, "p1");
  EXPECT_EQ(dataset.cases[1].subject, "p1");
  EXPECT_EQ(dataset.cases[2].subject, "p2");
  ASSERT_EQ(dataset.labels.size(), 3U);
  EXPECT_EQ(dataset.labels[0].name, "background");
  EXPECT_EQ(dataset.labels[1].name, "lower");
}

TEST(Dataset, WeightIsAnotherNameOfConfidence)
{
  const TestFolder folder;
  SmallDataset::Text(folder / "m.tsv",
                     "case\tweight\timage\nk1\tw.nii\t007.nii\nk2\tn/a\tk2.nii\n");
  const auto table = ReadManifestTable(folder / "m.tsv");
  EXPECT_EQ(table.Columns(), (std::vector<std::string>{"case", "confidence", "image"}));
  EXPECT_EQ(ToText(table.At(0, "confidence")), "w.nii");
  EXPECT_EQ(ToText(table.At(0, "image")), "007.nii");
  EXPECT_TRUE(IsMissing(table.At(1, "confidence")));
  const auto dataset = Read(folder / "m.tsv");
  EXPECT_EQ(dataset.cases[0].weight, (folder / "w.nii").string());
  EXPECT_EQ(dataset.cases[1].weight, "");
  SmallDataset::Text(folder / "both.tsv", "case\tweight\timage\tconfidence\nk1\ta\tb\tc\n");
  EXPECT_THROW(ReadManifestTable(folder / "both.tsv"), UsageError);
}

TEST(Dataset, ReadsEveryManifestColumn)
{
  const TestFolder folder;
  SmallDataset::Text(
      folder / "m.tsv",
      "case\tsubject\tsite\tsplit\tfold\timage_T1\timage_T2\tlabel\tsoft_label\tconfidence\t"
      "observed\tspacing\tannotator_ann\tannotator_bob\n"
      "k2\tp1\tnorth\tvalidation\t\tk2_1.nii\tk2_2.nii\tk2_l.nii\t\t\t\t\t\tbob.nii\n"
      "k1\tp2\tn/a\t\t3\tk1_1.nii\t/abs/k1_2.nii\t\ts.nii\tw.nii\to.nii\t1.5, 1.5,10\t\t\n");
  const auto dataset = Read(folder / "m.tsv");
  ASSERT_EQ(dataset.cases.size(), 2U);
  const auto & first = dataset.cases[0];
  EXPECT_EQ(first.id, "k1");
  EXPECT_EQ(first.site, "");
  EXPECT_EQ(first.split, "train");
  EXPECT_EQ(first.fold, 3);
  EXPECT_EQ(first.images[0], (folder / "k1_1.nii").string());
  EXPECT_EQ(first.images[1], "/abs/k1_2.nii");
  EXPECT_EQ(first.softLabel, (folder / "s.nii").string());
  EXPECT_EQ(first.weight, (folder / "w.nii").string());
  EXPECT_EQ(first.observed, (folder / "o.nii").string());
  ASSERT_TRUE(first.spacingInMm.has_value());
  EXPECT_EQ((*first.spacingInMm)[2], 10.0);
  const auto & second = dataset.cases[1];
  EXPECT_EQ(second.split, "validation");
  EXPECT_EQ(second.annotators.size(), 1U);
  EXPECT_EQ(second.annotators.at("bob"), (folder / "bob.nii").string());
  EXPECT_EQ(dataset.channels, (std::vector<std::string>{"T1", "T2"}));
  EXPECT_FALSE(dataset.expectsLabels);
}

TEST(Dataset, ManifestInAFolderGoesFirstAndTakesLabelsFromTheJsonBesideIt)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder.Path(), 3);
  SmallDataset::Text(folder / "manifest.tsv", "case\timage\nx\timagesTr/a_0000.nii.gz\n");
  const auto dataset = Read(folder.Path());
  EXPECT_EQ(Ids(dataset), std::vector<std::string>{"x:train"});
  EXPECT_EQ(dataset.labels.size(), 3U);
  EXPECT_EQ(dataset.channels, std::vector<std::string>{"C0"});
}

TEST(Dataset, IgnoreLabelOfNnunetMeansUnknown)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder.Path(), 1);
  SmallDataset::Text(
      folder / "dataset.json",
      R"({"channel_names": {"0": "T1"}, "labels": {"background": 0, "a": 1, "ignore": 2}})");
  const auto dataset = Read(folder.Path());
  EXPECT_EQ(dataset.labels.size(), 2U);
  ASSERT_TRUE(dataset.unknownLabel.has_value());
  EXPECT_EQ(*dataset.unknownLabel, 2);
}

TEST(Dataset, RefusesWhatContradictsItself)
{
  const TestFolder folder;
  const auto refuses = [&](const std::string & manifest, const std::string & expected)
  {
    SmallDataset::Text(folder / "m.tsv", manifest);
    const auto line = MessageOf([&] { Read(folder / "m.tsv"); });
    EXPECT_NE(line.find(expected), std::string::npos) << manifest << " gave: " << line;
    EXPECT_THROW(Read(folder / "m.tsv"), UsageError) << manifest;
  };
  refuses("case\timage\na\tx.nii\na\ty.nii\n", "'a' appears twice");
  refuses("case\timage\tlable\na\tx.nii\ty.nii\n", "did you mean 'label'");
  refuses("case\timage\tsplit\na\tx.nii\ttset\n", "test");
  refuses("case\tlabel\na\tx.nii\n", "'image'");
  refuses("case\timage\n\tx.nii\n", "line 2: no case id");
  refuses("case\timage_T1\timage_T2\na\tx.nii\t\n", "no image_T2");
  refuses("case\timage\tspacing\na\tx.nii\t1,1\n", "three numbers");
  refuses("case\timage\tspacing\na\tx.nii\t1,1,1000\n", "need 0.01 to 50");
  refuses("case\timage\tspacing\na\tx.nii\t1,1,wide\n", "not a list of numbers");
  refuses("case\timage\tfold\na\tx.nii\t-1\n", "fold");
  refuses("case\timage\n../a\tx.nii\n", "case id '../a'");
  refuses("case\timage\tlabel\tsoft_label\na\tx.nii\ty.nii\tz.nii\n", "both a label and");
}

TEST(Dataset, RefusesFoldersWithMissingFiles)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder / "r", 3, 2);
  std::filesystem::remove(folder / "r/imagesTr/b_0001.nii.gz");
  // The number of channels of a case is checked when it is read; a gap in the numbers at once.
  EXPECT_EQ(Read(folder / "r").cases[1].images.size(), 1U);
  std::filesystem::rename(folder / "r/imagesTr/c_0000.nii.gz", folder / "r/imagesTr/c_0002.nii.gz");
  EXPECT_THROW(Read(folder / "r"), InputError);

  SmallDataset::WriteRaw(folder / "s", 2);
  std::filesystem::remove(folder / "s/imagesTr/b_0000.nii.gz");
  const auto line = MessageOf([&] { Read(folder / "s"); });
  EXPECT_NE(line.find("label without an image"), std::string::npos) << line;
  EXPECT_THROW(Read(folder / "nowhere"), InputError);
  std::filesystem::create_directories(folder / "empty");
  EXPECT_THROW(Read(folder / "empty"), InputError);
}

TEST(Dataset, DecathlonListMayNotLeaveTheFolder)
{
  const TestFolder folder;
  SmallDataset::Text(folder / "dataset.json",
                     R"({"modality": {"0": "MRI"}, "labels": {"0": "background", "1": "a"},
          "training": [{"image": "../../etc/passwd", "label": "x"}]})");
  EXPECT_THROW(Read(folder.Path()), UsageError);
}

TEST(Dataset, RefusesLabelsWithoutBackgroundAndRegions)
{
  const TestFolder folder;
  SmallDataset::WriteRaw(folder.Path(), 1);
  for (const std::string labels : {R"({"a": 1})", R"({"background": 0, "ab": [1, 2]})", "7"})
  {
    SmallDataset::Text(folder / "dataset.json",
                       R"({"channel_names": {"0": "T1"}, "labels": )" + labels + "}");
    EXPECT_THROW(Read(folder.Path()), UsageError) << labels;
  }
}

} // namespace sulcus
