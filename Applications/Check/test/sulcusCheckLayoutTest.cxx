#include "sulcusCheckSample.h"
#include <sulcusSafeRead.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace sulcus
{

TEST(CheckProgram, AnnotatorsOfAManifestAreCountedAndTheirFilesRead)
{
  const TestFolder folder;
  std::string manifest = "case\tsubject\timage\tannotator_ann\tannotator_bob\tsplit\n";
  for (int number = 0; number < 4; ++number)
  {
    MakeCase(folder.Path(), number);
    const auto file = CaseName(number) + ".nii.gz";
    manifest += CaseName(number) + "\ts" + std::to_string(number) + "\timagesTr/" + file +
                "\tlabelsTr/" + file + "\t" + (number < 2 ? "labelsTr/" + file : "") + "\ttrain\n";
  }
  std::ofstream(folder / "manifest.tsv") << manifest;
  std::ofstream(folder / "splits.json") << R"({"pool": ["case_00", "case_01"]})"; // pool is train
  const auto sound = RunProgram("check", {(folder / "manifest.tsv").string()});
  EXPECT_EQ(sound.status, 0) << sound.output << sound.errors;
  EXPECT_NE(sound.output.find("note\tannotators\tann\tdrew 4 of 4 cases"), std::string::npos)
      << sound.output;
  EXPECT_NE(sound.output.find("note\tannotators\tbob\tdrew 2 of 4 cases"), std::string::npos);
  auto other = CommonGrid();
  other.origin[0] = 9;
  MakeCase(folder / "elsewhere", 2, other);
  fs::copy_file(folder / "elsewhere" / "labelsTr" / "case_02.nii.gz",
                folder / "labelsTr" / "case_02.nii.gz",
                fs::copy_options::overwrite_existing);
  std::ofstream(folder / "labelsTr" / "case_00.nii.gz") << "cut";
  const auto broken = RunProgram("check", {(folder / "manifest.tsv").string()});
  EXPECT_EQ(broken.status, 7);
  EXPECT_NE(broken.output.find("fault\tgrid\tcase_02\t"), std::string::npos) << broken.output;
  EXPECT_NE(broken.output.find("fault\tunreadable\tcase_00\t"), std::string::npos);
  EXPECT_EQ(CountFaults(broken.output), 3U) << broken.output; // case_00 is damaged for both
}

TEST(CheckProgram, DescriptionTestCasesAndOddFilesAreSeen)
{
  const TestFolder folder;
  MakeDataSet(folder.Path());
  fs::create_directory(folder / "imagesTs");
  MakeCase(folder / "test", 90);
  fs::rename(folder / "test" / "imagesTr" / "case_90.nii.gz", folder / "imagesTs" / "new.nii.gz");
  fs::remove_all(folder / "test");
  std::ofstream(folder / "labelsTr" / "readme.txt") << "by hand";
  std::ofstream(folder / "labelsTr" / "._case_01.nii.gz") << "left by another system";
  const auto description = folder / "dataset.json";
  std::ofstream(description) << R"({"labels": {"0": "background", "1": "front", "2": "back"}})";
  const auto sound = RunProgram("check", {folder.Path().string()});
  EXPECT_EQ(sound.status, 0) << sound.output << sound.errors;
  EXPECT_NE(sound.output.find("note\todd file\t"), std::string::npos);
  EXPECT_NE(sound.output.find("readme.txt"), std::string::npos);
  EXPECT_EQ(sound.output.find("._case"), std::string::npos);
  for (const std::string text : {R"({"labels": {"1e9999": "front"}})", R"({"name": "no labels"})"})
  {
    std::ofstream(description, std::ios::trunc) << text;
    const auto run = RunProgram("check", {folder.Path().string()});
    EXPECT_EQ(run.status, 7) << run.errors;
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
    EXPECT_NE(run.output.find("fault\tdescription\tall\t"), std::string::npos) << run.output;
    EXPECT_EQ(CountFaults(run.output), 1U);
  }
  std::ofstream(description, std::ios::trunc) << R"({"labels": {"front": 1}})";
  EXPECT_EQ(CountFaults(RunProgram("check", {folder.Path().string()}).output), 20U); // value 2
  fs::copy_file(folder / "imagesTr" / "case_05.nii.gz", folder / "imagesTs" / "leak.nii.gz");
  std::ofstream(description, std::ios::trunc) << R"({"labels": {"front": 1, "back": 2}})";
  const auto leak = RunProgram("check", {folder.Path().string()});
  EXPECT_NE(leak.output.find("fault\tduplicate image\tleak\t"), std::string::npos) << leak.output;
  EXPECT_EQ(CountFaults(leak.output), 1U);
}

TEST(CheckProgram, InterpolationScalesAndUnitsAreSeen)
{
  const TestFolder folder;
  MakeDataSet(folder.Path());
  WriteOptions overwrite;
  overwrite.overwrite = true;
  for (int number = 10; number < 20; ++number)
  {
    const auto path = (folder / "imagesTr" / (CaseName(number) + ".nii.gz")).string();
    const auto image = ReadImage(path).image;
    auto * const begin = image->GetBufferPointer();
    std::transform(
        begin, begin + CommonGrid().VoxelCount(), begin, [](float v) { return 100.0F * v; });
    WriteImage(path, image.GetPointer(), overwrite);
  }
  // Label 2 resampled linearly: its edge became 1.
  const auto label = (folder / "labelsTr" / "case_07.nii.gz").string();
  const auto sharp = ReadLabels(label).image;
  const auto soft = NewImage<LabelImage>(CommonGrid());
  for (std::size_t i = 1; i + 1 < CommonGrid().VoxelCount(); ++i)
  {
    const auto * const at = sharp->GetBufferPointer() + i;
    soft->GetBufferPointer()[i] = *at == 2 ? 2 : at[-1] == 2 || at[1] == 2 ? 1 : 0;
  }
  WriteImage(label, soft.GetPointer(), overwrite);
  const auto packed = folder / "imagesTr" / "case_03.nii.gz";
  const auto plain = folder / "imagesTr" / "case_03.nii";
  WriteImage(plain.string(), ReadImage(packed.string()).image.GetPointer());
  fs::remove(packed);
  auto bytes = TextOf(plain);
  bytes[123] = 0; // xyzt_units
  std::ofstream(plain, std::ios::binary | std::ios::trunc) << bytes;
  const auto run = RunProgram("check", {folder.Path().string()});
  EXPECT_EQ(CountFaults(run.output), 1U) << run.output;
  EXPECT_NE(run.output.find("fault\tinterpolated label\tcase_07\t"), std::string::npos);
  EXPECT_NE(run.output.find("note\tintensity scale\tall\t2 groups"), std::string::npos);
  EXPECT_NE(run.output.find("note\tunits\tcase_03\t"), std::string::npos) << run.output;
}

/** A third label lies in front of the two, in one case behind them: unusual, but no swap. */
TEST(CheckProgram, AStructureElsewhereIsNoSwap)
{
  const TestFolder folder;
  MakeDataSet(folder.Path());
  WriteOptions overwrite;
  overwrite.overwrite = true;
  for (int number = 0; number < 20; ++number)
  {
    const auto path = (folder / "labelsTr" / (CaseName(number) + ".nii.gz")).string();
    const auto label = ReadLabels(path).image;
    label->SetPixel({{20, number == 4 ? 19 : 0, 1}}, 3);
    if (number == 6) // label 1, at y = 5, and label 3 swapped
    {
      auto * const begin = label->GetBufferPointer();
      const auto swapped = [](std::uint16_t v) { return v % 2 == 1 ? std::uint16_t(4 - v) : v; };
      std::transform(begin, begin + CommonGrid().VoxelCount(), begin, swapped);
    }
    WriteImage(path, label.GetPointer(), overwrite);
  }
  const auto run = RunProgram("check", {folder.Path().string()});
  EXPECT_EQ(CountFaults(run.output), 1U) << run.output;
  EXPECT_NE(run.output.find("fault\tlabel layout\tcase_06\t"), std::string::npos) << run.output;
}

TEST(CheckProgram, SaysHowFarItIs)
{
  const TestFolder folder;
  MakeCase(folder.Path(), 1);
  MakeCase(folder.Path(), 2);
  const auto table = folder / "findings.tsv";
  const auto run =
      RunProgram("check", {folder.Path().string(), "--progress", "json", "--tsv", table.string()});
  EXPECT_EQ(run.status, 0) << run.errors;
  EXPECT_NE(run.output.find(R"("fraction":1.0,"task":"check"})"), std::string::npos) << run.output;
  EXPECT_TRUE(TextOf(table).starts_with("severity\tcheck\tcase\tfinding\tmend\n"));
}

/** Lesions lie anywhere, every site has its own grid, and the pool is what others call train. */
TEST(CheckProgram, PhantomCohortRaisesNoAlarm)
{
  const TestFolder folder;
  const auto cohort = (folder / "cohort").string();
  const auto made = RunProgram("phantom", {"--output", cohort, "--annotators", "2", "--seed", "1"});
  ASSERT_EQ(made.status, 0) << made.errors;
  for (const auto & set : {cohort, cohort + "/manifest.tsv"})
  {
    const auto run = RunProgram("check", {set});
    EXPECT_EQ(run.status, 0) << set << '\n' << run.output << run.errors;
  }
}

} // namespace sulcus
