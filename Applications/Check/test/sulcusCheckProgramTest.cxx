#include "sulcusCheckSample.h"
#include <sulcusAtomicWrite.h>
#include <sulcusDicomFolder.h>
#include <sulcusRunProgram.h>
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sulcus
{

namespace
{

void
EditLabel(const fs::path & path, const std::function<void(LabelImage *)> & edit)
{
  const auto label = ReadLabels(path.string()).image;
  edit(label);
  WriteOptions options;
  options.overwrite = true;
  WriteImage(path.string(), label.GetPointer(), options);
}

void
ForEachLabel(LabelImage * label, const std::function<int(int)> & change)
{
  const auto count = label->GetLargestPossibleRegion().GetNumberOfPixels();
  for (std::size_t i = 0; i < count; ++i)
  {
    label->GetBufferPointer()[i] = static_cast<std::uint16_t>(change(label->GetBufferPointer()[i]));
  }
}

/** Ten faults, each in a case of its own (11 is the twin of 10). */
std::vector<std::pair<std::string, std::string>>
PlantTenFaults(const fs::path & root)
{
  WriteOptions overwrite;
  overwrite.overwrite = true;
  const auto image = [&](int n)
  { return (root / "imagesTr" / (CaseName(n) + ".nii.gz")).string(); };
  const auto label = [&](int n) { return root / "labelsTr" / (CaseName(n) + ".nii.gz"); };
  fs::remove(label(1));
  const auto whole = TextOf(image(2));
  std::ofstream(image(2), std::ios::binary) << whole.substr(0, whole.size() / 2);
  auto coarse = CommonGrid();
  coarse.spacing[0] = 4;
  MakeCase(root, 3, coarse);
  auto turned = CommonGrid();
  turned.direction[0][0] = -1;
  turned.direction[1][1] = -1;
  MakeCase(root, 4, turned);
  EditLabel(label(4),
            [](LabelImage * l)
            { ForEachLabel(l, [](int v) { return v == 0 ? 0 : 3 - v; }); }); // undoes the turn
  EditLabel(label(5),
            [](LabelImage * l) { ForEachLabel(l, [](int v) { return v == 0 ? 0 : 3 - v; }); });
  const auto moved = ReadLabels(label(6).string()).image;
  auto origin = moved->GetOrigin();
  origin[1] += 2;
  moved->SetOrigin(origin);
  WriteImage(label(6).string(), moved.GetPointer(), overwrite);
  EditLabel(label(7), [](LabelImage * l) { ForEachLabel(l, [](int) { return 0; }); });
  EditLabel(label(8),
            [](LabelImage * l) { ForEachLabel(l, [](int v) { return v == 2 ? 9 : v; }); });
  const auto flat = NewImage<FloatImage>(CommonGrid(), 5.0F);
  WriteImage(image(9), flat.GetPointer(), overwrite);
  fs::copy_file(image(10), image(11), fs::copy_options::overwrite_existing);
  return {{"unpaired", CaseName(1)},
          {"unreadable", CaseName(2)},
          {"spacing", CaseName(3)},
          {"orientation", CaseName(4)},
          {"label layout", CaseName(5)},
          {"grid", CaseName(6)},
          {"empty label", CaseName(7)},
          {"label value", CaseName(8)},
          {"constant image", CaseName(9)},
          {"duplicate image", CaseName(11)}};
}

} // namespace

TEST(CheckProgram, AnswersHelpAndDescription)
{
  EXPECT_EQ(RunProgram("check", {"--help"}).status, 0);
  EXPECT_EQ(RunProgram("check", {"--xml"}).output.rfind("<?xml ", 0), 0U);
  EXPECT_EQ(RunProgram("check", {"/nowhere"}).status, 2);
}

TEST(CheckProgram, SoundDataSetRaisesNoAlarm)
{
  const TestFolder folder;
  MakeDataSet(folder.Path());
  const auto run = RunProgram("check", {folder.Path().string()});
  EXPECT_EQ(run.status, 0) << run.output << run.errors;
  EXPECT_EQ(CountFaults(run.output), 0U);
}

TEST(CheckProgram, TenPlantedFaultsAreFoundAndNothingElse)
{
  const TestFolder folder;
  MakeDataSet(folder.Path());
  const auto planted = PlantTenFaults(folder.Path());
  const auto html = (folder / "report.html").string();
  const auto run = RunProgram("check", {folder.Path().string(), "--html", html});
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
  for (const auto & [check, name] : planted)
  {
    EXPECT_NE(run.output.find("fault\t" + check + "\t" + name + "\t"), std::string::npos)
        << check << '\n'
        << run.output;
  }
  EXPECT_EQ(CountFaults(run.output), planted.size()) << run.output;
  EXPECT_NE(TextOf(html).find("duplicate image"), std::string::npos);
}

TEST(CheckProgram, SubjectInTwoSplitsIsFound)
{
  const TestFolder folder;
  MakeDataSet(folder.Path());
  std::ofstream(folder / "splits.json")
      << R"({"train": ["case_01", "case_02"], "test": ["case_03", "case_01"]})";
  const auto run = RunProgram("check", {folder.Path().string()});
  EXPECT_EQ(run.status, 7);
  EXPECT_NE(run.output.find("fault\tsplit\tcase_01\t"), std::string::npos) << run.output;
  EXPECT_EQ(CountFaults(run.output), 1U);
}

TEST(CheckProgram, DicomFoldersAndSegmentationsOfAManifestAreChecked)
{
  const TestFolder folder;
  std::string manifest = "case\timage\tlabel\n";
  for (int number = 0; number < 12; ++number)
  {
    MakeCase(folder.Path(), number);
    const auto name = CaseName(number);
    auto image = ReadImage((folder / "imagesTr" / (name + ".nii.gz")).string()).image;
    auto * voxels = image->GetBufferPointer();
    std::transform(voxels,
                   voxels + CommonGrid().VoxelCount(),
                   voxels,
                   [](float v) { return std::max(0.0F, std::round(v + 300.0F)); });
    WriteOptions options;
    options.dicomSource = WriteDicomFolder(folder / name, image.GetPointer());
    options.segments = {DefaultSegment(1), DefaultSegment(2)};
    auto label = ReadLabels((folder / "labelsTr" / (name + ".nii.gz")).string()).image;
    if (number == 3)
    {
      ForEachLabel(label, [](int v) { return v == 0 ? 0 : 3 - v; });
    }
    WriteImage((folder / (name + ".dcm")).string(), label.GetPointer(), options);
    manifest += name + "\t" + name + "\t" + name + ".dcm\n";
  }
  std::ofstream(folder / "manifest.tsv") << manifest;
  const auto run = RunProgram("check", {(folder / "manifest.tsv").string()});
  EXPECT_EQ(run.status, 7) << run.errors;
  EXPECT_EQ(CountFaults(run.output), 1U) << run.output;
  EXPECT_NE(run.output.find("fault\tlabel layout\tcase_03\t"), std::string::npos) << run.output;
}

TEST(SlowCheckProgram, HippocampusRaisesNoAlarmAndTenPlantedFaultsAreFound)
{
  const char * const root = std::getenv("SULCUS_TEST_DATA");
  if (root == nullptr)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  const auto source = fs::path(root) / "hippocampus";
  const auto sound = RunProgram("check", {source.string()});
  EXPECT_EQ(sound.status, 0) << sound.output;
  const TestFolder folder;
  for (const std::string part : {"images", "labels"})
  {
    fs::copy(source / part, folder / part);
  }
  std::vector<std::string> names;
  for (const auto & file : FilesBelow(folder / "images"))
  {
    names.push_back(file.substr(0, file.size() - 7));
    fs::permissions(folder / "images" / file, fs::perms::owner_write, fs::perm_options::add);
    fs::permissions(folder / "labels" / file, fs::perms::owner_write, fs::perm_options::add);
  }
  const auto image = [&](int n)
  { return (folder / "images" / (names[static_cast<std::size_t>(n)] + ".nii.gz")).string(); };
  const auto label = [&](int n)
  { return folder / "labels" / (names[static_cast<std::size_t>(n)] + ".nii.gz"); };
  WriteOptions overwrite;
  overwrite.overwrite = true;
  const auto swapped = [](LabelImage * l)
  { ForEachLabel(l, [](int v) { return v == 0 ? 0 : 3 - v; }); };
  fs::remove(label(3));
  const auto whole = TextOf(image(5));
  std::ofstream(image(5), std::ios::binary) << whole.substr(0, whole.size() / 2);
  for (const bool isLabel : {false, true})
  {
    const auto path = isLabel ? label(10).string() : image(10);
    const auto loaded = ReadImage(path).image;
    FloatImage::SpacingType spacing(1.0);
    spacing[2] = 3.0;
    loaded->SetSpacing(spacing);
    WriteImage(path, loaded.GetPointer(), overwrite);
  }
  for (const bool isLabel : {false, true})
  {
    const auto path = isLabel ? label(20).string() : image(20);
    const auto loaded = ReadImage(path).image;
    auto direction = loaded->GetDirection();
    direction[0][0] = -direction[0][0];
    loaded->SetDirection(direction);
    WriteImage(path, loaded.GetPointer(), overwrite);
  }
  EditLabel(label(30), swapped);
  const auto moved = ReadLabels(label(40).string()).image;
  auto origin = moved->GetOrigin();
  origin[0] += 5;
  moved->SetOrigin(origin);
  WriteImage(label(40).string(), moved.GetPointer(), overwrite);
  EditLabel(label(50), [](LabelImage * l) { ForEachLabel(l, [](int) { return 0; }); });
  EditLabel(label(60),
            [](LabelImage * l) { ForEachLabel(l, [](int v) { return v == 2 ? 7 : v; }); });
  const auto flat = ReadImage(image(70)).image;
  flat->FillBuffer(3.0F);
  WriteImage(image(70), flat.GetPointer(), overwrite);
  fs::copy_file(image(80), image(100), fs::copy_options::overwrite_existing);
  fs::copy_file(label(80), label(100), fs::copy_options::overwrite_existing);
  const auto run = RunProgram("check", {folder.Path().string()});
  EXPECT_EQ(run.status, 7);
  const std::pair<std::string, int> planted[] = {{"unpaired", 3},
                                                 {"unreadable", 5},
                                                 {"spacing", 10},
                                                 {"orientation", 20},
                                                 {"label layout", 30},
                                                 {"grid", 40},
                                                 {"empty label", 50},
                                                 {"label value", 60},
                                                 {"constant image", 70},
                                                 {"duplicate image", 100}};
  for (const auto & [check, n] : planted)
  {
    EXPECT_NE(run.output.find("fault\t" + check + "\t" + names[static_cast<std::size_t>(n)] + "\t"),
              std::string::npos)
        << check;
  }
  EXPECT_EQ(CountFaults(run.output), 10U) << run.output;
}

} // namespace sulcus
