#include "sulcusSegmentDicomSample.h"

#include <algorithm>
#include <cmath>
#include <iostream>

namespace
{

using namespace sulcus;

/** Shifted and scaled to whole numbers from 0 to 4000, as a scanner stores them. */
FloatImage::Pointer
AsStored(const FloatImage * image)
{
  const auto count = image->GetBufferedRegion().GetNumberOfPixels();
  const auto * const begin = image->GetBufferPointer();
  const auto [low, high] = std::minmax_element(begin, begin + count);
  const auto result = NewImage<FloatImage>(GridOf(image));
  std::transform(begin,
                 begin + count,
                 result->GetBufferPointer(),
                 [low = *low, range = *high - *low](float v)
                 { return std::round(4000.0F * (v - low) / range); });
  return result;
}

/** Dice of everything labelled. */
double
ForegroundDice(const LabelImage * a, const LabelImage * b)
{
  const auto count = a->GetBufferedRegion().GetNumberOfPixels();
  double both = 0.0;
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i)
  {
    const bool inA = a->GetBufferPointer()[i] != 0;
    const bool inB = b->GetBufferPointer()[i] != 0;
    both += inA && inB ? 1.0 : 0.0;
    sum += (inA ? 1.0 : 0.0) + (inB ? 1.0 : 0.0);
  }
  return 2.0 * both / sum;
}

TEST_F(SegmentDicom, FolderToDicomSegmentationInOneCommand)
{
  const auto run = Segment("dicom", "seg.dcm");
  ASSERT_EQ(run.status, 0) << run.errors;
  ASSERT_EQ(Segment("scan.nii.gz", "labels.nii.gz").status, 0);
  ReadOptions options;
  options.reference = At("dicom");
  const auto fromDicom = ReadSegmentation(At("seg.dcm"), options);
  options.reference = At("scan.nii.gz");
  const auto onFile = ReadSegmentation(At("seg.dcm"), options);
  const auto fromFile = ReadLabels(At("labels.nii.gz"));
  RequireSameGrid(ReadImage(At("dicom")).image, fromDicom.image, "series", "segmentation");
  // A voxel whose two best classes are almost equal may fall either way.
  const auto count = m_Image->GetBufferedRegion().GetNumberOfPixels();
  std::size_t different = 0;
  std::size_t labelled = 0;
  for (std::size_t i = 0; i < count; ++i)
  {
    different += onFile.image->GetBufferPointer()[i] != fromFile.image->GetBufferPointer()[i];
    labelled += fromFile.image->GetBufferPointer()[i] != 0 ? 1 : 0;
  }
  EXPECT_GT(labelled, 0U);
  EXPECT_LE(different, count / 500);
  ASSERT_EQ(fromDicom.info.segments.size(), 2U);
  EXPECT_EQ(fromDicom.info.segments[0].name, "left part");
  EXPECT_EQ(fromDicom.info.segments[1].name, "right part");
  const auto text = TextOf(At("seg.dcm"));
  EXPECT_NE(text.find("SENTINEL^JANE"), std::string::npos); // it belongs to the patient's study
}

TEST_F(SegmentDicom, FolderToOtherFormatsAndMapsBesideTheSegmentation)
{
  ASSERT_EQ(Segment("dicom", "out", {"--format", ".dcm", "--confidence"}).status, 0);
  EXPECT_EQ(FilesBelow(m_Folder / "out"),
            (std::vector<std::string>{"dicom.dcm", "dicom_confidence.nii.gz"}));
  ASSERT_EQ(Segment("dicom", "labels.seg.nrrd").status, 0);
  EXPECT_EQ(ReadSegmentation(At("labels.seg.nrrd")).info.segments[0].name, "left part");
}

TEST_F(SegmentDicom, RefusesASegmentationWithoutASeriesAndASeriesThatIsNone)
{
  const auto file = Segment("scan.nii.gz", "seg.dcm");
  EXPECT_EQ(file.status, 2);
  EXPECT_EQ(file.ErrorLines(), 1) << file.errors;
  std::filesystem::create_directory(m_Folder / "empty");
  EXPECT_EQ(Segment("empty", "seg.dcm").status, 3);
  WriteDicomFolder(m_Folder / "dicom" / "second", m_Image.GetPointer(), "1.2.826.99.70");
  const auto ambiguous = Segment("dicom", "seg.dcm");
  EXPECT_EQ(ambiguous.status, 2);
  EXPECT_NE(ambiguous.errors.find("--series"), std::string::npos) << ambiguous.errors;
  EXPECT_FALSE(std::filesystem::exists(At("seg.dcm")));
  EXPECT_EQ(Segment("dicom", "seg.dcm", {"--series", "1.2.826.99.70"}).status, 0);
}

TEST(SlowSegmentDicom, ModelOfAPhantomCohortSegmentsADicomFolderInOneCommand)
{
  const TestFolder folder;
  const auto at = [&](const std::string & name) { return (folder / name).string(); };
  const std::vector<std::pair<std::string, std::vector<std::string>>> steps = {
      {"phantom",
       {"--output",
        at("cohort"),
        "--cases",
        "6",
        "--test_cases",
        "1",
        "--validation_cases",
        "1",
        "--labelled_cases",
        "4",
        "--annotators",
        "1",
        "--seed",
        "5"}},
      {"prepare", {at("cohort"), "--output", at("cache")}},
      {"train", {at("cache"), "--output", at("run"), "--steps", "150", "--seed", "1"}}};
  for (const auto & [program, arguments] : steps)
  {
    const auto run = RunProgram(program, arguments);
    ASSERT_EQ(run.status, 0) << program << ": " << run.errors;
  }
  const auto scan = FilesBelow(folder / "cohort" / "imagesTs").at(0);
  const auto label = FilesBelow(folder / "cohort" / "labelsTs").at(0);
  WriteDicomFolder(folder / "dicom",
                   AsStored(ReadImage(at("cohort/imagesTs/" + scan)).image).GetPointer());
  const auto diceOf = [&](const std::string & input, const std::string & output)
  {
    const auto run = RunProgram(
        "segment", {input, "--model", at("run/model.safetensors"), "--output", at(output)});
    EXPECT_EQ(run.status, 0) << run.errors;
    ReadOptions options;
    options.reference = at("cohort/imagesTs/" + scan);
    return ForegroundDice(ReadLabels(at(output), options).image,
                          ReadLabels(at("cohort/labelsTs/" + label)).image);
  };
  const double ofDicom = diceOf(at("dicom"), "seg.dcm");
  const double ofFile = diceOf(at("cohort/imagesTs/" + scan), "seg.nii.gz");
  std::cout << "Dice of the foreground after 150 steps: DICOM " << ofDicom << ", NIfTI " << ofFile
            << '\n';
  EXPECT_NEAR(ofDicom, ofFile, 0.02); // DICOM stores whole numbers
  EXPECT_GT(ofDicom, 0.5);
}

} // namespace
