#include <sulcusPreparedCache.h>
#include <sulcusSmallDataset.h>

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>

namespace sulcus
{

namespace
{

namespace fs = std::filesystem;

/** A sound data set, one way to break it, what must come of it. */
struct BadInput
{
  std::string name;
  std::function<void(const fs::path & root, std::vector<std::string> & arguments)> breakIt;
  int status = 0;
  std::string text; ///< must be in the line
};

void
Manifest(const fs::path & root, const std::string & text, std::vector<std::string> & arguments)
{
  SmallDataset::Text(root / "manifest.tsv", text);
  arguments[0] = (root / "manifest.tsv").string();
}

LabelImage::Pointer
LabelWith(std::uint16_t value)
{
  auto label = SmallDataset::Label();
  label->GetBufferPointer()[3] = value;
  return label;
}

/** A NIfTI image with a NaN: the writer refuses it, so the bytes of a float file are changed. */
void
WriteNan(const fs::path & path)
{
  SmallDataset::Write(path.parent_path() / "plain.nii", SmallDataset::Image(1));
  auto bytes = TextOf(path.parent_path() / "plain.nii");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(bytes.data() + bytes.size() - 40, &nan, sizeof(nan));
  fs::remove(path.parent_path() / "plain.nii");
  std::ofstream(path, std::ios::binary) << bytes;
}

std::vector<BadInput>
BadInputs()
{
  using Arguments = std::vector<std::string>;
  const std::string line = "a\timagesTr/a_0000.nii.gz\tlabelsTr/a.nii.gz";
  return {
      {"image without label",
       [](const fs::path & root, Arguments &) { fs::remove(root / "labelsTr/b.nii.gz"); },
       3,
       "an image without a label (case 'b')"},
      {"label without image",
       [](const fs::path & root, Arguments &) { fs::remove(root / "imagesTr/b_0000.nii.gz"); },
       3,
       "label without an image"},
      {"undeclared label value",
       [](const fs::path & root, Arguments &)
       { SmallDataset::Write(root / "labelsTr/b.nii.gz", LabelWith(7)); },
       3,
       "label value 7 in 1 voxels is not declared"},
      {"different grids",
       [](const fs::path & root, Arguments &)
       {
         auto grid = SmallDataset::Grid();
         grid.origin[2] += 0.5;
         SmallDataset::Write(root / "labelsTr/b.nii.gz", SmallDataset::Label(grid));
       },
       5,
       "b.nii.gz"},
      {"subject in two splits",
       [&](const fs::path & root, Arguments & arguments)
       {
         Manifest(root,
                  "case\tsubject\tsplit\timage\tlabel\n"
                  "a\tp\ttrain\timagesTr/a_0000.nii.gz\tlabelsTr/a.nii.gz\n"
                  "b\tp\tvalidation\timagesTr/b_0000.nii.gz\tlabelsTr/b.nii.gz\n",
                  arguments);
       },
       2,
       "subject 'p' is in two splits"},
      {"duplicate case id",
       [line](const fs::path & root, Arguments & arguments)
       { Manifest(root, "case\timage\tlabel\n" + line + "\n" + line + "\n", arguments); },
       2,
       "'a' appears twice"},
      {"empty label",
       [](const fs::path & root, Arguments &) {
         SmallDataset::Write(root / "labelsTr/b.nii.gz",
                             NewImage<LabelImage>(SmallDataset::Grid()));
       },
       3,
       "empty label"},
      {"too few channels",
       [](const fs::path & root, Arguments &)
       {
         SmallDataset::WriteRaw(root, 4, 2);
         fs::remove(root / "imagesTr/b_0001.nii.gz");
       },
       3,
       "case 'b' has 1 channel, expected 2"},
      {"too many channels",
       [](const fs::path & root, Arguments &)
       { SmallDataset::Write(root / "imagesTr/b_0001.nii.gz", SmallDataset::Image(1)); },
       3,
       "case 'b' has 2 channels, expected 1"},
      {"channels on different grids",
       [](const fs::path & root, Arguments &)
       {
         SmallDataset::WriteRaw(root, 4, 2);
         auto grid = SmallDataset::Grid();
         grid.spacing[1] = 1.2;
         SmallDataset::Write(root / "imagesTr/c_0001.nii.gz", SmallDataset::Image(1, grid));
       },
       5,
       "c_0001"},
      {"missing cell",
       [](const fs::path & root, Arguments & arguments)
       { Manifest(root, "case\timage\tlabel\na\t\tlabelsTr/a.nii.gz\n", arguments); },
       2,
       "has no image"},
      {"NaN voxels",
       [](const fs::path & root, Arguments & arguments)
       {
         WriteNan(root / "nan.nii");
         Manifest(root, "case\timage\tlabel\na\tnan.nii\tlabelsTr/a.nii.gz\n", arguments);
       },
       3,
       "nan.nii"},
      {"constant image",
       [](const fs::path & root, Arguments &)
       {
         SmallDataset::Write(root / "imagesTr/b_0000.nii.gz",
                             NewImage<FloatImage>(SmallDataset::Grid(), 5.0F));
       },
       3,
       "constant image"},
      {"unreadable file",
       [](const fs::path & root, Arguments &)
       { SmallDataset::Text(root / "imagesTr/b_0000.nii.gz", "this is no image"); },
       3,
       "b_0000.nii.gz"},
      {"cut file",
       [](const fs::path & root, Arguments &)
       {
         const auto path = root / "imagesTr/b_0000.nii.gz";
         fs::resize_file(path, fs::file_size(path) - 20);
       },
       3,
       "b_0000.nii.gz"},
      {"missing file in a manifest",
       [](const fs::path & root, Arguments & arguments)
       { Manifest(root, "case\timage\tlabel\na\tnowhere.nii.gz\tlabelsTr/a.nii.gz\n", arguments); },
       3,
       "nowhere.nii.gz"},
      {"no labelled case",
       [](const fs::path & root, Arguments & arguments)
       { Manifest(root, "case\timage\na\timagesTr/a_0000.nii.gz\n", arguments); },
       2,
       "0 labelled training cases"},
      {"too few labelled cases",
       [](const fs::path &, Arguments & arguments) {
         arguments.insert(arguments.end(), {"--labelled", "5"});
       },
       2,
       "fewer than the 5 wanted"},
      {"no training case",
       [](const fs::path & root, Arguments & arguments) {
         Manifest(root, "case\tsplit\timage\na\tvalidation\timagesTr/a_0000.nii.gz\n", arguments);
       },
       2,
       "0 labelled training cases"},
      {"image given as label",
       [](const fs::path & root, Arguments &)
       { SmallDataset::Write(root / "labelsTr/b.nii.gz", SmallDataset::Image(3)); },
       3,
       "b.nii.gz"},
      {"negative weight",
       [](const fs::path & root, Arguments & arguments)
       {
         SmallDataset::Write(root / "w.nii.gz", NewImage<FloatImage>(SmallDataset::Grid(), -1.0F));
         Manifest(root,
                  "case\timage\tlabel\tweight\n"
                  "a\timagesTr/a_0000.nii.gz\tlabelsTr/a.nii.gz\tw.nii.gz\n",
                  arguments);
       },
       3,
       "weight -1"},
      {"unknown column",
       [](const fs::path & root, Arguments & arguments)
       { Manifest(root, "case\timage\tlabell\na\tx\ty\n", arguments); },
       2,
       "did you mean 'label'"},
      {"unknown option",
       [](const fs::path &, Arguments & arguments) { arguments.push_back("--labeled"); },
       2,
       "labelled"},
      {"splits that are no JSON",
       [](const fs::path & root, Arguments & arguments)
       {
         SmallDataset::Text(root / "splits.json", "{\"pool\": [");
         arguments.insert(arguments.end(), {"--splits", (root / "splits.json").string()});
       },
       2,
       "splits.json"},
      {"plan of another data set",
       [](const fs::path & root, Arguments & arguments)
       {
         SmallDataset::Text(root / "plan.json", "{\"schema_version\": 1, \"colour\": \"red\"}");
         arguments.insert(arguments.end(), {"--plan", (root / "plan.json").string()});
       },
       2,
       "plan.json"},
      {"no such folder",
       [](const fs::path & root, Arguments & arguments)
       { arguments[0] = (root / "nowhere").string(); },
       3,
       "nowhere"}};
}

} // namespace

TEST(PrepareProgram, RefusesEveryBadInputInOneLineAndWritesNothing)
{
  for (const auto & bad : BadInputs())
  {
    const TestFolder folder;
    const auto root = folder / "data";
    SmallDataset::WriteRaw(root, 4);
    std::vector<std::string> arguments{root.string(), "--output", (folder / "cache").string()};
    bad.breakIt(root, arguments);
    const auto run = RunProgram("prepare", arguments);
    EXPECT_EQ(run.status, bad.status) << bad.name << ": " << run.errors;
    EXPECT_EQ(run.ErrorLines(), 1) << bad.name << ": " << run.errors;
    EXPECT_NE(run.errors.find(bad.text), std::string::npos) << bad.name << ": " << run.errors;
    EXPECT_FALSE(fs::exists(folder / "cache")) << bad.name;
  }
}

TEST(PrepareProgram, WhatIsAcceptedOnRequest)
{
  const TestFolder folder;
  const auto root = folder / "data";
  SmallDataset::WriteRaw(root, 4);
  SmallDataset::Write(root / "labelsTr/b.nii.gz", NewImage<LabelImage>(SmallDataset::Grid()));
  fs::remove(root / "labelsTr/c.nii.gz");
  const auto run = RunProgram("prepare",
                              {root.string(),
                               "--output",
                               (folder / "cache").string(),
                               "--empty_label",
                               "warning",
                               "--allow_unlabelled"});
  EXPECT_EQ(run.status, 0) << run.errors;
  EXPECT_NE(run.errors.find("empty label"), std::string::npos);
  EXPECT_EQ(PreparedCache(folder / "cache").Cases().size(), 4U);

  fs::remove_all(root / "labelsTr");
  const auto pretraining = RunProgram(
      "prepare", {root.string(), "--output", (folder / "unlabelled").string(), "--pretraining"});
  EXPECT_EQ(pretraining.status, 0) << pretraining.errors;
  const PreparedCache named1(folder / "unlabelled");
  for (const auto & entry : named1.Cases())
  {
    EXPECT_FALSE(entry.IsLabelled());
  }

  WriteNan(root / "nan.nii");
  SmallDataset::Text(root / "manifest.tsv", "case\timage\na\tnan.nii\n");
  const auto zeroed = RunProgram("prepare",
                                 {(root / "manifest.tsv").string(),
                                  "--output",
                                  (folder / "zeroed").string(),
                                  "--pretraining",
                                  "--zero_non_finite"});
  EXPECT_EQ(zeroed.status, 0) << zeroed.errors;
  EXPECT_NE(zeroed.errors.find("warning"), std::string::npos);
}

} // namespace sulcus
