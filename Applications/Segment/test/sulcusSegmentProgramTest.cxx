#include <sulcusAtomicWrite.h>
#include <sulcusCorrectionPredictor.h>
#include <sulcusImageName.h>
#include <sulcusJson.h>
#include <sulcusModelFile.h>
#include <sulcusRunProgram.h>
#include <sulcusSafeRead.h>
#include <sulcusTensorFile.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace
{

using namespace sulcus;

class SegmentProgram : public testing::Test
{
protected:
  void
  SetUp() override
  {
    ModelFile model;
    model.plan.labels = {{0, "background"}, {3, "left part"}};
    model.plan.normalisation = {{}};
    model.plan.network.widths = {16, 16};
    model.plan.network.strides = {{1, 1, 1}, {2, 2, 2}};
    model.plan.network.kernels = {{3, 3, 3}, {3, 3, 3}};
    model.plan.patchSize = {16, 16, 16};
    model.plan.inputContract.largestSpacingInMm = {2, 2, 2};
    model.weights = StateOf(*BuildNetwork(model.plan.network, 3));
    WriteModelFile(Model(), model, Overwrite::Refuse);
    WriteScan("scan.nii.gz", 1.0);
    WriteScan("thick.nii.gz", 3.0);
  }

  void
  WriteScan(const std::string & name, double thickness)
  {
    ImageGrid grid;
    grid.size = {{12, 14, 10}};
    grid.spacing[2] = thickness;
    grid.origin[0] = -20;
    const auto image = NewImage<FloatImage>(grid);
    for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
    {
      image->GetBufferPointer()[i] = static_cast<float>((i * 2654435761U) % 1000);
    }
    WriteImage((m_Folder / name).string(), image.GetPointer());
  }

  std::string
  Model() const
  {
    return (m_Folder / "model.safetensors").string();
  }

  std::string
  At(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  TestFolder m_Folder;
};

TEST_F(SegmentProgram, AnswersHelpAndDescription)
{
  const auto help = RunProgram("segment", {"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.output.find("--flips"), std::string::npos);
  const auto xml = RunProgram("segment", {"--xml"});
  EXPECT_EQ(xml.status, 0);
  EXPECT_EQ(xml.output.rfind("<?xml ", 0), 0U);
  EXPECT_TRUE(xml.errors.empty());
}

TEST_F(SegmentProgram, WritesLabelsOnTheImagesOwnGridAndTheSameTwice)
{
  for (const char * name : {"a.nii.gz", "b.nii.gz"})
  {
    const auto run = RunProgram("segment",
                                {At("scan.nii.gz"),
                                 "--model",
                                 Model(),
                                 "--output",
                                 At(name),
                                 "--uncertainty",
                                 "--probabilities"});
    ASSERT_EQ(run.status, 0) << run.errors;
  }
  EXPECT_EQ(TextOf(m_Folder / "a.nii.gz"), TextOf(m_Folder / "b.nii.gz"));
  const auto labels = ReadLabels(At("a.nii.gz"));
  const auto scan = ReadImage(At("scan.nii.gz"));
  EXPECT_TRUE(SameGrid(GridOf(labels.image.GetPointer()), GridOf(scan.image.GetPointer())));
  for (std::size_t i = 0; i < GridOf(labels.image.GetPointer()).VoxelCount(); ++i)
  {
    const auto value = labels.image->GetBufferPointer()[i];
    ASSERT_TRUE(value == 0 || value == 3);
  }
  for (const char * name : {"a_uncertainty", "a_probability_background", "a_probability_left_part"})
  {
    EXPECT_TRUE(std::filesystem::exists(At(std::string(name) + ".nii.gz"))) << name;
    EXPECT_EQ(CaseOfCompanion(name), "a") << name;
  }
}

/** Untrained weights mark about half of the image, so that all passes have something to do. */
TEST_F(SegmentProgram, ACorrectionModelSegmentsInItsPassesAndShowsThem)
{
  ModelFile model = ReadModelFile(Model());
  const CorrectionNetwork network(NetworkOf(model, "model"), CorrectionNetworkOptions(), 1);
  model.method = "correction";
  model.weights.clear();
  network->Split(TensorsOf(*network), model.weights, model.extra);
  EraseOptions rule;
  rule.smallestComponentInMm3 = 0;
  model.extra["erasing"] = EraseOptionsToTensor(rule);
  const std::string corrected = At("correction.safetensors");
  WriteModelFile(corrected, model, Overwrite::Refuse);
  for (const char * passes : {"volume", "window", "coarse"})
  {
    const auto run = RunProgram("segment",
                                {At("scan.nii.gz"),
                                 "--model",
                                 corrected,
                                 "--output",
                                 At(std::string(passes) + ".nii.gz"),
                                 "--passes",
                                 passes,
                                 "--intermediates"});
    ASSERT_EQ(run.status, 0) << run.errors;
  }
  EXPECT_NE(TextOf(m_Folder / "volume.nii.gz"), TextOf(m_Folder / "coarse.nii.gz"));
  const auto grid = GridOf(ReadImage(At("scan.nii.gz")).image.GetPointer());
  const auto erased = ReadImage(At("volume_erased.nii.gz"));
  const auto repainted = ReadImage(At("volume_repainted.nii.gz"));
  const auto mask = ReadLabels(At("volume_mask.nii.gz"));
  std::size_t inside = 0;
  for (const char * name : {"_coarse", "_refined", "_erased", "_repainted"})
  {
    const auto image = ReadImage(At(std::string("volume") + name + ".nii.gz"));
    EXPECT_TRUE(SameGrid(GridOf(image.image.GetPointer()), grid)) << name;
    EXPECT_EQ(CaseOfCompanion(std::string("volume") + name), "volume");
  }
  for (std::size_t i = 0; i < grid.VoxelCount(); ++i)
  {
    const bool isErased = mask.image->GetBufferPointer()[i] != 0;
    inside += isErased ? 1 : 0;
    ASSERT_TRUE(isErased ||
                erased.image->GetBufferPointer()[i] == repainted.image->GetBufferPointer()[i]);
  }
  EXPECT_GT(inside, 0U);
  const auto refused = RunProgram(
      "segment",
      {At("scan.nii.gz"), "--model", Model(), "--output", At("x.nii.gz"), "--intermediates"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.ErrorLines(), 1) << refused.errors;
}

TEST_F(SegmentProgram, FolderListAndEnsembleWriteAFolder)
{
  std::filesystem::create_directory(m_Folder / "scans");
  std::filesystem::copy_file(At("scan.nii.gz"), At("scans/one.nii.gz"));
  std::filesystem::copy_file(At("scan.nii.gz"), At("scans/two_0000.nii.gz"));
  const auto folder = RunProgram("segment",
                                 {At("scans"),
                                  "--model",
                                  Model(),
                                  "--model",
                                  Model(),
                                  "--output",
                                  At("results"),
                                  "--flips",
                                  "all"});
  ASSERT_EQ(folder.status, 0) << folder.errors;
  EXPECT_EQ(FilesBelow(m_Folder / "results"),
            (std::vector<std::string>{"one.nii.gz", "two.nii.gz"}));
  std::ofstream(At("cases.txt")) << "# a comment\nscans/one.nii.gz\n\n";
  const auto list =
      RunProgram("segment", {At("cases.txt"), "--model", Model(), "--output", At("listed")});
  ASSERT_EQ(list.status, 0) << list.errors;
  EXPECT_EQ(FilesBelow(m_Folder / "listed"), (std::vector<std::string>{"one.nii.gz"}));
}

TEST_F(SegmentProgram, ATableNamesItsCases)
{
  std::filesystem::create_directories(m_Folder / "a");
  std::filesystem::create_directories(m_Folder / "b");
  std::filesystem::copy_file(At("scan.nii.gz"), At("a/t1.nii.gz"));
  std::filesystem::copy_file(At("scan.nii.gz"), At("b/t1.nii.gz"));
  std::ofstream(At("cases.tsv")) << "case\tsplit\timage_T1\tlabel\n"
                                    "anna\ttest\ta/t1.nii.gz\t\nben\ttrain\tb/t1.nii.gz\t\n";
  const auto run =
      RunProgram("segment", {At("cases.tsv"), "--model", Model(), "--output", At("named")});
  ASSERT_EQ(run.status, 0) << run.errors;
  EXPECT_EQ(FilesBelow(m_Folder / "named"),
            (std::vector<std::string>{"anna.nii.gz", "ben.nii.gz"}));
  std::ofstream(At("bad.tsv")) << "case\timage\n../anna\ta/t1.nii.gz\n";
  const auto refused =
      RunProgram("segment", {At("bad.tsv"), "--model", Model(), "--output", At("bad")});
  EXPECT_EQ(refused.status, 2) << refused.errors;
  EXPECT_EQ(refused.ErrorLines(), 1);
}

/** The same voxels with and without their spacing give the same voxels; the grid is the file's. */
TEST_F(SegmentProgram, ALostSpacingIsReplaced)
{
  ModelFile model = ReadModelFile(Model());
  model.plan.targetSpacingInMm = {1, 1, 1};
  const auto resampling = At("resampling.safetensors");
  WriteModelFile(resampling, model, Overwrite::Refuse);
  WriteScan("true.nii.gz", 1.75);
  std::ofstream(At("list.tsv")) << "case\timage\tspacing\nscan\tscan.nii.gz\t1,1,1.75\n";
  const auto run = [&](const std::string & input, const std::string & output, const char * spacing)
  {
    std::vector<std::string> arguments{
        At(input), "--model", resampling, "--output", At(output), "--uncertainty"};
    arguments.insert(arguments.end(), {"--report", At(output) + ".json"});
    if (*spacing != 0)
    {
      arguments.insert(arguments.end(), {"--spacing", spacing});
    }
    const auto result = RunProgram("segment", arguments);
    EXPECT_EQ(result.status, 0) << result.errors;
  };
  run("true.nii.gz", "expected.nii.gz", "");
  run("scan.nii.gz", "lost.nii.gz", "");
  run("scan.nii.gz", "given.nii.gz", "1,1,1.75");
  run("list.tsv", "listed.nii.gz", "");
  const auto grid = GridOf(ReadImage(At("scan.nii.gz")).image.GetPointer());
  const auto voxels = [&](const std::string & name)
  {
    const auto image = ReadImage(At(name)).image;
    const auto * const begin = image->GetBufferPointer();
    return std::vector<float>(begin, begin + grid.VoxelCount());
  };
  EXPECT_NE(voxels("lost_uncertainty.nii.gz"), voxels("expected_uncertainty.nii.gz"));
  for (const std::string name : {"given", "listed"})
  {
    for (const char * part : {"", "_uncertainty"})
    {
      EXPECT_EQ(voxels(name + part + ".nii.gz"),
                voxels(std::string("expected") + part + ".nii.gz"));
      const auto found = ReadImage(At(name + part + ".nii.gz")).image;
      EXPECT_TRUE(SameGrid(GridOf(found.GetPointer()), grid)) << name << part;
    }
    const auto volume = [&](const std::string & report)
    { return ReadJsonFile(At(report))["results"]["cases"][0]["labels"][0]["volume_mm3"]; };
    EXPECT_EQ(volume(name + ".nii.gz.json"), volume("expected.nii.gz.json"));
  }
  const auto refused = RunProgram(
      "segment",
      {At("scan.nii.gz"), "--model", Model(), "--output", At("x.nii.gz"), "--spacing", "1,1"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.errors.find("three numbers"), std::string::npos) << refused.errors;
}

TEST_F(SegmentProgram, RefusesAnImageOutsideTheContract)
{
  const auto run =
      RunProgram("segment", {At("thick.nii.gz"), "--model", Model(), "--output", At("x.nii.gz")});
  EXPECT_EQ(run.status, 9);
  EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
  EXPECT_FALSE(std::filesystem::exists(At("x.nii.gz")));
}

TEST_F(SegmentProgram, BatchFinishesTheOtherCases)
{
  const auto run = RunProgram(
      "segment",
      {At("thick.nii.gz"), At("scan.nii.gz"), "--model", Model(), "--output", At("results")});
  EXPECT_EQ(run.status, 7) << run.errors;
  EXPECT_EQ(FilesBelow(m_Folder / "results"), (std::vector<std::string>{"scan.nii.gz"}));
}

TEST_F(SegmentProgram, RefusesBadInputWithOneLineAndTheDocumentedStatus)
{
  std::ofstream(At("broken.safetensors")) << "not a model";
  std::ofstream(At("taken.nii.gz")) << "kept";
  struct Bad
  {
    std::vector<std::string> arguments;
    int status;
  };
  const std::vector<Bad> all{
      {{At("none.nii.gz"), "--model", Model(), "--output", At("x.nii.gz")}, 3},
      {{At("scan.nii.gz"), "--model", At("broken.safetensors"), "--output", At("x.nii.gz")}, 8},
      {{At("scan.nii.gz"), "--model", Model(), "--output", At("taken.nii.gz")}, 4},
      {{At("scan.nii.gz"), "--model", Model(), "--output", At("x.nii.gz"), "--flip", "all"}, 2},
      {{At("scan.nii.gz"), At("thick.nii.gz"), "--model", Model(), "--output", At("x.nii.gz")}, 2},
      {{At("scan.nii.gz"), "--model", Model(), "--output", At("x.nii.gz"), "--device", "gpu"}, 2},
  };
  for (const auto & bad : all)
  {
    const auto run = RunProgram("segment", bad.arguments);
    EXPECT_EQ(run.status, bad.status) << run.errors;
    EXPECT_EQ(run.ErrorLines(), 1) << run.errors;
  }
  EXPECT_FALSE(std::filesystem::exists(At("x.nii.gz")));
  EXPECT_EQ(TextOf(m_Folder / "taken.nii.gz"), "kept");
}

} // namespace
